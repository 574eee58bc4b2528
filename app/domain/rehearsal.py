"""Walk the whole way before launch, with signatures that never count."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import editing, wiping
from app.models import (
    BlockedName,
    History,
    Ledger,
    MailDomain,
    MailFigure,
    MailSlot,
    Measure,
    Origin,
    Signature,
    Snapshot,
    Submission,
    Suppression,
    Tally,
)

# Every process knows by then that the rehearsal is over, and has ended its acts.
SETTLED = timedelta(seconds=10)
_MADE = (Measure.CONFIRMED.value, Measure.VERIFIED.value)


class NotBefore(Exception):
    """Only a letter that the public has not seen, and no embargo runs on, rehearses."""


def begin(session: Session, *, letter_id: int, actor: str, now: datetime) -> bool:
    """Let everyone with a private link sign and confirm, for rehearsal.

    Raises NotBefore and ReadOnly.
    """
    letter = editing.take(session, letter_id=letter_id)
    if letter.published_at is not None:
        raise NotBefore
    if letter.rehearsal:
        return False
    letter.rehearsal = True
    editing.revise(session, letter, verb="rehearsal.begin", actor=actor, now=now)
    return True


def end(session: Session, *, letter_id: int, actor: str, now: datetime) -> bool:
    """End the rehearsal and wipe what was made in it."""
    letter = editing.take(session, letter_id=letter_id)
    if not letter.rehearsal:
        return False
    letter.rehearsal, letter.rehearsed_until = False, now
    gone = wipe(session, letter_id=letter_id)
    editing.revise(
        session,
        letter,
        verb="rehearsal.end",
        actor=actor,
        now=now,
        after=f"{gone} rows",
    )
    return True


def wipe(session: Transaction, *, letter_id: int) -> int:
    """Take away all that signatories of this letter have made; how many rows.

    What was collected elsewhere is none of a rehearsal, and stays.
    """
    doomed = {
        table: table.c.letter_id == letter_id
        for table in map(
            db.table,
            (
                Submission,
                Suppression,
                BlockedName,
                MailDomain,
                MailFigure,
                MailSlot,
                Snapshot,
            ),
        )
    }
    for table in map(db.table, (Ledger, Tally, History)):
        doomed[table] = and_(table.c.letter_id == letter_id, table.c.measure.in_(_MADE))
    signature = db.table(Signature)
    doomed[signature] = and_(
        signature.c.letter_id == letter_id,
        signature.c.origin == Origin.CONFIRMED.value,
    )
    return wiping.wipe(session, doomed)
