"""Ask for a mail in the transaction of the thing it speaks of."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert

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
    number: int = 1,
    now: datetime,
) -> None:
    """Write the outbox row of one mail about one submission or one signature.

    The mail of a number is asked for once: doing it again writes nothing.
    """
    _ASK.run(
        session,
        {
            "kind": kind.value,
            "submission_id": submission_id,
            "signature_id": signature_id,
            "number": number,
            "message_id": secrets.token_hex(16),
            "state": OutboxState.READY.value,
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        },
    )


def ask_many(
    session: Transaction,
    *,
    kind: OutboxKind,
    submissions: Iterable[tuple[bytes, datetime]],
    now: datetime,
) -> None:
    """Write the rows of the first mails about new submissions, each with its time."""
    session.execute(
        insert(db.table(Outbox)),
        [
            {
                "kind": kind.value,
                "submission_id": submission_id,
                "number": 1,
                "message_id": secrets.token_hex(16),
                "state": OutboxState.READY.value,
                "attempts": 0,
                "due_at": due_at,
                "created_at": now,
            }
            for submission_id, due_at in submissions
        ],
    )
