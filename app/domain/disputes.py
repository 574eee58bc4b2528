"""Objections to public lines: taken from anybody, acted on within limits, settled.

Anybody can say "I did not sign this". On a line that the organisers stand for, verified
or featured, it holds the line for the desk at once; on any other it is noted. So that
nobody takes a letter down with it, few lines are held in an hour, and a line that was
looked at and kept is not held again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, literal_column, select, update

from app import db
from app.db import Transaction
from app.domain import lifecycle, record, standing
from app.domain.keyring import Keyring
from app.domain.lifecycle import DISPUTED, NotAllowed
from app.domain.verbs import Verb
from app.models import (
    Dispute,
    DisputeKind,
    DisputeResult,
    Letter,
    Signature,
    State,
)

WINDOW = timedelta(hours=1)
# In one hour: what one network may say, what is noted of one letter, what is held.
MOST_OF_NETWORK = 10
MOST_OF_LETTER = 300
MOST_HELD = 3
# From so many on an hour is a burst, of which the organisers are told.
BURST = 10

_c, _s = db.table(Dispute).c, db.table(Signature).c
_OPEN = _c.settled_at.is_(None)


class Taken(StrEnum):
    """What was done with an objection; the one who objects is told nothing of it."""

    NOTED = "noted"
    HELD = "held"
    # Noted, though it would have held the line, had there been fewer.
    SPARED = "spared"
    # One too many of one network, or of one letter: not kept.
    PASSED_OVER = "passed_over"


class Unknown(LookupError):
    """There is no such open dispute."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An open or settled dispute, as the desk reads it."""

    public_id: str
    kind: DisputeKind
    words: str
    contact: str
    held: bool
    at: datetime
    result: DisputeResult | None
    settled_by: str | None


def file(
    session: Transaction,
    *,
    keyring: Keyring,
    letter_id: int,
    signature_id: int,
    kind: DisputeKind,
    words: str,
    contact: str,
    network: str,
    now: datetime,
) -> Taken:
    """Take an objection to a line that is public now."""
    _take_turn(session, letter_id)
    network_key = keyring.network_key(now.date(), network)
    recent = _recent(session, letter_id, network_key, now)
    if recent.of_network >= MOST_OF_NETWORK or recent.of_letter >= MOST_OF_LETTER:
        return Taken.PASSED_OVER
    former = standing.facts(session, signature_id=signature_id)
    if former.state is not State.COUNTED:
        return Taken.NOTED
    prominent = former.verified or former.featured_rank is not None
    taken = Taken.NOTED
    if prominent and not _was_kept(session, signature_id):
        taken = Taken.HELD if recent.held < MOST_HELD else Taken.SPARED
    public_id = standing.new_public_id()
    session.execute(
        insert(db.table(Dispute)),
        {
            "public_id": public_id,
            "letter_id": letter_id,
            "signature_id": signature_id,
            "kind": kind.value,
            "words_sealed": _sealed(keyring, public_id, words),
            "contact_sealed": _sealed(keyring, public_id, contact),
            "network_key": network_key,
            "held": taken is Taken.HELD,
            "featured_rank": former.featured_rank if taken is Taken.HELD else None,
            "at": now,
        },
    )
    if taken is Taken.HELD:
        lifecycle.hold(session, signature_id=signature_id, actor=record.SYSTEM,
                       reason=f"dispute {public_id}", why=DISPUTED, now=now)  # fmt: skip
    if recent.of_letter + 1 == BURST or taken is Taken.SPARED:
        record.write(session, letter_id=letter_id, actor=record.SYSTEM,
                     verb="dispute.burst", subject="letter",
                     after=f"{recent.of_letter + 1} in an hour", at=now)  # fmt: skip
    return taken


