"""One signature is in one organiser's hands: the others are told in whose."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app import db
from app.db import Transaction, insert_for
from app.models import DeskLock, Organiser

# How long a signature stays with the organiser who last looked at it.
LOCK_FOR = timedelta(minutes=5)


class Locked(Exception):
    """The signature is not in this organiser's hands: `by` says in whose it is.

    Without a name the lock has run out, or there was none.
    """

    def __init__(self, by: str | None) -> None:
        super().__init__(by or "the lock has run out")
        self.by = by


_LOCK = db.table(DeskLock).c


def take(
    session: Transaction, *, signature_id: int, organiser_id: int, now: datetime
) -> None:
    """Take a signature in hand, or keep it there. Raises Locked."""
    locks = insert_for(session)(db.table(DeskLock)).values(
        signature_id=signature_id, organiser_id=organiser_id, until=now + LOCK_FOR
    )
    taken = session.execute(
        locks.on_conflict_do_update(
            index_elements=["signature_id"],
            set_={
                "organiser_id": locks.excluded.organiser_id,
                "until": locks.excluded.until,
            },
            where=(_LOCK.organiser_id == organiser_id) | (_LOCK.until <= now),
        ).returning(_LOCK.signature_id)
    ).first()
    if taken is None:
        raise Locked(holder(session, signature_id=signature_id, now=now))


def leave(session: Transaction, *, signature_id: int, organiser_id: int) -> None:
    """Put a signature down: others may take it at once."""
    session.execute(
        delete(DeskLock)
        .where(
            DeskLock.signature_id == signature_id,
            DeskLock.organiser_id == organiser_id,
        )
        .execution_options(synchronize_session=False)
    )


def holder(session: Transaction, *, signature_id: int, now: datetime) -> str | None:
    """Who has a signature in hand at `now`, by name."""
    return session.scalar(
        select(Organiser.name)
        .join(DeskLock, DeskLock.organiser_id == Organiser.id)
        .where(DeskLock.signature_id == signature_id, DeskLock.until > now)
    )
