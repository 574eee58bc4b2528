"""Keep the domain of a signature's address, and its network for a while.

Revision ID: 20261125e
Revises: 20261125c
Create Date: 2026-11-25 03:12:40.114202+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261125e"
down_revision: str | None = "20261125c"


def upgrade() -> None:
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("address_domain", sa.String(length=253), nullable=True)
        )
        batch_op.add_column(
            sa.Column("network_key", sa.LargeBinary(length=32), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.drop_column("network_key")
        batch_op.drop_column("address_domain")
