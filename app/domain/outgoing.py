"""Ask for a mail in the transaction of the thing it speaks of."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from app import db, prepared
from app.db import Transaction
from app.domain import record
from app.domain.verbs import UNDO_FOR
from app.models import Outbox, OutboxKind, OutboxState
from app.prepared import Statement, Step

# So many mails of a kind the changes behind one manage link send, within a day and
# within the month for which the outbox keeps what is finished.
PER_DAY, PER_MONTH = 5, 20
_DAY, _MONTH = timedelta(days=1), timedelta(days=30)

_ASK = Statement(
    lambda insert: insert(db.table(Outbox)).on_conflict_do_nothing().inline()
)


def ask(
    session: Transaction,
    *,
    kind: OutboxKind,
    submission_id: bytes | None = None,
    signature_id: int | None = None,
    invitation_id: bytes | None = None,
    number: int = 1,
    now: datetime,
) -> None:
    """Write the outbox row of one mail about one subject.

    The mail of a number is asked for once: doing it again writes nothing.
    """
    values: dict[str, Any] = {
        "submission_id": submission_id,
        "signature_id": signature_id,
        "number": number,
    }
    if invitation_id is not None:
        values["invitation_id"] = invitation_id
    prepared.run(session, Step(_ASK, new_mail(kind, now) | values))


def step(*, kind: OutboxKind, signature_id: int, now: datetime) -> Step:
    """The same about a signature, to be run with other steps."""
    values = {"submission_id": None, "signature_id": signature_id, "number": 1}
    return Step(_ASK, new_mail(kind, now) | values)


def new_mail(kind: OutboxKind, now: datetime) -> dict[str, Any]:
    """The columns of a mail that is due at once, but for what it is about."""
    return {
        "kind": kind.value,
        "message_id": secrets.token_hex(16),
        "state": OutboxState.READY.value,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }


def ask_anew(
    session: Transaction,
    *,
    kind: OutboxKind,
    signature_id: int | None = None,
    sign_invitation_id: int | None = None,
    organiser_id: int | None = None,
    record_id: int | None = None,
    due_at: datetime,
    now: datetime,
) -> None:
    """Ask for one more mail of a kind, whatever was sent before.

    `record_id` is the line of the record whose reason the mail gives.
    """
    subject = Outbox.signature_id == signature_id
    if sign_invitation_id is not None:
        subject = Outbox.sign_invitation_id == sign_invitation_id
    elif organiser_id is not None:
        subject = Outbox.organiser_id == organiser_id
    newest = session.scalar(
        select(func.max(Outbox.number)).where(subject, Outbox.kind == kind.value)
    )
    session.execute(
        insert(db.table(Outbox)),
        {
            "kind": kind.value,
            "signature_id": signature_id,
            "sign_invitation_id": sign_invitation_id,
            "organiser_id": organiser_id,
            "record_id": record_id,
            "number": (newest or 0) + 1,
            "message_id": secrets.token_hex(16),
            "state": OutboxState.READY.value,
            "attempts": 0,
            "due_at": due_at,
            "created_at": now,
        },
    )


def tells(
    session: Transaction, *, kind: OutboxKind, signature_id: int, now: datetime
) -> bool:
    """Whether a change by its owner is still told by mail.

    Whoever has the link could otherwise fill the mailbox of another; and whoever has
    had so many mails about it knows that somebody has.
    """
    times = session.scalars(
        select(Outbox.created_at).where(
            Outbox.signature_id == signature_id,
            Outbox.kind == kind.value,
            Outbox.created_at > now - _MONTH,
        )
    ).all()
    return len(times) < PER_MONTH and sum(at > now - _DAY for at in times) < PER_DAY


def tell(
    session: Transaction,
    *,
    kind: OutboxKind,
    signature_id: int,
    line: int,
    actor: str,
    now: datetime,
) -> None:
    """Ask for the mail that tells a signatory of the move on this line of the record."""
    by_owner = actor == record.SIGNATORY
    if by_owner and not tells(session, kind=kind, signature_id=signature_id, now=now):
        return
    # What an organiser does can be undone for a moment, and nobody told of it.
    pause = timedelta() if by_owner else UNDO_FOR
    ask_anew(session, kind=kind, signature_id=signature_id, record_id=line,
             due_at=now + pause, now=now)  # fmt: skip


def take_back(
    session: Transaction, *, signature_id: int, asked_at: datetime, now: datetime
) -> bool:
    """End the mails that a move asked for at `asked_at`; False: one is on its way."""
    theirs = (Outbox.signature_id == signature_id, Outbox.created_at == asked_at)
    states = session.scalars(select(Outbox.state).where(*theirs)).all()
    if any(state != OutboxState.READY.value for state in states):
        return False
    ended = session.execute(
        update(Outbox)
        .where(*theirs, Outbox.state == OutboxState.READY.value)
        .values(state=OutboxState.VOID.value, answer="undone", ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(ended.rowcount == len(states))  # type: ignore[attr-defined]


def ask_many(
    session: Transaction,
    *,
    kind: OutboxKind,
    submissions: Iterable[tuple[bytes, datetime]],
    now: datetime,
) -> None:
    """Write the rows of the first mails about new submissions, each with its time."""
    session.execute(
        insert(db.table(Outbox)),
        [
            new_mail(kind, now)
            | {"submission_id": submission_id, "number": 1, "due_at": due_at}
            for submission_id, due_at in submissions
        ],
    )
