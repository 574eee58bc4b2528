"""Who is featured, and in which order: an organiser's choice among the verified."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from app import db
from app.db import Transaction
from app.domain import lifecycle, record, tally
from app.domain.tally import Entry
from app.domain.verbs import COUNTED, NotAllowed, Verb
from app.models import Facet, Letter, Measure, Origin, Signature


class Featured(NamedTuple):
    """One featured signature, in its order."""

    id: int
    public_id: str
    name: str
    title: str | None
    affiliation: str | None
    featured_rank: int
    sector: str
    origin: str


_s = db.table(Signature).c
_ORDER = select(*(_s[name] for name in Featured._fields)).order_by(
    _s.featured_rank, _s.id
)


def listed(session: Transaction, *, letter_id: int) -> list[Featured]:
    """The featured signatures of a letter, in their order."""
    rows = session.execute(
        _ORDER.where(_s.letter_id == letter_id, _s.featured_rank.is_not(None))
    )
    return [Featured._make(row) for row in rows]


def feature(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> None:
    """Put a verified signature at the end of the featured ones.

    Raises NotAllowed for one that is not verified or not counted. Featuring again
    changes nothing.
    """
    row = session.execute(
        select(_s.letter_id, _s.featured_rank).where(_s.id == signature_id)
    ).one()
    if row.featured_rank is not None:
        return
    _take_turn(session, row.letter_id)
    last = session.scalar(
        select(func.max(_s.featured_rank)).where(
            _s.letter_id == row.letter_id, _s.featured_rank.is_not(None)
        )
    )
    lifecycle.feature(session, signature_id=signature_id, rank=(last or 0) + 1,
                      actor=actor, now=now)  # fmt: skip


def unfeature(
    session: Transaction, *, signature_id: int, actor: str, now: datetime
) -> None:
    """Show a signature among the featured ones no longer."""
    lifecycle.feature(
        session, signature_id=signature_id, rank=None, actor=actor, now=now
    )


def move(
    session: Transaction,
    *,
    letter_id: int,
    public_id: str,
    to: int,
    actor: str,
    now: datetime,
) -> None:
    """Move a featured signature to a place, counted from 1; the others make room.

    A place beyond an end is that end. Raises NotAllowed for one that is not featured.
    One line of the record and one ledger row tell of the new order.
    """
    _take_turn(session, letter_id)
    order = listed(session, letter_id=letter_id)
    at = next((n for n, one in enumerate(order) if one.public_id == public_id), None)
    if at is None:
        raise NotAllowed(Verb.FEATURE, COUNTED)
    moved = order.pop(at)
    to = min(max(to, 1), len(order) + 1)
    order.insert(to - 1, moved)
    ranks = {
        one.id: rank
        for rank, one in enumerate(order, start=1)
        if one.featured_rank != rank
    }
    if not ranks:
        return
    lifecycle.arrange(session, ranks=ranks)
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="feature.move",
        subject=public_id,
        before=str(at + 1),
        after=str(to),
        at=now,
    )
    # It moves no number, and yet it is a new public version.
    measure = (
        Measure.CONFIRMED if moved.origin == Origin.CONFIRMED else Measure.COLLECTED
    )
    tally.post(session, letter_id=letter_id, at=now,
               entries=[Entry(Facet.SECTOR, moved.sector, measure, 0)])  # fmt: skip


def _take_turn(session: Transaction, letter_id: int) -> None:
    """Let one organiser at a time arrange a letter; signing goes on meanwhile.

    PostgreSQL alone needs it, and FOR NO KEY UPDATE is what lets new rows point at
    the letter.
    """
    session.execute(
        select(Letter.id).where(Letter.id == letter_id).with_for_update(key_share=True)
    )
