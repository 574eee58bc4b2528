"""The only writer of a signature's state: the table of verbs, and one move below.

Every move is a compare-and-swap, a line of the record, ledger rows and, where the
verb calls for one, a mail: in one transaction, which the caller commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import update

from app import db
from app.db import Transaction
from app.domain import blocked_names, outgoing, record, tally
from app.domain.standing import Facts, entries_of, facts, net
from app.models import (
    Origin,
    OutboxKind,
    Signature,
    State,
    Verification,
)


class Verb(StrEnum):
    """What can be done to a signature (design: sections 2 and 4)."""

    CONFIRM = "confirm"
    COLLECT = "collect"
    RELEASE = "release"
    HOLD = "hold"
    REJECT = "reject"
    REINSTATE = "reinstate"
    CORRECT = "correct"
    VERIFY = "verify"
    FEATURE = "feature"
    WITHDRAW = "withdraw"
    REDACT = "redact"


COUNTED, HELD = State.COUNTED, State.HELD
REJECTED, WITHDRAWN = State.REJECTED, State.WITHDRAWN

# verb -> {from: to}; None is "not there yet". Where two states stand, the verb's
# function says which: holds decide for confirm and correct, the past for reinstate.
MOVES: Mapping[Verb, Mapping[State | None, tuple[State, ...]]] = {
    Verb.CONFIRM: {None: (COUNTED, HELD)},
    Verb.COLLECT: {None: (COUNTED,)},
    Verb.RELEASE: {HELD: (COUNTED,)},
    Verb.HOLD: {COUNTED: (HELD,)},
    Verb.REJECT: {COUNTED: (REJECTED,), HELD: (REJECTED,)},
    Verb.REINSTATE: {REJECTED: (COUNTED, HELD)},
    Verb.CORRECT: {COUNTED: (COUNTED, HELD), HELD: (HELD, COUNTED)},
    Verb.VERIFY: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.FEATURE: {COUNTED: (COUNTED,)},
    Verb.WITHDRAW: {COUNTED: (WITHDRAWN,), HELD: (WITHDRAWN,)},
    Verb.REDACT: {WITHDRAWN: (WITHDRAWN,), REJECTED: (REJECTED,)},
}

# The verbs for which a second time is the same as once, and where they lead.
QUIET: Mapping[Verb, frozenset[State]] = {
    Verb.RELEASE: frozenset({COUNTED}),
    Verb.HOLD: frozenset({HELD}),
    Verb.REJECT: frozenset({REJECTED}),
    Verb.REINSTATE: frozenset({COUNTED, HELD}),
    Verb.WITHDRAW: frozenset({WITHDRAWN}),
}

MAILS: Mapping[Verb, OutboxKind] = {Verb.CONFIRM: OutboxKind.SIGNED}

_BY_HAND = "by_hand"

# What is wiped from a row whose person is erased; state, sector and keys stay.
_WIPED = {
    "name": None,
    "name_key": None,
    "title": None,
    "titles": None,
    "affiliation": None,
    "statement": None,
    "address_sealed": None,
    "address_domain": None,
    "network_key": None,
    "country": tally.NOT_SAID,
    "public_figure": False,
    "wants_updates": False,
    "may_contact": False,
}


_ENTER = db.Upsert(
    lambda insert: (
        insert(db.table(Signature))
        .on_conflict_do_nothing(index_elements=["letter_id", "address_key"])
        .returning(db.table(Signature).c.id)
    )
)


class NotAllowed(Exception):
    """The verb does not apply to the state in which the signature is now."""

    def __init__(self, verb: Verb, state: State | None) -> None:
        super().__init__(f"{verb.value} is not possible from {state}")
        self.verb = verb
        self.state = state


ReasonMissing = record.ReasonMissing
_given = record.given


def confirm(
    session: Transaction,
    *,
    letter_id: int,
    values: dict[str, Any],
    hold_reasons: list[str],
    now: datetime,
) -> Facts | None:
    """Make the signature of a person who proved the address.

    `values` are the columns that were typed or follow from what was typed. Returns
    None when this address has a signature on this letter already.
    """
    return _enter(
        session,
        verb=Verb.CONFIRM,
        to=HELD if hold_reasons else COUNTED,
        values=values
        | {
            "letter_id": letter_id,
            "origin": Origin.CONFIRMED.value,
            "confirmed_at": now,
            "hold_reasons": " ".join(hold_reasons) or None,
        },
        actor=record.SIGNATORY,
        now=now,
    )


def collect(
    session: Transaction,
    *,
    letter_id: int,
    collection_id: int,
    values: dict[str, Any],
    actor: str,
    now: datetime,
) -> Facts:
    """Take in a named signature gathered elsewhere; never counted as confirmed."""
    entered = _enter(
        session,
        verb=Verb.COLLECT,
        to=COUNTED,
        values=values
        | {
            "letter_id": letter_id,
            "origin": Origin.COLLECTED.value,
            "collection_id": collection_id,
        },
        actor=actor,
        now=now,
    )
    if entered is None:
        raise RuntimeError("a collected signature has no key that could be taken")
    return entered


def release(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> State:
    """Let a held signature into the list and the count."""
    return _move(session, Verb.RELEASE, signature_id, COUNTED, actor=actor, now=now,
                 changes={"hold_reasons": None})  # fmt: skip


def hold(
    session: Transaction, *, signature_id: int, actor: str, reason: str, now: datetime
) -> State:
    """Keep a counted signature out of list and count until a person looks."""
    return _move(session, Verb.HOLD, signature_id, HELD, actor=actor, now=now,
                 reason=_given(reason), changes={"hold_reasons": _BY_HAND})  # fmt: skip


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
                  reason=_given(reason), changes={})  # fmt: skip
    if fake and former.name_key:
        blocked_names.block(session, signature_id=former.id, now=now)
    return state


def reinstate(
    session: Transaction, *, signature_id: int, actor: str, reason: str, now: datetime
) -> State:
    """Put a rejected signature back where it came from."""
    former = facts(session, signature_id=signature_id)
    return _move(session, Verb.REINSTATE, former, former.rejected_from or former.state,
                 actor=actor, now=now, reason=_given(reason),
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
    if _BY_HAND in (former.hold_reasons or "").split():
        hold_reasons = [*hold_reasons, _BY_HAND]
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


def withdraw(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> State:
    """Take a signature back at its owner's wish; the person may sign again."""
    return _move(session, Verb.WITHDRAW, signature_id, WITHDRAWN, actor=actor, now=now,
                 changes={"address_key": None})  # fmt: skip


