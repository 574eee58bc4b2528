"""A lost second factor: an owner asks for its end, its owner is told, a day passes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Exists, delete, insert, select, update

from app import db
from app.db import Transaction
from app.domain import accounts, outgoing, record, sessions
from app.models import FactorReset, Membership, Organiser, OutboxKind

# Long enough for whoever still has the factor to read the mail and to sign in.
WAITS = timedelta(hours=24)


class NothingToReset(ValueError):
    """They have no second factor, have no part in the letter, or are who asks."""


def ask(
    session: Transaction,
    *,
    letter_id: int,
    organiser_id: int,
    actor: str,
    now: datetime,
) -> None:
    """Let the second factor of a member end after WAITS; the member is told at once.

    It stays if they sign in with it before. Asking again changes nothing. Raises
    NothingToReset: nobody frees their own account of its factor by this.
    """
    has_factor = session.execute(
        select(Organiser.id)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .where(
            Organiser.id == organiser_id,
            Membership.letter_id == letter_id,
            Organiser.tf_primary_method.is_not(None),
        )
    ).first()
    if has_factor is None or record.organiser(organiser_id) == actor:
        raise NothingToReset
    if due_at(session, organiser_id=organiser_id) is not None:
        return
    session.execute(
        insert(db.table(FactorReset)),
        {"organiser_id": organiser_id, "letter_id": letter_id, "due_at": now + WAITS},
    )
    line = record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="factor.ask",
        subject=record.organiser(organiser_id),
        at=now,
    )
    outgoing.ask_anew(
        session,
        kind=OutboxKind.FACTOR,
        organiser_id=organiser_id,
        record_id=line,
        due_at=now,
        now=now,
    )


def keep(
    session: Transaction,
    *,
    organiser_id: int,
    actor: str,
    letter_id: int | None = None,
    now: datetime,
) -> bool:
    """Let the factor be after all; whether its end was asked for (on this letter)."""
    asked = [FactorReset.organiser_id == organiser_id]
    if letter_id is not None:
        asked.append(FactorReset.letter_id == letter_id)
    # Nearly always there is none: then nothing is written.
    if session.scalar(select(FactorReset.letter_id).where(*asked)) is None:
        return False
    stopped = session.execute(
        delete(db.table(FactorReset)).where(*asked).returning(FactorReset.letter_id)
    ).first()
    if stopped is None:
        return False
    record.write(
        session,
        letter_id=stopped[0],
        actor=actor,
        verb="factor.keep",
        subject=record.organiser(organiser_id),
        at=now,
    )
    return True


def due_at(session: Transaction, *, organiser_id: int) -> datetime | None:
    """When the factor of an organiser ends, if that was asked for."""
    return session.scalar(
        select(FactorReset.due_at).where(FactorReset.organiser_id == organiser_id)
    )


def waiting(now: datetime) -> Exists:
    """Whether the time of some is over, as a condition."""
    return select(FactorReset.organiser_id).where(FactorReset.due_at <= now).exists()


def end_due(session: Transaction, *, now: datetime) -> int:
    """End the factors whose time is over; of who has left the team, none is ended."""
    due = session.execute(
        delete(db.table(FactorReset))
        .where(FactorReset.due_at <= now)
        .returning(FactorReset.organiser_id, FactorReset.letter_id)
    ).all()
    for organiser_id, letter_id in due:
        if session.execute(
            select(Membership.role).where(
                Membership.letter_id == letter_id,
                Membership.organiser_id == organiser_id,
            )
        ).first():
            end(session, organiser_id=organiser_id, now=now)
    return len(due)


def end(session: Transaction, *, organiser_id: int, now: datetime) -> None:
    """End the factor and its recovery codes: a new one is set up at the next sign-in.

    The password stays, and is asked for; every session ends.
    """
    session.execute(
        update(db.table(Organiser))
        .where(Organiser.id == organiser_id)
        .values(tf_primary_method=None, tf_totp_secret=None, mf_recovery_codes=None)
    )
    sessions.end(session, organiser_id=organiser_id, now=now)
    accounts.changed(
        session, organiser_id=organiser_id, verb="organiser.factor_off", now=now
    )
