"""Tables of the two halves of signing: submissions, and the signatures they become."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId


class SubmissionState(StrEnum):
    """Where a filled-in form stands (design: section 4)."""

    OPEN = "open"
    USED = "used"
    VOID = "void"
    EXPIRED = "expired"


class State(StrEnum):
    """Where a signature stands; only COUNTED is in the public numbers and lists."""

    COUNTED = "counted"
    HELD = "held"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Origin(StrEnum):
    """How a signature came to the house."""

    CONFIRMED = "confirmed"
    COLLECTED = "collected"


class VerificationMethod(StrEnum):
    """The closed list of ways in which an organiser may prove the person."""

    INSTITUTION_MAIL = "institution_mail"
    INDEPENDENT_REPLY = "independent_reply"
    PUBLIC_POST = "public_post"
    CALL = "call"
    KNOWN_IN_PERSON = "known_in_person"
    SIGNED_DOCUMENT = "signed_document"
    PUBLIC_RECORD = "public_record"


def one_of(column: str, values: type[StrEnum]) -> str:
    """The SQL of a CHECK that lets only the members of `values` into `column`."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Submission(Base):
    """A filled-in form that waits for its confirmation; it reserves nothing.

    What was typed stands sealed in one column and dies with the open state.
    """

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint(one_of("state", SubmissionState), "state"),
        # An open submission has what was typed; any other has nothing left of it.
        CheckConstraint(
            "(state = 'open') = (sealed IS NOT NULL)"
            " AND (state = 'open') = (address_key IS NOT NULL)"
            " AND (state = 'open') = (content_key IS NOT NULL)",
            "wiped",
        ),
        CheckConstraint("state = 'open' OR network_key IS NULL", "network_key"),
        CheckConstraint("code_tries >= 0 AND code_tries <= 5", "code_tries"),
        # The same form sent twice is one submission (threats 61); also finds a
        # person's other open ones.
        Index(
            "uq_submission_content",
            "letter_id",
            "address_key",
            "content_key",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_submission_expires_at",
            "expires_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_submission_signature_id",
            "signature_id",
            sqlite_where=text("signature_id IS NOT NULL"),
            postgresql_where=text("signature_id IS NOT NULL"),
        ),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    state: Mapped[str] = mapped_column(String(8))
    address_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    content_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Stands for the sender's network on the day of sending (Keyring.network_key).
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    language: Mapped[str] = mapped_column(String(12))
    code_tries: Mapped[int]
    # Which mail of this submission is the newest, and when it was asked for.
    mail_number: Mapped[int]
    mailed_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id"))


