"""Tables of the record: what was done, the reasons given, and the seals over it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId


class Record(Base):
    """One act: who, what, on which, from, to. Triggers refuse any change of it.

    It holds no personal data of signatories: the subject is a public id, and a
    reason, which may name somebody, stands in a table of its own.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_letter_id_id", "letter_id", "id"),
        # What happened to one signature; that it was made stands at itself, and
        # making one costs nothing here.
        Index(
            "ix_record_subject",
            "subject",
            "id",
            sqlite_where=text("verb <> 'confirm' AND verb <> 'collect'"),
            postgresql_where=text("verb <> 'confirm' AND verb <> 'collect'"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    actor: Mapped[str] = mapped_column(String(60))
    verb: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(80))
    before: Mapped[str | None] = mapped_column(String(80))
    after: Mapped[str | None] = mapped_column(String(80))
    # SHA-256 over salt and text of the reason, in hex; null where none was asked.
    reason_hash: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Moment)


class Reason(Base):
    """The reason that belongs to a line of the record; may be wiped, the line stays."""

    __tablename__ = "reason"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    text: Mapped[str | None] = mapped_column(String(2000))


class Seal(Base):
    """A link of the chain over the record, in sealing order."""

    __tablename__ = "seal"

    position: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), unique=True)
    # SHA-256 over the former link's hash and this line's canonical JSON, in hex.
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Moment)
