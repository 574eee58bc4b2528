"""Keep a letter as a file to print, and know what it may still say.

Revision ID: 20261127h
Revises: 20261127g
Create Date: 2026-11-27 17:50:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment, RowId

revision: str = "20261127h"
down_revision: str | None = "20261127g"


def upgrade() -> None:
    op.add_column(
        "fold", sa.Column("altered", RowId, nullable=False, server_default="0")
    )
    op.create_table(
        "pdf",
        sa.Column("letter_id", RowId, sa.ForeignKey("letter.id"), primary_key=True),
        sa.Column("language", sa.String(12), primary_key=True),
        sa.Column("due_at", Moment),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("tried_at", Moment),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("altered", RowId, nullable=False),
        sa.Column("version", sa.String(120), nullable=False),
        sa.Column("hash", sa.String(32)),
        sa.Column("body", sa.LargeBinary),
        sa.CheckConstraint("(hash IS NULL) = (body IS NULL)", name="whole"),
    )
    wanted = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_pdf_due", "pdf", ["due_at"], sqlite_where=wanted, postgresql_where=wanted
    )


def downgrade() -> None:
    op.drop_table("pdf")
    with op.batch_alter_table("fold") as fold:
        fold.drop_column("altered")
