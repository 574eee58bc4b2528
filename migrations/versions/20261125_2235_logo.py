"""Keep the picture of a letter's organiser.

Revision ID: 20261125l
Revises: 20261125k
Create Date: 2026-11-25 22:35:41.807302+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import RowId

revision: str = "20261125l"
down_revision: str | None = "20261125k"


def upgrade() -> None:
    op.create_table(
        "logo",
        sa.Column("letter_id", RowId, nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_logo_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_logo")),
    )


def downgrade() -> None:
    op.drop_table("logo")
