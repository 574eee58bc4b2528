"""Which addresses a letter leaves alone, and how it comes to write to them again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import delete, func, select

from app import db
from app.db import Transaction
from app.domain import addresses, drafts, lifecycle_holds, piles, record
from app.domain.keyring import Keyring
from app.domain.standing import facts
from app.models import Bounce, BounceKind, Bouncing

# For so long an address is left alone once it is known to take nothing.
REST = timedelta(days=7)
# So many mails given up are as good as one refused for good.
SOFT_ENOUGH = 5

_b = db.table(Bounce).c


class Rest(StrEnum):
    """Why an address is left alone."""

    BOUNCES = auto()
    COMPLAINED = auto()


def left_alone(
    session: Transaction, *, address_keys: Iterable[bytes], now: datetime
) -> dict[tuple[int, bytes], Rest]:
    """Which of these addresses are left alone by which letters (id, address)."""
    rows = session.execute(
        select(_b.letter_id, _b.address_key, _b.kind, func.count(), func.max(_b.at))
        .where(_b.address_key.in_(sorted(set(address_keys))), _b.letter_id.is_not(None))
        .group_by(_b.letter_id, _b.address_key, _b.kind)
    )
    found: dict[tuple[int, bytes], Rest] = {}
    for letter_id, address_key, kind, number, newest in rows:
        where = (letter_id, bytes(address_key))
        if kind == BounceKind.COMPLAINT:
            found.setdefault(where, Rest.COMPLAINED)
        elif newest > now - REST and (kind == BounceKind.HARD or number >= SOFT_ENOUGH):
            found[where] = Rest.BOUNCES
    return found


def failing(session: Transaction, *, signature_ids: Iterable[int]) -> set[int]:
    """Which of these signatures have an address that takes our mails no more."""
    asked = sorted(set(signature_ids))
    if not asked:
        return set()
    return set(
        session.scalars(
            select(Bouncing.signature_id).where(Bouncing.signature_id.in_(asked))
        )
    )


def mark_of(session: Transaction, *, signature_id: int) -> Any | None:
    """Since when, and how, the mails of a signature come back; None: they do not."""
    return session.execute(
        select(Bouncing.status, Bouncing.since).where(
            Bouncing.signature_id == signature_id
        )
    ).first()


def write_again(
    session: Transaction,
    *,
    keyring: Keyring,
    signature_id: int,
    actor: str,
    now: datetime,
) -> bool:
    """Take the mark off a signature: its address takes mails again. False: none there.

    Where its owner says so, what the letter's policy has held for it is held no longer;
    an organiser who says so releases it besides. The mail about it goes to the address:
    if that comes back as well, the signature is held anew.
    """
    unmarked = session.execute(
        delete(db.table(Bouncing))
        .where(db.table(Bouncing).c.signature_id == signature_id)
        .returning(db.table(Bouncing).c.letter_id)
    ).first()
    if unmarked is None:
        return False
    address = drafts.signature_address(
        session, keyring=keyring, signature_id=signature_id
    )
    if address is not None:
        forget(session, keyring=keyring, letter_id=unmarked.letter_id, address=address)
    if actor == record.SIGNATORY:
        lifecycle_holds.lift(
            session, signature_id=signature_id, why=piles.BOUNCED, actor=actor, now=now
        )
    piles.settle(session, signature_ids=[signature_id])
    record.write(
        session,
        letter_id=unmarked.letter_id,
        actor=actor,
        verb="write_again",
        subject=facts(session, signature_id=signature_id).public_id,
        at=now,
    )
    return True


def forget(
    session: Transaction, *, keyring: Keyring, letter_id: int, address: str
) -> int:
    """Try an address again: it takes mails by now. How many reports are forgotten.

    What was complained about stays.
    """
    key = keyring.house_address_key(addresses.canonical(address))
    done = session.execute(
        delete(db.table(Bounce)).where(
            _b.address_key == key,
            _b.letter_id == letter_id,
            _b.kind != BounceKind.COMPLAINT.value,
        )
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
