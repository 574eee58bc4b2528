"""Keep a way back after a withdrawal, and find what happened to one signature.

Revision ID: 20261127i
Revises: 20261127h
Create Date: 2026-11-27 17:50:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment

revision: str = "20261127i"
down_revision: str | None = "20261127h"

_WITHDRAWN = sa.text("withdrawn_at IS NOT NULL")
_LATER = sa.text("verb <> 'confirm' AND verb <> 'collect'")


def upgrade() -> None:
    op.add_column("signature", sa.Column("withdrawn_at", Moment, nullable=True))
    # What was withdrawn before was promised no way back, and to be wiped.
    op.execute(
        sa.text(
            "UPDATE signature SET withdrawn_at = created_at"
            " WHERE state = 'withdrawn' AND redacted_at IS NULL"
        )
    )
    op.create_index(
        "ix_signature_withdrawn_at",
        "signature",
        ["withdrawn_at"],
        sqlite_where=_WITHDRAWN,
        postgresql_where=_WITHDRAWN,
    )
    op.create_index(
        "ix_record_subject",
        "record",
        ["subject", "id"],
        sqlite_where=_LATER,
        postgresql_where=_LATER,
    )


def downgrade() -> None:
    op.drop_index("ix_record_subject", "record")
    op.drop_index("ix_signature_withdrawn_at", "signature")
    op.drop_column("signature", "withdrawn_at")
