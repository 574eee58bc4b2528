"""Let a letter publish its small sectors together.

Revision ID: 20261127d
Revises: 20261127c
Create Date: 2026-11-27 15:05:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261127d"
down_revision: str | None = "20261127c"


def upgrade() -> None:
    op.add_column(
        "letter",
        sa.Column(
            "smallest_cell", sa.Integer, server_default=sa.text("0"), nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_column("letter", "smallest_cell")
