"""The moves of many signatures at once: the other half of the lifecycle.

Each is one statement that compares and swaps and returns what it has moved, so that
whatever else happens to a signature meanwhile is counted once, here or there. A batch
leaves one line of the record and the sum of its ledger rows, in the transaction of
its caller. No mail is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, case, null, select, update

from app import db, prepared
from app.db import Transaction
from app.domain import lifecycle_letter, piles, record, search, tally
from app.domain.lifecycle import WIPED
from app.domain.lifecycle_entry import next_ids
from app.domain.search import Change
from app.domain.standing import entries_of
from app.domain.tally import Entry
from app.domain.verbs import COUNTED, HELD, MOVES, REJECTED, WITHDRAWN, Verb
from app.models import Facet, Measure, Origin, Signature, State

_signature = db.table(Signature).c
# What the ledger rows of a moved signature rest on.
_FACTS = (_signature.origin, _signature.sector, _signature.country, _signature.verified)
# And what its words in the search rest on.
_FOUND_BY = (_signature.id, _signature.listed, _signature.search_text)


@dataclass(frozen=True, slots=True)
class Batch:
    """How many were moved, the last id that was looked at, and how many of those
    moved the public saw: they left what is counted, or came back into it."""

    number: int
    last_id: int
    public: int


def _of(letter_id: int) -> ColumnElement[bool]:
    # The sum keeps both planners from an index over the whole letter: the ids are a
    # narrow range, and what is read must be no more than that.
    return _signature.letter_id + 0 == letter_id


def reject(
    session: Transaction,
    *,
    letter_id: int,
    conditions: Iterable[ColumnElement[bool]],
    after: int,
    last_id: int,
    case_id: int,
    subject: str,
    actor: str,
    now: datetime,
) -> Batch:
    """Reject, for a case, what meets its conditions among the ids of one range."""
    moved = session.execute(
        update(db.table(Signature))
        .where(
            _signature.id > after,
            _signature.id <= last_id,
            _of(letter_id),
            _signature.state.in_(
                [state.value for state in MOVES[Verb.REJECT] if state]
            ),
            *conditions,
        )
        .values(
            state=REJECTED.value,
            rejected_from=_signature.state,
            featured_rank=null(),
            case_id=case_id,
        )
        .returning(_signature.rejected_from, *_FACTS, *_FOUND_BY)
    ).all()
    _follow(session, moved, letter_id=letter_id, before=None, after=REJECTED)
    _account(session, moved, sign=-1, letter_id=letter_id, actor=actor,
             verb="case.reject", subject=subject, to=REJECTED, now=now)  # fmt: skip
    return Batch(len(moved), last_id, _counted(moved))


def reinstate(
    session: Transaction,
    *,
    letter_id: int,
    case_id: int,
    after: int,
    size: int,
    subject: str,
    actor: str,
    now: datetime,
) -> Batch | None:
    """Put back what a case has rejected, if it is still as the case left it.

    None when there is nothing after `after`. A move by hand has taken a signature
    out of its case, so it stays where that put it.
    """
    mine = (_signature.case_id == case_id, _signature.state == REJECTED.value)
    ids = _next(session, _signature.case_id == case_id, after=after, size=size)
    if not ids:
        return None
    moved = session.execute(
        update(db.table(Signature))
        .where(_signature.id.in_(ids), *mine)
        .values(
            state=_signature.rejected_from,
            rejected_from=null(),
            case_id=null(),
            # Whoever comes back while the display is frozen shows when it is not.
            counted_at=case(
                (_signature.rejected_from == COUNTED.value, now),
                else_=_signature.counted_at,
            ),
        )
        .returning(_signature.state, *_FACTS, *_FOUND_BY)
    ).all()
    _follow(session, moved, letter_id=letter_id, before=REJECTED, after=None)
    _account(session, moved, sign=1, letter_id=letter_id, actor=actor,
             verb="case.reinstate", subject=subject, to=None, now=now)  # fmt: skip
    return Batch(len(moved), ids[-1], _counted(moved))


def collect(
    session: Transaction,
    *,
    letter_id: int,
    collection_id: int,
    rows: Sequence[dict[str, Any]],
    subject: str,
    actor: str,
    now: datetime,
) -> int:
    """Take in named signatures gathered elsewhere; those with hold reasons are held.

    Every row has the same keys: the columns that were typed or follow from them.
    """
    if not rows:
        return 0
    made = {}
    for signature_id, row in zip(next_ids(session, len(rows)), rows, strict=True):
        held = bool(row["hold_reasons"])
        made[signature_id] = row | {
            "id": signature_id,
            "letter_id": letter_id,
            "collection_id": collection_id,
            "origin": Origin.COLLECTED.value,
            "state": (HELD if held else COUNTED).value,
            "verified": False,
            "created_at": now,
            "counted_at": None if held else now,
            "search_text": search.text_of(row),
        }
    prepared.insert_many(session, db.table(Signature), list(made.values()))
    search.follow_many(
        session,
        letter_id=letter_id,
        changes=[
            Change(
                signature_id,
                row["search_text"],
                None,
                search.rank_of(
                    state=State(row["state"]), listed=row["listed"], verified=False
                ),
            )
            for signature_id, row in made.items()
        ],
    )
    piles.enter_many(session, made)
    facts = itemgetter("state", *(column.name for column in _FACTS))
    entered = list(map(facts, made.values()))
    _account(session, entered, sign=1, letter_id=letter_id, actor=actor,
             verb="import.collect", subject=subject, to=None, now=now)  # fmt: skip
    return len(rows)


def take_back(
    session: Transaction,
    *,
    letter_id: int,
    collection_id: int,
    after: int,
    size: int,
    subject: str,
    actor: str,
    now: datetime,
) -> Batch | None:
    """Withdraw and redact what an import has collected and nobody has verified.

    None when there is nothing after `after`. What an organiser has verified or
    rejected by now stays: it is no longer as the import left it.
    """
    mine = _signature.collection_id == collection_id
    ids = _next(session, mine, after=after, size=size)
    if not ids:
        return None
    # Read under a lock and not returned by the update, which wipes the country too.
    found = session.execute(
        select(_signature.state, *_FACTS, *_FOUND_BY)
        .where(
            _signature.id.in_(ids),
            mine,
            _signature.state.in_([COUNTED.value, HELD.value]),
            _signature.verified.is_(False),
        )
        .order_by(_signature.id)
        .with_for_update()
    ).all()
    session.execute(
        update(db.table(Signature))
        .where(_signature.id.in_([row.id for row in found]))
        .values(state=WITHDRAWN.value, redacted_at=now, search_text=None, **WIPED)
    )
    for row in found:
        lifecycle_letter.wipe_lines(session, signature_id=row.id)
    _follow(session, found, letter_id=letter_id, before=None, after=WITHDRAWN)
    _account(session, found, sign=-1, letter_id=letter_id, actor=actor,
             verb="import.withdraw", subject=subject, to=WITHDRAWN, now=now)  # fmt: skip
    return Batch(len(found), ids[-1], _counted(found))


def _counted(moved: Sequence[Any]) -> int:
    return sum(row[0] == COUNTED.value for row in moved)


def _follow(
    session: Transaction,
    moved: Sequence[Any],
    *,
    letter_id: int,
    before: State | None,
    after: State | None,
) -> None:
    """Bring search and desk in line with what was moved.

    Where `before` or `after` is None, it is the state that the row has first.
    """
    changes = []
    for row in moved:
        former, state = before or State(row[0]), after or State(row[0])
        was, is_ = (
            search.rank_of(state=one, listed=row.listed, verified=row.verified)
            for one in (former, state)
        )
        changes.append(
            Change(row.id, row.search_text, was, None if state is WITHDRAWN else is_)
        )
    search.follow_many(session, letter_id=letter_id, changes=changes)
    piles.settle(session, signature_ids=[row.id for row in moved])


def _next(
    session: Transaction, which: ColumnElement[bool], *, after: int, size: int
) -> list[int]:
    """The next ids, oldest first, along the index that `which` is the head of."""
    return list(
        session.scalars(
            select(_signature.id)
            .where(which, _signature.id > after)
            .order_by(_signature.id)
            .limit(size)
        )
    )


def _account(
    session: Transaction,
    moved: Sequence[Sequence[Any]],
    *,
    sign: int,
    letter_id: int,
    actor: str,
    verb: str,
    subject: str,
    to: State | None,
    now: datetime,
) -> None:
    """Write the line of the record and the sums for the ledger of one batch.

    `moved` has, of each signature, the state that is not `to` (the former one, or
    where it went when that differs) and the facts that the ledger rows rest on.
    """
    if not moved:
        return
    states = Counter(row[0] for row in moved)
    said = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb=verb,
        subject=subject,
        before=said if to else None,
        after=f"{len(moved)} {to.value}" if to else said,
        at=now,
    )
    sums: Counter[tuple[Facet, str, Measure]] = Counter()
    for (state, *facts), number in Counter(tuple(row[:5]) for row in moved).items():
        origin, sector, country, verified = facts
        for entry in entries_of(State(state), origin, sector, country, verified, sign):
            sums[entry.facet, entry.key, entry.measure] += entry.delta * number
    entries = [
        Entry(facet, key, measure, delta)
        for (facet, key, measure), delta in sorted(sums.items())
    ]
    tally.post(session, letter_id=letter_id, entries=entries, at=now)
