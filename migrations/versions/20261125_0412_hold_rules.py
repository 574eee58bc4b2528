"""Keep hold rules by letter, several keys a name, networks and address domains.

Revision ID: 20261125e
Revises: 20261125c
Create Date: 2026-11-25 03:30:07.114530+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.domain import name_keys

revision: str = "20261125e"
down_revision: str | None = "20261125c"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NETWORK = "state = 'open' OR network_key IS NULL"


def _checks() -> tuple[sa.CheckConstraint, ...]:
    """SQLite makes a table anew to change it, and forgets CHECKs that it is not told."""
    return tuple(
        sa.CheckConstraint(condition, name=op.f(f"ck_submission_{name}"))
        for name, condition in (
            ("state", "state IN ('open', 'used', 'void', 'expired')"),
            (
                "wiped",
                " AND ".join(
                    f"(state = 'open') = ({column} IS NOT NULL)"
                    for column in ("sealed", "address_key", "content_key")
                ),
            ),
            ("code_tries", "code_tries >= 0 AND code_tries <= 5"),
        )
    )


def upgrade() -> None:
    op.create_table(
        "hold_policy",
        sa.Column("letter_id", _ROW_ID, nullable=False),
        sa.Column("watch_list", sa.Boolean(), nullable=False),
        sa.Column("rejected_before", sa.Boolean(), nullable=False),
        sa.Column("public_figure", sa.Boolean(), nullable=False),
        sa.Column("claim", sa.String(length=11), nullable=False),
        sa.Column("network_limit", sa.Integer(), nullable=True),
        sa.Column("domain_limit", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "claim IN ('off', 'listed', 'office', 'affiliation')",
            name=op.f("ck_hold_policy_claim"),
        ),
        *(
            sa.CheckConstraint(
                f"{name} IS NULL OR ({name} >= 1 AND {name} <= 1000)",
                name=op.f(f"ck_hold_policy_{name}"),
            )
            for name in ("network_limit", "domain_limit")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_hold_policy_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_hold_policy")),
    )
    op.create_table(
        "institution",
        sa.Column("letter_id", _ROW_ID, nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("domains", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("name_key <> ''", name=op.f("ck_institution_name_key")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_institution_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", "name_key", name=op.f("pk_institution")),
    )
    op.create_table(
        "watch_key",
        sa.Column("watch_name_id", _ROW_ID, nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("letter_id", _ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_watch_key_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["watch_name_id"],
            ["watch_name.id"],
            name=op.f("fk_watch_key_watch_name_id_watch_name"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("watch_name_id", "key", name=op.f("pk_watch_key")),
    )
    op.create_index("ix_watch_key_key", "watch_key", ["letter_id", "key"])
    _give_keys()
    _spell_blocked_names()
    with op.batch_alter_table(
        "submission", schema=None, table_args=_checks()
    ) as batch_op:
        batch_op.add_column(
            sa.Column("network_key", sa.LargeBinary(length=32), nullable=True)
        )
        batch_op.create_check_constraint(op.f("ck_submission_network_key"), _NETWORK)
    op.add_column(
        "signature", sa.Column("address_domain", sa.String(length=254), nullable=True)
    )
    op.add_column(
        "signature",
        sa.Column("network_key", sa.LargeBinary(length=32), nullable=True),
    )
    for name in ("network_key", "address_domain"):
        op.create_index(
            f"ix_signature_{name}",
            "signature",
            ["letter_id", name, "confirmed_at"],
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def _give_keys() -> None:
    """What is watched so far waits under all its keys from now on."""
    bound = op.get_bind()
    names = bound.execute(sa.text("SELECT id, letter_id, name FROM watch_name"))
    rows = [
        {"of": row.id, "letter": row.letter_id, "key": key}
        for row in names
        for key in name_keys.watched(row.name)
    ]
    if rows:
        bound.execute(
            sa.text(
                "INSERT INTO watch_key (watch_name_id, letter_id, key)"
                " VALUES (:of, :letter, :key)"
            ),
            rows,
        )


def _spell_blocked_names() -> None:
    """What is blocked so far is blocked in the one spelling that is known of it."""
    with op.batch_alter_table("blocked_name", schema=None) as batch_op:
        batch_op.add_column(sa.Column("of_key", sa.String(length=400), nullable=True))
    op.execute("UPDATE blocked_name SET of_key = name_key")
    with op.batch_alter_table("blocked_name", schema=None) as batch_op:
        batch_op.alter_column("of_key", nullable=False)
        batch_op.drop_constraint(op.f("pk_blocked_name"), type_="primary")
        batch_op.create_primary_key(
            op.f("pk_blocked_name"), ["letter_id", "name_key", "of_key"]
        )


def downgrade() -> None:
    for name in ("address_domain", "network_key"):
        op.drop_index(f"ix_signature_{name}", table_name="signature")
        op.drop_column("signature", name)
    with op.batch_alter_table(
        "submission", schema=None, table_args=_checks()
    ) as batch_op:
        batch_op.drop_constraint(op.f("ck_submission_network_key"), type_="check")
        batch_op.drop_column("network_key")
    op.execute("DELETE FROM blocked_name WHERE name_key <> of_key")
    with op.batch_alter_table("blocked_name", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("pk_blocked_name"), type_="primary")
        batch_op.create_primary_key(op.f("pk_blocked_name"), ["letter_id", "name_key"])
        batch_op.drop_column("of_key")
    for table in ("watch_key", "institution", "hold_policy"):
        op.drop_table(table)
