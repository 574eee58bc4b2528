"""How a signature comes to be: the first half of the lifecycle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app import db, prepared
from app.db import Transaction
from app.domain import outgoing, queue, record, search, tally
from app.domain.standing import Facts, entries_of
from app.domain.verbs import COUNTED, HELD, MAILS, MOVES, NotAllowed, Verb
from app.models import Origin, Signature, State
from app.prepared import Statement, Step

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
                    "counted_at": now if to is COUNTED else None,
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
    queue.enter(session, signature_id=signature_id, values=row)
    return entered
