"""The only writer of a signature's state: a function a verb, and one move below.

Every move is a compare-and-swap, a line of the record, ledger rows and, where the
verb calls for one, a mail: in one transaction, which the caller commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, update

from app.db import Transaction
from app.domain import (
    blocked_names,
    corrections,
    lifecycle_letter,
    outgoing,
    piles,
    record,
    redaction,
    search,
    tally,
)
from app.domain.lifecycle_entry import collect, confirm
from app.domain.standing import Facts, entries_of, facts, net
from app.domain.verbs import (
    COUNTED,
    HELD,
    MAILS,
    MOVES,
    QUIET,
    REJECTED,
    WITHDRAWN,
    NotAllowed,
    ReasonMissing,
    Verb,
)
from app.models import Origin, Signature, State, Verification

__all__ = ["MOVES", "NotAllowed", "ReasonMissing", "Verb", "collect", "confirm"]

_BY_HAND, _CORRECTED, DISPUTED = "by_hand", "corrected", piles.DISPUTED
# Holds that only a person lifts: no correction does.
_KEPT = (_BY_HAND, _CORRECTED, DISPUTED, piles.BOUNCED)

# What is wiped from a row whose person is erased; state, sector and keys stay.
WIPED = {
    "name": None,
    "name_key": None,
    "title": None,
    "titles": None,
    "affiliation": None,
    "statement": None,
    "address_sealed": None,
    "address_domain": None,
    "withdrawn_at": None,
    "network_key": None,
    "statement_hidden_at": None,
    "affiliation_hidden_at": None,
    "country": tally.NOT_SAID,
    "public_figure": False,
    "wants_updates": False,
    "may_contact": False,
}


def release(
    session: Transaction,
    *,
    signature_id: int,
    actor: str,
    now: datetime,
    tell: bool = True,
) -> State:
    """Let a held signature into the list and the count; `tell` mails its owner."""
    return _move(session, Verb.RELEASE, signature_id, COUNTED, actor=actor, now=now,
                 changes={"hold_reasons": None}, tell=tell)  # fmt: skip


def hold(
    session: Transaction,
    *,
    signature_id: int,
    actor: str,
    reason: str,
    now: datetime,
    why: str = _BY_HAND,
) -> State:
    """Keep a counted signature out of list and count until a person looks."""
    return _move(session, Verb.HOLD, signature_id, HELD, actor=actor, now=now,
                 reason=given(reason), changes={"hold_reasons": why})  # fmt: skip


def reject(
    session: Transaction,
    *,
    signature_id: int,
    actor: str,
    reason: str,
    fake: bool,
    now: datetime,
) -> State:
    """Take a signature out of the count; as fake, its name stays held from now on."""
    former = facts(session, signature_id=signature_id)
    state = _move(session, Verb.REJECT, former, REJECTED, actor=actor, now=now,
                  reason=given(reason), changes={})  # fmt: skip
    if fake and former.name_key:
        blocked_names.block(session, signature_id=former.id, now=now)
    return state


def reinstate(
    session: Transaction, *, signature_id: int, actor: str, reason: str, now: datetime
) -> State:
    """Put a rejected signature back where it came from."""
    former = facts(session, signature_id=signature_id)
    return _move(session, Verb.REINSTATE, former, former.rejected_from or former.state,
                 actor=actor, now=now, reason=given(reason),
                 changes={"rejected_from": None})  # fmt: skip


def correct(
    session: Transaction,
    *,
    signature_id: int,
    changes: dict[str, Any],
    claim_changed: bool,
    hold_reasons: list[str],
    actor: str,
    now: datetime,
) -> State:
    """Change what a signature shows; `claim_changed` voids its verification.

    The holds are decided anew by the caller; one set by hand is not lifted.
    """
    former = facts(session, signature_id=signature_id)
    kept = [r for r in (former.hold_reasons or "").split() if r in _KEPT]
    hold_reasons = [*hold_reasons, *kept]
    if claim_changed and former.featured_rank is not None:
        # Nobody vouched for what a notable one changed into (peers, rule R8).
        hold_reasons.append(_CORRECTED)
    changes = changes | {"hold_reasons": " ".join(hold_reasons) or None}
    if claim_changed:
        changes["verified"] = False
        void_verifications(session, signature_id=signature_id, now=now)
    return _move(session, Verb.CORRECT, former, HELD if hold_reasons else COUNTED,
                 actor=actor, now=now, changes=changes)  # fmt: skip


def void_verifications(
    session: Transaction, *, signature_id: int, now: datetime
) -> None:
    """End the verifications of a signature; they stay as history."""
    session.execute(
        update(Verification)
        .where(
            Verification.signature_id == signature_id, Verification.voided_at.is_(None)
        )
        .values(voided_at=now)
        .execution_options(synchronize_session=False)
    )


def verify(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> State:
    """Mark the person as proved; `verification` keeps the account of how."""
    former = facts(session, signature_id=signature_id)
    return _move(session, Verb.VERIFY, former, former.state, actor=actor, now=now,
                 changes={"verified": True})  # fmt: skip


def revoke(
    session: Transaction, *, signature_id: int, actor: str, reason: str, now: datetime
) -> State:
    """Take a verification back: the person is no longer taken for proved."""
    former = facts(session, signature_id=signature_id)
    if not former.verified:
        raise NotAllowed(Verb.REVOKE, former.state)
    state = _move(session, Verb.REVOKE, former, former.state, actor=actor, now=now,
                  reason=given(reason), changes={"verified": False})  # fmt: skip
    void_verifications(session, signature_id=signature_id, now=now)
    return state


def undo(
    session: Transaction,
    *,
    signature_id: int,
    to: State,
    changes: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> State:
    """Put a signature back to where an organiser's move found it.

    `changes` are the columns as they were. Raises NotAllowed when it moved on.
    """
    former = facts(session, signature_id=signature_id)
    return _move(session, Verb.UNDO, former, to, actor=actor, now=now,
                 changes=changes)  # fmt: skip


def feature(
    session: Transaction,
    *,
    signature_id: int,
    rank: int | None,
    actor: str,
    now: datetime,
) -> State:
    """Show a verified signature among the notable ones, or no longer (None).

    Raises NotAllowed for a signature that is not verified.
    """
    former = facts(session, signature_id=signature_id)
    if rank is not None and not former.verified:
        raise NotAllowed(Verb.FEATURE, former.state)
    if former.state is COUNTED and former.featured_rank == rank:
        return former.state
    return _move(session, Verb.FEATURE, former, former.state, actor=actor, now=now,
                 changes={"featured_rank": rank})  # fmt: skip


def arrange(session: Transaction, *, ranks: Mapping[int, int]) -> None:
    """Give featured signatures new places among each other: id -> rank."""
    session.execute(
        update(Signature)
        .where(Signature.id.in_(ranks), Signature.featured_rank.is_not(None))
        .values(featured_rank=case(dict(ranks), value=Signature.id))
        .execution_options(synchronize_session=False)
    )


def display(
    session: Transaction, verb: Verb, *, signature_id: int, changes: Mapping[str, Any],
    actor: str, reason: str | None = None, now: datetime, tell: bool = True,
) -> State:  # fmt: skip
    """Change what is seen of a signature and nothing else; `showing` says what."""
    return _move(session, verb, signature_id, None, actor=actor, now=now,
                 reason=reason, changes=changes, tell=tell)  # fmt: skip


def withdraw(
    session: Transaction, *, signature_id: int, actor: str, now: datetime,
    tell: bool = True,
) -> State:  # fmt: skip
    """Take a signature back at its owner's wish; the person may sign again."""
    return _move(session, Verb.WITHDRAW, signature_id, WITHDRAWN, actor=actor, now=now,
                 tell=tell,
                 changes={"address_key": None, "withdrawn_at": now})  # fmt: skip


