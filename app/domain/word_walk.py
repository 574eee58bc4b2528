"""The walk along the words of a question: what it costs does not grow with the letter."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    SmallInteger,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)

from app import db
from app.db import RowId
from app.models import SearchWord, Signature
from app.prepared import Question, Rows, Values

# How many signatures of one word are looked at for the other words of a question
# before the reader is asked whether to go on: so no question costs more than this.
MOST_LOOKED_AT = 4_000
# Up to here the words of a question are told apart by how rare they are.
_RARE = 400

_c, _w = db.table(Signature).c, db.table(SearchWord)


def limit(number: int) -> Any:
    """A number of rows, as a literal: PostgreSQL plans for a page, not for the whole."""
    return literal_column(str(number))


def _of_word(number: int) -> tuple[Any, ...]:
    return (
        _w.c.letter_id == bindparam("letter"),
        _w.c.word == bindparam(f"word{number}"),
    )


_PLACE_OF_WORD = tuple_(_w.c.rank, _w.c.signature_id)
WALKED = (
    *_of_word(0),
    tuple_(bindparam("rank", type_=SmallInteger), bindparam("before", type_=RowId))
    > _PLACE_OF_WORD,
    tuple_(bindparam("floor_rank", type_=SmallInteger), bindparam("floor", type_=RowId))
    <= _PLACE_OF_WORD,
)
ORDER = (_w.c.rank.desc(), _w.c.signature_id.desc())
_STEP = (
    select(_w.c.rank, _w.c.signature_id)
    .where(*WALKED)
    .order_by(*ORDER)
    .offset(limit(MOST_LOOKED_AT - 1))
    .limit(limit(1))
    .subquery("step")
)
# The last of those that are looked at, when there are more than that.
_END = Question(
    lambda gathered: select(_STEP.c.rank, _STEP.c.signature_id, _c.public_id).join_from(
        _STEP, db.table(Signature), _c.id == _STEP.c.signature_id
    )
)
# Whoever walks says how a question is put, in a transaction or by itself.
Ask = Callable[[Question, Values], Rows]


class End(NamedTuple):
    """Where the walk stops for now: the last signature that was looked at."""

    rank: int
    signature_id: int
    public_id: str


def end(ask: Ask, values: Values) -> End | None:
    """Where the walk stops for now; None where it comes to the end of the words."""
    rows = ask(_END, values)
    return End._make(rows[0]) if rows else None


def others(terms: int) -> list[Any]:
    """That a signature has all words of a question but the first, which is walked."""
    conditions = []
    for number in range(1, terms):
        other = _w.alias(f"other{number}")
        conditions.append(
            exists().where(
                other.c.letter_id == bindparam("letter"),
                other.c.word == bindparam(f"word{number}"),
                other.c.rank == _w.c.rank,
                other.c.signature_id == _w.c.signature_id,
            )
        )
    return conditions


@cache
def _how_many(terms: int) -> Question:
    """How many signatures each word has, up to _RARE."""
    parts: list[Any] = []
    for number in range(terms):
        some = (
            select(literal_column("1").label("one"))
            .where(*_of_word(number), _w.c.rank >= bindparam("least"))
            # Along the index: without an order PostgreSQL may read the whole table.
            .order_by(_w.c.rank.desc(), _w.c.signature_id.desc())
            .limit(limit(_RARE))
            .subquery()
        )
        parts.append(
            select(
                literal_column(str(number)).label("term"), func.count().label("number")
            ).select_from(some)
        )
    rows: Any = union_all(*parts).subquery()
    return Question(lambda gathered: select(rows))


def rarest_first(
    ask: Ask, letter_id: int, terms: list[str], least: int
) -> tuple[list[str], bool]:
    """The words, the one with the fewest signatures first; none if one has none.

    And whether even that one is so common that the walk must be bounded.
    """
    if len(terms) == 1:
        return terms, False
    values = {f"word{number}": term for number, term in enumerate(terms)}
    rows = ask(_how_many(len(terms)), values | {"letter": letter_id, "least": least})
    if any(number == 0 for _, number in rows):
        return [], False
    rows = sorted(rows, key=lambda row: row[1])
    return [terms[term] for term, _ in rows], rows[0][1] >= _RARE
