"""The numbers as they stood at full hours, and how they came about hour by hour.

Only hours that are closed are told (`tally.close`): what is said of them stays as it is.
Read out of the sums of hours, so the cost grows with a letter's age, never with its
signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, cast, func, select

from app import db
from app.db import Transaction
from app.domain import tally
from app.models import Facet, Fold, History, Measure

HOUR = timedelta(hours=1)
MEASURES = tuple(measure.value for measure in Measure)

_h, _fold = db.table(History).c, db.table(Fold).c


class Change(NamedTuple):
    """What one measure gained and lost within a span, and where it stood at its end."""

    added: int
    removed: int
    total: int


@dataclass(frozen=True, slots=True)
class Span:
    """An hour or a day (UTC) that begins at `since`; the measures by name."""

    since: datetime
    changes: dict[str, Change]

    @property
    def changed(self) -> bool:
        """Whether anything happened in it."""
        return any(one.added or one.removed for one in self.changes.values())


def first(published_at: datetime) -> datetime:
    """The first moment whose numbers may be quoted: the full hour after publishing."""
    return tally.hour_of(published_at - timedelta(microseconds=1)) + HOUR


def last(
    session: Transaction, *, letter_id: int, published_at: datetime
) -> datetime | None:
    """The newest moment whose numbers may be quoted; None before there is one."""
    closed: datetime | None = session.execute(
        select(_fold.closed_until).where(_fold.letter_id == letter_id)
    ).scalar()
    if closed is None or closed < first(published_at):
        return None
    return closed.astimezone(UTC)


def at(session: Transaction, *, letter_id: int, moment: datetime) -> tally.Numbers:
    """The numbers by sector as they stood at a closed full hour."""
    rows = session.execute(
        select(_h.key, _h.measure, cast(func.sum(_h.added - _h.removed), BigInteger))
        .where(
            _h.letter_id == letter_id,
            _h.hour < moment,
            _h.facet == Facet.SECTOR.value,
        )
        .group_by(_h.key, _h.measure)
    )
    return tally.numbers(rows)


def hours(
    session: Transaction,
    *,
    letter_id: int,
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Span]:
    """The hours of [since, until) in which something happened, the oldest first."""
    return _spans(
        session,
        letter_id,
        _rows(session, letter_id, since=since, until=until, limit=limit),
        lambda hour: hour,
        since,
    )


def days(
    session: Transaction, *, letter_id: int, since: datetime, until: datetime
) -> list[Span]:
    """All days from that of `since` to `until`, quiet ones too, the oldest first."""
    start = since.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = _rows(session, letter_id, since=start, until=until, limit=None)
    found = _spans(session, letter_id, rows, lambda hour: hour.replace(hour=0), start)
    by_day = {span.since: span for span in found}
    all_days: list[Span] = []
    totals = _before(session, letter_id, start)
    day = start
    while day < until:
        span = by_day.get(day)
        if span is None:
            same = {name: Change(0, 0, totals[name]) for name in MEASURES}
            span = Span(day, same)
        totals = {name: change.total for name, change in span.changes.items()}
        all_days.append(span)
        day += timedelta(days=1)
    return all_days


def _rows(
    session: Transaction,
    letter_id: int,
    *,
    since: datetime,
    until: datetime,
    limit: int | None,
) -> Sequence[Any]:
    theirs = (
        _h.letter_id == letter_id,
        _h.hour >= since,
        _h.hour < until,
        _h.facet == Facet.SECTOR.value,
    )
    asked = (
        select(
            _h.hour,
            _h.measure,
            cast(func.sum(_h.added), BigInteger),
            cast(func.sum(_h.removed), BigInteger),
        )
        .where(*theirs)
        .group_by(_h.hour, _h.measure)
        .order_by(_h.hour)
    )
    if limit is not None:
        these = select(_h.hour).where(*theirs).distinct().order_by(_h.hour).limit(limit)
        asked = asked.where(_h.hour.in_(these.scalar_subquery()))
    return session.execute(asked).all()


def _before(session: Transaction, letter_id: int, since: datetime) -> dict[str, int]:
    """The totals of all measures at a moment."""
    counted = at(session, letter_id=letter_id, moment=since)
    return {measure.value: tally.total(counted, measure) for measure in Measure}


def _spans(
    session: Transaction,
    letter_id: int,
    rows: Sequence[Any],
    span_of: Any,
    since: datetime,
) -> list[Span]:
    totals = _before(session, letter_id, since)
    sums: dict[datetime, dict[str, list[int]]] = {}
    for hour, measure, added, removed in rows:
        moved = sums.setdefault(
            span_of(hour.astimezone(UTC)), {name: [0, 0] for name in MEASURES}
        )[measure]
        moved[0] += added
        moved[1] += removed
    spans = []
    for begin, moves in sums.items():
        changes = {}
        for name, (added, removed) in moves.items():
            totals[name] += added - removed
            changes[name] = Change(added, removed, totals[name])
        spans.append(Span(begin, changes))
    return spans
