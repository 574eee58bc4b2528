"""The consent to news: given on the form, taken back and given again by one click.

A part of the lifecycle, since it writes to signatures; none of it moves a state.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from app import db
from app.db import Transaction
from app.domain import letters, record
from app.models import Signature, State

_c = db.table(Signature).c
_LIVING = (State.COUNTED.value, State.HELD.value)


def want_updates(
    session: Transaction, *, signature_id: int, wanted: bool, now: datetime
) -> bool:
    """Let a signatory have news, or no more; whether they have it from now on.

    The record keeps when they said so and to which wording. Saying it twice is quiet,
    and who has withdrawn or is erased can only take the consent back.
    """
    row = session.execute(
        select(
            _c.public_id, _c.letter_id, _c.wants_updates, _c.state, _c.address_sealed
        )
        .where(_c.id == signature_id)
        .with_for_update()
    ).one()
    may = row.state in _LIVING and row.address_sealed is not None
    if row.wants_updates is wanted or (wanted and not may):
        return bool(row.wants_updates)
    session.execute(
        update(db.table(Signature))
        .where(_c.id == signature_id)
        .values(wants_updates=wanted)
    )
    record.write(
        session,
        letter_id=row.letter_id,
        actor=record.SIGNATORY,
        verb="updates.want" if wanted else "updates.stop",
        subject=row.public_id,
        after=letters.CONSENT_VERSION if wanted else None,
        at=now,
    )
    return wanted
