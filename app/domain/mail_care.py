"""What whoever runs the house does with single mails: look, send again, drop."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import bounces, mailings, record
from app.domain.keyring import Keyring
from app.domain.shelf import Shelf
from app.models import (
    Invitation,
    MailingKind,
    Outbox,
    OutboxState,
    Signature,
    SignInvitation,
    Submission,
)

DROPPED = "dropped"
# The ends that a mail can be taken out of, and how it may wait.
_STUCK = frozenset({OutboxState.DEAD.value, OutboxState.REFUSED.value})
_READY = OutboxState.READY.value
_MAILINGS = frozenset(kind.value for kind in MailingKind)
# Mail servers repeat to whom a mail was.
_ADDRESS = re.compile(r"\S+@\S+")

_o = db.table(Outbox).c


class NotPossible(Exception):
    """The mail is in a state in which this cannot be done with it."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def look(
    session: Transaction, *, states: Sequence[OutboxState], limit: int
) -> list[Any]:
    """The newest `limit` mails in one of these states; no address stands in them."""
    return list(
        session.execute(
            select(*_SHOWN)
            .where(_o.state.in_([state.value for state in states]))
            .order_by(_o.id.desc())
            .limit(limit)
        )
    )


def find(session: Transaction, *, outbox_id: int) -> Any | None:
    """One mail, with the letter that it belongs to if it belongs to one; or None."""
    letters = [
        select(table.letter_id).where(table.id == column).scalar_subquery()
        for table, column in (
            (Submission, _o.submission_id),
            (Signature, _o.signature_id),
            (Invitation, _o.invitation_id),
            (SignInvitation, _o.sign_invitation_id),
        )
    ]
    return session.execute(
        select(*_SHOWN, func.coalesce(*letters).label("letter_id")).where(
            _o.id == outbox_id
        )
    ).first()


_SHOWN: tuple[ColumnElement[Any], ...] = (
    _o.id,
    _o.kind,
    _o.number,
    _o.state,
    _o.attempts,
    _o.created_at,
    _o.due_at,
    _o.ended_at,
    _o.answer,
    _o.message_id,
)


def said(answer: str | None) -> str:
    """What the mail server said, without the address that it may have repeated."""
    return _ADDRESS.sub("(address)", answer or "")


def retry(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    outbox_id: int,
    now: datetime,
) -> int | None:
    """Let a mail that waits, was refused or could not be made be due now.

    Who sends a refused one again says that its address takes mails by now: what was
    reported of it is forgotten. How many reports that were; None where there is no such
    mail. Whether it still holds is judged when it is sent. Raises NotPossible.
    """
    mail = _take(session, outbox_id)
    if mail is None:
        return None
    if mail.state not in {*_STUCK, _READY}:
        raise NotPossible(mail.state)
    _write(session, mail, state=_READY, due_at=now, ended_at=None)
    if mail.state != OutboxState.REFUSED.value:
        return 0
    return bounces.forget(
        session, keyring=keyring, shelf=shelf, outbox_id=outbox_id, now=now
    )


def drop(session: Session, *, outbox_id: int, reason: str, now: datetime) -> bool:
    """Withhold a mail that is not to be sent; False where there is none.

    The record of its letter says so. Raises NotPossible.
    """
    mail = _take(session, outbox_id)
    if mail is None:
        return False
    if mail.state not in {*_STUCK, _READY}:
        raise NotPossible(mail.state)
    _write(session, mail, state=OutboxState.VOID.value, answer=DROPPED, ended_at=now)
    found = find(session, outbox_id=outbox_id)
    assert found is not None
    record.write(
        session,
        letter_id=found.letter_id,
        actor=record.SYSTEM,
        verb="mail.drop",
        subject=mail.message_id,
        before=mail.state,
        reason=reason,
        at=now,
    )
    return True


def _take(session: Transaction, outbox_id: int) -> Any | None:
    return session.execute(
        select(
            _o.id,
            _o.kind,
            _o.number,
            _o.signature_id,
            _o.state,
            _o.answer,
            _o.message_id,
        )
        .where(_o.id == outbox_id)
        .with_for_update()
    ).first()


def _write(session: Transaction, mail: Any, **values: Any) -> None:
    """Change a mail, and what is counted of the update that it brings."""
    session.execute(update(db.table(Outbox)).where(_o.id == mail.id).values(**values))
    if mail.kind not in _MAILINGS or mail.signature_id is None:
        return
    came_back = (mail.answer or "").startswith(mailings.CAME_BACK)
    mailings.recount(
        session,
        mailing_id=mail.number,
        before="bounced" if came_back and mail.state in _STUCK else mail.state,
        after=values["state"],
    )
