"""The desk: one organiser at a time decides on one signature, and may take it back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from app import db
from app.db import Transaction
from app.domain import (
    desk_undo,
    featuring,
    lifecycle,
    record,
    requests,
    showing,
    standing,
    verification,
)
from app.domain.desk_lock import Locked, holder, leave, take
from app.domain.desk_undo import MovedOn
from app.domain.keyring import Keyring
from app.domain.showing import Part
from app.models import (
    DeskLock,
    RequestAnswer,
    RequestKind,
    Signature,
    VerificationMethod,
)

__all__ = ["Hand", "Locked", "MovedOn", "NoSuchSignature", "holder", "leave", "take"]


class NoSuchSignature(LookupError):
    """There is no signature of this letter with that public id."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who decides on which signature, and what they saw of it (`standing.look`)."""

    signature_id: int
    organiser_id: int
    seen: str
    now: datetime

    @property
    def actor(self) -> str:
        """The organiser, as the record names them."""
        return record.organiser(self.organiser_id)


_signature = db.table(Signature).c
_FIND = select(_signature.id).where(
    _signature.public_id == bindparam("public_id"),
    _signature.letter_id == bindparam("letter"),
)


def find(session: Transaction, *, letter_id: int, public_id: str) -> int:
    """The id of a letter's signature. Raises NoSuchSignature."""
    found: int | None = session.scalar(
        _FIND, {"public_id": public_id, "letter": letter_id}
    )
    if found is None:
        raise NoSuchSignature
    return found


# -- Deciding --------------------------------------------------------------------


def _check(session: Transaction, hand: Hand) -> None:
    """Raise Locked or MovedOn where the organiser no longer decides on what was seen.

    The lock's row is kept until the end: it lets decisions in one at a time.
    """
    lock = session.execute(
        select(DeskLock.organiser_id, DeskLock.until)
        .where(DeskLock.signature_id == hand.signature_id)
        .with_for_update()
    ).first()
    now_there = standing.look(session, signature_id=hand.signature_id)
    if now_there != hand.seen:
        raise MovedOn(hand.signature_id)
    if lock is None or lock.until <= hand.now:
        raise Locked(None)
    if lock.organiser_id != hand.organiser_id:
        raise Locked(
            holder(session, signature_id=hand.signature_id, now=hand.now) or ""
        )


def decide(
    session: Transaction,
    hand: Hand,
    verb: str,
    act: Callable[[], object],
    *,
    batch: str | None = None,
    checked: bool = True,
) -> str:
    """Do `act` to the signature in hand, and keep what it takes to undo it.

    Returns the batch by which `undo` finds it. Raises Locked, MovedOn, and whatever
    `act` raises.
    """
    if checked:
        _check(session, hand)
    before = desk_undo.before(session, signature_id=hand.signature_id)
    act()
    batch = batch or secrets.token_urlsafe(16)
    desk_undo.keep(session, batch=batch, verb=verb, signature_id=hand.signature_id,
                   organiser_id=hand.organiser_id, before=before, now=hand.now)  # fmt: skip
    leave(session, signature_id=hand.signature_id, organiser_id=hand.organiser_id)
    return batch


def release(session: Transaction, hand: Hand, **how: Any) -> str:
    """Let a held signature into list and count."""
    return decide(
        session,
        hand,
        "release",
        lambda: lifecycle.release(
            session, signature_id=hand.signature_id, actor=hand.actor, now=hand.now
        ),
        **how,
    )


def hold(session: Transaction, hand: Hand, *, reason: str) -> str:
    """Keep a counted signature out of list and count. Raises ReasonMissing."""
    return decide(
        session,
        hand,
        "hold",
        lambda: lifecycle.hold(
            session, signature_id=hand.signature_id, actor=hand.actor, reason=reason,
            now=hand.now,
        ),
    )  # fmt: skip


def reject(
    session: Transaction, hand: Hand, *, reason: str, fake: bool, **how: Any
) -> str:
    """Take a signature out; its owner is told the reason. Raises ReasonMissing."""
    return decide(
        session,
        hand,
        "reject",
        lambda: lifecycle.reject(
            session, signature_id=hand.signature_id, actor=hand.actor, reason=reason,
            fake=fake, now=hand.now,
        ),
        **how,
    )  # fmt: skip


