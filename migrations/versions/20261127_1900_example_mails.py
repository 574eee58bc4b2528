"""Allow the mails by which organisers see how a mail of their letter arrives.

Revision ID: 20261127k
Revises: 20261127j
Create Date: 2026-11-27 19:00:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261127k"
down_revision: str | None = "20261127j"

_BEFORE = (
    "confirm", "signed", "manage", "invitation", "reset", "account", "factor", "head",
    "released", "rejected", "verified", "evidence", "invited", "text_changed", "alarm",
    "reminder", "corrected", "withdrawn", "held", "update", "closing",
)  # fmt: skip
_NEW = "example"


def _allow(*kinds: str) -> None:
    listed = ", ".join(map(repr, kinds))
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(outbox.f("ck_outbox_kind"), type_="check")
        outbox.create_check_constraint(
            outbox.f("ck_outbox_kind"), sa.text(f"kind IN ({listed})")
        )


def upgrade() -> None:
    _allow(*_BEFORE, _NEW)


def downgrade() -> None:
    op.execute(sa.text(f"DELETE FROM outbox WHERE kind = '{_NEW}'"))
    _allow(*_BEFORE)
