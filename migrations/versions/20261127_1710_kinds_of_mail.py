"""Allow the mails about corrections, holds, withdrawals, reminders and updates.

Revision ID: 20261127e
Revises: 20261127d
Create Date: 2026-11-27 17:10:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261127e"
down_revision: str | None = "20261127d"

_BEFORE = (
    "confirm", "signed", "manage", "invitation", "reset", "account", "factor", "head",
    "released", "rejected", "verified", "evidence", "invited", "text_changed", "alarm",
)  # fmt: skip
_NEW = ("reminder", "corrected", "withdrawn", "held", "update", "closing")


def _allow(*kinds: str) -> None:
    listed = ", ".join(map(repr, kinds))
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(outbox.f("ck_outbox_kind"), type_="check")
        outbox.create_check_constraint(
            outbox.f("ck_outbox_kind"), sa.text(f"kind IN ({listed})")
        )


def upgrade() -> None:
    _allow(*_BEFORE, *_NEW)


def downgrade() -> None:
    listed = ", ".join(map(repr, _NEW))
    op.execute(sa.text(f"DELETE FROM outbox WHERE kind IN ({listed})"))
    _allow(*_BEFORE)
