"""What becomes of the mails that come back, and of those that readers complain about.

An address that does not take a letter's mails is left alone by it for a while, which
is not the same as "this was not me": nobody said no, and whoever mends the mailbox, or
gives another address, is written to again. A complaint is a no: no more news, and
nothing more that others can cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import delete, func, select, update

from app import db
from app.db import Transaction, insert_for
from app.domain import (
    addresses,
    drafts,
    inviting,
    lifecycle,
    lifecycle_consents,
    mail_figures,
    mailings,
    piles,
    record,
    resting,
)
from app.domain.keyring import Keyring, Unopenable
from app.domain.resting import SOFT_ENOUGH
from app.domain.shelf import Shelf
from app.models import (
    Bounce,
    BounceKind,
    BouncePolicy,
    Bouncing,
    Letter,
    MailingKind,
    Outbox,
    OutboxKind,
    OutboxState,
    Signature,
    SignInvitation,
    State,
)

# Mail servers give up after four to five days (RFC 5321, section 4.5.4.1): a report
# that comes later than this after the mail left speaks of something else.
GIVEN_UP = timedelta(days=7)

_b = db.table(Bounce).c


class Taken(StrEnum):
    """What was done with a report."""

    NOTED = auto()
    # The same was reported before.
    REPEATED = auto()
    # It came long after the mail.
    TOO_LATE = auto()
    # The mail is not known, or never left.
    UNKNOWN = auto()
    # The mail is in hand at this moment: to be told again in a while.
    NOT_YET = auto()


@dataclass(frozen=True, slots=True)
class _About:
    """Whom a mail went to, as far as that is still known."""

    letter_id: int | None = None
    address: str | None = None
    signature_id: int | None = None


def take(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    outbox_id: int,
    kind: BounceKind,
    status: str,
    now: datetime,
) -> Taken:
    """Note what was reported of one mail, and do what follows from it."""
    mail = session.execute(
        select(db.table(Outbox)).where(Outbox.id == outbox_id).with_for_update()
    ).first()
    if mail is None:
        return Taken.UNKNOWN
    if mail.state in (OutboxState.READY, OutboxState.LEASED):
        return Taken.NOT_YET
    if mail.state not in (OutboxState.SENT, OutboxState.REFUSED):
        return Taken.UNKNOWN
    if kind is not BounceKind.COMPLAINT and mail.ended_at <= now - GIVEN_UP:
        return Taken.TOO_LATE
    about = _about(session, keyring, shelf, mail, now)
    complaint = kind is BounceKind.COMPLAINT
    # Its link was used: it arrived, whatever is said of it now. Who complains about
    # it does not want the others either.
    arrived = mail.submission_id is not None and about.signature_id is not None
    key = None
    if about.address is not None and (complaint or not arrived):
        key = keyring.house_address_key(addresses.canonical(about.address))
    noted = session.execute(
        insert_for(session)(db.table(Bounce))
        .values(outbox_id=outbox_id, kind=kind.value, letter_id=about.letter_id,
                address_key=key, status=status, at=now)
        .on_conflict_do_nothing()
        .returning(_b.outbox_id)
    ).first()  # fmt: skip
    if noted is None:
        return Taken.REPEATED
    if complaint:
        for signature_id in _signatures(session, keyring, shelf, about, now):
            lifecycle_consents.want_updates(
                session, signature_id=signature_id, wanted=False, now=now
            )
    elif not arrived:
        if mail.state == OutboxState.SENT:
            _came_back(session, mail, status)
        if about.signature_id is not None:
            _address_fails(session, about.signature_id, kind, key, status, now)
    if (
        about.address is not None
        and about.letter_id is not None
        and (
            # Of bounces those of the mails that the funnel counts.
            complaint
            or (not arrived and mail.kind == OutboxKind.CONFIRM and mail.number == 1)
        )
    ):
        mail_figures.note_return(
            session, letter_id=about.letter_id, address=about.address,
            complaint=complaint, now=now,
        )  # fmt: skip
    return Taken.NOTED


def _came_back(session: Transaction, mail: Any, status: str) -> None:
    """The mail has not arrived, though its provider took it."""
    session.execute(
        update(db.table(Outbox))
        .where(Outbox.id == mail.id)
        .values(state=OutboxState.REFUSED.value, answer=f"{mailings.CAME_BACK}{status}")
    )
    if mail.kind in set(MailingKind) and mail.signature_id is not None:
        mailings.recount(
            session, mailing_id=mail.number, before="sent", after="bounced"
        )


def find(session: Transaction, *, message_id: str | None) -> int | None:
    """The mail with this Message-ID (its left part), or None."""
    if message_id is None:
        return None
    found: int | None = session.scalar(
        select(Outbox.id).where(Outbox.message_id == message_id)
    )
    return found


def forget(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    outbox_id: int,
    now: datetime,
) -> int:
    """Try the address of a mail again: it takes mails by now. How many reports go.

    The mark of a signature goes with them, and the record says so; what the letter's
    policy has held stays so until its owner or an organiser looks. What was complained
    about stays.
    """
    mail = session.execute(select(db.table(Outbox)).where(Outbox.id == outbox_id)).one()
    # Of an address that is wiped there is nothing but this mail's own report, which
    # would let a second one pass for the same.
    own = session.execute(
        delete(db.table(Bounce)).where(
            _b.outbox_id == outbox_id, _b.kind != BounceKind.COMPLAINT.value
        )
    )
    gone = int(own.rowcount)  # type: ignore[attr-defined]
    about = _about(session, keyring, shelf, mail, now)
    if about.address is not None and about.letter_id is not None:
        gone += resting.forget(
            session, keyring=keyring, letter_id=about.letter_id, address=about.address
        )
    if about.signature_id is not None:
        resting.write_again(
            session,
            keyring=keyring,
            signature_id=about.signature_id,
            actor=record.SYSTEM,
            now=now,
        )
    return gone


def _about(
    session: Transaction, keyring: Keyring, shelf: Shelf, mail: Any, now: datetime
) -> _About:
    """Whom a mail was about; nobody where that is wiped, or it went to an organiser."""
    signature_id = mail.signature_id
    if mail.submission_id is not None:
        opened = drafts.open_link(session, keyring=keyring, shelf=shelf,
                                  submission_id=mail.submission_id, now=now)  # fmt: skip
        if opened is None:
            return _About()
        if opened.draft is not None:
            return _About(opened.settings.id, opened.draft.email)
        if opened.signature_id is None:
            return _About(opened.settings.id)
        signature_id = opened.signature_id
    if signature_id is not None:
        letter_id = session.scalar(
            select(Signature.letter_id).where(Signature.id == signature_id)
        )
        try:
            address = drafts.signature_address(
                session, keyring=keyring, signature_id=signature_id
            )
        except Unopenable:
            address = None
        return _About(letter_id, address, signature_id)
    if mail.sign_invitation_id is not None:
        public_id = session.scalar(
            select(SignInvitation.public_id).where(
                SignInvitation.id == mail.sign_invitation_id
            )
        )
        invited = inviting.open_link(
            session, keyring=keyring, public_id=public_id or "", now=now
        )
        if invited is not None:
            return _About(invited.letter_id, invited.address)
    return _About()


def _signatures(
    session: Transaction, keyring: Keyring, shelf: Shelf, about: _About, now: datetime
) -> list[int]:
    """The signature of whoever complained, if they have one, about whichever mail."""
    if about.signature_id is not None:
        return [about.signature_id]
    if about.letter_id is None or about.address is None:
        return []
    settings = shelf.of(session, letter_id=about.letter_id, now=now)
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    key = keyring.address_key(pepper, addresses.canonical(about.address))
    return list(
        session.scalars(
            select(Signature.id).where(
                Signature.letter_id == settings.id, Signature.address_key == key
            )
        )
    )


def _address_fails(
    session: Transaction,
    signature_id: int,
    kind: BounceKind,
    key: bytes | None,
    status: str,
    now: datetime,
) -> None:
    """Mark a signature whose address takes nothing, or has given up often enough."""
    if kind is BounceKind.SOFT:
        soft = session.scalar(
            select(func.count()).where(
                _b.address_key == key,
                _b.letter_id
                == select(Signature.letter_id)
                .where(Signature.id == signature_id)
                .scalar_subquery(),
                _b.kind == BounceKind.SOFT.value,
            )
        )
        if (soft or 0) < SOFT_ENOUGH:
            return
    _mark(session, signature_id, status, now)


def _mark(session: Transaction, signature_id: int, status: str, now: datetime) -> None:
    row = session.execute(
        select(Signature.letter_id, Signature.state, Letter.bounce_policy)
        .join(Letter, Letter.id == Signature.letter_id)
        .where(Signature.id == signature_id)
    ).one()
    if row.state not in (State.COUNTED, State.HELD):
        return
    marked = session.execute(
        insert_for(session)(db.table(Bouncing))
        .values(signature_id=signature_id, letter_id=row.letter_id, status=status,
                since=now)
        .on_conflict_do_nothing()
        .returning(db.table(Bouncing).c.signature_id)
    ).first()  # fmt: skip
    if marked is None:
        return
    piles.settle(session, signature_ids=[signature_id])
    if row.bounce_policy == BouncePolicy.HOLD and row.state == State.COUNTED:
        lifecycle.hold(session, signature_id=signature_id, actor=record.SYSTEM,
                       reason=f"mail came back: {status}", why=piles.BOUNCED,
                       now=now)  # fmt: skip
