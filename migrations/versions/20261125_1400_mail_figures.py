"""Keep what became of the forms of each hour, by mail domain.

Revision ID: 20261125j
Revises: 20261125i
Create Date: 2026-11-25 14:00:12.104213+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.db import Moment, RowId

revision: str = "20261125j"
down_revision: str | None = "20261125i"


def upgrade() -> None:
    op.create_table(
        "mail_domain",
        sa.Column("letter_id", RowId, nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("silent_since", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_mail_domain_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", "domain", name=op.f("pk_mail_domain")),
    )
    op.create_table(
        "mail_figure",
        sa.Column("letter_id", RowId, nullable=False),
        sa.Column("hour", Moment, nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("submitted", sa.Integer, nullable=False),
        sa.Column("mailed", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_mail_figure_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "hour", "domain", name=op.f("pk_mail_figure")
        ),
    )
    op.create_table(
        "mail_mark",
        sa.Column("id", RowId, nullable=False),
        sa.Column("signature_id", RowId, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_mark")),
    )


def downgrade() -> None:
    op.drop_table("mail_mark")
    op.drop_table("mail_figure")
    op.drop_table("mail_domain")
