"""Ask for a mail in the transaction of the thing it speaks of."""

from __future__ import annotations

import secrets
from datetime import datetime

from app import db
from app.db import Transaction
from app.models import Outbox, OutboxKind, OutboxState

_ASK = db.Upsert(lambda insert: insert(db.table(Outbox)).on_conflict_do_nothing())


def ask(
    session: Transaction,
    *,
    kind: OutboxKind,
    submission_id: bytes | None = None,
    signature_id: int | None = None,
    invitation_id: bytes | None = None,
    number: int = 1,
    now: datetime,
) -> None:
    """Write the outbox row of one mail about one subject.

    The mail of a number is asked for once: doing it again writes nothing.
    """
    _ASK.run(
        session,
        {
            "kind": kind.value,
            "submission_id": submission_id,
            "signature_id": signature_id,
            "invitation_id": invitation_id,
            "number": number,
            "message_id": secrets.token_hex(16),
            "state": OutboxState.READY.value,
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        },
    )
