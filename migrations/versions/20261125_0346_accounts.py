"""Keep ways to sign in, sessions and invitations of organisers.

Revision ID: 20261125a
Revises: 20261123b
Create Date: 2026-11-25 03:46:12.741894+00:00
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision: str = "20261125a"
down_revision: str | None = "20261123b"

_FORMER_KINDS = "kind IN ('confirm', 'signed', 'manage')"
_KINDS = (
    "kind IN ('confirm', 'signed', 'manage', 'invitation', 'reset', 'account', "
    "'factor', 'head')"
)
_ONE_SUBJECT = (
    "(CASE WHEN submission_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN signature_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN organiser_id IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN invitation_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def _fill() -> None:
    """Give the organisers that are there what a session will name them by."""
    organiser = sa.table(
        "organiser",
        sa.column("id", sa.BigInteger),
        sa.column("active", sa.Boolean),
        sa.column("fs_uniquifier", sa.String),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(organiser.c.id)).all():
        connection.execute(
            sa.update(organiser)
            .where(organiser.c.id == row.id)
            .values(active=True, fs_uniquifier=secrets.token_hex(32))
        )


def upgrade() -> None:
    op.create_table(
        "entry_link",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('first', 'reset')", name=op.f("ck_entry_link_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_entry_link_organiser_id_organiser"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_link")),
    )
    with op.batch_alter_table("entry_link", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entry_link_organiser_id", ["organiser_id"], unique=False
        )

    op.create_table(
        "factor_reset",
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_factor_reset_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_factor_reset_organiser_id_organiser"),
        ),
        sa.PrimaryKeyConstraint("organiser_id", name=op.f("pk_factor_reset")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column(
            "invited_by",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'editor', 'verifier', 'viewer')",
            name=op.f("ck_invitation_role"),
        ),
        sa.CheckConstraint(
            "accepted_at IS NULL OR revoked_at IS NULL",
            name=op.f("ck_invitation_one_end"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_invitation_email")),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["organiser.id"],
            name=op.f("fk_invitation_invited_by_organiser"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_invitation_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index("ix_invitation_letter_id", ["letter_id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("extensions", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("usage", sa.String(length=16), nullable=False),
        sa.Column("lastuse_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_passkey_organiser_id_organiser"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index("ix_passkey_organiser_id", ["organiser_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("browser", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_sign_in_organiser_id_organiser"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("key", name=op.f("uq_sign_in_key")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_organiser_id", ["organiser_id"], unique=False)

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(
            "ix_membership_organiser_id", ["organiser_id"], unique=False
        )

    with op.batch_alter_table("organiser", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), nullable=True))
        batch_op.add_column(
            sa.Column("fs_uniquifier", sa.String(length=64), nullable=True)
        )
        batch_op.add_column(
            sa.Column("fs_webauthn_user_handle", sa.String(length=64), nullable=True)
        )
        batch_op.add_column(
            sa.Column("tf_primary_method", sa.String(length=16), nullable=True)
        )
        batch_op.add_column(
            sa.Column("tf_totp_secret", sa.String(length=400), nullable=True)
        )
        batch_op.add_column(sa.Column("mf_recovery_codes", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("totp_counter", sa.BigInteger(), nullable=True))

    _fill()
    with op.batch_alter_table("organiser", schema=None) as batch_op:
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column(
            "fs_uniquifier", existing_type=sa.String(length=64), nullable=False
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_organiser_fs_uniquifier"), ["fs_uniquifier"]
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_organiser_fs_webauthn_user_handle"),
            ["fs_webauthn_user_handle"],
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "organiser_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("invitation_id", sa.LargeBinary(length=16), nullable=True)
        )
        batch_op.drop_constraint(op.f("ck_outbox_kind"), type_="check")
        batch_op.drop_constraint(op.f("ck_outbox_one_subject"), type_="check")
        batch_op.create_check_constraint(op.f("ck_outbox_kind"), _KINDS)
        batch_op.create_check_constraint(op.f("ck_outbox_one_subject"), _ONE_SUBJECT)
        batch_op.create_unique_constraint(
            batch_op.f("uq_outbox_kind_invitation_id_number"),
            ["kind", "invitation_id", "number"],
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_outbox_kind_organiser_id_number"),
            ["kind", "organiser_id", "number"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_invitation_id_invitation"),
            "invitation",
            ["invitation_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outbox_organiser_id_organiser"),
            "organiser",
            ["organiser_id"],
            ["id"],
        )


def downgrade() -> None:
    # Mails about organisers have no place in the older schema.
    op.execute(
        "DELETE FROM outbox WHERE organiser_id IS NOT NULL OR invitation_id IS NOT NULL"
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outbox_kind"), type_="check")
        batch_op.drop_constraint(op.f("ck_outbox_one_subject"), type_="check")
        batch_op.create_check_constraint(op.f("ck_outbox_kind"), _FORMER_KINDS)
        batch_op.create_check_constraint(
            op.f("ck_outbox_one_subject"),
            "(submission_id IS NULL) <> (signature_id IS NULL)",
        )
        batch_op.drop_constraint(
            batch_op.f("fk_outbox_organiser_id_organiser"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_outbox_invitation_id_invitation"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("uq_outbox_kind_organiser_id_number"), type_="unique"
        )
        batch_op.drop_constraint(
            batch_op.f("uq_outbox_kind_invitation_id_number"), type_="unique"
        )
        batch_op.drop_column("invitation_id")
        batch_op.drop_column("organiser_id")

    with op.batch_alter_table("organiser", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_organiser_fs_webauthn_user_handle"), type_="unique"
        )
        batch_op.drop_constraint(
            batch_op.f("uq_organiser_fs_uniquifier"), type_="unique"
        )
        batch_op.drop_column("totp_counter")
        batch_op.drop_column("mf_recovery_codes")
        batch_op.drop_column("tf_totp_secret")
        batch_op.drop_column("tf_primary_method")
        batch_op.drop_column("fs_webauthn_user_handle")
        batch_op.drop_column("fs_uniquifier")
        batch_op.drop_column("active")
        batch_op.drop_column("password")

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index("ix_membership_organiser_id")

    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_organiser_id")

    op.drop_table("sign_in")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index("ix_passkey_organiser_id")

    op.drop_table("passkey")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index("ix_invitation_letter_id")

    op.drop_table("invitation")
    op.drop_table("factor_reset")
    with op.batch_alter_table("entry_link", schema=None) as batch_op:
        batch_op.drop_index("ix_entry_link_organiser_id")

    op.drop_table("entry_link")
