"""Count the mails of an update that come back.

Revision ID: 20261127m
Revises: 20261127l
Create Date: 2026-11-27 19:20:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261127m"
down_revision: str | None = "20261127l"

# What came back so far: known from the outbox while it keeps these mails.
_CAME_BACK = """
    SELECT count(*) FROM outbox
     WHERE outbox.kind IN ('update', 'closing') AND outbox.number = mailing.id
       AND outbox.signature_id IS NOT NULL AND outbox.state = 'refused'
       AND outbox.answer LIKE 'came back: %'
"""


def upgrade() -> None:
    op.add_column(
        "mailing",
        sa.Column("bounced", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    op.execute(sa.text(f"UPDATE mailing SET bounced = ({_CAME_BACK})"))
    op.execute(sa.text("UPDATE mailing SET sent = sent - bounced"))


def downgrade() -> None:
    op.execute(sa.text("UPDATE mailing SET sent = sent + bounced"))
    op.drop_column("mailing", "bounced")
