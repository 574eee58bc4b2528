"""Know which hours of a letter's numbers may be quoted.

Revision ID: 20261127c
Revises: 20261127b
Create Date: 2026-11-27 14:45:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment

revision: str = "20261127c"
down_revision: str | None = "20261127b"


def upgrade() -> None:
    op.add_column("fold", sa.Column("closed_until", Moment))


def downgrade() -> None:
    op.drop_column("fold", "closed_until")
