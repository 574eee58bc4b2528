"""Keep long work: jobs, cases, and files of signatures being taken in.

Revision ID: 20261125c
Revises: 20261125d
Create Date: 2026-11-25 03:08:14.941132+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261125c"
down_revision: str | None = "20261125d"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=80), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('stopped', 'done', 'failed')) = (ended_at IS NOT NULL)",
            name=op.f("ck_job_ended"),
        ),
        sa.CheckConstraint(
            "state IN ('ready', 'running', 'stopping', 'stopped', 'done', 'failed')",
            name=op.f("ck_job_state"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_job_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("public_id", name=op.f("uq_job_public_id")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('ready', 'running', 'stopping')"),
            postgresql_where=sa.text("state IN ('ready', 'running', 'stopping')"),
        )
        batch_op.create_index("ix_job_letter_id", ["letter_id", "id"], unique=False)

    op.create_table(
        "import",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("encoding", sa.String(length=12), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.Column(
            "collection_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column(
            "check_job_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column(
            "run_job_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column(
            "undo_job_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wiped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["check_job_id"], ["job.id"], name=op.f("fk_import_check_job_id_job")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_import_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_import_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["run_job_id"], ["job.id"], name=op.f("fk_import_run_job_id_job")
        ),
        sa.ForeignKeyConstraint(
            ["undo_job_id"], ["job.id"], name=op.f("fk_import_undo_job_id_job")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
        sa.UniqueConstraint("public_id", name=op.f("uq_import_public_id")),
    )
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.create_index("ix_import_letter_id", ["letter_id", "id"], unique=False)

    op.create_table(
        "invalidation",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column(
            "job_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "undo_job_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_invalidation_reason")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name=op.f("fk_invalidation_job_id_job")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_invalidation_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["undo_job_id"], ["job.id"], name=op.f("fk_invalidation_undo_job_id_job")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invalidation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invalidation_public_id")),
    )
    with op.batch_alter_table("invalidation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_invalidation_letter_id", ["letter_id", "id"], unique=False
        )

    op.create_table(
        "asked",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("address_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "import_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("submission_id", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_asked_import_id_import")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_asked_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", "address_key", name=op.f("pk_asked")),
    )
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.create_index(
            "ix_asked_import_id",
            ["import_id"],
            unique=False,
            sqlite_where=sa.text("submission_id IS NOT NULL"),
            postgresql_where=sa.text("submission_id IS NOT NULL"),
        )

    op.create_table(
        "import_key",
        sa.Column(
            "import_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_import_key_import_id_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "key", name=op.f("pk_import_key")),
    )
    op.create_table(
        "import_part",
        sa.Column(
            "import_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_import_part_import_id_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_part")),
    )
    op.create_table(
        "import_problem",
        sa.Column(
            "import_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=12), nullable=False),
        sa.Column("problem", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import.id"],
            name=op.f("fk_import_problem_import_id_import"),
        ),
        sa.PrimaryKeyConstraint(
            "import_id", "row", "field", name=op.f("pk_import_problem")
        ),
    )
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "case_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.create_index(
            "ix_signature_case_id",
            ["case_id", "id"],
            unique=False,
            sqlite_where=sa.text("case_id IS NOT NULL"),
            postgresql_where=sa.text("case_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_signature_collection_id",
            ["collection_id", "id"],
            unique=False,
            sqlite_where=sa.text("collection_id IS NOT NULL"),
            postgresql_where=sa.text("collection_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_signature_case_id_invalidation"),
            "invalidation",
            ["case_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_signature_case_id_invalidation"), type_="foreignkey"
        )
        batch_op.drop_index(
            "ix_signature_collection_id",
            sqlite_where=sa.text("collection_id IS NOT NULL"),
            postgresql_where=sa.text("collection_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_signature_case_id",
            sqlite_where=sa.text("case_id IS NOT NULL"),
            postgresql_where=sa.text("case_id IS NOT NULL"),
        )
        batch_op.drop_column("case_id")

    op.drop_table("import_problem")
    op.drop_table("import_part")
    op.drop_table("import_key")
    with op.batch_alter_table("asked", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_asked_import_id",
            sqlite_where=sa.text("submission_id IS NOT NULL"),
            postgresql_where=sa.text("submission_id IS NOT NULL"),
        )

    op.drop_table("asked")
    with op.batch_alter_table("invalidation", schema=None) as batch_op:
        batch_op.drop_index("ix_invalidation_letter_id")

    op.drop_table("invalidation")
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.drop_index("ix_import_letter_id")

    op.drop_table("import")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_letter_id")
        batch_op.drop_index(
            "ix_job_due",
            sqlite_where=sa.text("state IN ('ready', 'running', 'stopping')"),
            postgresql_where=sa.text("state IN ('ready', 'running', 'stopping')"),
        )

    op.drop_table("job")
