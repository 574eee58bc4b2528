"""How a letter fares over time, for its team: each hour's signatures, and who waits.

Read out of sums and of what waits, never out of all signatures: hours and the held
are as many as they are, however many have signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal_column, select

from app import db
from app.db import Transaction
from app.domain.tally import hour_of
from app.models import Facet, History, Measure, Signature

HOURS, DAYS = 72, 60
# More waiting signatures than this are not looked at.
MOST = 10_000
# Up to how old the waiting ones of a group are; the last group is of all older ones.
AGES = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)

_h, _s = db.table(History).c, db.table(Signature).c
_HELD = _s.state == literal_column("'held'")
_COUNTED = _s.state == literal_column("'counted'")


@dataclass(frozen=True, slots=True)
class Span:
    """An hour or a day (UTC): how many signatures came to count, and how many ceased."""

    since: datetime
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Held signatures by age, as in AGES and older; `median` is how long half wait."""

    number: int
    by_age: tuple[int, ...]
    median: timedelta | None


def history(
    session: Transaction, *, letter_id: int, now: datetime
) -> tuple[list[Span], list[Span]]:
    """The last hours one by one, and the last days; an empty one is there with zeros."""
    hour = hour_of(now)
    day = hour.replace(hour=0)
    first = day - timedelta(days=DAYS - 1)
    rows = session.execute(
        select(_h.hour, func.sum(_h.added), func.sum(_h.removed))
        .where(
            _h.letter_id == letter_id,
            _h.hour >= first,
            _h.facet == Facet.SECTOR.value,
            _h.measure == Measure.CONFIRMED.value,
        )
        .group_by(_h.hour)
    ).all()
    found = [(at, int(added), int(removed)) for at, added, removed in rows]
    hours = [hour - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    days = [first + timedelta(days=number) for number in range(DAYS)]
    by_day = [(at.replace(hour=0), added, removed) for at, added, removed in found]
    return _spans(hours, found), _spans(days, by_day)


def _spans(
    times: Sequence[datetime], found: Sequence[tuple[datetime, int, int]]
) -> list[Span]:
    sums = {at: [0, 0] for at in times}
    for at, added, removed in found:
        if at in sums:
            sums[at][0] += added
            sums[at][1] += removed
    return [Span(at, *both) for at, both in sums.items()]


def waiting(session: Transaction, *, letter_id: int, now: datetime) -> Waiting:
    """How many signatures are held, and for how long."""
    held = session.execute(
        select(_s.created_at)
        .where(_s.letter_id == letter_id, _HELD)
        .order_by(_s.id)
        .limit(literal_column(str(MOST)))
    ).scalars()
    ages = sorted(now - at for at in held)
    groups = [0] * (len(AGES) + 1)
    for age in ages:
        groups[next((n for n, limit in enumerate(AGES) if age < limit), -1)] += 1
    return Waiting(len(ages), tuple(groups), ages[len(ages) // 2] if ages else None)


def by_domain(
    session: Transaction, *, letter_id: int
) -> tuple[dict[str, int], dict[str, int]]:
    """How many are held and how many of the list are verified, by mail domain."""
    return (
        _of_domains(session, letter_id, _HELD),
        _of_domains(session, letter_id, _COUNTED, _s.listed, _s.verified),
    )


def _of_domains(
    session: Transaction, letter_id: int, *conditions: Any
) -> dict[str, int]:
    found = (
        select(_s.address_domain)
        .where(_s.letter_id == letter_id, *conditions)
        .limit(literal_column(str(MOST)))
        .subquery()
        .c.address_domain
    )
    rows = session.execute(select(found, func.count()).group_by(found))
    return {domain or "": number for domain, number in rows}
