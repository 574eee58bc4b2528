"""Ceilings on what an unproved form can make us send (design: section 6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, text

from app import db
from app.db import Transaction
from app.models import MailSlot

PER_LETTER, LETTER_WINDOW = 3, timedelta(days=7)
PER_ADDRESS, ADDRESS_WINDOW = 5, timedelta(days=1)
APART = timedelta(minutes=1)
# Why a mail waits whose address had another one within that minute.
TOO_SOON = "too soon"

# Of which letter, and to which address (keyed over all letters).
Wanted = tuple[int, bytes]

_s = db.table(MailSlot)


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an address may have one more mail: now, later or not at all."""

    slot: int | None = None
    wait_until: datetime | None = None


def take_turns(session: Transaction, address_keys: Iterable[bytes]) -> None:
    """Let one transaction at a time judge the ceilings of these addresses.

    Locks are taken in one order, so that two workers cannot wait for each other.
    SQLite has one writer at a time and needs none.
    """
    keys = sorted({int.from_bytes(key[:8], signed=True) for key in address_keys})
    if keys and db.dialect(session) == "postgresql":
        session.execute(_IN_TURN, {"keys": keys})


_IN_TURN = text(
    "SELECT pg_advisory_xact_lock(key)"
    " FROM unnest(CAST(:keys AS bigint[])) WITH ORDINALITY AS given (key, place)"
    " ORDER BY place"
)


def admit(
    session: Transaction, *, wanted: Sequence[Wanted], now: datetime
) -> list[Admission]:
    """Take a slot for each hand-over, one after the other, where the ceilings leave one.

    Slots are counted and not mails: a hand-over whose end is unknown has had its
    mail for all we know, and a repeat of it needs a slot of its own.
    """
    if not wanted:
        return []
    taken = _taken(session, {key for _, key in wanted}, now)
    judged = []
    for letter_id, key in wanted:
        verdict = _judge(taken[key], letter_id, now)
        judged.append(verdict)
        if verdict is True:
            taken[key].append((letter_id, now))
    rows = [
        {"address_key": key, "letter_id": letter_id, "at": now}
        for (letter_id, key), verdict in zip(wanted, judged, strict=True)
        if verdict is True
    ]
    slots = iter(_take(session, rows))
    return [
        Admission(slot=next(slots))
        if verdict is True
        else Admission(wait_until=verdict or None)
        for verdict in judged
    ]


def _judge(
    taken: Sequence[tuple[int, datetime]], letter_id: int, now: datetime
) -> datetime | bool:
    """Whether an address that had these (letter, time) may have one more, or when."""
    of_letter = sum(1 for letter, _ in taken if letter == letter_id)
    of_day = sum(1 for _, at in taken if at > now - ADDRESS_WINDOW)
    if of_letter >= PER_LETTER or of_day >= PER_ADDRESS:
        return False
    newest = max((at for _, at in taken), default=None)
    if newest is not None and newest + APART > now:
        return newest + APART
    return True


def _taken(
    session: Transaction, keys: set[bytes], now: datetime
) -> dict[bytes, list[tuple[int, datetime]]]:
    """What each of these addresses had of late: of which letter, and when."""
    taken = defaultdict(list)
    for key, letter_id, at in session.execute(
        select(_s.c.address_key, _s.c.letter_id, _s.c.at).where(
            _s.c.address_key.in_(sorted(keys)), _s.c.at > now - LETTER_WINDOW
        )
    ):
        taken[bytes(key)].append((letter_id, at))
    return taken


def _take(session: Transaction, rows: list[dict[str, object]]) -> list[int]:
    if not rows:
        return []
    # In the order of the rows, which no database promises by itself.
    taking = insert(_s).returning(_s.c.id, sort_by_parameter_order=True)
    return list(session.execute(taking, rows).scalars())


def release(session: Transaction, slots: Iterable[int | None]) -> None:
    """Give back the slots of hand-overs that certainly did not happen."""
    given = [slot for slot in slots if slot is not None]
    if given:
        session.execute(delete(_s).where(_s.c.id.in_(given)))
