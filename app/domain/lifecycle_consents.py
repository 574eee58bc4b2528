"""Consents beside the signature, and its language: given, taken back, given again.

A part of the lifecycle, since it writes to signatures; none of it moves a state or
changes what is public. The record keeps when each was said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app import db
from app.db import Transaction
from app.domain import letters, record
from app.models import Signature, State

_c = db.table(Signature).c
_LIVING = (State.COUNTED.value, State.HELD.value)
# What the record says of each consent, when it is given and when it is taken back.
VERBS = {
    "wants_updates": ("updates.want", "updates.stop"),
    "may_contact": ("contact.allow", "contact.stop"),
}


def want_updates(
    session: Transaction, *, signature_id: int, wanted: bool, now: datetime
) -> bool:
    """Let a signatory have news, or no more; whether they have it from now on.

    The record keeps when they said so and to which wording. Saying it twice is quiet,
    and who has withdrawn or is erased can only take the consent back.
    """
    return _say(session, signature_id, "wants_updates", wanted, now)


def allow_contact(
    session: Transaction, *, signature_id: int, allowed: bool, now: datetime
) -> bool:
    """The same of being written to by those who verify."""
    return _say(session, signature_id, "may_contact", allowed, now)


def speak(
    session: Transaction, *, signature_id: int, language: str, now: datetime
) -> None:
    """Choose the language of mails and pages; quiet for one who has withdrawn."""
    row = _locked(session, signature_id)
    if row.state not in _LIVING or row.language == language:
        return
    _set(session, signature_id, language=language)
    record.write(
        session,
        letter_id=row.letter_id,
        actor=record.SIGNATORY,
        verb="language",
        subject=row.public_id,
        before=row.language,
        after=language,
        at=now,
    )


def _say(
    session: Transaction, signature_id: int, consent: str, given: bool, now: datetime
) -> bool:
    row = _locked(session, signature_id)
    may = row.state in _LIVING and row.address_sealed is not None
    before = bool(row._mapping[consent])
    if before is given or (given and not may):
        return before
    _set(session, signature_id, **{consent: given})
    on, off = VERBS[consent]
    record.write(
        session,
        letter_id=row.letter_id,
        actor=record.SIGNATORY,
        verb=on if given else off,
        subject=row.public_id,
        after=letters.CONSENT_VERSION if given else None,
        at=now,
    )
    return given


def _locked(session: Transaction, signature_id: int) -> Any:
    return session.execute(
        select(
            _c.public_id, _c.letter_id, _c.wants_updates, _c.may_contact, _c.state,
            _c.language, _c.address_sealed,
        )
        .where(_c.id == signature_id)
        .with_for_update()
    ).one()  # fmt: skip


def _set(session: Transaction, signature_id: int, **values: Any) -> None:
    session.execute(
        update(db.table(Signature)).where(_c.id == signature_id).values(values)
    )
