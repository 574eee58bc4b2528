"""Tables of the updates: what organisers write to those who wished for news."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class MailingKind(StrEnum):
    """What a mailing is; the mails of it are of the kind of the same name."""

    UPDATE = "update"
    # Thanks once the letter has closed, with the number that it came to.
    CLOSING = "closing"


class MailingState(StrEnum):
    """Where a mailing stands; STOPPED and DONE are ends."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class Mailing(Base):
    """One update: whom it has reached so far, and what became of the mails."""

    __tablename__ = "mailing"
    __table_args__ = (
        CheckConstraint(one_of("kind", MailingKind), "kind"),
        CheckConstraint(one_of("state", MailingState), "state"),
        CheckConstraint(
            "state NOT IN ('scheduled', 'running') OR due_at IS NOT NULL", "due_at"
        ),
        CheckConstraint(
            "(state IN ('draft', 'scheduled')) = (started_at IS NULL)", "started_at"
        ),
        CheckConstraint(
            "(state IN ('stopped', 'done')) = (ended_at IS NOT NULL)", "ended_at"
        ),
        Index("ix_mailing_letter_id", "letter_id", "id"),
        # What the worker looks along.
        Index(
            "ix_mailing_due",
            "due_at",
            sqlite_where=text("state IN ('scheduled', 'running')"),
            postgresql_where=text("state IN ('scheduled', 'running')"),
        ),
        # A letter says thanks once.
        Index(
            "uq_mailing_closing",
            "letter_id",
            unique=True,
            sqlite_where=text("kind = 'closing'"),
            postgresql_where=text("kind = 'closing'"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(9))
    # Once it has begun it stands on the letter's page of updates as well.
    public: Mapped[bool]
    author: Mapped[str] = mapped_column(String(60))
    # When it is to begin; once it runs, when the next people have their turn.
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # The last signature whose turn has been, and the last one that gets a mail: who
    # signed before it began.
    walked_to: Mapped[int] = mapped_column(RowId)
    up_to: Mapped[int] = mapped_column(RowId)
    # How many wished for it when it began, and how many of their mails ended how.
    total: Mapped[int]
    sent: Mapped[int]
    refused: Mapped[int]
    void: Mapped[int]
    dead: Mapped[int]
    # Taken by the provider, and come back afterwards.
    bounced: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Moment)


class MailingText(Base):
    """What a mailing says in one language; HTML is made when it is written."""

    __tablename__ = "mailing_text"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
