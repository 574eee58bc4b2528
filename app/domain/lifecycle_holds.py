"""A single reason for which a signature is held, taken away: a part of the lifecycle."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from app import db
from app.db import Transaction
from app.domain import lifecycle
from app.domain.standing import facts
from app.models import Signature, State

_c = db.table(Signature).c


def lift(
    session: Transaction, *, signature_id: int, why: str, actor: str, now: datetime
) -> None:
    """Hold a signature for `why` no longer; it is let in where no other reason stands.

    Quiet for one that is not held for it. The caller settles its piles, and the line
    of the record that says what took the reason away is the caller's.
    """
    session.execute(select(_c.id).where(_c.id == signature_id).with_for_update())
    former = facts(session, signature_id=signature_id)
    reasons = (former.hold_reasons or "").split()
    if former.state is not State.HELD or why not in reasons:
        return
    kept = [reason for reason in reasons if reason != why]
    if not kept:
        lifecycle.release(session, signature_id=signature_id, actor=actor, now=now)
        return
    session.execute(
        update(db.table(Signature))
        .where(_c.id == signature_id)
        .values(hold_reasons=" ".join(kept))
    )
