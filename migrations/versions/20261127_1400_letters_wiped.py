"""Know which deleted letters have rows left.

Revision ID: 20261127a
Revises: 20261125l
Create Date: 2026-11-27 14:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment

revision: str = "20261127a"
down_revision: str | None = "20261125l"


def upgrade() -> None:
    op.add_column("letter", sa.Column("wiped_at", Moment))
    # Until now a letter was deleted with all its rows at once.
    op.execute("UPDATE letter SET wiped_at = deleted_at")


def downgrade() -> None:
    op.drop_column("letter", "wiped_at")
