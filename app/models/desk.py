"""Tables of the desk: what waits, who works on it, what was done, asked and offered."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class DeskEntry(Base):
    """A signature in one of the desk's piles, at its place: the smallest comes first.

    A pile is what a filter shows, so that each is one stretch of one index.
    """

    __tablename__ = "desk_entry"
    __table_args__ = (Index("ix_desk_entry_signature_id", "signature_id"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    pile: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[int] = mapped_column(
        ForeignKey("signature.id"), primary_key=True
    )


class DeskLock(Base):
    """An organiser has a signature on the screen: nobody else decides on it."""

    __tablename__ = "desk_lock"

    signature_id: Mapped[int] = mapped_column(
        ForeignKey("signature.id"), primary_key=True, autoincrement=False
    )
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    until: Mapped[datetime] = mapped_column(Moment)


class DeskMove(Base):
    """What an organiser did to a signature, with what it takes to undo it."""

    __tablename__ = "desk_move"
    __table_args__ = (
        Index("ix_desk_move_signature_id", "signature_id"),
        Index("ix_desk_move_batch", "batch"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # Moves that were made together are undone together.
    batch: Mapped[str] = mapped_column(String(22))
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"))
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    verb: Mapped[str] = mapped_column(String(24))
    # The columns as they were; nothing in them is personal.
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    # What the signature looked like afterwards (`standing.look`).
    after: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)


class RequestKind(StrEnum):
    """What a signatory can be asked for, in the house's own words."""

    WORK_ADDRESS = "work_address"
    PUBLIC_POST = "public_post"
    SIGNED_DOCUMENT = "signed_document"
    CALL = "call"


class RequestAnswer(StrEnum):
    """How a request ended, as the verifier saw it."""

    PROVED = "proved"
    NOT_PROVED = "not_proved"
    NO_ANSWER = "no_answer"


class EvidenceRequest(Base):
    """A signatory was asked for evidence, and what came of it."""

    __tablename__ = "evidence_request"
    __table_args__ = (
        CheckConstraint(one_of("kind", RequestKind), "kind"),
        CheckConstraint(
            f"answer IS NULL OR {one_of('answer', RequestAnswer)}", "answer"
        ),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", "answered_at"),
        # One question at a time.
        Index(
            "uq_evidence_request_open",
            "signature_id",
            unique=True,
            sqlite_where=text("answer IS NULL AND taken_back_at IS NULL"),
            postgresql_where=text("answer IS NULL AND taken_back_at IS NULL"),
        ),
        Index("ix_evidence_request_signature_id", "signature_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"))
    kind: Mapped[str] = mapped_column(String(24))
    asked_by: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    deadline: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str | None] = mapped_column(String(2000))
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    # Undone before the mail had left.
    taken_back_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInvitation(Base):
    """A personal link to sign, mailed to an address that an organiser knew before."""

    __tablename__ = "sign_invitation"
    __table_args__ = (
        # The address stands as long as the link can be used, and no longer.
        CheckConstraint(
            "(address_sealed IS NULL) = (ended_at IS NOT NULL)", "address_sealed"
        ),
        Index("ix_sign_invitation_letter_id_id", "letter_id", "id"),
        Index(
            "uq_sign_invitation_address_key",
            "letter_id",
            "address_key",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # 128 random bits: what the link's token names.
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    name: Mapped[str | None] = mapped_column(String(400))
    name_key: Mapped[str] = mapped_column(String(400))
    address_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(String(12))
    # How the address came to be known, as the inviter says it.
    evidence: Mapped[str] = mapped_column(String(2000))
    invited_by: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    invited_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    # Used, revoked or expired; used alone has a signature.
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id"))
