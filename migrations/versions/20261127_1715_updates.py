"""Keep updates to those who wish for news, and send them after all other mails.

Revision ID: 20261127f
Revises: 20261127e
Create Date: 2026-11-27 17:15:00+00:00
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db import Moment

revision: str = "20261127f"
down_revision: str | None = "20261127e"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = "kind IN ('update', 'closing')"
_STATES = "state IN ('draft', 'scheduled', 'running', 'paused', 'stopped', 'done')"


def _where(sqlite: str, postgresql: str | None = None) -> dict[str, Any]:
    return {
        "sqlite_where": sa.text(sqlite),
        "postgresql_where": sa.text(postgresql or sqlite),
    }


def _due(*columns: str) -> None:
    op.drop_index("ix_outbox_due", "outbox")
    op.create_index(
        "ix_outbox_due", "outbox", list(columns),
        **_where("state IN ('ready', 'leased')"),
    )  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "mailing",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(22), nullable=False),
        sa.Column("letter_id", _ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(60), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("walked_to", _ID, nullable=False),
        sa.Column("up_to", _ID, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("void", sa.Integer(), nullable=False),
        sa.Column("dead", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_mailing_kind")),
        sa.CheckConstraint(_STATES, name=op.f("ck_mailing_state")),
        sa.CheckConstraint(
            "state NOT IN ('scheduled', 'running') OR due_at IS NOT NULL",
            name=op.f("ck_mailing_due_at"),
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'scheduled')) = (started_at IS NULL)",
            name=op.f("ck_mailing_started_at"),
        ),
        sa.CheckConstraint(
            "(state IN ('stopped', 'done')) = (ended_at IS NOT NULL)",
            name=op.f("ck_mailing_ended_at"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_mailing_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mailing_public_id")),
    )
    op.create_index("ix_mailing_letter_id", "mailing", ["letter_id", "id"])
    op.create_index(
        "ix_mailing_due", "mailing", ["due_at"],
        **_where("state IN ('scheduled', 'running')"),
    )  # fmt: skip
    op.create_index(
        "uq_mailing_closing", "mailing", ["letter_id"], unique=True,
        **_where("kind = 'closing'"),
    )  # fmt: skip
    op.create_table(
        "mailing_text",
        sa.Column("mailing_id", _ID, nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"],
            name=op.f("fk_mailing_text_mailing_id_mailing"),
        ),
        sa.PrimaryKeyConstraint("mailing_id", "language", name=op.f("pk_mailing_text")),
    )  # fmt: skip
    op.add_column(
        "outbox",
        sa.Column(
            "priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    _due("priority", "due_at")
    op.create_index(
        "ix_signature_updates", "signature", ["letter_id", "id"],
        **_where(
            "state = 'counted' AND wants_updates = 1",
            "state = 'counted' AND wants_updates",
        ),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_signature_updates", "signature")
    # Nobody could tell any more what these mails were to say.
    op.execute(sa.text(f"DELETE FROM outbox WHERE {_KINDS}"))
    _due("due_at")
    op.drop_column("outbox", "priority")
    op.drop_table("mailing_text")
    op.drop_table("mailing")
