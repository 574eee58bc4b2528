"""The walk along the words of a question: what it costs does not grow with the letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    SmallInteger,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)

from app import db
from app.db import Database, RowId
from app.models import SearchWord, Signature
from app.prepared import Question, Rows, Values

# How many signatures of one word are looked at for the other words of a question
# before the reader is asked whether to go on: so no question costs more than this.
MOST_LOOKED_AT = 4_000
# So many mostly fill a page.
_LOOKED_AT_FIRST = 400
# So many of each word show which one is the rarest.
_SOME = 100
# A place in the order of the list as one number: by this much ranks lie apart.
_APART = 2**60

_c, _w = db.table(Signature).c, db.table(SearchWord)


def limit(number: int) -> Any:
    """A number of rows, as a literal: PostgreSQL plans for a page, not for the whole."""
    return literal_column(str(number))


def _of_word(number: int) -> tuple[Any, ...]:
    return (
        _w.c.letter_id == bindparam("letter"),
        _w.c.word == bindparam(f"word{number}"),
    )


def _words(terms: Sequence[str]) -> dict[str, Any]:
    return {f"word{number}": term for number, term in enumerate(terms)}


def _on_the_way(number: int) -> tuple[Any, ...]:
    """What has a word, from the place on where a page begins, down to the floor."""
    place = tuple_(_w.c.rank, _w.c.signature_id)
    return (
        *_of_word(number),
        tuple_(bindparam("rank", type_=SmallInteger), bindparam("before", type_=RowId))
        > place,
        tuple_(
            bindparam("floor_rank", type_=SmallInteger),
            bindparam("floor", type_=RowId),
        )
        <= place,
    )


WALKED = _on_the_way(0)
ORDER = (_w.c.rank.desc(), _w.c.signature_id.desc())


class End(NamedTuple):
    """Where the walk stops for now: the last signature that was looked at."""

    rank: int
    signature_id: int
    public_id: str


def walk(
    database: Database,
    terms: Sequence[str],
    values: Values,
    question: Callable[[int], Question],
    *,
    size: int,
) -> tuple[Rows, End | None]:
    """The rows of a page, and one more where there is one; or where the walk stopped.

    `values` say where the page begins and how far down it may go; `question` makes a
    SELECT of `WALKED` and `others`, in this `ORDER`, for so many words.
    """
    if len(terms) == 1:
        return database.ask(question(1), **values, **_words(terms)), None
    terms, common = _rarest_first(database, terms, values)
    if not terms:
        return [], None
    given = {**values, **_words(terms)}
    if not common:
        return database.ask(question(len(terms)), **given), None
    for number in (_LOOKED_AT_FIRST, MOST_LOOKED_AT):
        end = _end(database, given, number)
        floor = {"floor_rank": end.rank, "floor": end.signature_id} if end else {}
        rows = database.ask(question(len(terms)), **given | floor)
        if end is None or len(rows) > size:
            return rows, None
    return rows, end


def _end(database: Database, values: Values, number: int) -> End | None:
    """The last of so many that the walk comes by; None where there are not so many."""
    rows = database.ask(_last_of(number), **values)
    return End._make(rows[0]) if rows else None


@cache
def _last_of(number: int) -> Question:
    last = (
        select(_w.c.rank, _w.c.signature_id)
        .where(*WALKED)
        .order_by(*ORDER)
        .offset(limit(number - 1))
        .limit(limit(1))
        .subquery("last")
    )
    found = select(last.c.rank, last.c.signature_id, _c.public_id).join_from(
        last, db.table(Signature), _c.id == last.c.signature_id
    )
    return Question(lambda gathered: found)


def others(terms: int) -> list[Any]:
    """That a signature has all words of a question but the first, which is walked.

    Each is looked up signature by signature: what is written with EXISTS PostgreSQL may
    join, and then it reads a common word from the beginning of the list.
    """
    conditions = []
    for number in range(1, terms):
        other = _w.alias(f"other{number}")
        found: Any = select(literal_column("1")).where(
            other.c.letter_id == bindparam("letter"),
            other.c.word == bindparam(f"word{number}"),
            other.c.rank == _w.c.rank,
            other.c.signature_id == _w.c.signature_id,
        )
        conditions.append(found.scalar_subquery().is_not(None))
    return conditions


@cache
def _some(terms: int) -> Question:
    """How many signatures each word has, up to _SOME, and the place of the last."""
    parts: list[Any] = []
    for number in range(terms):
        some = (
            select(
                (_w.c.rank * literal_column(str(_APART)) + _w.c.signature_id).label(
                    "place"
                )
            )
            .where(*_on_the_way(number))
            # Along the index: without an order PostgreSQL may read the whole table.
            .order_by(*ORDER)
            .limit(limit(_SOME))
            .subquery()
        )
        parts.append(
            select(
                func.count().label("number"),
                func.min(some.c.place).label("last"),
                literal_column(str(number)).label("term"),
            ).select_from(some)
        )
    rows: Any = union_all(*parts).subquery()
    return Question(lambda gathered: select(rows))


def _rarest_first(
    database: Database, terms: Sequence[str], values: Values
) -> tuple[list[str], bool]:
    """The words, the rarest first; none if one has no signature.

    And whether even that one may have many. Of two common words the rarer one is that
    of which some reach further down.
    """
    rows = sorted(database.ask(_some(len(terms)), **values, **_words(terms)))
    least = rows[0][0]
    return [terms[term] for _, _, term in rows if least], least == _SOME
