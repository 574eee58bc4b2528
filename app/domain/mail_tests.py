"""The mails that organisers send to themselves, to see how they arrive.

They go to the address by which the organiser is known, and to no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select

from app import db
from app.db import Transaction
from app.domain import outgoing, record
from app.domain.mailings import NotNow
from app.models import Membership, Organiser, Outbox, OutboxKind, Record

# One organiser has so many within an hour, of all letters together.
MOST, WITHIN = 20, timedelta(hours=1)

_TESTS = (OutboxKind.UPDATE, OutboxKind.CLOSING, OutboxKind.EXAMPLE)
_o, _r = db.table(Outbox).c, db.table(Record).c


@dataclass(frozen=True, slots=True)
class Asked:
    """What an organiser wants to see, and where it goes."""

    letter_id: int
    # The public id of an update, or a kind of mail.
    subject: str
    language: str
    address: str


def example(
    session: Transaction,
    *,
    letter_id: int,
    kind: str,
    language: str,
    organiser_id: int,
    actor: str,
    now: datetime,
) -> None:
    """Mail an example of a kind that signatories get to the organiser who asks.

    Raises NotNow where they have had many tests within the hour.
    """
    line = record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="mail.test",
        subject=kind,
        after=language,
        at=now,
    )
    ask(session, kind=OutboxKind.EXAMPLE, organiser_id=organiser_id, line=line, now=now)


def ask(
    session: Transaction,
    *,
    kind: OutboxKind,
    organiser_id: int,
    line: int,
    now: datetime,
) -> None:
    """Ask for the mail to an organiser of which this line of the record speaks.

    Raises NotNow where they have had many tests within the hour.
    """
    # One at a time, so that several requests at once do not get past the ceiling.
    session.execute(
        select(Organiser.id).where(Organiser.id == organiser_id).with_for_update()
    )
    asked = session.execute(
        select(func.count()).where(
            _o.organiser_id == organiser_id,
            _o.kind.in_([kind.value for kind in _TESTS]),
            _o.created_at > now - WITHIN,
        )
    ).scalar_one()
    if asked >= MOST:
        raise NotNow("tests")
    session.execute(
        insert(db.table(Outbox)),
        # The line of the record says which it is, so its number is the mail's.
        outgoing.new_mail(kind, now)
        | {"organiser_id": organiser_id, "record_id": line, "number": line},
    )


def read(session: Transaction, *, record_id: int | None) -> Asked | None:
    """What a line of the record asks for; None: whoever asked is no longer there."""
    row = session.execute(
        select(_r.letter_id, _r.actor, _r.subject, _r.after).where(_r.id == record_id)
    ).one()
    address = session.execute(
        select(Organiser.email)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .where(
            Organiser.id == record.organiser_id(row.actor),
            Organiser.active,
            Membership.letter_id == row.letter_id,
        )
    ).scalar()
    if address is None:
        return None
    return Asked(row.letter_id, row.subject, row.after, address)
