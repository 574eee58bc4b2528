"""What waits for the worker's hand, in batches; nothing waits, nothing locks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db import Transaction
from app.domain import (
    ending,
    factors,
    leaving,
    pdfs,
    reminders,
    sectors,
    unveiling,
    wordings,
)
from app.models import Sector, Signature, TextVersion, Unveiling

CHORES = (
    sectors.recode,
    wordings.ask_again,
    unveiling.run_due,
    factors.end_due,
    leaving.wipe_due,
    ending.wipe_deleted,
    pdfs.wipe_untrue,
    reminders.ask_next,
)


def waiting(session: Transaction, *, now: datetime) -> bool:
    """Whether any of CHORES has something to do; one statement, which reads only."""
    newest = select(func.max(Signature.id)).scalar_subquery()
    found = select(
        or_(
            select(Sector.key)
            .where(
                Sector.recoded_up_to.is_not(None),
                Sector.merged_at <= now - sectors.KNOWN,
            )
            .exists(),
            select(TextVersion.id)
            .where(
                TextVersion.asked_up_to.is_not(None),
                or_(
                    TextVersion.asked_up_to < newest,
                    TextVersion.created_at <= now - wordings.ASKED_FOR,
                ),
            )
            .exists(),
            select(Unveiling.id)
            .where(Unveiling.done_at.is_(None), Unveiling.due_at <= now)
            .exists(),
            factors.waiting(now),
            leaving.over(now),
            ending.unwiped(),
            pdfs.untrue(),
            reminders.waiting(now),
        )
    )
    return bool(session.scalar(found))


def do(session: Session, *, now: datetime) -> int:
    """One batch of each; how much there was to do."""
    return sum(chore(session, now=now) for chore in CHORES)
