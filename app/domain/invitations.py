"""Invitations to a letter's team: bound to an address, single use, for 72 hours."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, insert, or_, select, update

from app import db
from app.db import Transaction
from app.domain import addresses, names, outgoing, record
from app.models import Invitation, Membership, Organiser, OutboxKind, Passkey, Role

LASTS = timedelta(hours=72)


class InvitationOver(LookupError):
    """It was accepted, taken back, is too old, or was never made."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invitation offers, and to whom."""

    letter_id: int
    email: str
    role: Role
    # The organiser who has this address already, and whether they can sign in.
    organiser_id: int | None
    can_sign_in: bool


def invite(
    session: Transaction,
    *,
    letter_id: int,
    email: str,
    role: Role,
    organiser_id: int,
    now: datetime,
) -> None:
    """Offer a role to an address; an open offer to it is replaced. The worker mails it.

    Raises AddressProblem for what is no address.
    """
    address = addresses.parse(email).lower()
    _revoke(session, letter_id, address, now)
    identifier = secrets.token_bytes(16)
    session.execute(
        insert(db.table(Invitation)),
        {
            "id": identifier,
            "letter_id": letter_id,
            "email": address,
            "role": role.value,
            "invited_by": organiser_id,
            "created_at": now,
            "expires_at": now + LASTS,
        },
    )
    outgoing.ask(session, kind=OutboxKind.INVITATION, invitation_id=identifier, now=now)
    record.write(
        session,
        letter_id=letter_id,
        actor=record.organiser(organiser_id),
        verb="team.invite",
        subject=f"invitation:{identifier.hex()}",
        after=role.value,
        at=now,
    )


def _revoke(session: Transaction, letter_id: int, email: str, now: datetime) -> int:
    revoked = session.execute(
        update(db.table(Invitation))
        .where(
            Invitation.letter_id == letter_id,
            Invitation.email == email,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(Invitation.id)
    )
    return len(revoked.all())


def revoke(
    session: Transaction, *, letter_id: int, email: str, actor: str, now: datetime
) -> None:
    """Take an open offer back. Raises InvitationOver where there is none."""
    if not _revoke(session, letter_id, email, now):
        raise InvitationOver
    record.write(
        session, letter_id=letter_id, actor=actor, verb="team.revoke",
        subject="invitation", at=now,
    )  # fmt: skip


def pending(
    session: Transaction, *, letter_id: int, now: datetime
) -> list[tuple[str, str, datetime]]:
    """(address, role, end) of the offers that are open."""
    rows = session.execute(
        select(Invitation.email, Invitation.role, Invitation.expires_at)
        .where(
            Invitation.letter_id == letter_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.created_at)
    )
    return [(row.email, row.role, row.expires_at) for row in rows]


def find(session: Transaction, *, identifier: bytes, now: datetime) -> Offer:
    """What an open invitation offers. Raises InvitationOver."""
    row = session.execute(
        select(
            Invitation.letter_id,
            Invitation.email,
            Invitation.role,
            Organiser.id,
            or_(
                Organiser.password.is_not(None),
                exists().where(Passkey.organiser_id == Organiser.id),
            ).label("can_sign_in"),
        )
        .outerjoin(Organiser, Organiser.email == Invitation.email)
        .where(
            Invitation.id == identifier,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
    ).first()
    if row is None:
        raise InvitationOver
    return Offer(
        row.letter_id, row.email, Role(row.role), row.id, bool(row.can_sign_in)
    )


def accept(
    session: Transaction,
    *,
    identifier: bytes,
    name: str,
    hashed: str | None,
    now: datetime,
) -> int:
    """Join the team; who joined. Raises InvitationOver.

    `hashed` is the password of somebody new; one who is known keeps their own, and
    the edge has seen to it that it is they. Of several at once, one gets through.
    """
    offer = find(session, identifier=identifier, now=now)
    claimed = session.execute(
        update(db.table(Invitation))
        .where(
            Invitation.id == identifier,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(accepted_at=now)
        .returning(Invitation.id)
    ).first()
    if claimed is None:
        raise InvitationOver
    organiser_id = offer.organiser_id
    if organiser_id is None:
        organiser_id = session.execute(
            insert(db.table(Organiser)).returning(Organiser.id),
            {
                "email": offer.email,
                "name": names.clean_line(name) or addresses.mask(offer.email),
                "created_at": now,
                "password": hashed,
                "active": True,
                "fs_uniquifier": secrets.token_hex(32),
            },
        ).scalar_one()
    elif not offer.can_sign_in and hashed is not None:
        session.execute(
            update(db.table(Organiser))
            .where(Organiser.id == organiser_id)
            .values(password=hashed)
        )
    _join(session, offer, organiser_id, now)
    return organiser_id


def _join(session: Transaction, offer: Offer, organiser_id: int, now: datetime) -> None:
    here = (
        Membership.letter_id == offer.letter_id,
        Membership.organiser_id == organiser_id,
    )
    before = session.execute(select(Membership.role).where(*here)).scalar()
    # An offer never takes away: an owner who is asked to verify stays an owner.
    if before is None:
        session.execute(
            insert(db.table(Membership)),
            {
                "letter_id": offer.letter_id,
                "organiser_id": organiser_id,
                "role": offer.role.value,
                "created_at": now,
            },
        )
    actor = record.organiser(organiser_id)
    record.write(
        session,
        letter_id=offer.letter_id,
        actor=actor,
        verb="team.join",
        subject=actor,
        before=before,
        after=before or offer.role.value,
        at=now,
    )
