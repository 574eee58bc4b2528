"""Remember up to which form people were reminded to confirm.

Revision ID: 20261127j
Revises: 20261127i
Create Date: 2026-11-27 18:30:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment

revision: str = "20261127j"
down_revision: str | None = "20261127i"


def upgrade() -> None:
    op.add_column("mail_mark", sa.Column("reminded_to", Moment, nullable=True))


def downgrade() -> None:
    op.drop_column("mail_mark", "reminded_to")
