"""The numbers: post to the ledger, fold, and read exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    bindparam,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    union_all,
    update,
)

from app import db, prepared
from app.db import Transaction, insert_for
from app.models import (
    Facet,
    Fold,
    History,
    Ledger,
    Measure,
    Tally,
)
from app.prepared import Statement, Step

# The sector and country of those who would rather not say.
NOT_SAID = "not_said"
OTHER = "other"

_BATCH = 5000
# So long after its end an hour may be quoted; whoever is still writing into it is done.
SETTLED = timedelta(minutes=2)

# (key, measure) -> number
Numbers = Mapping[tuple[str, str], int]


_ledger, _tally = db.table(Ledger).c, db.table(Tally).c
_PARTS = union_all(
    *(
        select(c.key, c.measure, number).where(
            c.letter_id == bindparam("letter"), c.facet == bindparam("facet")
        )
        for c, number in ((_tally, _tally.number), (_ledger, _ledger.delta))
    )
).subquery("p")
# Cast, because PostgreSQL's sum of big integers is a decimal, which is slow to read.
READ = select(
    _PARTS.c.key, _PARTS.c.measure, cast(func.sum(_PARTS.c.number), BigInteger)
).group_by(_PARTS.c.key, _PARTS.c.measure)
_READ = Statement(lambda _: READ)
# One total, which is not NULL where nobody is counted yet.
TOTAL = select(cast(func.coalesce(func.sum(_PARTS.c.number), 0), BigInteger)).where(
    _PARTS.c.measure == bindparam("measure")
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one number of a letter."""

    facet: Facet
    key: str
    measure: Measure
    delta: int


def entries_for(
    *, sector: str, country: str, measure: Measure, delta: int
) -> list[Entry]:
    """The rows by which one signature enters or leaves `measure`: one per facet."""
    return [
        Entry(Facet.SECTOR, sector, measure, delta),
        Entry(Facet.COUNTRY, country, measure, delta),
    ]


def post(
    session: Transaction, *, letter_id: int, entries: Iterable[Entry], at: datetime
) -> None:
    """Write ledger rows, in the transaction that changes what they count."""
    rows = list(entries)
    if rows:
        prepared.run(session, post_step(letter_id=letter_id, entries=rows, at=at))


def post_step(*, letter_id: int, entries: Sequence[Entry], at: datetime) -> Step:
    """The same of at least one entry, to be run with other steps."""
    values: dict[str, Any] = {"letter_id": letter_id, "at": at}
    for number, entry in enumerate(entries):
        values[f"facet_{number}"] = entry.facet.value
        values[f"key_{number}"] = entry.key
        values[f"measure_{number}"] = entry.measure.value
        values[f"delta_{number}"] = entry.delta
    return Step(_post(len(entries)), values)


@cache
def _post(number: int) -> Statement:
    """The INSERT of so many rows: a move posts eight of them at most."""
    columns = db.table(Ledger).c
    rows = [
        {
            column.name: bindparam(
                column.name
                if column.name in ("letter_id", "at")
                else f"{column.name}_{row}",
                type_=column.type,
            )
            for column in columns
            if column.name != "id"
        }
        for row in range(number)
    ]
    return Statement(lambda insert: insert(db.table(Ledger)).values(rows).inline())


def read(
    session: Transaction, *, letter_id: int, facet: Facet = Facet.SECTOR
) -> Numbers:
    """The numbers of a facet, exact at this moment, folded or not; one statement."""
    asked = {"letter": letter_id, "facet": facet.value}
    return numbers(prepared.run(session, Step(_READ, asked)))


def numbers(rows: Iterable[Any]) -> Numbers:
    """The numbers out of rows of key, measure and number."""
    return {(key, measure): number for key, measure, number in rows}


def total_of(*, letter_id: int, measure: Measure) -> dict[str, Any]:
    """The values of what `TOTAL` asks: every facet sums to it."""
    return {
        "letter": letter_id,
        "facet": Facet.SECTOR.value,
        "measure": measure.value,
    }


def total(numbers: Numbers, measure: Measure) -> int:
    """The total of a measure: every facet sums to it."""
    return sum(number for (_, of), number in numbers.items() if of == measure)


