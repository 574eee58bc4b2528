"""Tables around a letter's launch: private links, names by and by, press snapshots."""

from __future__ import annotations

from datetime import datetime
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


class PreviewLink(Base):
    """A private way to a letter that the public does not see yet."""

    __tablename__ = "preview_link"

    # Random; the link is a signed token of it, so this table alone opens nothing.
    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    # For whom it was made, in an organiser's words.
    note: Mapped[str] = mapped_column(String(200))
    created_by: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class Unveiling(Base):
    """A planned time at which a frozen display shows the next names."""

    __tablename__ = "unveiling"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("(shown IS NULL) = (done_at IS NULL)", "done"),
        Index(
            "ix_unveiling_due_at",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(Moment)
    amount: Mapped[int]
    # How many names it showed: fewer than planned where there were no more.
    shown: Mapped[int | None]
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    planned_by: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Snapshot(Base):
    """The verified signatories at one moment, for the press; never changed."""

    __tablename__ = "snapshot"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    # confirmed, verified, collected, by sector too, as they were read at `at`.
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
    lines: Mapped[int]
    # SHA-256 over the time, the numbers, and the ids and hashes of the lines.
    hash: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(254))


class SnapshotLine(Base):
    """One line of a snapshot; what it said is wiped with the person's data."""

    __tablename__ = "snapshot_line"
    __table_args__ = (CheckConstraint("(said IS NULL) = (salt IS NULL)", "wiped"),)

    snapshot_id: Mapped[int] = mapped_column(
        ForeignKey("snapshot.id"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(22))
    said: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Hashed together with the line: without it a hash that outlives its line
    # would let anyone try names against it.
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    hash: Mapped[str] = mapped_column(String(64))
