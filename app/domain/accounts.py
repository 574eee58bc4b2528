"""Changes of the ways in which organisers sign in: recorded, and told to the person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, literal, select, update

from app import db
from app.db import Transaction
from app.domain import outgoing, record, sessions
from app.models import Organiser, Outbox, OutboxKind

# A link to set a new password is mailed to an account this often and no more,
# whoever asks for it.
APART, PER_DAY = timedelta(minutes=15), 5

_o, _m = db.table(Organiser).c, db.table(Outbox).c


def changed(
    session: Transaction, *, organiser_id: int, verb: str, now: datetime
) -> None:
    """Write down that a way to sign in was changed, and mail it to its owner.

    `verb` is one of those that app/mail/messages.py has a sentence for.
    """
    actor = record.organiser(organiser_id)
    line = record.write(
        session, letter_id=None, actor=actor, verb=verb, subject=actor, at=now
    )
    outgoing.ask_anew(
        session,
        kind=OutboxKind.ACCOUNT,
        organiser_id=organiser_id,
        record_id=line,
        due_at=now,
        now=now,
    )


def set_password(
    session: Transaction,
    *,
    organiser_id: int,
    hashed: str,
    but: int | None = None,
    now: datetime,
) -> None:
    """Set a password; all sessions of the person end, save for the one in `but`.

    The second factor is untouched: it is asked for at the next sign-in as ever.
    """
    session.execute(
        update(db.table(Organiser)).where(_o.id == organiser_id).values(password=hashed)
    )
    sessions.end(session, organiser_id=organiser_id, but=but, now=now)
    changed(session, organiser_id=organiser_id, verb="organiser.password", now=now)


def forgotten(session: Transaction, *, email: str, now: datetime) -> None:
    """Mail a link to set a new password, where there is such an account.

    One statement, the same for every address: what it costs and says tells nobody
    whether there is one. An account that has no password gets none by this: whoever
    reads its mail would otherwise get past its passkey.
    """
    kind = OutboxKind.RESET

    def asked_since(since: datetime) -> Any:
        return (
            select(func.count())
            .where(
                _m.organiser_id == _o.id,
                _m.kind == kind.value,
                _m.created_at > since,
            )
            .scalar_subquery()
        )

    newest = (
        select(func.coalesce(func.max(_m.number), 0))
        .where(_m.organiser_id == _o.id, _m.kind == kind.value)
        .scalar_subquery()
    )
    mail = outgoing.new_mail(kind, now)
    names = ["organiser_id", "number", *mail]
    asked = select(
        _o.id,
        newest + 1,
        *(literal(value, _m[name].type) for name, value in mail.items()),
    ).where(
        _o.email == email.strip().lower(),
        _o.active,
        _o.password.is_not(None),
        asked_since(now - APART) == 0,
        asked_since(now - timedelta(days=1)) < PER_DAY,
    )
    session.execute(insert(db.table(Outbox)).from_select(names, asked))
