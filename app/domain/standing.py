"""What a move must know of a signature, and what it then adds to the numbers."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from app.db import Transaction
from app.domain import tally
from app.domain.tally import Entry
from app.models import Facet, Measure, Origin, Signature, State, Verification


@dataclass(frozen=True, slots=True)
class Facts:
    """What a move must know of a signature, as it stood when it was read."""

    id: int
    public_id: str
    letter_id: int
    origin: Origin
    state: State
    rejected_from: State | None
    verified: bool
    sector: str
    country: str
    name_key: str | None
    hold_reasons: str | None = None
    featured_rank: int | None = None
    redacted: bool = False
    listed: bool = True
    search_text: str | None = None


def facts(session: Transaction, *, signature_id: int) -> Facts:
    """Read a signature for a move. Raises NoResultFound when there is none."""
    row = session.execute(
        select(
            Signature.id,
            Signature.public_id,
            Signature.letter_id,
            Signature.origin,
            Signature.state,
            Signature.rejected_from,
            Signature.verified,
            Signature.sector,
            Signature.country,
            Signature.name_key,
            Signature.hold_reasons,
            Signature.featured_rank,
            Signature.redacted_at,
            Signature.listed,
            Signature.search_text,
        ).where(Signature.id == signature_id)
    ).one()
    return Facts(
        id=row.id,
        public_id=row.public_id,
        letter_id=row.letter_id,
        origin=Origin(row.origin),
        state=State(row.state),
        rejected_from=State(row.rejected_from) if row.rejected_from else None,
        verified=row.verified,
        sector=row.sector,
        country=row.country,
        name_key=row.name_key,
        hold_reasons=row.hold_reasons,
        featured_rank=row.featured_rank,
        redacted=row.redacted_at is not None,
        listed=row.listed,
        search_text=row.search_text,
    )


_LOOK = select(
    Signature.state,
    Signature.rejected_from,
    Signature.hold_reasons,
    Signature.verified,
    Signature.featured_rank,
    Signature.name,
    Signature.title,
    Signature.affiliation,
    Signature.statement,
    Signature.sector,
)


def look(session: Transaction, *, signature_id: int) -> str:
    """A hash of all that an organiser decides on: another one, and it has moved on.

    A verification that waits for its second reviewer is part of it. The place among
    the featured is not: it changes when another one is moved.
    """
    row = session.execute(_LOOK.where(Signature.id == signature_id)).one()
    proposed = session.scalars(
        select(Verification.id).where(
            Verification.signature_id == signature_id,
            Verification.awaits_second,
            Verification.voided_at.is_(None),
        )
    ).all()
    seen = [*row[:4], row.featured_rank is not None, *row[5:], sorted(proposed)]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def entries_of(state: State, origin: str, sector: str, country: str, verified: bool,
             delta: int) -> list[Entry]:  # fmt: skip
    """What one signature in this state adds to the numbers, times `delta`."""
    if state is not State.COUNTED:
        return []
    measures = [Measure.COLLECTED]
    if origin == Origin.CONFIRMED:
        measures = [Measure.CONFIRMED, *([Measure.VERIFIED] if verified else [])]
    return [
        entry
        for measure in measures
        for entry in tally.entries_for(
            sector=sector, country=country, measure=measure, delta=delta
        )
    ]


def net(before: list[Entry], after: list[Entry], sector: str) -> list[Entry]:
    """The ledger rows of a move: what goes and comes, without what cancels out.

    A public change that moves no number leaves a row of 0, so that every public
    change is a new public version.
    """
    undone = [Entry(e.facet, e.key, e.measure, -e.delta) for e in before]
    rows = [
        e for e in before if Entry(e.facet, e.key, e.measure, -e.delta) not in after
    ]
    rows += [e for e in after if e not in undone]
    if not rows and after:
        rows = [Entry(Facet.SECTOR, sector, after[0].measure, 0)]
    return rows


def new_public_id() -> str:
    """The random text by which a signature is known outside: 22 characters.

    None begins with a hyphen, which a command would take for an option.
    """
    while (public_id := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return public_id
