"""Ask for a mail in the transaction of the thing it speaks of."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from app import db, prepared
from app.db import Transaction
from app.models import Outbox, OutboxKind, OutboxState
from app.prepared import Statement, Step

_ASK = Statement(
    lambda insert: insert(db.table(Outbox)).on_conflict_do_nothing().inline()
)


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
    values = {
        "submission_id": submission_id,
        "signature_id": signature_id,
        "number": number,
    }
    prepared.run(session, Step(_ASK, new_mail(kind, now) | values))


def step(*, kind: OutboxKind, signature_id: int, now: datetime) -> Step:
    """The same about a signature, to be run with other steps."""
    values = {"submission_id": None, "signature_id": signature_id, "number": 1}
    return Step(_ASK, new_mail(kind, now) | values)


def new_mail(kind: OutboxKind, now: datetime) -> dict[str, Any]:
    """The columns of a mail that is due at once, but for what it is about."""
    return {
        "kind": kind.value,
        "message_id": secrets.token_hex(16),
        "state": OutboxState.READY.value,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }
