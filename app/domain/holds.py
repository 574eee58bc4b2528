"""Which confirmed signatures wait for a person, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, bindparam, literal, select, union_all

from app import db, prepared
from app.db import Moment, Transaction
from app.domain import claims, name_keys
from app.domain.free_mail import FREE_MAIL
from app.domain.hold_rules import HoldRules
from app.models import BlockedName, Signature, WatchKey
from app.prepared import Statement, Step

# Over so long a time it is counted how many a network or a domain confirms.
SPEED_WINDOW = timedelta(hours=1)


class HoldReason(StrEnum):
    """Why a signature is held (design: section 4, holds)."""

    # The name looks like one on the letter's watch-list or on the shared one.
    WATCH_LIST = "watch_list"
    # The claimed institution and the address do not agree.
    CLAIM = "claim"
    # A name rejected as fake on this letter has come back.
    REJECTED_BEFORE = "rejected_before"
    # More from one network, or one address domain, than the letter lets through.
    NETWORK_SPEED = "network_speed"
    DOMAIN_SPEED = "domain_speed"
    # The signatory said that they are a public figure.
    PUBLIC_FIGURE = "public_figure"


# What is judged when confirming and stands as it was when a line is corrected.
_OF_THE_MOMENT = frozenset({HoldReason.NETWORK_SPEED, HoldReason.DOMAIN_SPEED})


@dataclass(frozen=True, slots=True)
class Claim:
    """What the rules look at of one signature."""

    # What its name asks for (name_keys.asked).
    keys: list[str]
    title: str
    affiliation: str
    public_figure: bool
    # None where it has been wiped, or was never known.
    address_domain: str | None
    network_key: bytes | None = None


_PLACES = [f"name{place}" for place in range(name_keys.MOST_ASKED)]
_ASKED: list[Any] = [bindparam(place) for place in _PLACES]
_blocked, _watched = db.table(BlockedName).c, db.table(WatchKey).c
_signed = db.table(Signature).c


def _too_fast(reason: HoldReason, column: Any, key: str, limit: str) -> Select[str]:
    """One row if so many from there were confirmed since: never reads more of them."""
    earlier = (
        select(_signed.id)
        .where(
            _signed.letter_id == bindparam("letter"),
            column == bindparam(key, type_=column.type),
            _signed.confirmed_at > bindparam("since", type_=Moment),
        )
        .limit(1)
        .offset(bindparam(limit))
        .subquery()
    )
    return select(literal(reason.value)).select_from(earlier)


# All that must be looked up, a column of reasons; each part reads one index.
LOOK_UPS: tuple[Select[str], ...] = (
    select(literal(HoldReason.REJECTED_BEFORE.value)).where(
        _blocked.letter_id == bindparam("letter"), _blocked.name_key.in_(_ASKED)
    ),
    *(
        select(literal(HoldReason.WATCH_LIST.value)).where(
            on_the_list, _watched.key.in_(_ASKED)
        )
        for on_the_list in (
            _watched.letter_id == bindparam("letter"),
            _watched.letter_id.is_(None),
        )
    ),
    _too_fast(HoldReason.NETWORK_SPEED, _signed.network_key, "network", "of_network"),
    _too_fast(HoldReason.DOMAIN_SPEED, _signed.address_domain, "domain", "of_domain"),
)
_KNOWN = Statement(lambda _: union_all(*LOOK_UPS))


def decide(
    session: Transaction,
    *,
    letter_id: int,
    rules: HoldRules,
    claim: Claim,
    now: datetime,
) -> list[HoldReason]:
    """The reasons to hold a signature that is being confirmed; none: it is counted.

    The look-up costs the same however long the lists are and however many have
    signed: a handful of keys, and at most as many rows as the limits say.
    """
    asked = values_of(letter_id=letter_id, rules=rules, claim=claim, now=now)
    found = {row[0] for row in prepared.run(session, Step(_KNOWN, asked))}
    return reasons(rules, claim, found)


def values_of(
    *, letter_id: int, rules: HoldRules, claim: Claim, now: datetime
) -> dict[str, Any]:
    """The values of what `LOOK_UPS` asks."""
    keys = claim.keys or [""]
    domain = claim.address_domain
    if rules.domain_limit is None or domain in FREE_MAIL:
        # Half a country writes from one provider: that is no sign of one hand.
        domain = None
    values: dict[str, Any] = {
        "letter": letter_id,
        "since": now - SPEED_WINDOW,
        "network": claim.network_key if rules.network_limit else None,
        "of_network": (rules.network_limit or 1) - 1,
        "domain": domain,
        "of_domain": (rules.domain_limit or 1) - 1,
    }
    for place, name in enumerate(_PLACES):
        values[name] = keys[place] if place < len(keys) else keys[0]
    return values


def reasons(rules: HoldRules, claim: Claim, found: set[str]) -> list[HoldReason]:
    """The looked-up reasons of the rules that are on, and those seen in the claim."""
    off = set()
    if not rules.watch_list:
        off.add(HoldReason.WATCH_LIST)
    if not rules.rejected_before:
        off.add(HoldReason.REJECTED_BEFORE)
    if claim.public_figure and rules.public_figure:
        found = found | {HoldReason.PUBLIC_FIGURE}
    if claims.disagrees(
        policy=rules.claim,
        institutions=rules.institutions,
        title=claim.title,
        affiliation=claim.affiliation,
        domain=claim.address_domain or "",
    ):
        found = found | {HoldReason.CLAIM}
    return [r for r in HoldReason if r in found and r not in off]


def decide_many(
    session: Transaction,
    *,
    letter_id: int,
    rules: HoldRules,
    asked: Mapping[str, Collection[str]],
) -> dict[str, list[str]]:
    """The reasons to hold whoever bears one of these names; others are absent.

    For names that come by the hundred, of people who said nothing of themselves, each
    with the keys under which it is looked for.
    """
    wanted = {key for keys in asked.values() for key in keys}
    known: dict[HoldReason, set[str]] = {}
    for reason, column, on_the_list in (
        (
            HoldReason.REJECTED_BEFORE,
            _blocked.name_key,
            _blocked.letter_id == letter_id,
        ),
        (
            HoldReason.WATCH_LIST,
            _watched.key,
            (_watched.letter_id == letter_id) | _watched.letter_id.is_(None),
        ),
    ):
        of_these = db.among(session, column, wanted)
        listed = select(column).where(of_these, on_the_list).distinct()
        known[reason] = set(session.scalars(listed))
    if not rules.watch_list:
        del known[HoldReason.WATCH_LIST]
    if not rules.rejected_before:
        del known[HoldReason.REJECTED_BEFORE]
    found = {
        name: [reason.value for reason in known if known[reason].intersection(keys)]
        for name, keys in asked.items()
    }
    return {name: reasons for name, reasons in found.items() if reasons}


def decide_again(
    session: Transaction,
    *,
    letter_id: int,
    rules: HoldRules,
    claim: Claim,
    former: str | None,
    now: datetime,
) -> list[HoldReason]:
    """The reasons for a corrected line: `former` are those that it had until now.

    Nobody becomes too fast by correcting, and nobody less so.
    """
    stood = [HoldReason(r) for r in (former or "").split() if r in _OF_THE_MOMENT]
    anew = decide(session, letter_id=letter_id, rules=rules, claim=claim, now=now)
    return [reason for reason in anew if reason not in _OF_THE_MOMENT] + stood
