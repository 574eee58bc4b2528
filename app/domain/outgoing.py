"""Ask for a mail in the transaction of the thing it speaks of."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from app import db
from app.db import insert_for
from app.models import Outbox, OutboxKind, OutboxState


def ask(
    session: Session,
    *,
    kind: OutboxKind,
    submission_id: bytes | None = None,
    signature_id: int | None = None,
    number: int = 1,
    now: datetime,
) -> None:
    """Write the outbox row of one mail about one submission or one signature.

    The mail of a number is asked for once: doing it again writes nothing.
    """
    session.execute(
        insert_for(session)(db.table(Outbox))
        .values(
            kind=kind.value,
            submission_id=submission_id,
            signature_id=signature_id,
            number=number,
            message_id=secrets.token_hex(16),
            state=OutboxState.READY.value,
            attempts=0,
            due_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
