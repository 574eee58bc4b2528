"""The owners' daily copy of the record's head: a cut made afterwards shows against it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from app.db import Transaction
from app.domain import outgoing
from app.models import (
    Letter,
    Membership,
    Organiser,
    Outbox,
    OutboxKind,
    Role,
    Seal,
)

EVERY = timedelta(days=1)


def ask(session: Transaction, *, now: datetime) -> int:
    """Ask for the mails that are due to the owners of letters; how many.

    Each owner has one a day, from a day after becoming one, and none on days on which
    the record gained nothing.
    """
    newest = session.execute(
        select(Seal.record_id).order_by(Seal.position.desc()).limit(1)
    ).scalar()
    if newest is None:
        return 0
    had = select(Outbox.id).where(
        Outbox.organiser_id == Organiser.id,
        Outbox.kind == OutboxKind.HEAD.value,
        or_(Outbox.created_at > now - EVERY, Outbox.record_id == newest),
    )
    owners = session.scalars(
        select(Organiser.id)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .join(Letter, Letter.id == Membership.letter_id)
        .where(
            Membership.role == Role.OWNER.value,
            Membership.created_at <= now - EVERY,
            Letter.deleted_at.is_(None),
            Organiser.active,
            ~had.exists(),
        )
        .distinct()
        .order_by(Organiser.id)
    ).all()
    for organiser_id in owners:
        outgoing.ask_anew(
            session,
            kind=OutboxKind.HEAD,
            organiser_id=organiser_id,
            record_id=newest,
            due_at=now,
            now=now,
        )
    return len(owners)
