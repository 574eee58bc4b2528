"""Write a mail into the index of its own kind of subject alone.

Revision ID: 20261125i
Revises: 20261125h
Create Date: 2026-11-25 08:50:41.220417+00:00
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "20261125i"
down_revision: str | None = "20261125h"

_SUBJECTS = (
    "submission_id",
    "signature_id",
    "organiser_id",
    "invitation_id",
    "sign_invitation_id",
)
_PLAIN = ("submission_id", "signature_id", "sign_invitation_id")


def _there(column: str) -> dict[str, Any]:
    there = sa.text(f"{column} IS NOT NULL")
    return {"sqlite_where": there, "postgresql_where": there}


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        for subject in _SUBJECTS:
            outbox.drop_constraint(
                outbox.f(f"uq_outbox_kind_{subject}_number"), type_="unique"
            )
        for subject in _PLAIN:
            outbox.drop_index(f"ix_outbox_{subject}")
    for subject in _SUBJECTS:
        op.create_index(
            f"uq_outbox_{subject}_kind_number",
            "outbox",
            [subject, "kind", "number"],
            unique=True,
            **_there(subject),
        )
    op.drop_index("ix_submission_signature_id", "submission")
    op.create_index(
        "ix_submission_signature_id",
        "submission",
        ["signature_id"],
        **_there("signature_id"),
    )


def downgrade() -> None:
    op.drop_index("ix_submission_signature_id", "submission")
    op.create_index("ix_submission_signature_id", "submission", ["signature_id"])
    for subject in _SUBJECTS:
        op.drop_index(f"uq_outbox_{subject}_kind_number", "outbox")
    with op.batch_alter_table("outbox") as outbox:
        for subject in _SUBJECTS:
            outbox.create_unique_constraint(
                outbox.f(f"uq_outbox_kind_{subject}_number"),
                ["kind", subject, "number"],
            )
        for subject in _PLAIN:
            outbox.create_index(f"ix_outbox_{subject}", [subject])
