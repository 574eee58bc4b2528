"""Count how often passwords and codes are tried.

Revision ID: 20261125k
Revises: 20261125j
Create Date: 2026-11-25 21:40:03.551870+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment

revision: str = "20261125k"
down_revision: str | None = "20261125j"


def upgrade() -> None:
    op.create_table(
        "guess",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("key", "since", name=op.f("pk_guess")),
    )


def downgrade() -> None:
    op.drop_table("guess")
