"""The record as its letter's team reads it: newest first, by keyset pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app import db
from app.db import Transaction
from app.models import Organiser, Reason, Record, Seal

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One act as it is shown; `who` is an organiser's name, or the actor's word."""

    id: int
    who: str
    verb: str
    subject: str
    before: str | None
    after: str | None
    reason: str | None
    at: datetime
    sealed: int | None


def page(
    session: Transaction,
    *,
    letter_id: int,
    verb: str = "",
    actor: str = "",
    before_id: int | None = None,
) -> tuple[list[Line], int | None]:
    """A page of lines, and the id below which the next one begins (None: the end)."""
    found = (
        select(db.table(Record), Reason.text, Seal.position)
        .outerjoin(Reason, Reason.record_id == Record.id)
        .outerjoin(Seal, Seal.record_id == Record.id)
        .where(Record.letter_id == letter_id)
        .order_by(Record.id.desc())
        .limit(PAGE + 1)
    )
    if verb:
        found = found.where(Record.verb == verb)
    if actor:
        found = found.where(Record.actor == actor)
    if before_id is not None:
        found = found.where(Record.id < before_id)
    rows = session.execute(found).all()
    names = names_of(session, {row.actor for row in rows})
    lines = [
        Line(
            id=row.id,
            who=names.get(row.actor, row.actor),
            verb=row.verb,
            subject=row.subject,
            before=row.before,
            after=row.after,
            reason=row.text,
            at=row.at,
            sealed=row.position,
        )
        for row in rows[:PAGE]
    ]
    return lines, lines[-1].id if len(rows) > PAGE else None


def names_of(session: Transaction, actors: set[str]) -> dict[str, str]:
    """What organisers among these actors are called; the others are not in it."""
    ids = [int(actor[10:]) for actor in actors if actor.startswith("organiser:")]
    if not ids:
        return {}
    rows = session.execute(
        select(Organiser.id, Organiser.name).where(Organiser.id.in_(ids))
    )
    return {f"organiser:{row.id}": row.name for row in rows}