def settle(
    session: Transaction,
    *,
    letter_id: int,
    public_id: str,
    result: DisputeResult,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """End an objection, and every other open one to the same line, with one result.

    KEPT lets a line that was held for it stand where it stood; REMOVED rejects the
    signature as fake, so that its name stays held; CHANGED releases what is left of
    it. What its owner took back meanwhile is gone, so REMOVED then moves nothing.
    Raises Unknown, ReasonMissing, and NotAllowed where somebody moved the signature
    meanwhile so that the result cannot be.
    """
    reason = lifecycle.given(reason)
    signature_id = session.scalar(
        select(_c.signature_id).where(
            _c.public_id == public_id, _c.letter_id == letter_id, _OPEN
        )
    )
    if signature_id is None:
        raise Unknown(public_id)
    former = standing.facts(session, signature_id=signature_id)
    if result is not DisputeResult.REMOVED:
        _put_back(session, signature_id, actor=actor, now=now)
    elif former.state is not State.WITHDRAWN:
        lifecycle.reject(session, signature_id=signature_id, actor=actor,
                         reason=reason, fake=True, now=now)  # fmt: skip
    session.execute(
        update(db.table(Dispute))
        .where(_c.signature_id == signature_id, _OPEN)
        .values(result=result.value, settled_by=actor, settled_at=now)
    )
    record.write(session, letter_id=letter_id, actor=actor,
                 verb="dispute.settle", subject=former.public_id, after=result.value,
                 reason=reason, at=now)  # fmt: skip


def _put_back(
    session: Transaction, signature_id: int, *, actor: str, now: datetime
) -> None:
    """Release a line that nothing but disputes holds, to the place that it had."""
    former = standing.facts(session, signature_id=signature_id)
    if former.state not in (State.COUNTED, State.HELD):
        raise NotAllowed(Verb.RELEASE, former.state)
    if former.state is State.COUNTED or former.hold_reasons != DISPUTED:
        return
    rank = session.scalar(
        select(func.max(_c.featured_rank)).where(
            _c.signature_id == signature_id, _OPEN, _c.held
        )
    )
    lifecycle.release(session, signature_id=signature_id, actor=actor, now=now)
    if rank is not None and former.verified:
        lifecycle.feature(session, signature_id=signature_id, rank=rank, actor=actor,
                          now=now)  # fmt: skip


def of(session: Transaction, *, keyring: Keyring, signature_id: int) -> list[Shown]:
    """All objections to one signature, the newest first, for the desk."""
    rows = session.execute(
        select(db.table(Dispute))
        .where(_c.signature_id == signature_id)
        .order_by(_c.id.desc())
        .limit(literal_column("100"))
    ).all()
    return [_shown(keyring, row) for row in rows]


@dataclass(frozen=True, slots=True)
class Line:
    """An objection with the line that it is about, as the desk's list shows it."""

    id: int
    dispute: Shown
    signature: str
    name: str | None
    description: str
    state: State
    verified: bool


def page(
    session: Transaction,
    *,
    keyring: Keyring,
    letter_id: int,
    settled: bool = False,
    before: int = 2**62,
    size: int = 50,
) -> list[Line]:
    """Objections to a letter's lines, open or settled, newest first; the next page is
    `before` the id of the last one."""
    rows = session.execute(
        select(
            db.table(Dispute),
            _s.public_id.label("signature"),
            _s.name,
            _s.title,
            _s.affiliation,
            _s.state,
            _s.verified,
        )
        .join(db.table(Signature), _s.id == _c.signature_id)
        .where(
            _c.letter_id == letter_id,
            _c.settled_at.is_not(None) if settled else _OPEN,
            _c.id < before,
        )
        .order_by(_c.id.desc())
        .limit(literal_column(str(size)))
    ).all()
    return [
        Line(
            id=row.id,
            dispute=_shown(keyring, row),
            signature=row.signature,
            name=row.name,
            description=", ".join(filter(None, (row.title, row.affiliation))),
            state=State(row.state),
            verified=row.verified,
        )
        for row in rows
    ]


def burst(session: Transaction, *, letter_id: int, now: datetime) -> int:
    """How many objections came within the hour, once they are a burst; else 0."""
    number = _recent(session, letter_id, b"", now).of_letter
    return number if number >= BURST else 0


@dataclass(frozen=True, slots=True)
class _Recent:
    of_letter: int
    of_network: int
    held: int


def _recent(
    session: Transaction, letter_id: int, network_key: bytes, now: datetime
) -> _Recent:
    """What was said within the hour; no more is counted than the limits need."""
    rows = session.execute(
        select(_c.held)
        .where(_c.letter_id == letter_id, _c.at > now - WINDOW)
        .order_by(_c.at.desc())
        .limit(literal_column(str(MOST_OF_LETTER)))
    ).all()
    of_network = session.execute(
        select(_c.id)
        .where(_c.network_key == network_key, _c.at > now - WINDOW)
        .limit(literal_column(str(MOST_OF_NETWORK)))
    ).all()
    return _Recent(len(rows), len(of_network), sum(row.held for row in rows))


def _was_kept(session: Transaction, signature_id: int) -> bool:
    """Whether organisers have looked at an objection to this line and kept it."""
    kept = select(_c.id).where(
        _c.signature_id == signature_id, _c.result == DisputeResult.KEPT.value
    )
    return session.scalar(kept.limit(literal_column("1"))) is not None


def _take_turn(session: Transaction, letter_id: int) -> None:
    """Judge the limits of one letter one at a time; confirming goes on beside it."""
    session.execute(
        select(Letter.id).where(Letter.id == letter_id).with_for_update(key_share=True)
    )


def _context(public_id: str) -> bytes:
    return b"dispute:" + public_id.encode()


def _sealed(keyring: Keyring, public_id: str, text: str) -> bytes | None:
    return keyring.seal(text.encode(), context=_context(public_id)) if text else None


def _shown(keyring: Keyring, row: Any) -> Shown:
    def opened(sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return keyring.open(sealed, context=_context(row.public_id)).decode()

    return Shown(
        public_id=row.public_id,
        kind=DisputeKind(row.kind),
        words=opened(row.words_sealed),
        contact=opened(row.contact_sealed),
        held=row.held,
        at=row.at,
        result=DisputeResult(row.result) if row.result else None,
        settled_by=row.settled_by,
    )
