"""Who gets an update, and when: the worker goes along those who wish for news.

The outbox never holds more of a mailing than leaves within some seconds. So nothing
has to be called back where one is paused, and mails that wait for a relay that is away
are few, however many people there are.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, literal_column, select, update
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import mailing_moves, record
from app.domain.mailings import WISHES
from app.models import (
    IS_UNSENT,
    Letter,
    Mailing,
    MailingKind,
    MailingState,
    Outbox,
    OutboxState,
    Signature,
)

# One turn of a mailing is for so long.
TURN = timedelta(seconds=10)
# Behind everything that somebody waits for.
LAST = 1

_m = db.table(Mailing).c
# As literals, so that the index fits (see IS_OPEN).
_WAITING: tuple[Any, ...] = (literal_column("'scheduled'"), literal_column("'running'"))


@dataclass(frozen=True, slots=True)
class Pace:
    """How many mails of one mailing leave in a minute, in all and to one domain."""

    per_minute: int
    per_domain: int

    def in_turn(self, number: int) -> int:
        """How many of `number` a minute fall to one turn."""
        return max(1, int(number * TURN / timedelta(minutes=1)))


def due(session: Transaction, *, now: datetime) -> bool:
    """Whether any mailing has its turn or is to begin."""
    return bool(session.scalar(select(exists().where(*_due(now)))))


def _due(now: datetime) -> tuple[Any, ...]:
    return (_m.state.in_(_WAITING), _m.due_at <= now)


def walk(session: Session, *, pace: Pace, now: datetime) -> int:
    """Give one mailing its turn; how many mails were asked for.

    Several workers may do this at once, each with another mailing.
    """
    row = session.execute(
        select(_m.id, _m.letter_id, _m.state, _m.author, _m.walked_to, _m.up_to)
        .where(*_due(now))
        .order_by(_m.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return 0
    if row.state == MailingState.SCHEDULED:
        _begin(session, row, now)
        return 0
    if _waits(session, row.id, Outbox.due_at <= now - TURN):
        # The relay is away or slow: what was asked for leaves first.
        _write(session, row.id, due_at=now + TURN)
        return 0
    people, over = _people(session, row, pace)
    _ask(session, row, people, pace, now)
    if people:
        _write(session, row.id, due_at=now + TURN, walked_to=people[-1].id)
    elif not over or _waits(session, row.id):
        _write(session, row.id, due_at=now + TURN)
    else:
        _write(session, row.id, state=MailingState.DONE.value, ended_at=now)
        record.write(
            session,
            letter_id=row.letter_id,
            actor=record.SYSTEM,
            verb="update.done",
            subject=session.execute(
                select(_m.public_id).where(_m.id == row.id)
            ).scalar_one(),
            at=now,
        )
    return len(people)


def _begin(session: Session, row: Any, now: datetime) -> None:
    """Begin what was planned; where the letter has ended meanwhile it is a draft."""
    # Everybody else takes the letter first: whoever has it now is not waited for.
    letter = session.scalars(
        select(Letter)
        .where(Letter.id == row.letter_id)
        .with_for_update(key_share=True, skip_locked=True)
    ).first()
    if letter is None:
        return
    if letter.archived_at is not None or letter.deleted_at is not None:
        _write(session, row.id, state=MailingState.DRAFT.value, due_at=None)
        return
    mailing_moves.begin(session, letter, row.id, actor=row.author, now=now)


def _people(session: Transaction, row: Any, pace: Pace) -> tuple[list[Any], bool]:
    """Those whose turn is next, and whether nobody comes after them.

    A mail domain that has had its part ends the turn: who comes after waits as well.
    """
    most, of_domain = pace.in_turn(pace.per_minute), pace.in_turn(pace.per_domain)
    found = session.execute(
        select(Signature.id, Signature.address_domain)
        .where(
            Signature.letter_id == row.letter_id,
            Signature.id > row.walked_to,
            Signature.id <= row.up_to,
            *WISHES,
        )
        .order_by(Signature.id)
        .limit(most)
    ).all()
    domains: Counter[str | None] = Counter()
    for number, one in enumerate(found):
        domains[one.address_domain] += 1
        if domains[one.address_domain] > of_domain:
            return list(found[:number]), False
    return list(found), len(found) < most


def _ask(
    session: Transaction, row: Any, people: Iterable[Any], pace: Pace, now: datetime
) -> None:
    """Write the mails of one turn, spread over it; nobody's mail is written twice."""
    kind = session.execute(select(_m.kind).where(_m.id == row.id)).scalar_one()
    apart = TURN / pace.in_turn(pace.per_minute)
    rows = [
        {
            "kind": kind,
            "signature_id": one.id,
            "number": row.id,
            "message_id": secrets.token_hex(16),
            "state": OutboxState.READY.value,
            "priority": LAST,
            "attempts": 0,
            "due_at": now + apart * place,
            "created_at": now,
        }
        for place, one in enumerate(people)
    ]
    if rows:
        into = db.insert_for(session)(db.table(Outbox)).on_conflict_do_nothing()
        session.execute(into, rows)


def _waits(session: Transaction, mailing_id: int, *conditions: Any) -> bool:
    """Whether mails of it are not sent yet; there are never many that have no turn."""
    found = exists().where(
        IS_UNSENT,
        Outbox.priority == LAST,
        Outbox.kind.in_([kind.value for kind in MailingKind]),
        Outbox.number == mailing_id,
        *conditions,
    )
    return bool(session.scalar(select(found)))


def _write(session: Transaction, mailing_id: int, **values: Any) -> None:
    session.execute(
        update(db.table(Mailing)).where(_m.id == mailing_id).values(**values)
    )
