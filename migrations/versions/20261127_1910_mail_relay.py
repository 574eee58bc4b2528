"""Keep how the mail server last took us, for whoever watches the house.

Revision ID: 20261127l
Revises: 20261127k
Create Date: 2026-11-27 19:10:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment, RowId

revision: str = "20261127l"
down_revision: str | None = "20261127k"


def upgrade() -> None:
    op.create_table(
        "mail_relay",
        sa.Column("id", RowId, nullable=False),
        sa.Column("refuses_since", Moment, nullable=True),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_relay")),
    )


def downgrade() -> None:
    op.drop_table("mail_relay")
