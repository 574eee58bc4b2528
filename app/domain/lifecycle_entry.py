"""How a signature comes to be: the first half of the lifecycle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select

from app import db, prepared
from app.db import Transaction
from app.domain import outgoing, piles, record, search, tally
from app.domain.standing import Facts, entries_of
from app.domain.verbs import COUNTED, HELD, MAILS, MOVES, NotAllowed, Verb
from app.models import Origin, OutboxKind, Signature, State
from app.prepared import Statement, Step

_ENTER = Statement(lambda insert: insert(db.table(Signature)).inline())


def next_id(insert: Any) -> Any:
    """The id that a signature about to be made will have, as a column of a question.

    `insert` says for which kind of database. With it, all that speaks of the signature
    is written in one way. SQLite, which has one writer, gives the same by itself.
    """
    if insert is prepared.INSERTS["sqlite"]:
        newest = func.coalesce(func.max(db.table(Signature).c.id), 0)
        return select(newest + literal_column("1")).scalar_subquery()
    return func.nextval(literal_column("pg_get_serial_sequence('signature', 'id')"))


def next_ids(session: Transaction, number: int) -> Sequence[int]:
    """The ids of so many signatures about to be made in this transaction."""
    if db.dialect(session) == "sqlite":
        newest = session.execute(select(func.max(db.table(Signature).c.id))).scalar()
        return range((newest or 0) + 1, (newest or 0) + 1 + number)
    drawn = select(next_id(prepared.INSERTS["postgresql"])).select_from(
        func.generate_series(1, number)
    )
    return session.execute(drawn).scalars().all()


_NEXT = Statement(lambda insert: select(next_id(insert)))


def confirm(
    session: Transaction,
    *,
    letter_id: int,
    values: dict[str, Any],
    hold_reasons: list[str],
    signature_id: int | None = None,
    also: Sequence[Step] = (),
    now: datetime,
) -> Facts:
    """Make the signature of a person who proved the address.

    `values` are the columns that were typed or follow from what was typed, `also`
    what is to be written with it. `signature_id` is a `next_id` asked for in this
    transaction, for whoever knows it already. Raises IntegrityError when the address
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
        signature_id=signature_id,
        also=also,
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
    return _enter(
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


def _enter(
    session: Transaction,
    *,
    verb: Verb,
    to: State,
    values: dict[str, Any],
    actor: str,
    signature_id: int | None = None,
    also: Sequence[Step] = (),
    now: datetime,
) -> Facts:
    """Make a signature in state `to`, and all that goes with it."""
    if to not in MOVES[verb][None]:
        raise NotAllowed(verb, None)
    words = search.text_of(values)
    if signature_id is None:
        ((signature_id,),) = prepared.run(session, Step(_NEXT, {}))
    row = values | {"id": signature_id, "state": to.value, "verified": False,
                    "created_at": now, "counted_at": now if to is COUNTED else None,
                    "search_text": words}  # fmt: skip
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
        Step(_ENTER, row),
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
        # Who waits for a person is told so, and not that it is done.
        kind = OutboxKind.HELD if to is HELD else MAILS[verb]
        steps.append(outgoing.step(kind=kind, signature_id=signature_id, now=now))
    prepared.run(session, *steps, *also)
    piles.enter(session, signature_id=signature_id, values=row)
    return entered
