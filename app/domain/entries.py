"""Links that let an organiser set a new password, once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from app import db
from app.db import Transaction
from app.domain import accounts, record
from app.models import (
    EntryLink,
    Letter,
    LinkPurpose,
    Membership,
    Organiser,
    Passkey,
    Role,
)

LASTS = {LinkPurpose.FIRST: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=1)}


class LinkOver(LookupError):
    """The link was used, is too old, or was never made."""


def first(session: Transaction, *, slug: str, now: datetime) -> bytes | None:
    """A link for the only owner of a letter, while nobody of its team can sign in.

    The links that were made for it before end.
    """
    team = session.execute(
        select(Organiser.id, Organiser.password, Membership.role, Passkey.id)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .join(Letter, Letter.id == Membership.letter_id)
        .outerjoin(Passkey, Passkey.organiser_id == Organiser.id)
        .where(Letter.slug == slug)
        .order_by(Organiser.id)
    ).all()
    owners = [row[0] for row in team if row.role == Role.OWNER]
    if not owners or any(row.password or row[3] for row in team):
        return None
    return make(session, organiser_id=owners[0], purpose=LinkPurpose.FIRST, now=now)


def let_in(session: Transaction, *, organiser_id: int, now: datetime) -> bytes:
    """A link that somebody at the machine hands over; the record says so."""
    record.write(
        session,
        letter_id=None,
        actor=record.SYSTEM,
        verb="organiser.let_in",
        subject=record.organiser(organiser_id),
        at=now,
    )
    return make(session, organiser_id=organiser_id, purpose=LinkPurpose.RESET, now=now)


def make(
    session: Transaction, *, organiser_id: int, purpose: LinkPurpose, now: datetime
) -> bytes:
    """A new link; the former ones of the same person end."""
    _end_all(session, organiser_id, now)
    identifier = secrets.token_bytes(16)
    session.execute(
        insert(db.table(EntryLink)),
        {
            "id": identifier,
            "organiser_id": organiser_id,
            "purpose": purpose.value,
            "created_at": now,
            "expires_at": now + LASTS[purpose],
        },
    )
    return identifier


def _end_all(session: Transaction, organiser_id: int, now: datetime) -> None:
    session.execute(
        update(db.table(EntryLink))
        .where(EntryLink.organiser_id == organiser_id, EntryLink.used_at.is_(None))
        .values(used_at=now)
    )


def find(session: Transaction, *, identifier: bytes, now: datetime) -> tuple[int, str]:
    """(organiser, address) that a link is for. Raises LinkOver."""
    row = session.execute(
        select(Organiser.id, Organiser.email)
        .join(EntryLink, EntryLink.organiser_id == Organiser.id)
        .where(
            EntryLink.id == identifier,
            EntryLink.used_at.is_(None),
            EntryLink.expires_at > now,
            Organiser.active,
        )
    ).first()
    if row is None:
        raise LinkOver
    return row.id, row.email


def use(session: Transaction, *, identifier: bytes, hashed: str, now: datetime) -> int:
    """Set a password by a link; whose it is. Raises LinkOver.

    All sessions of that person end. The second factor is untouched: it is asked for
    at the next sign-in as ever. Of several at once with one link, one gets through.
    """
    organiser_id, _ = find(session, identifier=identifier, now=now)
    used = session.execute(
        update(db.table(EntryLink))
        .where(EntryLink.id == identifier, EntryLink.used_at.is_(None))
        .values(used_at=now)
        .returning(EntryLink.id)
    ).first()
    if used is None:
        raise LinkOver
    accounts.set_password(session, organiser_id=organiser_id, hashed=hashed, now=now)
    return organiser_id
