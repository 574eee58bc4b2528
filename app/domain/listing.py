"""The public list of a letter, page by page, searched and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    Select,
    SmallInteger,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from app import db
from app.db import RowId, Transaction
from app.domain import search
from app.domain.letters import Settings
from app.domain.signatories import FOR_EVER, SHOWN, public
from app.models import SearchWord, Signature

# How many signatures of one word are looked at for the other words of a question
# before the reader is asked whether to go on: so no question costs more than this.
MOST_LOOKED_AT = 4_000
# Up to here the words of a question are told apart by how rare they are.
_RARE = 400
_LAST = 2**62

_c, _w = db.table(Signature).c, db.table(SearchWord)


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


class UnknownPlace(LookupError):
    """The list has no line with the id after which a page shall begin."""


def page(
    session: Transaction,
    *,
    settings: Settings,
    asked: Asked,
    size: int,
    place: tuple[bool, int] | None = None,
) -> Page:
    """A page of the public list; its cost depends on nothing but `size`.

    Verified signatures stand before the others, the newest first among each (peers,
    rule R2). `place` is (verified, row id) of a line that was read, for whoever reads
    on; everybody else names its public id. Raises UnknownPlace.
    """
    verified, before = place or _place(session, settings.id, asked.after)
    values = {
        "letter": settings.id,
        "shown_until": settings.frozen_at or FOR_EVER,
        "before": before,
    }
    if asked.verified and not verified:
        return Page((), None)
    if not asked.terms:
        return _cut(_whole(session, asked, values, verified=verified, size=size), size)
    least = search.PUBLIC_VERIFIED if asked.verified else search.PUBLIC
    terms, common = _rarest_first(session, settings.id, asked.terms, least)
    if not terms:
        return Page((), None)
    values |= {f"word{number}": term for number, term in enumerate(terms)}
    values |= {
        "rank": search.PUBLIC_VERIFIED if verified else search.PUBLIC,
        "floor_rank": least,
        "floor": 0,
    }
    end = session.execute(_END, values).first() if common else None
    if end is not None:
        values |= {"floor_rank": end.rank, "floor": end.signature_id}
    rows = session.execute(_found(len(terms), size), values).all()
    found = _cut(rows, size)
    if found.next is None and end is not None:
        return replace(found, next=end.public_id, unfinished=True)
    return found


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
_PLACE = select(_c.verified, _c.id).where(
    _c.public_id == bindparam("after"), _c.letter_id == bindparam("letter")
)


def _place(session: Transaction, letter_id: int, after: str | None) -> tuple[bool, int]:
    """Before what the page begins: (verified, row id), which nobody outside sees."""
    if after is None:
        return True, _LAST
    row = session.execute(_PLACE, {"after": after, "letter": letter_id}).first()
    if row is None:
        raise UnknownPlace(after)
    return row.verified, row.id


def _cut(rows: Sequence[Any], size: int) -> Page:
    return Page(rows[:size], rows[size - 1].public_id if len(rows) > size else None)


def _limit(number: int) -> Any:
    # As a literal, so that PostgreSQL plans for a page and not for the whole.
    return literal_column(str(number))


@cache
def _part(verified: bool, size: int) -> Select[Any]:
    """The SELECT of a page of one part of the list: the verified, or the others.

    Each part by itself is a range of the index; over both SQLite would read all that
    stands before the place.
    """
    return (
        public(
            SHOWN,
            _c.verified if verified else ~_c.verified,
            _c.id < bindparam("before", type_=RowId),
        )
        .order_by(_c.id.desc())
        .limit(_limit(size + 1))
    )


def _whole(
    session: Transaction,
    asked: Asked,
    values: dict[str, Any],
    *,
    verified: bool,
    size: int,
) -> Sequence[Any]:
    """A page of the list as it is, and one line more where there is one."""
    rows: list[Any] = []
    if verified:
        rows += session.execute(_part(True, size), values).all()
        values = values | {"before": _LAST}
    if len(rows) <= size and not asked.verified:
        rows += session.execute(_part(False, size), values).all()
    return rows[: size + 1]


def _of_word(number: int) -> tuple[Any, ...]:
    return (
        _w.c.letter_id == bindparam("letter"),
        _w.c.word == bindparam(f"word{number}"),
    )


_PLACE_OF_WORD = tuple_(_w.c.rank, _w.c.signature_id)
_WALKED = (
    *_of_word(0),
    tuple_(bindparam("rank", type_=SmallInteger), bindparam("before", type_=RowId))
    > _PLACE_OF_WORD,
    tuple_(bindparam("floor_rank", type_=SmallInteger), bindparam("floor", type_=RowId))
    <= _PLACE_OF_WORD,
)
_ORDER = (_w.c.rank.desc(), _w.c.signature_id.desc())
_STEP = (
    select(_w.c.rank, _w.c.signature_id)
    .where(*_WALKED)
    .order_by(*_ORDER)
    .offset(_limit(MOST_LOOKED_AT - 1))
    .limit(_limit(1))
    .subquery("step")
)
# The last of those that are looked at, when there are more than that.
_END = select(_STEP.c.rank, _STEP.c.signature_id, _c.public_id).join_from(
    _STEP, db.table(Signature), _c.id == _STEP.c.signature_id
)


@cache
def _found(terms: int, size: int) -> Select[Any]:
    """The SELECT of a page of what has so many words; the first is walked along."""
    others = []
    for number in range(1, terms):
        other = _w.alias(f"other{number}")
        others.append(
            exists().where(
                other.c.letter_id == bindparam("letter"),
                other.c.word == bindparam(f"word{number}"),
                other.c.rank == _w.c.rank,
                other.c.signature_id == _w.c.signature_id,
            )
        )
    return (
        public(SHOWN, *_WALKED, *others)
        .join_from(_w, db.table(Signature), _c.id == _w.c.signature_id)
        .order_by(*_ORDER)
        .limit(_limit(size + 1))
    )


@cache
def _how_many(terms: int) -> Select[Any]:
    """The SELECT of how many signatures each word has, up to _RARE."""
    parts = []
    for number in range(terms):
        some = (
            select(literal_column("1").label("one"))
            .where(*_of_word(number), _w.c.rank >= bindparam("least"))
            # Along the index: without an order PostgreSQL may read the whole table.
            .order_by(_w.c.rank.desc(), _w.c.signature_id.desc())
            .limit(_limit(_RARE))
            .subquery()
        )
        parts.append(
            select(
                literal(number).label("term"), func.count().label("number")
            ).select_from(some)
        )
    return select(union_all(*parts).subquery())


def _rarest_first(
    session: Transaction, letter_id: int, terms: list[str], least: int
) -> tuple[list[str], bool]:
    """The words, the one with the fewest signatures first; none if one has none.

    And whether even that one is so common that the walk must be bounded.
    """
    if len(terms) == 1:
        return terms, False
    values = {f"word{number}": term for number, term in enumerate(terms)}
    rows: Sequence[Any] = session.execute(
        _how_many(len(terms)), values | {"letter": letter_id, "least": least}
    ).all()
    if any(row.number == 0 for row in rows):
        return [], False
    rows = sorted(rows, key=lambda row: row.number)
    return [terms[row.term] for row in rows], rows[0].number >= _RARE