def reinstate(session: Transaction, hand: Hand, *, reason: str) -> str:
    """Put a rejected signature back where it came from. Raises ReasonMissing."""
    return decide(
        session,
        hand,
        "reinstate",
        lambda: lifecycle.reinstate(
            session, signature_id=hand.signature_id, actor=hand.actor, reason=reason,
            now=hand.now,
        ),
    )  # fmt: skip


def verify(
    session: Transaction,
    hand: Hand,
    *,
    keyring: Keyring,
    method: VerificationMethod,
    evidence: str,
    note: str,
    and_release: bool,
) -> str:
    """Review a signature; where that stands at once, let it in as well if asked to.

    Raises EvidenceMissing, NotALink and OwnWork.
    """

    def act() -> None:
        stands = verification.review(
            session, keyring=keyring, signature_id=hand.signature_id, method=method,
            evidence=evidence, note=note, organiser_id=hand.organiser_id, now=hand.now,
        )  # fmt: skip
        if stands and and_release:
            _let_in(session, hand)

    return decide(session, hand, "verify", act)


def second(
    session: Transaction, hand: Hand, *, keyring: Keyring, and_release: bool
) -> str:
    """Agree to somebody else's review. Raises OwnWork and NotAllowed."""

    def act() -> None:
        verification.second(
            session, keyring=keyring, signature_id=hand.signature_id,
            organiser_id=hand.organiser_id, now=hand.now,
        )  # fmt: skip
        if and_release:
            _let_in(session, hand)

    return decide(session, hand, "second", act)


def _let_in(session: Transaction, hand: Hand) -> None:
    # Whoever is told that they are verified need not be told this as well.
    lifecycle.release(session, signature_id=hand.signature_id, actor=hand.actor,
                      now=hand.now, tell=False)  # fmt: skip


def decline(session: Transaction, hand: Hand, *, reason: str) -> str:
    """Say no to somebody else's review. Raises ReasonMissing and NotAllowed."""
    return decide(
        session,
        hand,
        "decline",
        lambda: verification.decline(
            session, signature_id=hand.signature_id, organiser_id=hand.organiser_id,
            reason=reason, now=hand.now,
        ),
    )  # fmt: skip


def revoke(session: Transaction, hand: Hand, *, reason: str) -> str:
    """Take a verification back. Raises ReasonMissing and NotAllowed."""
    return decide(
        session,
        hand,
        "revoke",
        lambda: lifecycle.revoke(
            session, signature_id=hand.signature_id, actor=hand.actor, reason=reason,
            now=hand.now,
        ),
    )  # fmt: skip


def feature(session: Transaction, hand: Hand, *, on: bool) -> str:
    """Feature a verified signature, or no longer. Raises NotAllowed."""
    act = featuring.feature if on else featuring.unfeature
    return decide(
        session,
        hand,
        "feature" if on else "unfeature",
        lambda: act(
            session, signature_id=hand.signature_id, actor=hand.actor, now=hand.now
        ),
    )


def ask(session: Transaction, hand: Hand, *, kind: RequestKind, days: int) -> str:
    """Ask the signatory for evidence. Raises MayNotAsk and AlreadyAsked."""
    return decide(
        session,
        hand,
        "ask",
        lambda: requests.ask(
            session, signature_id=hand.signature_id, kind=kind, days=days,
            organiser_id=hand.organiser_id, now=hand.now,
        ),
    )  # fmt: skip


def answer(
    session: Transaction, hand: Hand, *, answer: RequestAnswer, note: str
) -> None:
    """Keep what came of the question; the signature stays in hand."""
    _check(session, hand)
    requests.answer(session, signature_id=hand.signature_id, answer=answer, note=note,
                    organiser_id=hand.organiser_id, now=hand.now)  # fmt: skip


def hide(session: Transaction, hand: Hand, *, part: Part, reason: str) -> None:
    """Take a statement or an affiliation out of sight; the person stays as they are.

    Raises ReasonMissing and NotAllowed.
    """
    _check(session, hand)
    showing.hide(session, signature_id=hand.signature_id, part=part, reason=reason,
                 actor=hand.actor, now=hand.now)  # fmt: skip


def show(session: Transaction, hand: Hand, *, part: Part) -> None:
    """Let what was hidden be seen again. Raises NotAllowed."""
    _check(session, hand)
    showing.show(session, signature_id=hand.signature_id, part=part,
                 actor=hand.actor, now=hand.now)  # fmt: skip
