"""Make the first schema, and let nobody rewrite the record.

Revision ID: 20261123a
Revises:
Create Date: 2026-11-23 01:30:16.448295+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261123a"
down_revision: str | None = None


# The record is append-only for everybody who is not allowed to change the schema.
_SQLITE = [
    f"""CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
    for table in ("record", "seal")
    for event in ("UPDATE", "DELETE")
]
_POSTGRESQL = [
    """CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
    *(
        f"""CREATE TRIGGER {table}_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION append_only()"""
        for table in ("record", "seal")
    ),
]


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("default_language", sa.String(length=12), nullable=False),
        sa.Column("organiser", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("postal", sa.String(length=400), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("country_policy", sa.String(length=8), nullable=False),
        sa.Column("allows_statement", sa.Boolean(), nullable=False),
        sa.Column("headline", sa.String(length=32), nullable=False),
        sa.Column("is_example", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pepper", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "country_policy IN ('no','optional','required')",
            name=op.f("ck_letter_country"),
        ),
        sa.CheckConstraint(
            "headline IN ('confirmed','verified','confirmed_and_collected')",
            name=op.f("ck_letter_headline"),
        ),
        sa.CheckConstraint(
            "slug = lower(slug) AND slug <> ''", name=op.f("ck_letter_slug")
        ),
        sa.CheckConstraint(
            "closes_at IS NULL OR opens_at IS NULL OR closes_at > opens_at",
            name=op.f("ck_letter_closing"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("slug", name=op.f("uq_letter_slug")),
    )
    op.create_table(
        "organiser",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_organiser_email")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organiser")),
        sa.UniqueConstraint("email", name=op.f("uq_organiser_email")),
    )
    op.create_table(
        "blocked_name",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_blocked_name_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", "name_key", name=op.f("pk_blocked_name")),
    )
    op.create_table(
        "collection",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("without_names", sa.Integer(), nullable=False),
        sa.Column("without_names_sector", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "without_names >= 0", name=op.f("ck_collection_without_names")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_collection_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint(
            "letter_id", "name", name=op.f("uq_collection_letter_id_name")
        ),
    )
    op.create_table(
        "fold",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_fold_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_fold")),
    )
    op.create_table(
        "history",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facet", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("measure", sa.String(length=9), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_history_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "hour", "facet", "key", "measure", name=op.f("pk_history")
        ),
    )
    op.create_table(
        "ledger",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("facet", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("measure", sa.String(length=9), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_ledger_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_letter_id_id", ["letter_id", "id"], unique=False
        )

    op.create_table(
        "letter_language",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("addressee", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
            name=op.f("fk_letter_language_letter_id_letter"),
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "language", name=op.f("pk_letter_language")
        ),
    )
    op.create_table(
        "mail_slot",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("address_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_mail_slot_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_slot")),
    )
    with op.batch_alter_table("mail_slot", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mail_slot_address_key_at", ["address_key", "at"], unique=False
        )

    op.create_table(
        "membership",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "organiser_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'editor', 'verifier', 'viewer')",
            name=op.f("ck_membership_role"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_membership_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["organiser.id"],
            name=op.f("fk_membership_organiser_id_organiser"),
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "organiser_id", name=op.f("pk_membership")
        ),
    )
    op.create_table(
        "record",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("before", sa.String(length=80), nullable=True),
        sa.Column("after", sa.String(length=80), nullable=True),
        sa.Column("reason_hash", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_record_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_record_letter_id_id", ["letter_id", "id"], unique=False
        )

    op.create_table(
        "sector",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_sector_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("letter_id", "key", name=op.f("pk_sector")),
    )
    op.create_table(
        "tally",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("facet", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("measure", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_tally_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "facet", "key", "measure", name=op.f("pk_tally")
        ),
    )
    op.create_table(
        "text_version",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_text_version_letter_id_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_version")),
        sa.UniqueConstraint(
            "letter_id",
            "language",
            "number",
            name=op.f("uq_text_version_letter_id_language_number"),
        ),
    )
    op.create_table(
        "reason",
        sa.Column(
            "record_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("text", sa.String(length=2000), nullable=True),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_reason_record_id_record")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_reason")),
    )
    op.create_table(
        "seal",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "record_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_seal_record_id_record")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_seal")),
        sa.UniqueConstraint("record_id", name=op.f("uq_seal_record_id")),
    )
    op.create_table(
        "signature",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("origin", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("rejected_from", sa.String(length=9), nullable=True),
        sa.Column("hold_reasons", sa.String(length=200), nullable=True),
        sa.Column("address_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.String(length=400), nullable=True),
        sa.Column("name_key", sa.String(length=400), nullable=True),
        sa.Column("title", sa.String(length=400), nullable=True),
        sa.Column("titles", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("affiliation", sa.String(length=400), nullable=True),
        sa.Column("sector", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("public_figure", sa.Boolean(), nullable=False),
        sa.Column("identification_only", sa.Boolean(), nullable=False),
        sa.Column("wants_updates", sa.Boolean(), nullable=False),
        sa.Column("may_contact", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column(
            "text_version_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("consent_version", sa.String(length=32), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "collection_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("featured_rank", sa.Integer(), nullable=True),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(origin = 'collected') = (collection_id IS NOT NULL)",
            name=op.f("ck_signature_collection"),
        ),
        sa.CheckConstraint(
            "(origin = 'confirmed') = (confirmed_at IS NOT NULL)",
            name=op.f("ck_signature_confirmed_at"),
        ),
        sa.CheckConstraint(
            "(state = 'rejected') = (rejected_from IS NOT NULL)",
            name=op.f("ck_signature_rejected_from"),
        ),
        sa.CheckConstraint(
            "featured_rank IS NULL OR (verified AND state = 'counted')",
            name=op.f("ck_signature_featured"),
        ),
        sa.CheckConstraint(
            "origin = 'confirmed' OR address_key IS NULL",
            name=op.f("ck_signature_collected"),
        ),
        sa.CheckConstraint(
            "origin IN ('confirmed', 'collected')", name=op.f("ck_signature_origin")
        ),
        sa.CheckConstraint(
            "state IN ('counted', 'held', 'rejected', 'withdrawn')",
            name=op.f("ck_signature_state"),
        ),
        sa.CheckConstraint(
            "name IS NOT NULL OR redacted_at IS NOT NULL",
            name=op.f("ck_signature_name"),
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_signature_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_signature_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["text_version_id"],
            ["text_version.id"],
            name=op.f("fk_signature_text_version_id_text_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint(
            "letter_id", "address_key", name=op.f("uq_signature_letter_id_address_key")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_signature_public_id")),
    )
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.create_index(
            "ix_signature_featured",
            ["letter_id", "featured_rank"],
            unique=False,
            sqlite_where=sa.text("featured_rank IS NOT NULL"),
            postgresql_where=sa.text("featured_rank IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_signature_held",
            ["letter_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "ix_signature_name_key", ["letter_id", "name_key"], unique=False
        )
        batch_op.create_index(
            "ix_signature_public",
            ["letter_id", "verified", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'counted' AND listed = 1"),
            postgresql_where=sa.text("state = 'counted' AND listed"),
        )

    op.create_table(
        "submission",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("address_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("content_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("mail_number", sa.Integer(), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(state = 'open') = (sealed IS NOT NULL) AND (state = 'open') = (address_key IS NOT NULL) AND (state = 'open') = (content_key IS NOT NULL)",
            name=op.f("ck_submission_wiped"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'used', 'void', 'expired')",
            name=op.f("ck_submission_state"),
        ),
        sa.CheckConstraint(
            "code_tries >= 0 AND code_tries <= 5", name=op.f("ck_submission_code_tries")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_submission_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_submission_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(
            "ix_submission_expires_at",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            batch_op.f("ix_submission_signature_id"), ["signature_id"], unique=False
        )
        batch_op.create_index(
            "uq_submission_content",
            ["letter_id", "address_key", "content_key"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "verification",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("claim_hash", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.String(length=2000), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("verified_by", sa.String(length=254), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "method IN ('institution_mail', 'independent_reply', 'public_post', 'call', 'known_in_person', 'signed_document', 'public_record')",
            name=op.f("ck_verification_method"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_verification_signature_id_signature"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_verification_signature_id"), ["signature_id"], unique=False
        )

    op.create_table(
        "outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("submission_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column(
            "signature_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'leased') = (lease_token IS NOT NULL)",
            name=op.f("ck_outbox_lease"),
        ),
        sa.CheckConstraint(
            "kind IN ('confirm', 'signed', 'manage')", name=op.f("ck_outbox_kind")
        ),
        sa.CheckConstraint(
            "state IN ('ready', 'leased', 'sent', 'refused', 'dead', 'void')",
            name=op.f("ck_outbox_state"),
        ),
        sa.CheckConstraint(
            "(submission_id IS NULL) <> (signature_id IS NULL)",
            name=op.f("ck_outbox_one_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_outbox_signature_id_signature"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_outbox_submission_id_submission"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "kind",
            "signature_id",
            "number",
            name=op.f("uq_outbox_kind_signature_id_number"),
        ),
        sa.UniqueConstraint(
            "kind",
            "submission_id",
            "number",
            name=op.f("uq_outbox_kind_submission_id_number"),
        ),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('ready', 'leased')"),
            postgresql_where=sa.text("state IN ('ready', 'leased')"),
        )
        batch_op.create_index("ix_outbox_signature_id", ["signature_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_submission_id", ["submission_id"], unique=False
        )

    op.create_table(
        "suppression",
        sa.Column(
            "letter_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("address_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("submission_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_suppression_letter_id_letter")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
            name=op.f("fk_suppression_submission_id_submission"),
        ),
        sa.PrimaryKeyConstraint(
            "letter_id", "address_key", name=op.f("pk_suppression")
        ),
    )
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_suppression_submission_id"), ["submission_id"], unique=False
        )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL if postgresql else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppression_submission_id"))

    op.drop_table("suppression")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_submission_id")
        batch_op.drop_index("ix_outbox_signature_id")
        batch_op.drop_index(
            "ix_outbox_due",
            sqlite_where=sa.text("state IN ('ready', 'leased')"),
            postgresql_where=sa.text("state IN ('ready', 'leased')"),
        )

    op.drop_table("outbox")
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verification_signature_id"))

    op.drop_table("verification")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_submission_content",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_submission_signature_id"))
        batch_op.drop_index(
            "ix_submission_expires_at",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.drop_table("submission")
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_signature_public",
            sqlite_where=sa.text("state = 'counted' AND listed = 1"),
            postgresql_where=sa.text("state = 'counted' AND listed"),
        )
        batch_op.drop_index("ix_signature_name_key")
        batch_op.drop_index(
            "ix_signature_held",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        )
        batch_op.drop_index(
            "ix_signature_featured",
            sqlite_where=sa.text("featured_rank IS NOT NULL"),
            postgresql_where=sa.text("featured_rank IS NOT NULL"),
        )

    op.drop_table("signature")
    op.drop_table("seal")
    op.drop_table("reason")
    op.drop_table("text_version")
    op.drop_table("tally")
    op.drop_table("sector")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index("ix_record_letter_id_id")

    op.drop_table("record")
    op.drop_table("membership")
    with op.batch_alter_table("mail_slot", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_slot_address_key_at")

    op.drop_table("mail_slot")
    op.drop_table("letter_language")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_letter_id_id")

    op.drop_table("ledger")
    op.drop_table("history")
    op.drop_table("fold")
    op.drop_table("collection")
    op.drop_table("blocked_name")
    op.drop_table("organiser")
    op.drop_table("letter")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION append_only()")
