"""The public list of a letter, page by page, searched and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select, union_all

from app import db, prepared
from app.db import Database, RowId, Transaction
from app.domain import search, versions, word_walk
from app.domain.backlog import Waiting
from app.domain.letters import Settings
from app.domain.shelf import Shelf
from app.domain.signatories import FOR_EVER, SHOWN, Line, public
from app.domain.versions import Version
from app.domain.word_walk import limit
from app.models import Backlog, Letter, SearchWord, Signature
from app.prepared import Question, Step, Values

_c, _w = db.table(Signature).c, db.table(SearchWord)
_letter, _b = db.table(Letter).c, db.table(Backlog).c


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see of the list; empty: all of it."""

    words: tuple[str, ...] = ()
    sector: str | None = None
    country: str | None = None
    verified: bool = False
    # The public id of the last line of the page before.
    after: str | None = None

    @property
    def terms(self) -> list[str]:
        """The words under which the index has what is asked for."""
        terms = list(self.words)
        if self.sector:
            terms.append(search.sector_word(self.sector))
        if self.country:
            terms.append(search.country_word(self.country))
        return terms


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of the list, and the id after which the next page begins."""

    rows: Sequence[Any]
    next: str | None
    # There is more to look through, although the page is not full.
    unfinished: bool = False


class Place(NamedTuple):
    """Before what a page begins: nobody outside sees a row's id."""

    verified: bool
    row_id: int


TOP = Place(verified=True, row_id=2**62)


class Beginning(NamedTuple):
    """What every page of the list begins with; `place` is None where `after` names none."""

    settings: Settings
    version: Version
    waiting: Waiting
    place: Place | None


def begin(
    database: Database, *, shelf: Shelf, slug: str, after: str | None, now: datetime
) -> Beginning | None:
    """The letter and its version as they stand now, about how many wait for a person,
    and where the page begins that comes after a line; one statement.

    Whatever is read later is of that version or a newer one.
    """
    rows = database.ask(_BEGIN, slug=slug, after=after)
    if not rows:
        return None
    *version, about, hours, verified, row_id = rows[0]
    current = versions.made_of(version, now=now)
    if after is None:
        place: Place | None = TOP
    else:
        place = None if row_id is None else Place(bool(verified), row_id)
    settings = shelf.known(slug)
    if settings is None or settings.revision != current.revision:
        with database.snapshot() as session:
            settings = shelf.settings(session, current)
    shelf.saw(settings)
    return Beginning(settings, current, Waiting(about or 0, hours), place)


_BEGIN = Question(
    lambda gathered: (
        versions.VERSION.add_columns(_b.about, _b.median_hours, _c.verified, _c.id)
        .outerjoin(db.table(Backlog), _b.letter_id == _letter.id)
        .outerjoin(
            db.table(Signature),
            and_(_c.public_id == bindparam("after"), _c.letter_id == _letter.id),
        )
        .where(_letter.slug == bindparam("slug"))
    )
)


def page(
    database: Database,
    *,
    settings: Settings,
    asked: Asked,
    place: Place,
    size: int,
) -> Page:
    """A page of the public list from `place` on; its cost depends on `size` alone.

    Verified signatures stand before the others, the newest first among each (peers,
    rule R2).
    """
    values = {
        "letter": settings.id,
        "shown_until": settings.frozen_at or FOR_EVER,
        "before": place.row_id,
    }
    if asked.verified and not place.verified:
        return Page((), None)
    if not asked.terms:
        rows = _whole(database, asked, values, verified=place.verified, size=size)
        return _cut(rows, size)
    values |= {
        "rank": search.PUBLIC_VERIFIED if place.verified else search.PUBLIC,
        "floor_rank": search.PUBLIC_VERIFIED if asked.verified else search.PUBLIC,
        "floor": 0,
    }
    question = partial(_found, size=size)
    found, end = word_walk.walk(database, asked.terms, values, question, size=size)
    page = _cut([Line._make(row) for row in found], size)
    if page.next is None and end is not None:
        return replace(page, next=end.public_id, unfinished=True)
    return page


def one(session: Transaction, *, settings: Settings, public_id: str) -> Any | None:
    """One public line by its id, with the wish for search engines; or None."""
    return session.execute(
        _ONE,
        {
            "letter": settings.id,
            "shown_until": settings.frozen_at or FOR_EVER,
            "public_id": public_id,
        },
    ).first()


_ONE = public([*SHOWN, _c.noindex], _c.public_id == bindparam("public_id"))


def newest(session: Transaction, *, settings: Settings, size: int) -> list[Any]:
    """The newest public lines whose owners mind no copies, verified or not."""
    values = {
        "letter": settings.id,
        "shown_until": settings.frozen_at or FOR_EVER,
    }
    rows = prepared.run(session, Step(_for_feeds(size - 1), values))
    return sorted(map(Line._make, rows), key=lambda row: -row.id)[:size]


def _lines(database: Database, question: Question, values: Values) -> list[Line]:
    return [Line._make(row) for row in database.ask(question, **values)]


def _cut(rows: Sequence[Any], size: int) -> Page:
    return Page(rows[:size], rows[size - 1].public_id if len(rows) > size else None)


def _rows(verified: bool, size: int, *conditions: Any) -> Any:
    """A SELECT of one part of the list: the verified, or the others.

    Each part by itself is a range of the index; over both SQLite would read all that
    stands before the place.
    """
    part = _c.verified if verified else ~_c.verified
    rows = public(SHOWN, part, *conditions)
    return rows.order_by(_c.id.desc()).limit(limit(size + 1))


_BEFORE = _c.id < bindparam("before", type_=RowId)


@cache
def _part(verified: bool, size: int) -> Question:
    """A page of one part, from a place on."""
    page = _rows(verified, size, _BEFORE)
    return Question(lambda gathered: page)


@cache
def _both(size: int) -> Question:
    """A page that begins among the verified, and as many of the others.

    One statement sees one moment: who is verified meanwhile is in one of the two.
    """
    parts = _rows(True, size, _BEFORE), _rows(False, size)
    page = union_all(*(select(part.subquery("f")) for part in parts))
    return Question(lambda gathered: page)


@cache
def _for_feeds(size: int) -> Question:
    """The newest of both parts, without those who mind copies."""
    parts = (_rows(verified, size, ~_c.noindex) for verified in (True, False))
    page = union_all(*(select(part.subquery("f")) for part in parts))
    return Question(lambda gathered: page)


def _whole(
    database: Database,
    asked: Asked,
    values: dict[str, Any],
    *,
    verified: bool,
    size: int,
) -> Sequence[Any]:
    """A page of the list as it is, and one line more where there is one."""
    if asked.verified or not verified:
        return _lines(database, _part(verified, size), values)
    rows = _lines(database, _both(size), values)
    # No database promises in which order a union comes.
    rows.sort(key=lambda row: (not row.verified, -row.id))
    return rows[: size + 1]


@cache
def _found(terms: int, size: int) -> Question:
    """A page of what has so many words; the first is walked along."""
    page = (
        public(SHOWN, *word_walk.WALKED, *word_walk.others(terms))
        .join_from(_w, db.table(Signature), _c.id == _w.c.signature_id)
        .order_by(*word_walk.ORDER)
        .limit(limit(size + 1))
    )
    return Question(lambda gathered: page)
