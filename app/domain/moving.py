"""What signatures move on a letter's page, read in one statement: one moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def _moving(gathered: Callable[[Any], Any]) -> Any:
    """The lines, and a row without an id that has all the rest in place of a name.

    One statement is one moment; lines as rows cost half of lines as JSON.
    """
    rest = gathered(
        select(
            _letter.revision,
            _fold.number,
            _fold.newest_at,
            *_UNFOLDED.c,
            gathered(tally.READ),
        )
        .select_from(
            db.table(Letter)
            .outerjoin(db.table(Fold), _fold.letter_id == _letter.id)
            .join(_UNFOLDED, true())
        )
        .where(_letter.id == bindparam("letter"))
    )
    columns = (cast(rest, Text) if name == "name" else null() for name in Line._fields)
    return union_all(*signatories.FIRST, select(*columns))


_MOVING = Question(_moving)


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
    """Everything that the page of a letter shows now; None where there is none.

    The letter's settings come from the shelf, and anew when they are found to be of
    another revision than the one that the rest was read at.
    """
    settings = shelf.known(slug)
    while True:
        if settings is None:
            with database.snapshot() as session:
                kept = shelf.get(session, slug=slug, now=now)
            if kept is None:
                return None
            settings = kept[0]
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
        revision, fold, folded_at, unfolded, newest, newest_at, counted = found[0]
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
        counted=tally.numbers(_read(counted)),
        lines=[Line._make(row) for row in rows],
    )


def _read(gathered: Any) -> list[list[Any]]:
    """The rows of a gathered column; within another one they are read already."""
    rows: list[list[Any]] = (
        json.loads(gathered) if isinstance(gathered, str) else gathered
    )
    return rows
