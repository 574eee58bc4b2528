"""Tables of the mail: what is to be sent, and what an address has had already."""

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
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId, table
from app.models.signature import one_of


class OutboxKind(StrEnum):
    """Why a mail is sent; the worker decides what it says when it sends it."""

    # A form was sent: a link to confirm, or "you have already signed".
    CONFIRM = "confirm"
    # A signature was confirmed: the number and the manage link.
    SIGNED = "signed"
    # Somebody with a used confirmation link asked for the manage link again.
    MANAGE = "manage"
    # Somebody is asked to join the team of a letter.
    INVITATION = "invitation"
    # An organiser asked for a link to set a new password.
    RESET = "reset"
    # A way to sign in was changed: the person is told, and what to do if it was not
    # them.
    ACCOUNT = "account"
    # A new second factor is on its way, because an owner asked for it.
    FACTOR = "factor"
    # The owners' daily copy of the record's head.
    HEAD = "head"
    # An organiser let a held signature in, took one out, or proved the person.
    RELEASED = "released"
    REJECTED = "rejected"
    VERIFIED = "verified"
    # An organiser asks for something that proves the person.
    EVIDENCE = "evidence"
    # A personal link to sign, to an address known beforehand.
    INVITED = "invited"
    # The letter's words changed: keep the signature, or withdraw it.
    TEXT_CHANGED = "text_changed"
    # Nobody at one mail domain confirms any more: its filter may eat our mails.
    ALARM = "alarm"
    # A form has waited for its confirmation for three days: asked once more.
    REMINDER = "reminder"
    # The signatory corrected or withdrew the signature, or it waits for a person.
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    # News of the organisers to those who wished for it.
    UPDATE = "update"
    # The letter has closed: thanks, and the number that it came to.
    CLOSING = "closing"
    # An organiser wants to see a mail of the letter as it arrives.
    EXAMPLE = "example"


class OutboxState(StrEnum):
    """How far a mail is; all but READY and LEASED are ends."""

    READY = "ready"
    LEASED = "leased"
    SENT = "sent"
    # The provider refused this address for good.
    REFUSED = "refused"
    # It could not be made: a fault of ours that a person must look at.
    DEAD = "dead"
    # Withheld: nobody is waiting any more, the owner said no, or a ceiling stands.
    VOID = "void"


# What a mail may be about: one of them.
SUBJECTS = (
    "submission_id",
    "signature_id",
    "organiser_id",
    "invitation_id",
    "sign_invitation_id",
)


def _once_about(subject: str) -> Index:
    """The mail of a number is asked for once, and a subject's mails are found by it.

    Only mails about this kind of subject stand in it: every form that is sent writes
    a mail, and would otherwise write it into the index of each kind.
    """
    there = text(f"{subject} IS NOT NULL")
    return Index(
        f"uq_outbox_{subject}_kind_number",
        subject,
        "kind",
        "number",
        unique=True,
        sqlite_where=there,
        postgresql_where=there,
    )


class Outbox(Base):
    """One mail to send: no address and no body, both are read when it is sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(one_of("state", OutboxState), "state"),
        CheckConstraint(one_of("kind", OutboxKind), "kind"),
        CheckConstraint(
            "(CASE WHEN submission_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN signature_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN organiser_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN invitation_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN sign_invitation_id IS NULL THEN 0 ELSE 1 END) = 1",
            "one_subject",
        ),
        CheckConstraint("(state = 'leased') = (lease_token IS NOT NULL)", "lease"),
        *(_once_about(subject) for subject in SUBJECTS),
        Index(
            "ix_outbox_due",
            "priority",
            "due_at",
            sqlite_where=text("state IN ('ready', 'leased')"),
            postgresql_where=text("state IN ('ready', 'leased')"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    submission_id: Mapped[bytes | None] = mapped_column(ForeignKey("submission.id"))
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id"))
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    invitation_id: Mapped[bytes | None] = mapped_column(ForeignKey("invitation.id"))
    sign_invitation_id: Mapped[int | None] = mapped_column(
        ForeignKey("sign_invitation.id")
    )
    # The line of the record whose reason the mail gives.
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    # The how-manieth mail of this kind about this subject it is.
    number: Mapped[int]
    # The left part of the Message-ID: every repeat carries the same one.
    message_id: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(8))
    # What somebody waits for has 0 and goes before all that has 1.
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    attempts: Mapped[int]
    # Not before this: the next try, or the end of a lease.
    due_at: Mapped[datetime] = mapped_column(Moment)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    # What the SMTP server last said, or why it was withheld.
    answer: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class MailSlot(Base):
    """One hand-over, certain or possible, of a mail that nobody's proof asked for.

    The ceilings of design section 6 count these rows; they live for 7 days.
    """

    __tablename__ = "mail_slot"
    __table_args__ = (Index("ix_mail_slot_address_key_at", "address_key", "at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    address_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    at: Mapped[datetime] = mapped_column(Moment)


class MailDomain(Base):
    """A mail domain that a letter's figures name: many have confirmed from there.

    What few people use would tell who they are, and stays among the others.
    """

    __tablename__ = "mail_domain"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    # Since when nobody from there confirms any more, though mails are sent.
    silent_since: Mapped[datetime | None] = mapped_column(Moment)


class MailFigure(Base):
    """What became of the forms of one hour (UTC), by mail domain ('': all others)."""

    __tablename__ = "mail_figure"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    submitted: Mapped[int]
    mailed: Mapped[int]
    confirmed: Mapped[int]
    # Of the mailed forms, how many mails came back; and of all mails, how many
    # readers complained.
    came_back: Mapped[int] = mapped_column(server_default=text("0"))
    complained: Mapped[int] = mapped_column(server_default=text("0"))


class MailMark(Base):
    """How far the worker has come along signatures and forms: one row."""

    __tablename__ = "mail_mark"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # Up to which signature the figures of the mail domains are counted.
    signature_id: Mapped[int] = mapped_column(RowId)
    # Up to which end of a form people were reminded to confirm.
    reminded_to: Mapped[datetime | None] = mapped_column(Moment)


class MailRelay(Base):
    """How the mail server last took us: one row, once it has refused us."""

    __tablename__ = "mail_relay"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # Since when it refuses us; null while it takes mails.
    refuses_since: Mapped[datetime | None] = mapped_column(Moment)
    # How often it has made a worker stand back.
    refusals: Mapped[int]


# The condition of the index that the worker reads along, as literals (see IS_OPEN).
IS_UNSENT = table(Outbox).c.state.in_(
    [literal_column("'ready'"), literal_column("'leased'")]
)
