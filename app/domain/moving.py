"""What signatures move on a letter's page, read in one statement: one moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, bindparam, cast, func, null, select, true, union_all

from app import db
from app.db import Database
from app.domain import signatories, tally, versions
from app.domain.letters import Settings
from app.domain.shelf import Shelf
from app.domain.signatories import FOR_EVER, Line
from app.domain.versions import Version
from app.models import Facet, Fold, Ledger, Letter
from app.prepared import Question

_letter, _fold, _ledger = db.table(Letter).c, db.table(Fold).c, db.table(Ledger).c
_UNFOLDED = (
    select(
        func.count().label("rows"),
        func.max(_ledger.id).label("newest"),
        func.max(_ledger.at).label("newest_at"),
    )
    .where(_ledger.letter_id == bindparam("letter"))
    .subquery("u")
)


# The revision, and what the public version is made of.
_STATE = (
    select(_letter.revision, _fold.number, _fold.newest_at, *_UNFOLDED.c)
    .select_from(
        db.table(Letter)
        .outerjoin(db.table(Fold), _fold.letter_id == _letter.id)
        .join(_UNFOLDED, true())
    )
    .where(_letter.id == bindparam("letter"))
)


def _numbers(_: object) -> Any:
    """The numbers as `tally.READ` has them, and a row that has the state behind them."""
    return union_all(
        tally.READ.add_columns(*(null() for _ in _STATE.selected_columns)),
        _STATE.with_only_columns(*(null() for _ in range(3)), *_STATE.selected_columns),
    )


def _moving(gathered: Callable[[Any], Any]) -> Any:
    """The lines, and a row without an id that has all the rest in place of a name.

    One statement is one moment; lines as rows cost half of lines as JSON.
    """
    rest = gathered(_STATE.add_columns(gathered(tally.READ)))
    columns = (cast(rest, Text) if name == "name" else null() for name in Line._fields)
    return union_all(*signatories.FIRST, select(*columns))


_MOVING, _NUMBERS = Question(_moving), Question(_numbers)


class Found(NamedTuple):
    """What one statement has found of one moment."""

    state: Sequence[Any]
    counted: tally.Numbers
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Moving:
    """The moving part of a letter, and the standing part that it belongs to."""

    settings: Settings
    version: Version
    counted: tally.Numbers
    lines: list[Line]


def read(
    database: Database, *, shelf: Shelf, slug: str, now: datetime
) -> Moving | None:
    """Everything that the page of a letter shows now; None where there is none."""

    def ask(settings: Settings) -> Found | None:
        rows = database.ask(
            _MOVING,
            letter=settings.id,
            facet=Facet.SECTOR.value,
            shown_until=settings.frozen_at or FOR_EVER,
        )
        # It comes last, but no database promises in which order a union comes.
        rest = next(row for row in reversed(rows) if row[0] is None)
        rows.remove(rest)
        found = _read(Line._make(rest).name)
        if not found:
            return None
        *state, counted = found[0]
        lines = [Line._make(row) for row in rows]
        return Found(state, tally.numbers(_read(counted)), lines)

    return _of(database, ask, shelf=shelf, slug=slug, now=now)


def numbers(
    database: Database, *, shelf: Shelf, slug: str, now: datetime
) -> Moving | None:
    """The same without a line: what shows the numbers alone."""

    def ask(settings: Settings) -> Found | None:
        rows = database.ask(_NUMBERS, letter=settings.id, facet=Facet.SECTOR.value)
        states = [row[3:] for row in rows if row[0] is None]
        counted = tally.numbers(row[:3] for row in rows if row[0] is not None)
        return Found(states[0], counted, []) if states else None

    return _of(database, ask, shelf=shelf, slug=slug, now=now)


def _of(
    database: Database,
    ask: Callable[[Settings], Found | None],
    *,
    shelf: Shelf,
    slug: str,
    now: datetime,
) -> Moving | None:
    """What is asked for, with the letter's settings from the shelf.

    They are read anew when they are found to be of another revision than the one that
    the rest was read at.
    """
    settings = shelf.known(slug)
    while True:
        if settings is None:
            with database.snapshot() as session:
                kept = shelf.get(session, slug=slug, now=now)
            if kept is None:
                return None
            settings = kept[0]
        found = ask(settings)
        if found is None:
            return None
        revision, fold, folded_at, unfolded, newest, newest_at = found.state
        if revision == settings.revision:
            shelf.saw(settings)
            break
        settings = None
    return Moving(
        settings=settings,
        version=versions.version_of(
            settings,
            fold=fold,
            unfolded=unfolded,
            newest=newest,
            changes=[db.moment(at) for at in (folded_at, newest_at) if at is not None],
            now=now,
        ),
        counted=found.counted,
        lines=found.lines,
    )


def _read(gathered: Any) -> list[list[Any]]:
    """The rows of a gathered column; within another one they are read already."""
    rows: list[list[Any]] = (
        json.loads(gathered) if isinstance(gathered, str) else gathered
    )
    return rows