def come_back(
    session: Transaction, *, signature_id: int, address_key: bytes, actor: str,
    now: datetime,
) -> State:  # fmt: skip
    """Take a withdrawal back: to where it came from, for nothing of it has changed.

    Raises NotAllowed for one that is erased, and IntegrityError where the address has
    signed again.
    """
    former = facts(session, signature_id=signature_id)
    if former.redacted:
        raise NotAllowed(Verb.RETURN, former.state)
    return _move(session, Verb.RETURN, former, HELD if former.hold_reasons else COUNTED,
                 actor=actor, now=now,
                 changes={"address_key": address_key, "withdrawn_at": None})  # fmt: skip


def erase(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> State:
    """Withdraw and redact at once; a rejected signature is redacted, its key stays."""
    former = facts(session, signature_id=signature_id)
    if former.state in MOVES[Verb.WITHDRAW]:
        withdraw(session, signature_id=signature_id, actor=actor, now=now, tell=False)
        former = facts(session, signature_id=signature_id)
    if former.redacted:
        return former.state
    redaction.wipe_around(session, signature_id=signature_id)
    lifecycle_letter.wipe_lines(session, signature_id=signature_id)
    return _move(session, Verb.REDACT, former, former.state, actor=actor, now=now,
                 changes=WIPED | {"redacted_at": now})  # fmt: skip


given = record.given


def _move(
    session: Transaction,
    verb: Verb,
    subject: int | Facts,
    to: State | None,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    changes: Mapping[str, Any],
    tell: bool = True,
) -> State:
    """Move one signature, or raise NotAllowed; the one place where a state changes.

    `to` is None for a verb that leaves the state as it is. The update asks for everything that the ledger rows rest on, so whatever
    changed since the signature was read shows as no row updated.
    """
    former = (
        subject if isinstance(subject, Facts) else facts(session, signature_id=subject)
    )
    wish, to = to, to or former.state
    if to not in MOVES[verb].get(former.state, ()):
        if former.state in QUIET.get(verb, ()):
            return former.state
        raise NotAllowed(verb, former.state)
    # Whatever moves it alone takes it out of the case that moved it with others.
    values = dict(changes) | {"state": to.value, "case_id": None}
    verified = values.get("verified", former.verified)
    if to is not COUNTED or not verified:
        values["featured_rank"] = None
    if to is COUNTED and former.state is not COUNTED:
        values.setdefault("counted_at", now)
    if to is REJECTED and verb is Verb.REJECT:
        values["rejected_from"] = former.state.value
    values |= search.changed(session, former, values)
    moved = session.execute(
        update(Signature)
        .where(
            Signature.id == former.id,
            Signature.state == former.state.value,
            Signature.verified == former.verified,
            Signature.sector == former.sector,
            Signature.country == former.country,
            Signature.listed == former.listed,
            Signature.search_text.is_not_distinct_from(former.search_text),
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        met = facts(session, signature_id=former.id)
        moved_on = verb is Verb.CORRECT and met.state is not former.state
        if met == former or moved_on or verb is Verb.UNDO:
            raise NotAllowed(verb, met.state)
        # Somebody was quicker, perhaps with the same wish: judge by what stands now.
        return _move(session, verb, met, wish, actor=actor, now=now, reason=reason,
                     changes=changes, tell=tell)  # fmt: skip
    search.follow(session, former, state=to, values=values)
    corrections.follow(
        session, verb, former, state=to, values=values, actor=actor, now=now
    )
    line = record.write(
        session,
        letter_id=former.letter_id,
        actor=actor,
        verb=verb.value,
        subject=former.public_id,
        before=former.state.value,
        after=to.value,
        reason=reason,
        at=now,
    )
    sector = values.get("sector", former.sector)
    country = values.get("country", former.country)
    before = entries_of(former.state, former.origin, former.sector, former.country,
                      former.verified, -1)  # fmt: skip
    after = entries_of(to, former.origin, sector, country, verified, 1)
    tally.post(session, letter_id=former.letter_id, at=now,
               entries=net(before, after, sector))  # fmt: skip
    piles.settle(session, signature_ids=[former.id], prominent=verb is Verb.REVOKE)
    if tell and verb in MAILS and former.origin is Origin.CONFIRMED:
        outgoing.tell(session, kind=MAILS[verb], signature_id=former.id, line=line,
                      actor=actor, now=now)  # fmt: skip
    return to
