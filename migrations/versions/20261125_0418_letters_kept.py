"""Keep what changes about a letter: kinds of wordings, merges, launch, snapshots.

Revision ID: 20261125h
Revises: 20261125g
Create Date: 2026-11-25 03:50:12.402115+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261125h"
down_revision: str | None = "20261125g"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_KINDS_BEFORE = (
    "confirm", "signed", "manage", "invitation", "reset", "account", "factor", "head",
    "released", "rejected", "verified", "evidence", "invited",
)  # fmt: skip
_OLD_KINDS = f"kind IN ({', '.join(map(repr, _KINDS_BEFORE))})"
_KINDS = f"kind IN ({', '.join(map(repr, (*_KINDS_BEFORE, 'text_changed')))})"


def upgrade() -> None:
    with op.batch_alter_table("letter") as letter:
        letter.add_column(
            sa.Column(
                "rehearsal", sa.Boolean(), server_default=sa.false(), nullable=False
            )
        )
        letter.add_column(sa.Column("rehearsed_until", _MOMENT, nullable=True))
        letter.add_column(sa.Column("archived_at", _MOMENT, nullable=True))
        letter.add_column(sa.Column("deleted_at", _MOMENT, nullable=True))
    with op.batch_alter_table("text_version") as version:
        version.add_column(
            sa.Column("change", sa.String(8), server_default="first", nullable=False)
        )
        version.add_column(sa.Column("asked_up_to", _ROW_ID, nullable=True))
        version.create_check_constraint(
            version.f("ck_text_version_change"),
            sa.text("change IN ('first', 'draft', 'minor', 'material')"),
        )
    # Until now nobody was asked again: what came later was held to be minor.
    op.execute("UPDATE text_version SET change = 'minor' WHERE number > 1")
    with op.batch_alter_table("sector") as sector:
        sector.add_column(sa.Column("merged_into", sa.String(32), nullable=True))
        sector.add_column(sa.Column("merged_at", _MOMENT, nullable=True))
        sector.add_column(sa.Column("recoded_up_to", _ROW_ID, nullable=True))
        sector.create_check_constraint(
            sector.f("ck_sector_merged_into"), sa.text("merged_into <> key")
        )
        sector.create_check_constraint(
            sector.f("ck_sector_merged_at"),
            sa.text("(merged_into IS NULL) = (merged_at IS NULL)"),
        )
    with op.batch_alter_table("signature") as signature:
        signature.add_column(sa.Column("recoded_from", sa.String(32), nullable=True))
        signature.add_column(sa.Column("counted_at", _MOMENT, nullable=True))
    op.execute("UPDATE signature SET counted_at = created_at WHERE state = 'counted'")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(outbox.f("ck_outbox_kind"), type_="check")
        outbox.create_check_constraint(outbox.f("ck_outbox_kind"), sa.text(_KINDS))
    _launch()


def _launch() -> None:
    op.create_table(
        "preview_link",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("letter_id", _ROW_ID, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_preview_link_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_link")),
    )
    op.create_index("ix_preview_link_letter_id", "preview_link", ["letter_id"])
    op.create_table(
        "unveiling",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("letter_id", _ROW_ID, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("planned_by", sa.String(254), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_unveiling_amount")),
        sa.CheckConstraint(
            "(shown IS NULL) = (done_at IS NULL)", name=op.f("ck_unveiling_done")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_unveiling_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unveiling")),
    )
    op.create_index("ix_unveiling_letter_id", "unveiling", ["letter_id"])
    op.create_index(
        "ix_unveiling_due_at",
        "unveiling",
        ["due_at"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("public_id", sa.String(22), nullable=False),
        sa.Column("letter_id", _ROW_ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(254), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_snapshot_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("public_id", name=op.f("uq_snapshot_public_id")),
    )
    op.create_index("ix_snapshot_letter_id", "snapshot", ["letter_id"])
    op.create_table(
        "snapshot_line",
        sa.Column("snapshot_id", _ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("signature_id", _ROW_ID, nullable=False),
        sa.Column("public_id", sa.String(22), nullable=False),
        sa.Column("said", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint(
            "(said IS NULL) = (salt IS NULL)", name=op.f("ck_snapshot_line_wiped")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_snapshot_line_signature_id_signature"),
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["snapshot.id"],
            name=op.f("fk_snapshot_line_snapshot_id_snapshot"),
        ),
        sa.PrimaryKeyConstraint(
            "snapshot_id", "position", name=op.f("pk_snapshot_line")
        ),
    )
    op.create_index("ix_snapshot_line_signature_id", "snapshot_line", ["signature_id"])


def downgrade() -> None:
    op.drop_table("snapshot_line")
    op.drop_table("snapshot")
    op.drop_table("unveiling")
    op.drop_table("preview_link")
    op.execute("DELETE FROM outbox WHERE kind = 'text_changed'")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(outbox.f("ck_outbox_kind"), type_="check")
        outbox.create_check_constraint(outbox.f("ck_outbox_kind"), sa.text(_OLD_KINDS))
    with op.batch_alter_table("signature") as signature:
        signature.drop_column("counted_at")
        signature.drop_column("recoded_from")
    with op.batch_alter_table("sector") as sector:
        sector.drop_constraint(sector.f("ck_sector_merged_at"), type_="check")
        sector.drop_constraint(sector.f("ck_sector_merged_into"), type_="check")
        sector.drop_column("recoded_up_to")
        sector.drop_column("merged_at")
        sector.drop_column("merged_into")
    with op.batch_alter_table("text_version") as version:
        version.drop_constraint(version.f("ck_text_version_change"), type_="check")
        version.drop_column("asked_up_to")
        version.drop_column("change")
    with op.batch_alter_table("letter") as letter:
        letter.drop_column("deleted_at")
        letter.drop_column("archived_at")
        letter.drop_column("rehearsed_until")
        letter.drop_column("rehearsal")
