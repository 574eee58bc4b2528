"""Organisers find signatures of their letter, whatever their state: by word or address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, tuple_

from app import db, prepared
from app.db import Database, Moment, RowId
from app.domain import addresses, search, word_walk
from app.domain.addresses import AddressProblem
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.domain.word_walk import limit
from app.models import SearchWord, Signature, State
from app.prepared import Question

_c, _w = db.table(Signature).c, db.table(SearchWord)
_LAST = 2**62


class Line(NamedTuple):
    """What a line of the answer says of a signature."""

    public_id: str
    name: str | None
    title: str | None
    affiliation: str | None
    state: str
    verified: bool
    featured_rank: int | None
    listed: bool
    created_at: datetime


_SAID = tuple(_c[name] for name in Line._fields)


class By(StrEnum):
    """What somebody who looks for a signature has typed."""

    WORDS = "words"
    ADDRESS = "address"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; without terms it is nothing."""

    by: By
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Some signatures, and the public id after which the next ones come."""

    rows: Sequence[Line]
    next: str | None = None
    # There is more to look through, although the page is not full.
    unfinished: bool = False


class UnknownPlace(LookupError):
    """The letter has no signature with the id after which the answer shall go on."""


def read(typed: str) -> Wanted:
    """What was typed: "@example.org" a domain, "a@example.org" an address, else words.

    An address is found as a whole only, and nobody by a part of one (threats 48).
    """
    typed = typed.strip()
    if typed.startswith("@"):
        domain = typed[1:].strip().lower()
        return Wanted(By.DOMAIN, (domain,) if domain else ())
    if "@" in typed:
        try:
            address = addresses.parse(typed, allow_test_domains=True)
        except AddressProblem:
            return Wanted(By.ADDRESS)
        return Wanted(By.ADDRESS, (addresses.canonical(address),))
    return Wanted(By.WORDS, tuple(search.words_of(typed)[: search.MOST_ASKED]))


def page(
    database: Database,
    *,
    keyring: Keyring,
    settings: Settings,
    wanted: Wanted,
    after: str | None,
    size: int,
) -> Found:
    """Those that are found; what it costs depends on nothing but `size`.

    By words the verified stand first, then the others of the public list, then those
    that are held, rejected or count only, the newest first among each; by domain the
    newest. Raises UnknownPlace.
    """
    if not wanted.terms:
        return Found(())
    place = _place(database, settings.id, after)
    if wanted.by is By.WORDS:
        return _by_words(database, settings.id, list(wanted.terms), place, size)
    values: dict[str, Any] = {"letter": settings.id}
    if wanted.by is By.ADDRESS:
        pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
        values["key"] = keyring.address_key(pepper, wanted.terms[0])
        return _cut(database.ask(_OF_ADDRESS, **values), size)
    values["domain"] = wanted.terms[0]
    if place is None:
        return _cut(database.ask(_of_domain(size, False), **values), size)
    values |= {"at": place.confirmed_at, "before": place.id}
    return _cut(database.ask(_of_domain(size, True), **values), size)


def _by_words(
    database: Database,
    letter_id: int,
    asked: list[str],
    place: _Place | None,
    size: int,
) -> Found:
    values: dict[str, Any] = {
        "letter": letter_id,
        "rank": search.PUBLIC_VERIFIED if place is None else search.rank_of(
            state=State(place.state), listed=place.listed, verified=place.verified
        ),
        "before": _LAST if place is None else place.id,
        "floor_rank": search.NOT_PUBLIC,
        "floor": 0,
    }  # fmt: skip
    question = partial(_of_words, size=size)
    rows, end = word_walk.walk(database, asked, values, question, size=size)
    found = _cut(rows, size)
    if found.next is None and end is not None:
        return Found(found.rows, next=end.public_id, unfinished=True)
    return found


def _cut(rows: prepared.Rows, size: int) -> Found:
    lines = [
        Line._make(row)._replace(created_at=db.moment(row[-1])) for row in rows[:size]
    ]
    return Found(lines, lines[-1].public_id if len(rows) > size else None)


_PLACE = Question(
    lambda gathered: select(
        _c.id, _c.state, _c.listed, _c.verified, _c.confirmed_at
    ).where(_c.public_id == bindparam("after"), _c.letter_id == bindparam("letter"))
)


class _Place(NamedTuple):
    """The signature after which an answer goes on."""

    id: int
    state: str
    listed: bool
    verified: bool
    confirmed_at: datetime | None


def _place(database: Database, letter_id: int, after: str | None) -> _Place | None:
    if after is None:
        return None
    rows = database.ask(_PLACE, after=after, letter=letter_id)
    if not rows:
        raise UnknownPlace(after)
    place = _Place._make(rows[0])
    at = place.confirmed_at
    return place._replace(confirmed_at=db.moment(at) if at else None)


_OF_ADDRESS = Question(
    lambda gathered: select(*_SAID).where(
        _c.letter_id == bindparam("letter"), _c.address_key == bindparam("key")
    )
)


@cache
def _of_domain(size: int, further: bool) -> Question:
    newest = (_c.confirmed_at, _c.id)
    before = tuple_(
        bindparam("at", type_=Moment), bindparam("before", type_=RowId)
    ) > tuple_(*newest)
    return Question(
        lambda gathered: (
            select(*_SAID)
            .where(
                _c.letter_id == bindparam("letter"),
                _c.address_domain == bindparam("domain"),
                *((before,) if further else ()),
            )
            .order_by(*(column.desc() for column in newest))
            .limit(limit(size + 1))
        )
    )


@cache
def _of_words(terms: int, size: int) -> Question:
    return Question(
        lambda gathered: (
            select(*_SAID)
            .join_from(_w, db.table(Signature), _c.id == _w.c.signature_id)
            .where(*word_walk.WALKED, *word_walk.others(terms))
            .order_by(*word_walk.ORDER)
            .limit(limit(size + 1))
        )
    )
