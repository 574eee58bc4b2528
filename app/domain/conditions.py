"""The conditions of a case: which signatures of a letter it speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from app import db
from app.db import Transaction
from app.models import Signature

_signature = db.table(Signature).c
_TIMES = ("since", "until")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a signature must meet, all at once; what is empty asks for nothing.

    Texts are patterns for the whole field in which * stands for any letters, none
    among them, and ? for one; capitals make no difference.
    """

    name: str = ""
    affiliation: str = ""
    domain: str = ""
    # The public id of a signature: whatever came from its network on its day.
    network_of: str = ""
    hold_reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    # Whoever was verified by hand is left alone unless the case says otherwise.
    verified_too: bool = False

    @property
    def nothing_asked(self) -> bool:
        """Whether every signature of the letter would meet them."""
        return self == Conditions(verified_too=self.verified_too)

    def as_json(self) -> dict[str, Any]:
        """The conditions that were set, as the database keeps them."""
        kept = {name: value for name, value in asdict(self).items() if value}
        for name in _TIMES:
            if name in kept:
                kept[name] = kept[name].isoformat()
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Conditions:
        """The conditions that `as_json` wrote."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in kept.items() if name in known}
        for name in _TIMES:
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        return cls(**values)


def clauses(
    session: Transaction, *, letter_id: int, wanted: Conditions
) -> list[ColumnElement[bool]]:
    """The same as SQL for this transaction's database; the letter itself is not in it.

    None of them needs an index: they are asked about one range of ids after the other.
    """
    found = []
    for pattern, column in (
        (wanted.name, _signature.name),
        (wanted.affiliation, _signature.affiliation),
        (wanted.domain, _signature.address_domain),
    ):
        if pattern:
            found.append(_like(session, column, pattern))
    if wanted.network_of:
        theirs = db.table(Signature).alias("theirs")
        found.append(
            _signature.network_key
            == select(theirs.c.network_key)
            .where(
                theirs.c.public_id == wanted.network_of, theirs.c.letter_id == letter_id
            )
            .scalar_subquery()
        )
    if wanted.hold_reason:
        words = " " + _signature.hold_reasons + " "
        found.append(words.contains(f" {wanted.hold_reason} ", autoescape=True))
    if wanted.since:
        found.append(_signature.created_at >= wanted.since)
    if wanted.until:
        found.append(_signature.created_at < wanted.until)
    if not wanted.verified_too:
        found.append(_signature.verified.is_(False))
    return [and_(*found)]


def _like(
    session: Transaction, column: ColumnElement[Any], pattern: str
) -> ColumnElement[bool]:
    """`column` as a whole matches `pattern`, capitals or not, in every script.

    LIKE knows the capitals of ASCII alone on SQLite, and those of its locale on
    PostgreSQL; a class of both letters is the same on both.
    """
    if db.dialect(session) == "postgresql":
        return column.regexp_match(f"^{_translated(pattern, '.*', '.', re.escape)}$")
    return column.op("GLOB", is_comparison=True)(
        _translated(pattern, "*", "?", lambda c: f"[{c}]" if c in "[" else c)
    )


def _translated(pattern: str, many: str, one: str, literally: Any) -> str:
    parts = []
    for character in pattern:
        if character == "*":
            parts.append(many)
        elif character == "?":
            parts.append(one)
        else:
            cases = {character, character.lower(), character.upper()}
            letters = sorted(case for case in cases if len(case) == 1)
            plain = len(letters) == 1
            parts.append(literally(character) if plain else f"[{''.join(letters)}]")
    return "".join(parts)
