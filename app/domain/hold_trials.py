""" "Try this rule": which of the present signatures it would have held, beforehand.

A trial reads along an index and stops after a bounded number of rows, so that it may be
tried on a letter of a million while people sign; where it stopped, it can go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, tuple_

from app import db
from app.db import Transaction
from app.domain import claims, name_keys
from app.domain.free_mail import FREE_MAIL
from app.domain.hold_rules import HoldRules
from app.domain.holds import SPEED_WINDOW, HoldReason
from app.models import BlockedName, Signature, State, WatchKey

# So many signatures are looked at in one go, and so many finds are counted.
LOOKED_AT = 20_000
COUNTED_TO = 1_000
SHOWN = 50
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial stopped, to go on from there."""

    key: str
    id: int


@dataclass(frozen=True, slots=True)
class Found:
    """A signature that the rule would have held."""

    public_id: str
    name: str
    title: str | None
    affiliation: str | None
    verified: bool
    place: Place


@dataclass(slots=True)
class Trial:
    """What a rule would hold among the signatures that were looked at.

    `held` never exceeds COUNTED_TO; `place` is None when all have been looked at.
    """

    looked_at: int = 0
    held: int = 0
    shown: list[Found] = field(default_factory=list)
    place: Place | None = None


_signed = db.table(Signature).c
_COLUMNS = (
    _signed.id,
    _signed.public_id,
    _signed.name,
    _signed.name_key,
    _signed.title,
    _signed.affiliation,
    _signed.public_figure,
    _signed.verified,
    _signed.address_domain,
    _signed.network_key,
    _signed.confirmed_at,
)
# A rule sees a batch and says which of it would be held.
_Judge = Callable[[Sequence[Row[Any]]], set[int]]


def attempt(
    session: Transaction,
    *,
    letter_id: int,
    rule: HoldReason,
    rules: HoldRules,
    after: Place | None = None,
) -> Trial:
    """Try one rule, as `rules` would have it, on the letter's counted signatures.

    They come in the order of their keys, those of a network or a domain together and
    in the order of their coming.
    """
    judge, by = _judge(session, letter_id, rule, rules)
    trial = Trial()
    for batch in _walk(session, letter_id, by, after):
        held = judge(batch)
        for row in batch:
            trial.looked_at += 1
            if row.id not in held:
                continue
            trial.held += 1
            if len(trial.shown) < SHOWN:
                trial.shown.append(_found(row, by))
            if trial.held == COUNTED_TO:
                break
        trial.place = _place(batch[-1], by) if len(batch) == _BATCH else None
        if trial.held == COUNTED_TO or trial.looked_at >= LOOKED_AT:
            break
    return trial


def _found(row: Row[Any], by: ColumnElement[Any]) -> Found:
    return Found(
        row.public_id, row.name, row.title, row.affiliation, row.verified,
        _place(row, by),
    )  # fmt: skip


def _place(row: Row[Any], by: Any) -> Place:
    key = getattr(row, by.name)
    return Place(key.hex() if isinstance(key, bytes) else key, row.id)


def _walk(
    session: Transaction, letter_id: int, by: Any, after: Place | None
) -> Iterator[Sequence[Row[Any]]]:
    """The counted signatures in batches, along the index that begins with `by`.

    Where the place is in the middle of a network or domain, its rows come again from
    the first: what was too fast depends on what came before.
    """
    timed = by is not _signed.name_key
    order = (by, _signed.confirmed_at, _signed.id) if timed else (by, _signed.id)
    wanted: Select[Any] = (
        select(*_COLUMNS)
        .where(
            _signed.letter_id == letter_id,
            _signed.state == State.COUNTED.value,
            by.is_not(None),
            _signed.confirmed_at.is_not(None),
        )
        .order_by(*order)
        .limit(_BATCH)
    )
    last: tuple[Any, ...] | None = None
    if after is not None:
        key = bytes.fromhex(after.key) if by is _signed.network_key else after.key
        last = (key,) if timed else (key, after.id)
    while True:
        page = wanted
        if last is not None:
            page = wanted.where(tuple_(*order[: len(last)]) > last)
        batch = session.execute(page).all()
        if batch:
            yield batch
        if len(batch) < _BATCH:
            return
        last = tuple(getattr(batch[-1], column.name) for column in order)


def _judge(
    session: Transaction, letter_id: int, rule: HoldReason, rules: HoldRules
) -> tuple[_Judge, Any]:
    match rule:
        case HoldReason.NETWORK_SPEED:
            return _TooFast("network_key", rules.network_limit), _signed.network_key
        case HoldReason.DOMAIN_SPEED:
            return _TooFast(
                "address_domain", rules.domain_limit
            ), _signed.address_domain
        case HoldReason.CLAIM:
            return lambda batch: _claims(batch, rules), _signed.name_key
        case HoldReason.PUBLIC_FIGURE:
            return lambda batch: {r.id for r in batch if r.public_figure}, (
                _signed.name_key
            )
        case HoldReason.WATCH_LIST | HoldReason.REJECTED_BEFORE:
            return lambda batch: _names(session, letter_id, rule, batch), (
                _signed.name_key
            )


def _claims(batch: Sequence[Row[Any]], rules: HoldRules) -> set[int]:
    return {
        row.id
        for row in batch
        # Where the address is wiped there is nothing to compare.
        if row.address_domain is not None
        and claims.disagrees(
            policy=rules.claim,
            institutions=rules.institutions,
            title=row.title or "",
            affiliation=row.affiliation or "",
            domain=row.address_domain,
        )
    }


def _names(
    session: Transaction, letter_id: int, rule: HoldReason, batch: Sequence[Row[Any]]
) -> set[int]:
    asked = {row.id: name_keys.asked(row.name) for row in batch if row.name}
    keys = {key for of in asked.values() for key in of}
    if rule is HoldReason.REJECTED_BEFORE:
        known = select(BlockedName.name_key).where(
            BlockedName.letter_id == letter_id, BlockedName.name_key.in_(keys)
        )
    else:
        known = select(WatchKey.key).where(
            (WatchKey.letter_id == letter_id) | WatchKey.letter_id.is_(None),
            WatchKey.key.in_(keys),
        )
    found = set(session.scalars(known))
    return {identifier for identifier, of in asked.items() if found.intersection(of)}


class _TooFast:
    """Counts along rows that come network by network, in the order of their coming."""

    def __init__(self, column: str, limit: int | None) -> None:
        self._column, self._limit = column, limit
        self._of: Any = None
        self._times: deque[datetime] = deque()

    def __call__(self, batch: Sequence[Row[Any]]) -> set[int]:
        held = set()
        for row in batch:
            of = getattr(row, self._column)
            if of != self._of:
                self._of, self._times = of, deque()
            while self._times and self._times[0] <= row.confirmed_at - SPEED_WINDOW:
                self._times.popleft()
            if self._limit is not None and len(self._times) >= self._limit:
                held.add(row.id)
            self._times.append(row.confirmed_at)
        if self._column == "address_domain":
            held -= {row.id for row in batch if row.address_domain in FREE_MAIL}
        return held