class Signature(Base):
    """One signatory on one letter; `lifecycle` alone writes its state."""

    __tablename__ = "signature"
    __table_args__ = (
        CheckConstraint(one_of("state", State), "state"),
        CheckConstraint(one_of("origin", Origin), "origin"),
        CheckConstraint(
            "(origin = 'confirmed') = (confirmed_at IS NOT NULL)", "confirmed_at"
        ),
        CheckConstraint(
            "(origin = 'collected') = (collection_id IS NOT NULL)", "collection"
        ),
        CheckConstraint("origin = 'confirmed' OR address_key IS NULL", "collected"),
        CheckConstraint("name IS NOT NULL OR redacted_at IS NOT NULL", "name"),
        # Prominence is earned: nobody is featured whom no organiser verified.
        CheckConstraint(
            "featured_rank IS NULL OR (verified AND state = 'counted')", "featured"
        ),
        CheckConstraint(
            "(state = 'rejected') = (rejected_from IS NOT NULL)", "rejected_from"
        ),
        # A person signs a letter once; null for the withdrawn and the collected.
        UniqueConstraint("letter_id", "address_key"),
        # The public lists read along this index, newest first.
        Index(
            "ix_signature_public",
            "letter_id",
            "verified",
            "id",
            # How SQLAlchemy asks it there: the words must be the index's own.
            sqlite_where=text("state = 'counted' AND listed = 1"),
            postgresql_where=text("state = 'counted' AND listed"),
        ),
        Index(
            "ix_signature_featured",
            "letter_id",
            "featured_rank",
            sqlite_where=text("featured_rank IS NOT NULL"),
            postgresql_where=text("featured_rank IS NOT NULL"),
        ),
        Index(
            "ix_signature_held",
            "letter_id",
            "id",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index("ix_signature_name_key", "letter_id", "name_key"),
        # What a case has rejected and an import has brought in is found to undo it.
        Index(
            "ix_signature_case_id",
            "case_id",
            "id",
            sqlite_where=text("case_id IS NOT NULL"),
            postgresql_where=text("case_id IS NOT NULL"),
        ),
        Index(
            "ix_signature_collection_id",
            "collection_id",
            "id",
            sqlite_where=text("collection_id IS NOT NULL"),
            postgresql_where=text("collection_id IS NOT NULL"),
        ),
        # What was withdrawn and is not wiped yet.
        Index(
            "ix_signature_withdrawn_at",
            "withdrawn_at",
            sqlite_where=text("withdrawn_at IS NOT NULL"),
            postgresql_where=text("withdrawn_at IS NOT NULL"),
        ),
        # What a network or a domain confirmed in the last hour (holds, rule 4).
        # Whom an update goes to, in the order in which they signed.
        Index(
            "ix_signature_updates",
            "letter_id",
            "id",
            sqlite_where=text("state = 'counted' AND wants_updates = 1"),
            postgresql_where=text("state = 'counted' AND wants_updates"),
        ),
        Index(
            "ix_signature_network_key",
            "letter_id",
            "network_key",
            "confirmed_at",
            sqlite_where=text("network_key IS NOT NULL"),
            postgresql_where=text("network_key IS NOT NULL"),
        ),
        Index(
            "ix_signature_address_domain",
            "letter_id",
            "address_domain",
            "confirmed_at",
            sqlite_where=text("address_domain IS NOT NULL"),
            postgresql_where=text("address_domain IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # 128 random bits: what stands in addresses and in the API.
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    origin: Mapped[str] = mapped_column(String(9))
    state: Mapped[str] = mapped_column(String(9))
    rejected_from: Mapped[str | None] = mapped_column(String(9))
    hold_reasons: Mapped[str | None] = mapped_column(String(200))
    address_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Never public; wiped with the address.
    address_domain: Mapped[str | None] = mapped_column(String(254))
    # From the submission; wiped after a week, of held ones after 30 days.
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    name: Mapped[str | None] = mapped_column(String(400))
    name_key: Mapped[str | None] = mapped_column(String(400))
    title: Mapped[str | None] = mapped_column(String(400))
    # A collected line may be described in each of the letter's languages.
    titles: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    affiliation: Mapped[str | None] = mapped_column(String(400))
    sector: Mapped[str] = mapped_column(String(32))
    country: Mapped[str] = mapped_column(String(8))
    statement: Mapped[str | None] = mapped_column(Text)
    listed: Mapped[bool]
    public_figure: Mapped[bool]
    identification_only: Mapped[bool]
    wants_updates: Mapped[bool]
    may_contact: Mapped[bool]
    language: Mapped[str] = mapped_column(String(12))
    text_version_id: Mapped[int | None] = mapped_column(ForeignKey("text_version.id"))
    # Which wording of the consent was agreed to, and when the button was pressed.
    consent_version: Mapped[str | None] = mapped_column(String(32))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"))
    # The case that rejected it; any later move of this one signature clears it.
    case_id: Mapped[int | None] = mapped_column(ForeignKey("invalidation.id"))
    verified: Mapped[bool]
    featured_rank: Mapped[int | None]
    redacted_at: Mapped[datetime | None] = mapped_column(Moment)
    # The sector that was chosen, where a merge of sectors has changed it since.
    recoded_from: Mapped[str | None] = mapped_column(String(32))
    # Since when a withdrawn one waits to be wiped; until then there is a way back.
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    # Since when it stands in the count; what a frozen display goes by.
    counted_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    # The words it is found by, each of them a `SearchWord`; null once it is erased.
    search_text: Mapped[str | None] = mapped_column(String(1000))
    # What an organiser took out of sight without rejecting the person.
    statement_hidden_at: Mapped[datetime | None] = mapped_column(Moment)
    affiliation_hidden_at: Mapped[datetime | None] = mapped_column(Moment)
    # The signatory asked search engines to leave the line's page out.
    noindex: Mapped[bool] = mapped_column(server_default=false())


class Verification(Base):
    """The account of how an organiser proved one person; voided by a correction."""

    __tablename__ = "verification"
    __table_args__ = (
        CheckConstraint(one_of("method", VerificationMethod), "method"),
        # Two reviewers are two people, and a review is no second one to itself.
        CheckConstraint("second_by <> verified_by", "second_by"),
        CheckConstraint(
            "(second_by IS NULL) = (second_at IS NULL)"
            " AND NOT (awaits_second AND second_by IS NOT NULL)",
            "second_at",
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"), index=True)
    method: Mapped[str] = mapped_column(String(24))
    # SHA-256 over name, title and affiliation as they were when verified.
    claim_hash: Mapped[str] = mapped_column(String(64))
    evidence: Mapped[str] = mapped_column(String(2000))
    note: Mapped[str] = mapped_column(String(2000))
    verified_by: Mapped[str] = mapped_column(String(254))
    verified_at: Mapped[datetime] = mapped_column(Moment)
    # The letter asks for a second reviewer, and none has agreed yet: it proves nothing.
    awaits_second: Mapped[bool] = mapped_column(server_default=false())
    second_by: Mapped[str | None] = mapped_column(String(254))
    second_at: Mapped[datetime | None] = mapped_column(Moment)
    voided_at: Mapped[datetime | None] = mapped_column(Moment)


class Suppression(Base):
    """An address whose owner said "this was not me": this letter mails it no more."""

    __tablename__ = "suppression"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    address_key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    # The link that said so, which can take it back.
    submission_id: Mapped[bytes] = mapped_column(
        ForeignKey("submission.id"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(Moment)


# The conditions of partial indexes, as literals: where a value is bound instead,
# PostgreSQL's prepared plan cannot know that the index fits it.
IS_OPEN = Submission.state == literal_column("'open'")
IS_COUNTED = Signature.state == literal_column("'counted'")