def hour_of(at: datetime) -> datetime:
    """The full hour (UTC) in which a moment lies."""
    return at.replace(minute=0, second=0, microsecond=0)


def close(session: Transaction, *, now: datetime) -> int:
    """Let hours be quoted that ended two minutes ago and have nothing unfolded left.

    Returns for how many letters there was one. From then on such an hour stays as it
    is: `fold` puts what comes late into the first hour that is open.
    """
    until = hour_of(now - SETTLED)
    fold_, unfolded = db.table(Fold).c, db.table(Ledger).c
    done = session.execute(
        update(db.table(Fold))
        .where(
            or_(fold_.closed_until.is_(None), fold_.closed_until < until),
            ~select(unfolded.id)
            .where(unfolded.letter_id == fold_.letter_id, unfolded.at < until)
            .exists(),
        )
        .values(closed_until=until)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _closed(session: Transaction, letters: Iterable[int]) -> dict[int, datetime]:
    found = db.table(Fold).c
    rows = session.execute(
        select(found.letter_id, found.closed_until).where(
            found.letter_id.in_(sorted(letters)), found.closed_until.is_not(None)
        )
    )
    return {row.letter_id: row.closed_until for row in rows}


def fold(session: Transaction) -> int:
    """Move ledger rows into tally and history; return how many were moved.

    Several folders may run at once: each takes rows that no other has, and the
    sums are kept by the database's own arithmetic.
    """
    taken = (
        select(Ledger.id)
        .order_by(Ledger.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        delete(Ledger)
        .where(Ledger.id.in_(taken.scalar_subquery()))
        .returning(
            Ledger.letter_id,
            Ledger.facet,
            Ledger.key,
            Ledger.measure,
            Ledger.delta,
            Ledger.at,
        )
        .execution_options(synchronize_session=False)
    ).all()
    if not rows:
        return 0
    sums: dict[tuple[int, str, str, str], int] = defaultdict(int)
    hours: dict[tuple[int, datetime, str, str, str], list[int]] = defaultdict(
        lambda: [0, 0]
    )
    newest: dict[int, datetime] = {}
    altered: dict[int, int] = defaultdict(int)
    for row in rows:
        altered[row.letter_id] += row.delta <= 0
        sums[row.letter_id, row.facet, row.key, row.measure] += row.delta
        newest[row.letter_id] = max(newest.get(row.letter_id, row.at), row.at)
    # In one order everywhere, so that two folders cannot wait for each other.
    _upsert(
        session,
        Fold,
        [
            {
                "letter_id": letter_id,
                "number": 1,
                "newest_at": newest[letter_id],
                "altered": altered[letter_id],
            }
            for letter_id in sorted(newest)
        ],
    )
    # Read behind the lock that the upsert has taken: `close` waits for it.
    closed = _closed(session, newest)
    for row in rows:
        hour = hour_of(row.at)
        if row.letter_id in closed:
            # A clock was behind: it goes into the first hour that is still open.
            hour = max(hour, closed[row.letter_id])
        moved = hours[row.letter_id, hour, row.facet, row.key, row.measure]
        moved[0 if row.delta > 0 else 1] += abs(row.delta)
    _upsert(
        session,
        Tally,
        [
            dict(zip(("letter_id", "facet", "key", "measure"), key, strict=True))
            | {"number": sums[key]}
            for key in sorted(sums)
        ],
    )
    _upsert(
        session,
        History,
        [
            dict(
                zip(("letter_id", "hour", "facet", "key", "measure"), key, strict=True)
            )
            | {"added": hours[key][0], "removed": hours[key][1]}
            for key in sorted(hours)
            if any(hours[key])
        ],
    )
    return len(rows)


def _upsert(
    session: Transaction,
    model: type[Fold | Tally | History],
    rows: list[dict[str, object]],
) -> None:
    """Add the figures in `rows` to those that stand; the newest time wins."""
    if not rows:
        return
    table = db.table(model)
    for row in rows:
        statement = insert_for(session)(table).values(row)
        changes = {}
        for column in table.columns:
            if column.primary_key or column.name not in row:
                continue
            new = statement.excluded[column.name]
            changes[column.name] = (
                case((column > new, column), else_=new)
                if column.name == "newest_at"
                else column + new
            )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=list(table.primary_key), set_=changes
            )
        )
