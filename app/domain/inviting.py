"""Personal links to notables: who signs from an address known before is verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app import db
from app.db import Transaction
from app.domain import addresses, names, outgoing, record, standing, verification
from app.domain.drafts import Draft
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.models import (
    Organiser,
    OutboxKind,
    Signature,
    SignInvitation,
    VerificationMethod,
)

LIFETIME = timedelta(days=30)


class AlreadyInvited(Exception):
    """A link to this address is open on this letter."""


class NotAName(ValueError):
    """Nobody can be known by this name."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that can be used: for whom, and what the form then says."""

    id: int
    letter_id: int
    name: str
    address: str
    language: str
    expires_at: datetime


def _context(public_id: str) -> bytes:
    return b"invitation:" + public_id.encode()


def invite(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    name: str,
    address: str,
    evidence: str,
    language: str,
    organiser_id: int,
    now: datetime,
) -> str:
    """Mail a personal link to an address that the organiser knew before.

    `evidence` says how it came to be known; it stands as the evidence of the
    verification. Returns the invitation's public id. Raises AddressProblem, NotAName,
    EvidenceMissing, OwnWork for one's own address, and AlreadyInvited.
    """
    address = addresses.parse(address)
    name = names.clean_line(name)
    if names.problem_with_name(name):
        raise NotAName
    if not evidence.strip():
        raise verification.EvidenceMissing
    canonical = addresses.canonical(address)
    own = session.scalar(select(Organiser.email).where(Organiser.id == organiser_id))
    if own is None or addresses.canonical(own) == canonical:
        raise verification.OwnWork
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    public_id = standing.new_public_id()
    row = {
        "public_id": public_id,
        "letter_id": settings.id,
        "name": name,
        "name_key": names.look_alike_key(name),
        "address_key": keyring.address_key(pepper, canonical),
        "address_sealed": keyring.seal(address.encode(), context=_context(public_id)),
        "language": settings.wording(language).language,
        "evidence": evidence.strip(),
        "invited_by": organiser_id,
        "invited_at": now,
        "expires_at": now + LIFETIME,
    }
    try:
        with session.begin_nested():
            sign_invitation_id = session.execute(
                insert(db.table(SignInvitation)).returning(SignInvitation.id), row
            ).scalar_one()
    except IntegrityError:
        raise AlreadyInvited from None
    _write(session, settings.id, "invitation.send", public_id, organiser_id, now)
    outgoing.ask_anew(session, kind=OutboxKind.INVITED, sign_invitation_id=sign_invitation_id,
                      due_at=now, now=now)  # fmt: skip
    return public_id


def revoke(
    session: Transaction,
    *,
    letter_id: int,
    public_id: str,
    organiser_id: int,
    now: datetime,
) -> bool:
    """End a link that was not used yet; False when there is none (any more)."""
    if _end(session, now, SignInvitation.public_id == public_id,
            SignInvitation.letter_id == letter_id) is None:  # fmt: skip
        return False
    _write(session, letter_id, "invitation.revoke", public_id, organiser_id, now)
    return True


def open_link(
    session: Transaction, *, keyring: Keyring, public_id: str, now: datetime
) -> Invited | None:
    """The invitation behind a link, or None when it was used, revoked or is over."""
    row = session.execute(
        select(db.table(SignInvitation)).where(
            SignInvitation.public_id == public_id,
            SignInvitation.ended_at.is_(None),
            SignInvitation.expires_at > now,
        )
    ).first()
    if row is None:
        return None
    address = keyring.open(row.address_sealed, context=_context(public_id)).decode()
    return Invited(
        row.id, row.letter_id, row.name, address, row.language, row.expires_at
    )


def redeem(
    session: Transaction,
    *,
    letter_id: int,
    draft: Draft,
    address_key: bytes,
    name_key: str,
    now: datetime,
) -> Any | None:
    """Use up the invitation that a form came through; None where it proves nothing.

    It proves the person only if the form is confirmed from the very address, in the
    very name that was invited, before anybody ended the link.
    """
    return _end(
        session,
        now,
        SignInvitation.public_id == draft.invitation,
        SignInvitation.letter_id == letter_id,
        SignInvitation.address_key == address_key,
        SignInvitation.name_key == name_key,
        SignInvitation.expires_at > now,
    )


def vouch(
    session: Transaction,
    redeemed: Any,
    *,
    keyring: Keyring,
    signature_id: int,
    now: datetime,
) -> None:
    """Verify the signature that a redeemed invitation led to, by the inviter.

    Where the letter asks for a second reviewer it awaits one, as any review does.
    """
    session.execute(
        update(SignInvitation)
        .where(SignInvitation.id == redeemed.id)
        .values(signature_id=signature_id)
        .execution_options(synchronize_session=False)
    )
    verification.review(
        session,
        keyring=keyring,
        signature_id=signature_id,
        method=VerificationMethod.INDEPENDENT_REPLY,
        evidence=redeemed.evidence,
        organiser_id=redeemed.invited_by,
        now=now,
    )


def listed(
    session: Transaction, *, letter_id: int, before: int | None = None, limit: int
) -> list[Any]:
    """Invitations of a letter, newest first, with who invited and who signed."""
    statement = (
        select(
            db.table(SignInvitation),
            Organiser.name.label("inviter"),
            Signature.public_id.label("signed_as"),
        )
        .join(Organiser, Organiser.id == SignInvitation.invited_by)
        .outerjoin(Signature, Signature.id == SignInvitation.signature_id)
        .where(SignInvitation.letter_id == letter_id)
        .order_by(SignInvitation.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(SignInvitation.id < before)
    return list(session.execute(statement))


def _end(session: Transaction, now: datetime, *conditions: Any) -> Any | None:
    """End one open invitation and forget its address; the row, or None."""
    return session.execute(
        update(SignInvitation)
        .where(SignInvitation.ended_at.is_(None), *conditions)
        .values(ended_at=now, address_sealed=None)
        .returning(
            SignInvitation.id, SignInvitation.evidence, SignInvitation.invited_by
        )
        .execution_options(synchronize_session=False)
    ).first()


def _write(
    session: Transaction,
    letter_id: int,
    verb: str,
    public_id: str,
    organiser_id: int,
    now: datetime,
) -> None:
    record.write(
        session,
        letter_id=letter_id,
        actor=record.organiser(organiser_id),
        verb=verb,
        subject=public_id,
        at=now,
    )
