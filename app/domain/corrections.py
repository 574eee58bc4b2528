"""The public account of changes: categories, numbers and times, never a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal_column, select

from app import db
from app.db import Moment, RowId, Transaction
from app.domain import record, search
from app.domain.standing import Facts
from app.domain.verbs import Verb
from app.models import Correction, CorrectionCause, CorrectionKind, State

PAGE = 100
LONGEST_NOTE = 500

_c = db.table(Correction).c
_ADD = insert(db.table(Correction))
_LIST = (
    select(_c.id, _c.kind, _c.cause, _c.number, _c.note, _c.at)
    .where(
        _c.letter_id == bindparam("letter"),
        _c.id < bindparam("before", type_=RowId),
        # What happened before anybody could read the letter was no correction.
        _c.at >= bindparam("since", type_=Moment),
    )
    .order_by(_c.id.desc())
    .limit(literal_column(str(PAGE + 1)))
)
_LAST = 2**62


def add(
    session: Transaction,
    *,
    letter_id: int,
    kind: CorrectionKind,
    number: int,
    note: str | None,
    now: datetime,
    cause: CorrectionCause | None = None,
) -> None:
    """Say in public that `number` lines were changed; `note` is shown as it stands.

    The caller sees to it that the letter's public version changes with it, as it does
    with every ledger row and every revision. Raises ValueError for a note too long.
    """
    if note is not None and len(note) > LONGEST_NOTE:
        raise ValueError(f"a note has at most {LONGEST_NOTE} characters")
    session.execute(
        _ADD,
        {
            "letter_id": letter_id,
            "kind": kind.value,
            "cause": cause.value if cause else None,
            "number": number,
            "note": note or None,
            "at": now,
        },
    )


def read(
    session: Transaction, *, letter_id: int, since: datetime, before: int | None = None
) -> tuple[Sequence[Any], int | None]:
    """A page of corrections, newest first, and what the next page stands before."""
    rows = session.execute(
        _LIST, {"letter": letter_id, "since": since, "before": before or _LAST}
    ).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


_KINDS: Mapping[Verb, CorrectionKind] = {
    Verb.REJECT: CorrectionKind.REMOVED,
    Verb.WITHDRAW: CorrectionKind.REMOVED,
    Verb.REINSTATE: CorrectionKind.RESTORED,
    Verb.RETURN: CorrectionKind.RESTORED,
    Verb.CORRECT: CorrectionKind.CORRECTED,
    Verb.LIST: CorrectionKind.HIDDEN,
    Verb.FEATURE: CorrectionKind.ADDED_NOTABLE,
    Verb.HIDE: CorrectionKind.HIDDEN,
    Verb.SHOW: CorrectionKind.RESTORED,
}


def follow(
    session: Transaction,
    verb: Verb,
    former: Facts,
    *,
    state: State,
    values: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> None:
    """Post what a move changes for the readers of the list; most moves: nothing.

    Holding and releasing are nobody's business but the organisers' and the
    signatory's, and a correction is news only where a line loses its verification.
    """
    kind = _KINDS.get(verb)
    # What a letter is loaded with is where its readers begin.
    if kind is None or actor == record.SYSTEM:
        return
    was = search.rank_of(
        state=former.state, listed=former.listed, verified=former.verified
    )
    shown = state is State.COUNTED and former.listed
    news = {
        Verb.REINSTATE: shown,
        Verb.RETURN: shown,
        Verb.CORRECT: was == search.PUBLIC_VERIFIED and "verified" in values,
        Verb.LIST: was != search.NOT_PUBLIC and values.get("listed") is False,
        Verb.FEATURE: former.featured_rank is None
        and values.get("featured_rank") is not None,
    }.get(verb, was != search.NOT_PUBLIC)
    if news:
        add(
            session,
            letter_id=former.letter_id,
            kind=kind,
            number=1,
            note=None,
            cause=CorrectionCause.SIGNATORY
            if actor == record.SIGNATORY
            else CorrectionCause.ORGANISER,
            now=now,
        )
