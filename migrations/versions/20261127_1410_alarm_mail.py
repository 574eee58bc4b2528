"""Mail owners when nobody at one mail domain confirms any more.

Revision ID: 20261127b
Revises: 20261127a
Create Date: 2026-11-27 14:10:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261127b"
down_revision: str | None = "20261127a"

_BEFORE = (
    "confirm", "signed", "manage", "invitation", "reset", "account", "factor", "head",
    "released", "rejected", "verified", "evidence", "invited", "text_changed",
)  # fmt: skip


def _allow(*kinds: str) -> None:
    listed = ", ".join(map(repr, kinds))
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(outbox.f("ck_outbox_kind"), type_="check")
        outbox.create_check_constraint(
            outbox.f("ck_outbox_kind"), sa.text(f"kind IN ({listed})")
        )


def upgrade() -> None:
    _allow(*_BEFORE, "alarm")


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE kind = 'alarm'")
    _allow(*_BEFORE)
