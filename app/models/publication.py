"""Tables of what the public reads beside the letter: search words and corrections."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class SearchWord(Base):
    """One word by which one signature is found, in the order of the public list.

    Rows and index are one: whoever looks up a word reads its signatures in the order
    in which they are shown, however many there are. There is no foreign key, for it
    would be asked at each of the eight words of every confirmation.
    """

    # Not FTS5: before SQLite 3.42 it keeps what was deleted, and what is erased must
    # be gone from the file.
    __tablename__ = "search_word"
    __table_args__ = (
        CheckConstraint("rank >= 0 AND rank <= 2", "rank"),
        {"sqlite_with_rowid": False},
    )

    letter_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    # 0: not public; 1: public; 2: public and verified, so shown before the others.
    rank: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False
    )
    signature_id: Mapped[int] = mapped_column(
        RowId, primary_key=True, autoincrement=False
    )


class CorrectionKind(StrEnum):
    """What was changed in public."""

    REMOVED = "removed"
    RESTORED = "restored"
    CORRECTED = "corrected"
    ADDED_NOTABLE = "added_notable"
    RECODED = "recoded"
    TEXT_CHANGED = "text_changed"
    HIDDEN = "hidden"


class CorrectionCause(StrEnum):
    """At whose wish it was, where that is not plain from the kind."""

    SIGNATORY = "signatory"
    ORGANISER = "organiser"


class Correction(Base):
    """A public line saying that something was removed or changed; it names nobody."""

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint(one_of("kind", CorrectionKind), "kind"),
        CheckConstraint(
            f"cause IS NULL OR {one_of('cause', CorrectionCause)}", "cause"
        ),
        CheckConstraint("number >= 1", "number"),
        # The public page reads along this, newest first.
        Index("ix_correction_letter_id_id", "letter_id", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    kind: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str | None] = mapped_column(String(16))
    # How many lines it is about.
    number: Mapped[int]
    # The reason in the organisers' own words, where they give one.
    note: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(Moment)


class Pdf(Base):
    """A letter and its first signatories in one language, as a file to print.

    It is made only for those who ask for it, and wiped as soon as a name in it may
    have been taken back.
    """

    __tablename__ = "pdf"
    __table_args__ = (
        CheckConstraint("(hash IS NULL) = (body IS NULL)", "whole"),
        Index(
            "ix_pdf_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    # Not before this it is made anew: its turn, or the end of a lease. Null: nobody
    # has asked for a newer one.
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    # When the newest attempt began.
    tried_at: Mapped[datetime | None] = mapped_column(Moment)
    # What stood when it was read: the letter's revision, the rows that altered
    # anything (see `Fold.altered`), and the whole public version.
    revision: Mapped[int]
    altered: Mapped[int] = mapped_column(RowId)
    version: Mapped[str] = mapped_column(String(120))
    hash: Mapped[str | None] = mapped_column(String(32))
    # As gzip: SQLite has one writer, and people who sign wait while it is written.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
