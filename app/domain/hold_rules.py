"""A letter's settings of the hold rules: which are on, how fast is too fast."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from app import db
from app.db import Transaction, insert_for
from app.domain import claims, names, record
from app.domain.claims import Institutions
from app.models import ClaimPolicy, HoldPolicy, Institution, Letter

USUAL_LIMIT = 100
LIMITS = range(1, 1_001)
# They are kept in memory with the letter.
MOST_INSTITUTIONS = 2_000
_LONGEST_NAME = 400
_MOST_DOMAINS = 1_000
_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]"
                     r"(?:[a-z0-9-]{0,61}[a-z0-9])\Z")  # fmt: skip


@dataclass(frozen=True, slots=True)
class HoldRules:
    """Which of the five rules a letter has switched on; a limit of None is "off"."""

    watch_list: bool = True
    rejected_before: bool = True
    public_figure: bool = True
    claim: ClaimPolicy = ClaimPolicy.OFF
    network_limit: int | None = USUAL_LIMIT
    domain_limit: int | None = USUAL_LIMIT
    institutions: Institutions = field(default_factory=dict)


class LimitOutOfRange(ValueError):
    """A limit is a whole number from 1 to 1,000, or none."""


def load(session: Transaction, *, letter_id: int) -> HoldRules:
    """The rules of a letter as they are set; the usual ones where nothing is."""
    policy = db.table(HoldPolicy).c
    row = session.execute(
        select(*_settings()).where(policy.letter_id == letter_id)
    ).first()
    rules = HoldRules()
    if row is not None:
        rules = replace(rules, **(row._asdict() | {"claim": ClaimPolicy(row.claim)}))
    listed = session.execute(
        select(Institution.name_key, Institution.domains).where(
            Institution.letter_id == letter_id
        )
    )
    known = {name: frozenset(domains.split()) for name, domains in listed}
    return replace(rules, institutions=known)


def _settings() -> list[ColumnElement[Any]]:
    return [column for column in db.table(HoldPolicy).c if column.name != "letter_id"]


def save(
    session: Transaction,
    *,
    letter_id: int,
    rules: HoldRules,
    actor: str,
    now: datetime,
) -> bool:
    """Set the rules of a letter (not its institutions); False if nothing changed.

    Raises LimitOutOfRange. The letter gets a new revision, so that every process
    follows within a second.
    """
    for limit in (rules.network_limit, rules.domain_limit):
        if limit is not None and limit not in LIMITS:
            raise LimitOutOfRange
    former = load(session, letter_id=letter_id)
    names_of = [column.name for column in _settings()]
    before = {name: getattr(former, name) for name in names_of}
    after = {name: getattr(rules, name) for name in names_of}
    if before == after:
        return False
    session.execute(
        insert_for(session)(db.table(HoldPolicy))
        .values(letter_id=letter_id, **after)
        .on_conflict_do_update(index_elements=["letter_id"], set_=after)
    )
    changed = [name for name in names_of if before[name] != after[name]]
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="holds.set",
        subject="hold rules",
        before=_told(before, changed),
        after=_told(after, changed),
        at=now,
    )
    _revise(session, letter_id=letter_id, now=now)
    return True


def _told(values: dict[str, Any], changed: list[str]) -> str:
    """Some settings in a few words: "watch_list off, network_limit 50"."""
    said = []
    for name in changed:
        value = values[name]
        if value is None or isinstance(value, bool):
            value = "on" if value else "off"
        said.append(f"{name} {value}")
    return ", ".join(said)


def _revise(session: Transaction, *, letter_id: int, now: datetime) -> None:
    session.execute(
        update(db.table(Letter))
        .where(db.table(Letter).c.id == letter_id)
        .values(revision=Letter.revision + 1, revised_at=now)
    )


# -- Institutions -----------------------------------------------------------------


class LineFault(StrEnum):
    """Why a line of a list was not taken; the edges translate it."""

    NO_DOMAIN = "no_domain"
    BAD_DOMAIN = "bad_domain"
    NO_NAME = "no_name"
    TOO_LONG = "too_long"
    TWICE = "twice"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not taken, by its number, with what is wrong."""

    number: int
    text: str
    fault: LineFault


def institutions(session: Transaction, *, letter_id: int) -> list[tuple[str, str]]:
    """The letter's institutions with their domains, by name: what one edits."""
    rows = session.execute(
        select(Institution.name, Institution.domains)
        .where(Institution.letter_id == letter_id)
        .order_by(Institution.name)
    )
    return [(name, domains) for name, domains in rows]


def save_institutions(
    session: Transaction,
    *,
    letter_id: int,
    lines: Iterable[str],
    actor: str,
    now: datetime,
) -> list[BadLine]:
    """Put a list "institution = domain, domain" in place of the letter's own.

    One line each; empty ones and what follows a # is passed over. What is wrong with
    any line comes back, and then nothing is changed.
    """
    rows: dict[str, tuple[str, str]] = {}
    bad: list[BadLine] = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        name, domains, fault = _read_institution(text)
        key = claims.key(name)
        if fault is None and (key in rows or len(rows) >= MOST_INSTITUTIONS):
            fault = LineFault.TWICE if key in rows else LineFault.TOO_MANY
        if fault is None:
            rows[key] = (name, " ".join(domains))
        else:
            bad.append(BadLine(number, text[:_LONGEST_NAME], fault))
    if bad:
        return bad
    table = db.table(Institution)
    before = session.execute(delete(table).where(table.c.letter_id == letter_id))
    if rows:
        session.execute(
            insert(table),
            [
                {"letter_id": letter_id, "name_key": key, "name": name,
                 "domains": domains}
                for key, (name, domains) in rows.items()
            ],
        )  # fmt: skip
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="institutions.set",
        subject="institutions",
        before=f"{before.rowcount} institutions",  # type: ignore[attr-defined]
        after=f"{len(rows)} institutions",
        at=now,
    )
    _revise(session, letter_id=letter_id, now=now)
    return []


def _read_institution(text: str) -> tuple[str, list[str], LineFault | None]:
    name, sign, behind = text.rpartition("=")
    cleaned = names.clean_line(name)
    domains = behind.replace(",", " ").replace("@", " ").lower().split()
    fault = None
    if not sign or not domains:
        fault = LineFault.NO_DOMAIN
    elif not claims.key(cleaned):
        fault = LineFault.NO_NAME
    elif (
        len(cleaned) > _LONGEST_NAME
        or len(" ".join(domains)) > _MOST_DOMAINS
        or len(claims.key(cleaned).split()) > claims.MOST_WORDS
    ):
        fault = LineFault.TOO_LONG
    elif not all(map(_DOMAIN.match, domains)):
        fault = LineFault.BAD_DOMAIN
    return cleaned, domains, fault
