"""After a withdrawal: the way back for a day, and then that all of it is wiped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from app import db
from app.db import Transaction
from app.domain import addresses, lifecycle, record
from app.domain.drafts import signature_address
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.domain.verbs import RETURN_WITHIN, NotAllowed, Verb
from app.models import IS_OPEN, Signature, State, Submission

_c = db.table(Signature).c
_form = db.table(Submission).c
# Signatures that one round of the worker wipes.
BATCH = 100


def unreachable(session: Transaction, *, signature_id: int | None) -> State | None:
    """The state of a signature whose address is wiped; None while it has one."""
    state = session.scalar(
        select(_c.state).where(_c.id == signature_id, _c.address_sealed.is_(None))
    )
    return None if state is None else State(state)


def come_back(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    signature_id: int,
    now: datetime,
) -> State:
    """Take a withdrawal back: the signature is again where it was.

    Raises NotAllowed when its day is over, it was erased, or the person has signed
    anew meanwhile.
    """
    withdrawn_at = session.scalar(
        select(_c.withdrawn_at).where(_c.id == signature_id).with_for_update()
    )
    address = signature_address(session, keyring=keyring, signature_id=signature_id)
    if address is None:
        raise NotAllowed(Verb.RETURN, State.WITHDRAWN)
    address_key = keyring.address_key(
        keyring.unwrap_pepper(settings.id, settings.pepper),
        addresses.canonical(address),
    )
    # Whoever confirms another form of this person locks them, too, and then looks
    # whether the address has signed: one of the two comes first.
    session.execute(
        select(_form.id)
        .where(
            _form.letter_id == settings.id, _form.address_key == address_key, IS_OPEN
        )
        .order_by(_form.id)
        .with_for_update()
    ).all()
    anew = session.scalar(
        select(_c.id).where(
            _c.letter_id == settings.id,
            _c.address_key == address_key,
            _c.id != signature_id,
        )
    )
    if anew is not None or (
        withdrawn_at is not None and withdrawn_at <= now - RETURN_WITHIN
    ):
        raise NotAllowed(Verb.RETURN, State.WITHDRAWN)
    try:
        return lifecycle.come_back(
            session,
            signature_id=signature_id,
            address_key=address_key,
            actor=record.SIGNATORY,
            now=now,
        )
    except IntegrityError:
        raise NotAllowed(Verb.RETURN, State.WITHDRAWN) from None


def over(now: datetime) -> ColumnElement[bool]:
    """Whether there is something to wipe, as a condition to select."""
    return select(_c.id).where(_c.withdrawn_at <= now - RETURN_WITHIN).exists()


def wipe_due(session: Transaction, *, now: datetime) -> int:
    """Wipe one batch of what was withdrawn a day ago; how many that were."""
    due = session.scalars(
        select(_c.id)
        .where(_c.withdrawn_at <= now - RETURN_WITHIN)
        .order_by(_c.withdrawn_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for signature_id in due:
        lifecycle.erase(
            session, signature_id=signature_id, actor=record.SYSTEM, now=now
        )
    return len(due)
