"""Remind people once of a form that has waited for its confirmation for three days.

The worker goes along the forms in the order in which they end, so that none is looked
at twice, and asks for the next mails once the former have left: nobody who has just
signed waits for them, and few of them wait for a relay that is away.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update

from app import db
from app.db import Moment, Transaction, insert_for
from app.domain import outgoing
from app.domain.drafts import LIFETIME
from app.models import (
    IS_OPEN,
    IS_UNSENT,
    MailMark,
    Outbox,
    OutboxKind,
    OutboxState,
    Submission,
)

AFTER = timedelta(days=3)
_BATCH = 100
# Behind everything that somebody waits for.
_LAST = 1

_form, _mark, _mail = db.table(Submission), db.table(MailMark), db.table(Outbox)
_other = _form.alias("other")


def waiting(now: datetime) -> ColumnElement[bool]:
    """Whether a form is to be looked at, and no mail of the former ones is due."""
    leaving = select(_mail.c.id).where(
        IS_UNSENT,
        Outbox.priority == _LAST,
        Outbox.due_at <= now,
        Outbox.kind == OutboxKind.REMINDER.value,
    )
    return and_(select(_form.c.id).where(*_old(now)).exists(), ~leaving.exists())


def _old(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Open forms that are old enough, still work, and were not looked at."""
    reached = select(_mark.c.reminded_to).where(_mark.c.id == 1).scalar_subquery()
    ends = Submission.expires_at
    return (
        IS_OPEN,
        ends > now,
        ends > func.coalesce(reached, literal(now, Moment)),
        ends <= now + (LIFETIME - AFTER),
    )


def ask_next(session: Transaction, *, now: datetime) -> int:
    """Ask for the reminders of the next forms; how many forms were looked at.

    Whether one still holds, and whether its address may have one more mail, is judged
    when it is sent.
    """
    _take_turn(session)
    # Forms that end at the same moment are looked at together, however many.
    ends = session.execute(
        select(Submission.expires_at)
        .where(*_old(now))
        .order_by(Submission.expires_at)
        .limit(_BATCH)
    ).scalars()
    last = max(ends, default=None)
    if last is None:
        return 0
    looked_at = (*_old(now), Submission.expires_at <= last)
    number = session.execute(select(func.count(Submission.id)).where(*looked_at))
    people = session.execute(
        select(Submission.id).where(*looked_at, _had_a_mail(), ~_is_another_asked())
    ).scalars()
    rows = [
        outgoing.new_mail(OutboxKind.REMINDER, now)
        | {"submission_id": submission_id, "number": 1, "priority": _LAST}
        for submission_id in people
    ]
    if rows:
        session.execute(insert_for(session)(_mail).on_conflict_do_nothing(), rows)
    session.execute(update(_mark).where(_mark.c.id == 1).values(reminded_to=last))
    return number.scalar_one()


def _take_turn(session: Transaction) -> None:
    """Let one worker at a time go along the forms."""
    session.execute(
        insert_for(session)(_mark).values(id=1, signature_id=0).on_conflict_do_nothing()
    )
    session.execute(select(_mark.c.id).where(_mark.c.id == 1).with_for_update())


def _had_a_mail() -> ColumnElement[bool]:
    """A mail of the form was taken: who has had none is not reminded of it."""
    return (
        select(_mail.c.id)
        .where(
            _mail.c.submission_id == Submission.id,
            _mail.c.kind == OutboxKind.CONFIRM.value,
            _mail.c.state == OutboxState.SENT.value,
        )
        .exists()
    )


def _is_another_asked() -> ColumnElement[bool]:
    """The person has a newer form open, or was reminded of another one."""
    reminded = (
        select(_mail.c.id)
        .where(
            _mail.c.submission_id == _other.c.id,
            _mail.c.kind == OutboxKind.REMINDER.value,
        )
        .exists()
    )
    newer: Any = or_(
        _other.c.created_at > Submission.created_at,
        and_(_other.c.created_at == Submission.created_at, _other.c.id > Submission.id),
    )
    return (
        select(_other.c.id)
        .where(
            _other.c.letter_id == Submission.letter_id,
            _other.c.address_key == Submission.address_key,
            _other.c.state == "open",
            _other.c.id != Submission.id,
            or_(newer, reminded),
        )
        .exists()
    )