def erase(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> State:
    """Withdraw and redact at once; a rejected signature is redacted, its key stays."""
    former = facts(session, signature_id=signature_id)
    if former.state in MOVES[Verb.WITHDRAW]:
        withdraw(session, signature_id=signature_id, actor=actor, now=now)
        former = facts(session, signature_id=signature_id)
    if former.redacted:
        return former.state
    return _move(session, Verb.REDACT, former, former.state, actor=actor, now=now,
                 changes=_WIPED | {"redacted_at": now})  # fmt: skip


def forget_networks(
    session: Transaction, *, until: datetime, held_until: datetime
) -> int:
    """Wipe from which network old signatures came, of held ones later; how many."""
    old = Signature.confirmed_at <= until
    wiped = session.execute(
        update(Signature)
        .where(
            Signature.network_key.is_not(None),
            old,
            (Signature.state != HELD.value) | (Signature.confirmed_at <= held_until),
        )
        .values(network_key=None)
        .execution_options(synchronize_session=False)
    )
    return int(wiped.rowcount)  # type: ignore[attr-defined]


def _enter(
    session: Transaction,
    *,
    verb: Verb,
    to: State,
    values: dict[str, Any],
    actor: str,
    now: datetime,
) -> Facts | None:
    """Make a signature in state `to`; None when its address key is taken."""
    if to not in MOVES[verb][None]:
        raise NotAllowed(verb, None)
    row = values | {"state": to.value, "verified": False, "created_at": now}
    signature_id = _ENTER.run(session, row).scalar()
    if signature_id is None:
        return None
    entered = Facts(
        id=signature_id,
        public_id=row["public_id"],
        letter_id=row["letter_id"],
        origin=Origin(row["origin"]),
        state=to,
        rejected_from=None,
        verified=False,
        sector=row["sector"],
        country=row["country"],
        name_key=row["name_key"],
    )
    record.write(
        session,
        letter_id=entered.letter_id,
        actor=actor,
        verb=verb.value,
        subject=entered.public_id,
        after=to.value,
        at=now,
    )
    entries = entries_of(to, entered.origin, entered.sector, entered.country, False, 1)
    tally.post(session, letter_id=entered.letter_id, entries=entries, at=now)
    if verb in MAILS:
        outgoing.ask(session, kind=MAILS[verb], signature_id=signature_id, now=now)
    return entered


def _move(
    session: Transaction,
    verb: Verb,
    subject: int | Facts,
    to: State,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    changes: Mapping[str, Any],
) -> State:
    """Move one signature, or raise NotAllowed; the one place where a state changes.

    The update asks for everything that the ledger rows rest on, so whatever
    changed since the signature was read shows as no row updated.
    """
    former = (
        subject if isinstance(subject, Facts) else facts(session, signature_id=subject)
    )
    if to not in MOVES[verb].get(former.state, ()):
        if former.state in QUIET.get(verb, ()):
            return former.state
        raise NotAllowed(verb, former.state)
    values = dict(changes) | {"state": to.value}
    verified = values.get("verified", former.verified)
    if to is not COUNTED or not verified:
        values["featured_rank"] = None
    if to is REJECTED and verb is Verb.REJECT:
        values["rejected_from"] = former.state.value
    moved = session.execute(
        update(Signature)
        .where(
            Signature.id == former.id,
            Signature.state == former.state.value,
            Signature.verified == former.verified,
            Signature.sector == former.sector,
            Signature.country == former.country,
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        met = facts(session, signature_id=former.id)
        if met == former or (verb is Verb.CORRECT and met.state is not former.state):
            raise NotAllowed(verb, met.state)
        # Somebody was quicker, perhaps with the same wish: judge by what stands now.
        return _move(session, verb, met, to, actor=actor, now=now, reason=reason,
                     changes=changes)  # fmt: skip
    record.write(
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
    if verb in MAILS:
        outgoing.ask(session, kind=MAILS[verb], signature_id=former.id, now=now)
    return to
