"""Keep what is reported of mails: bounces, complaints, and whose address bounces.

Revision ID: 20261127g
Revises: 20261127f
Create Date: 2026-11-27 17:45:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261127g"
down_revision: str | None = "20261127f"

_MOMENT = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_COUNTED = ("came_back", "complained")


def upgrade() -> None:
    op.create_table(
        "bounce",
        sa.Column("outbox_id", _ID, nullable=False),
        sa.Column("kind", sa.String(9), nullable=False),
        sa.Column("letter_id", _ID, nullable=True),
        sa.Column("address_key", sa.LargeBinary(32), nullable=True),
        sa.Column("status", sa.String(9), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('hard', 'soft', 'complaint')", name=op.f("ck_bounce_kind")
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"],
            ["outbox.id"],
            name=op.f("fk_bounce_outbox_id_outbox"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_bounce_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("outbox_id", "kind", name=op.f("pk_bounce")),
    )
    op.create_index("ix_bounce_address_key", "bounce", ["address_key", "letter_id"])
    op.create_table(
        "bouncing",
        sa.Column("signature_id", _ID, nullable=False),
        sa.Column("letter_id", _ID, nullable=False),
        sa.Column("status", sa.String(9), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_bouncing_signature_id_signature"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_bouncing_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_bouncing")),
    )
    op.create_index("ix_bouncing_letter_id", "bouncing", ["letter_id", "since"])
    for name in _COUNTED:
        op.add_column(
            "mail_figure",
            sa.Column(name, sa.Integer, server_default=sa.text("0"), nullable=False),
        )
    with op.batch_alter_table("letter") as letter:
        letter.add_column(
            sa.Column(
                "bounce_policy", sa.String(5), server_default="count", nullable=False
            )
        )
        letter.create_check_constraint(
            letter.f("ck_letter_bounce_policy"),
            sa.text("bounce_policy IN ('count', 'hold')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("letter") as letter:
        letter.drop_constraint(letter.f("ck_letter_bounce_policy"), type_="check")
        letter.drop_column("bounce_policy")
    for name in _COUNTED:
        op.drop_column("mail_figure", name)
    op.drop_table("bouncing")
    op.drop_table("bounce")
