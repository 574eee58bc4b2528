"""Show the names behind a frozen display by and by, at planned times."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.domain import editing, record
from app.models import IS_COUNTED, Letter, Signature, Unveiling


class NotFrozen(Exception):
    """Names appear at once: there is nothing to plan."""


def plan(
    session: Session,
    *,
    letter_id: int,
    times: list[datetime],
    amount: int,
    actor: str,
    now: datetime,
) -> None:
    """At each of `times` show the next `amount` names, those that came first, first.

    Raises NotFrozen, WrongValue (an amount below 1, no time) and ReadOnly.
    """
    letter = editing.take(session, letter_id=letter_id)
    if letter.frozen_at is None:
        raise NotFrozen
    if amount < 1:
        raise editing.WrongValue("amount", "choice")
    if not times:
        raise editing.WrongValue("times", "empty")
    for at in times:
        session.add(
            Unveiling(
                letter_id=letter_id,
                due_at=max(at, now),
                amount=amount,
                planned_by=actor,
                created_at=now,
            )
        )
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="names.plan",
        subject=letter.slug,
        after=f"{len(times)} times {amount}",
        at=now,
    )
    session.flush()


def call_off(session: Session, *, letter_id: int, actor: str, now: datetime) -> int:
    """Take back what is planned and not done; how many times that were."""
    letter = editing.take(session, letter_id=letter_id)
    gone = session.execute(
        delete(Unveiling)
        .where(Unveiling.letter_id == letter_id, Unveiling.done_at.is_(None))
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if gone:
        record.write(
            session,
            letter_id=letter_id,
            actor=actor,
            verb="names.call_off",
            subject=letter.slug,
            after=str(gone),
            at=now,
        )
    return int(gone)


def run_due(session: Session, *, now: datetime) -> int:
    """Do one planned time that has come; how many there were to do.

    A display that was unfrozen meanwhile shows all: what is left of the plan is done.
    """
    due = session.scalars(
        select(Unveiling)
        .where(Unveiling.done_at.is_(None), Unveiling.due_at <= now)
        .order_by(Unveiling.due_at, Unveiling.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if due is None:
        return 0
    due.shown, due.done_at = 0, now
    letter = session.get_one(Letter, due.letter_id, with_for_update=True)
    if letter.frozen_at is None or letter.archived_at is not None:
        return 1
    upto = _time_of(session, letter.id, letter.frozen_at, due.amount)
    if upto is None:
        return 1
    due.shown = _between(session, letter.id, letter.frozen_at, upto)
    before = letter.frozen_at.isoformat()
    letter.frozen_at = upto
    editing.revise(
        session,
        letter,
        verb="names.show",
        actor=due.planned_by,
        now=now,
        before=before,
        after=f"{upto.isoformat()} {due.shown}",
    )
    return 1


def planned(
    session: Session, *, letter_id: int
) -> list[tuple[datetime, int, int | None]]:
    """(when, how many names, how many it showed once done) of a letter, in order."""
    rows = session.execute(
        select(Unveiling.due_at, Unveiling.amount, Unveiling.shown)
        .where(Unveiling.letter_id == letter_id)
        .order_by(Unveiling.due_at, Unveiling.id)
    )
    return [(due_at, amount, shown) for due_at, amount, shown in rows]


def waiting(session: Session, *, letter_id: int, frozen_at: datetime) -> int:
    """How many names wait behind a frozen display; 1,000 stands for all above it."""
    return _between(session, letter_id, frozen_at, None)


def _time_of(
    session: Session, letter_id: int, after: datetime, amount: int
) -> datetime | None:
    """Since when the last of the next `amount` names counts; names of one moment
    stay together."""
    times = session.scalars(
        select(Signature.counted_at)
        .where(*_hidden(letter_id, after))
        .order_by(Signature.counted_at)
        .limit(amount)
    ).all()
    return times[-1] if times else None


def _between(
    session: Session, letter_id: int, after: datetime, upto: datetime | None
) -> int:
    names = select(Signature.id).where(*_hidden(letter_id, after))
    if upto is not None:
        names = names.where(Signature.counted_at <= upto)
    else:
        names = names.limit(1000)
    return session.scalar(select(func.count()).select_from(names.subquery())) or 0


def _hidden(letter_id: int, after: datetime) -> list[ColumnElement[bool]]:
    return [
        Signature.letter_id == letter_id,
        IS_COUNTED,
        Signature.listed.is_(True),
        Signature.counted_at > after,
    ]
