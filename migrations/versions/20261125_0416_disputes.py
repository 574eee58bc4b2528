"""Take objections to public lines, and tell how many signatures wait.

Revision ID: 20261125g
Revises: 20261125f
Create Date: 2026-11-25 04:00:00.000000+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261125g"
down_revision: str | None = "20261125f"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("letter_id", _ID, nullable=False),
        sa.Column("signature_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("network_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("featured_rank", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=True),
        sa.Column("settled_by", sa.String(length=254), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('not_me', 'not_them', 'content')", name=op.f("ck_dispute_kind")
        ),
        sa.CheckConstraint(
            "result IS NULL OR result IN ('kept', 'removed', 'changed')",
            name=op.f("ck_dispute_result"),
        ),
        sa.CheckConstraint(
            "(result IS NULL) = (settled_at IS NULL)", name=op.f("ck_dispute_settled")
        ),
        sa.CheckConstraint(
            "(settled_by IS NULL) = (settled_at IS NULL)",
            name=op.f("ck_dispute_settled_by"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_dispute_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_dispute_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("public_id", name=op.f("uq_dispute_public_id")),
    )
    for name, columns in (
        ("ix_dispute_signature_id", ["signature_id"]),
        ("ix_dispute_letter_id_at", ["letter_id", "at"]),
        ("ix_dispute_network_key_at", ["network_key", "at"]),
    ):
        op.create_index(name, "dispute", columns)
    op.create_index(
        "ix_dispute_open",
        "dispute",
        ["letter_id", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "backlog",
        sa.Column("letter_id", _ID, nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("median_hours", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("about >= 0", name=op.f("ck_backlog_about")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_backlog_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_backlog")),
    )


def downgrade() -> None:
    op.drop_table("backlog")
    op.drop_table("dispute")
