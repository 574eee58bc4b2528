"""How many confirmed signatures wait for a person: told to everybody, and to no probe.

Whoever wants to know whether a name is on a watch-list could sign with it and see
whether this figure rises. So it is taken once an hour, rounded by chance to a multiple
of ten (of 25 from a hundred on), and below ten it is one and the same: a single
signature more changes what is shown with a chance of one in ten, and so many others
change it as well.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, literal_column, select

from app import db, prepared
from app.db import Transaction, insert_for
from app.domain import tally
from app.domain.tally import Entry
from app.models import Backlog, Facet, Letter, Measure, Signature
from app.prepared import Question, Step

EVERY = timedelta(hours=1)
FEW = 10
# More than this is not told apart, nor counted.
MOST = 10_000
_HUNDRED, _COARSE = 100, 25

_c, _b = db.table(Signature).c, db.table(Backlog).c
_HELD = _c.state == literal_column("'held'")


@dataclass(frozen=True, slots=True)
class Waiting:
    """About how many wait (0: fewer than ten), and since when half of them do."""

    about: int
    median_hours: int | None


def read(session: Transaction, *, letter_id: int) -> Waiting:
    """What was found at the last full hour; nothing before the first."""
    rows = prepared.run(session, Step(_READ, {"letter": letter_id}))
    return Waiting(*rows[0]) if rows else Waiting(0, None)


_READ = Question(
    lambda gathered: select(_b.about, _b.median_hours).where(
        _b.letter_id == bindparam("letter")
    )
)


def rounded(number: int, chance: float) -> int:
    """`number` as it is shown; `chance` (0 to 1) says whether up or down."""
    if number < FEW:
        return 0
    step = FEW if number < _HUNDRED else _COARSE
    return max(FEW, int((number / step) + chance) * step)


def look(session: Transaction, *, now: datetime) -> int:
    """Take the figures that are an hour old anew; return how many have changed."""
    due = session.execute(
        select(Letter.id, Backlog.about, Backlog.median_hours)
        .outerjoin(Backlog, Backlog.letter_id == Letter.id)
        .where((Backlog.at.is_(None)) | (Backlog.at <= now - EVERY))
    ).all()
    changed = 0
    for letter_id, about, hours in due:
        found = _look(session, letter_id, now)
        _keep(session, letter_id, found, now)
        if (found.about, found.median_hours) != (about or 0, hours):
            # It stands on pages that are kept until the letter's version changes.
            still = Entry(Facet.SECTOR, tally.NOT_SAID, Measure.CONFIRMED, 0)
            tally.post(session, letter_id=letter_id, entries=[still], at=now)
            changed += 1
    return changed


def _look(session: Transaction, letter_id: int, now: datetime) -> Waiting:
    held = (
        select(_c.id)
        .where(_c.letter_id == letter_id, _HELD)
        .limit(literal_column(str(MOST)))
        .subquery()
    )
    number = session.scalar(select(func.count()).select_from(held)) or 0
    about = rounded(number, random.random())
    if not about:
        return Waiting(0, None)
    middle = session.scalar(
        select(_c.created_at)
        .where(_c.letter_id == letter_id, _HELD)
        .order_by(_c.id)
        .offset(number // 2)
        .limit(literal_column("1"))
    )
    hours = int((now - middle).total_seconds() // 3600) if middle else 0
    return Waiting(about, max(hours, 1))


def _keep(session: Transaction, letter_id: int, found: Waiting, now: datetime) -> None:
    row = {"about": found.about, "median_hours": found.median_hours, "at": now}
    session.execute(
        insert_for(session)(db.table(Backlog))
        .values(letter_id=letter_id, **row)
        .on_conflict_do_update(index_elements=["letter_id"], set_=row)
    )
