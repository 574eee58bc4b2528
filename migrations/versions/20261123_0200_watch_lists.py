"""Keep watch-lists: names that wait for a person whoever signs with them.

Revision ID: 20261123b
Revises: 20261123a
Create Date: 2026-11-23 02:00:01.658246+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261123b"
down_revision: str | None = "20261123a"


def upgrade() -> None:
    op.create_table(
        "watch_name",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name_key <> ''", name=op.f("ck_watch_name_name_key")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_watch_name_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_name")),
        sa.UniqueConstraint(
            "letter_id", "name_key", name=op.f("uq_watch_name_letter_id_name_key")
        ),
    )
    with op.batch_alter_table("watch_name", schema=None) as batch_op:
        batch_op.create_index(
            "uq_watch_name_shared",
            ["name_key"],
            unique=True,
            sqlite_where=sa.text("letter_id IS NULL"),
            postgresql_where=sa.text("letter_id IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("watch_name", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_watch_name_shared",
            sqlite_where=sa.text("letter_id IS NULL"),
            postgresql_where=sa.text("letter_id IS NULL"),
        )

    op.drop_table("watch_name")
