"""Tables of what readers object to, and of how many signatures wait for a person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
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


class DisputeKind(StrEnum):
    """What is said of a public line."""

    # "I did not sign this."
    NOT_ME = "not_me"
    # "This is not the person that it says", said by somebody else.
    NOT_THEM = "not_them"
    # Insults, advertising, or details that are wrong.
    CONTENT = "content"


class DisputeResult(StrEnum):
    """What became of it."""

    # The line is right and stays.
    KEPT = "kept"
    # The signature was rejected.
    REMOVED = "removed"
    # A part of the line was hidden or corrected.
    CHANGED = "changed"


class Dispute(Base):
    """One objection to one public line; what was typed is sealed."""

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint(one_of("kind", DisputeKind), "kind"),
        CheckConstraint(
            f"result IS NULL OR {one_of('result', DisputeResult)}", "result"
        ),
        CheckConstraint("(result IS NULL) = (settled_at IS NULL)", "settled"),
        CheckConstraint("(settled_by IS NULL) = (settled_at IS NULL)", "settled_by"),
        # What the desk reads, and what the limits of an hour are counted along.
        Index(
            "ix_dispute_open",
            "letter_id",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_dispute_letter_id_at", "letter_id", "at"),
        Index("ix_dispute_network_key_at", "network_key", "at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # Random; what it is called in addresses, and what its seals are bound to.
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Of the day; wiped after a week.
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # Whether it took the line out of sight at once, and from which place.
    held: Mapped[bool]
    featured_rank: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)
    result: Mapped[str | None] = mapped_column(String(8))
    settled_by: Mapped[str | None] = mapped_column(String(254))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class Backlog(Base):
    """About how many confirmed signatures wait for a person: rounded, and an hour old."""

    __tablename__ = "backlog"
    __table_args__ = (CheckConstraint("about >= 0", "about"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    about: Mapped[int]
    # Since how many hours half of them have been waiting; none: there are few.
    median_hours: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)
