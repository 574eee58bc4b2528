"""The only writer of a signature's state: a function a verb, and one move below.

Every move is a compare-and-swap, a line of the record, ledger rows and, where the
verb calls for one, a mail: in one transaction, which the caller commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from app import db, prepared
from app.db import Transaction, insert_for
from app.domain import corrections, outgoing, record, search, tally
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
from app.models import (
    BlockedName,
    Origin,
    Signature,
    State,
    Verification,
)
from app.prepared import Statement, Step

__all__ = ["MOVES", "NotAllowed", "ReasonMissing", "Verb"]

# Holds that only a person lifts: no correction by the signatory does.
_BY_HAND = "by_hand"
DISPUTED = "disputed"

# What is wiped from a row whose person is erased; state, sector and keys stay.
_WIPED = {
    "name": None,
    "name_key": None,
    "title": None,
    "titles": None,
    "affiliation": None,
    "statement": None,
    "address_sealed": None,
    "statement_hidden_at": None,
    "affiliation_hidden_at": None,
    "country": tally.NOT_SAID,
    "public_figure": False,
    "wants_updates": False,
    "may_contact": False,
}


_ENTER = Statement(
    lambda insert: (
        insert(db.table(Signature))
        .on_conflict_do_nothing(index_elements=["letter_id", "address_key"])
        .returning(db.table(Signature).c.id)
    )
)


def confirm(
    session: Transaction,
    *,
    letter_id: int,
    values: dict[str, Any],
    hold_reasons: list[str],
    with_it: Callable[[int], Step] | None = None,
    now: datetime,
) -> Facts | None:
    """Make the signature of a person who proved the address.

    `values` are the columns that were typed or follow from what was typed, `with_it`
    is what else is to be written with its id. Returns None, and does neither, when this address
    has a signature on this letter already.
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
        with_it=with_it,
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
    session: Transaction,
    *,
    signature_id: int,
    actor: str,
    reason: str,
    now: datetime,
    disputed: bool = False,
) -> State:
    """Keep a counted signature out of list and count until a person looks."""
    return _move(session, Verb.HOLD, signature_id, HELD, actor=actor, now=now,
                 reason=given(reason),
                 changes={"hold_reasons": DISPUTED if disputed else _BY_HAND})  # fmt: skip


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
        session.execute(
            insert_for(session)(db.table(BlockedName))
            .values(
                letter_id=former.letter_id, name_key=former.name_key, created_at=now
            )
            .on_conflict_do_nothing()
        )
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
    kept = {_BY_HAND, DISPUTED}.intersection((former.hold_reasons or "").split())
    hold_reasons = [*hold_reasons, *sorted(kept)]
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


def display(
    session: Transaction, verb: Verb, *, signature_id: int, changes: Mapping[str, Any],
    actor: str, reason: str | None = None, now: datetime,
) -> State:  # fmt: skip
    """Change what is seen of a signature and nothing else; `showing` says what."""
    return _move(session, verb, signature_id, None, actor=actor, now=now,
                 reason=reason, changes=changes)  # fmt: skip


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


def given(reason: str) -> str:
    """The reason, trimmed. Raises ReasonMissing when there is none."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def _enter(
    session: Transaction,
    *,
    verb: Verb,
    to: State,
    values: dict[str, Any],
    actor: str,
    with_it: Callable[[int], Step] | None = None,
    now: datetime,
) -> Facts | None:
    """Make a signature in state `to`; None when its address key is taken."""
    if to not in MOVES[verb][None]:
        raise NotAllowed(verb, None)
    words = search.text_of(values)
    row = values | {"state": to.value, "verified": False, "created_at": now,
                    "search_text": words}  # fmt: skip
    new = prepared.run(session, Step(_ENTER, row))
    if not new:
        return None
    signature_id = new[0][0]
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
        listed=row["listed"],
        search_text=words,
    )
    entries = entries_of(to, entered.origin, entered.sector, entered.country, False, 1)
    steps = [
        search.step(
            letter_id=entered.letter_id,
            signature_id=signature_id,
            words=words,
            rank=search.rank_of(state=to, listed=entered.listed, verified=False),
        ),
        record.step(
            letter_id=entered.letter_id,
            actor=actor,
            verb=verb.value,
            subject=entered.public_id,
            after=to.value,
            at=now,
        ),
    ]
    if entries:
        letter = entered.letter_id
        steps.append(tally.post_step(letter_id=letter, entries=entries, at=now))
    if verb in MAILS:
        kind = MAILS[verb]
        steps.append(outgoing.step(kind=kind, signature_id=signature_id, now=now))
    if with_it is not None:
        steps.append(with_it(signature_id))
    prepared.run(session, *steps)
    return entered


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
    values = dict(changes) | {"state": to.value}
    verified = values.get("verified", former.verified)
    if to is not COUNTED or not verified:
        values["featured_rank"] = None
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
        if met == former or (verb is Verb.CORRECT and met.state is not former.state):
            raise NotAllowed(verb, met.state)
        # Somebody was quicker, perhaps with the same wish: judge by what stands now.
        return _move(session, verb, met, wish, actor=actor, now=now, reason=reason,
                     changes=changes)  # fmt: skip
    search.follow(session, former, state=to, values=values)
    corrections.follow(
        session, verb, former, state=to, values=values, actor=actor, now=now
    )
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
