"""Watch-lists: names that wait for a person whoever signs with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select

from app import db
from app.db import Transaction, insert_for
from app.domain import name_keys, names, record
from app.domain.hold_rules import BadLine, LineFault
from app.models import WatchKey, WatchName

# With some ten keys a name this is still a small table.
MOST_NAMES = 50_000
_BATCH = 500
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a list: how many names are new, and which lines were not taken."""

    added: int
    passed_over: list[BadLine]


@dataclass(frozen=True, slots=True)
class Watched:
    """A name on a list."""

    id: int
    name: str
    created_at: datetime


def add(
    session: Transaction,
    *,
    letter_id: int | None,
    lines: Iterable[str],
    actor: str,
    now: datetime,
) -> Taken:
    """Put names on a letter's watch-list (None: on the shared one), one a line.

    What follows a # is a comment, and empty lines say nothing. A name that is on the
    list already, under whatever spelling, adds nothing; every line that is not taken
    comes back with its number and why.
    """
    room = MOST_NAMES - _size(session, letter_id)
    fresh: dict[str, str] = {}
    bad: list[BadLine] = []
    numbers: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        name = names.clean_line(text[: _LONGEST * 2])
        key = names.look_alike_key(name)
        fault = None
        if not key:
            fault = LineFault.NO_NAME
        elif len(name) > _LONGEST or len(text) > _LONGEST * 2:
            fault = LineFault.TOO_LONG
        elif key in fresh:
            fault = LineFault.TWICE
        elif len(fresh) >= room:
            fault = LineFault.TOO_MANY
        if fault is not None:
            bad.append(BadLine(number, text[:_LONGEST], fault))
            continue
        fresh[key] = name
        numbers[key] = (number, name)
    added: set[str] = set()
    keys = list(fresh)
    for start in range(0, len(keys), _BATCH):
        part = {key: fresh[key] for key in keys[start : start + _BATCH]}
        added |= _add(session, letter_id, part, now)
    bad += [BadLine(*numbers[key], LineFault.TWICE) for key in keys if key not in added]
    if added:
        _write(session, letter_id, actor, "watch_list.add", len(added), now)
    return Taken(len(added), sorted(bad, key=lambda line: line.number))


def _size(session: Transaction, letter_id: int | None) -> int:
    """How many names a list has, counted up to what it may have."""
    of = select(WatchName.id).where(_on(letter_id)).limit(MOST_NAMES)
    return len(session.scalars(of).all())


def _on(letter_id: int | None) -> ColumnElement[bool]:
    return (
        WatchName.letter_id.is_(None)
        if letter_id is None
        else WatchName.letter_id == letter_id
    )


def _add(
    session: Transaction, letter_id: int | None, fresh: dict[str, str], now: datetime
) -> set[str]:
    """Add what is not there yet; the keys of what was added."""
    there = set(
        session.scalars(
            select(WatchName.name_key).where(
                _on(letter_id), WatchName.name_key.in_(fresh)
            )
        )
    )
    rows = [
        {"letter_id": letter_id, "name_key": key, "name": name, "created_at": now}
        for key, name in fresh.items()
        if key not in there
    ]
    if not rows:
        return set()
    # Another import may be quicker with the same name: then it is theirs.
    made = session.execute(
        insert_for(session)(db.table(WatchName))
        .on_conflict_do_nothing()
        .returning(WatchName.id, WatchName.name_key),
        rows,
    ).all()
    waiting = [
        {"watch_name_id": identifier, "letter_id": letter_id, "key": waits}
        for identifier, key in made
        for waits in name_keys.watched(fresh[key])
    ]
    if waiting:
        session.execute(insert(db.table(WatchKey)), waiting)
    return {key for _, key in made}


def page(
    session: Transaction,
    *,
    letter_id: int | None,
    search: str = "",
    after: int = 0,
    size: int = 50,
) -> Sequence[Watched]:
    """The names of a list in the order of their coming, from the one after `after`.

    A search finds the names that the searched one would be held for, so one sees at
    once whether somebody is watched: "S. Altman" finds Sam Altman.
    """
    wanted = (
        select(WatchName.id, WatchName.name, WatchName.created_at)
        .where(_on(letter_id), WatchName.id > after)
        .order_by(WatchName.id)
        .limit(size)
    )
    if search.strip():
        on = WatchKey.letter_id
        wanted = wanted.where(
            WatchName.id.in_(
                select(WatchKey.watch_name_id).where(
                    on.is_(None) if letter_id is None else on == letter_id,
                    WatchKey.key.in_(name_keys.asked(names.clean_line(search))),
                )
            )
        )
    return [Watched(*row) for row in session.execute(wanted)]


def remove(
    session: Transaction,
    *,
    letter_id: int | None,
    ids: Sequence[int],
    actor: str,
    now: datetime,
) -> int:
    """Take names off a list; how many were on it. What is held stays held."""
    table = db.table(WatchName)
    on = table.c.letter_id
    chosen = (
        table.c.id.in_(ids),
        on.is_(None) if letter_id is None else on == letter_id,
    )
    if session.execute(select(table.c.id).where(*chosen).limit(1)).first() is None:
        return 0
    deleted = session.execute(delete(table).where(*chosen))
    gone: int = deleted.rowcount  # type: ignore[attr-defined]
    _write(session, letter_id, actor, "watch_list.remove", gone, now)
    return gone


def _write(
    session: Transaction,
    letter_id: int | None,
    actor: str,
    verb: str,
    number: int,
    now: datetime,
) -> None:
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb=verb,
        subject="watch-list",
        after=f"{number} names",
        at=now,
    )
