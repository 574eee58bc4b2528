"""Who runs which letter, and who may change its signatures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Transaction
from app.domain import addresses, names, record
from app.models import Letter, Membership, Organiser, Role

# The roles that may do something to a signature.
_ACTING = (Role.OWNER.value, Role.EDITOR.value, Role.VERIFIER.value)


class NoSuchLetter(LookupError):
    """There is no letter with this slug."""


def join(
    session: Session,
    *,
    email: str,
    name: str,
    slug: str,
    role: Role,
    actor: str,
    now: datetime,
) -> None:
    """Give a person a role on a letter, or change it.

    Raises NoSuchLetter, and AddressProblem for what is no address.
    """
    letter_id = session.scalar(select(Letter.id).where(Letter.slug == slug))
    if letter_id is None:
        raise NoSuchLetter("there is no such letter")
    address = addresses.parse(email).lower()
    organiser = session.scalar(select(Organiser).where(Organiser.email == address))
    if organiser is None:
        organiser = Organiser(
            email=address, name=names.clean_line(name), created_at=now
        )
        session.add(organiser)
        session.flush()
    membership = session.get(Membership, (letter_id, organiser.id))
    before = membership.role if membership else None
    if membership is None:
        session.add(
            Membership(
                letter_id=letter_id,
                organiser_id=organiser.id,
                role=role.value,
                created_at=now,
            )
        )
    else:
        membership.role = role.value
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="organiser.join",
        subject=record.organiser(organiser.id),
        before=before,
        after=role.value,
        at=now,
    )


def with_address(session: Session, *, email: str) -> int | None:
    """The id of the organiser with this address, or None."""
    statement = select(Organiser.id).where(Organiser.email == email.strip().lower())
    return session.scalar(statement)


def find(session: Session, *, email: str, letter_id: int | None) -> int | None:
    """The id of an organiser who may act on a letter (None: on any), or None."""
    statement = (
        select(Organiser.id)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .where(Organiser.email == email.lower(), Membership.role.in_(_ACTING))
    )
    if letter_id is not None:
        statement = statement.where(Membership.letter_id == letter_id)
    return session.scalar(statement.limit(1))


def team(session: Session, *, slug: str) -> list[tuple[str, str, str]]:
    """(address, name, role) of all who run a letter, owners first."""
    order = {role.value: number for number, role in enumerate(Role)}
    rows = session.execute(
        select(Organiser.email, Organiser.name, Membership.role)
        .join(Membership, Membership.organiser_id == Organiser.id)
        .join(Letter, Letter.id == Membership.letter_id)
        .where(Letter.slug == slug)
    )
    return sorted((tuple(row) for row in rows), key=lambda row: order[row[2]])  # type: ignore[misc]


def parts(session: Transaction, *, organiser_id: int) -> list[tuple[int, str]]:
    """(letter, role) of all the letters in which an organiser has a part."""
    rows = session.execute(
        select(Membership.letter_id, Membership.role)
        .where(Membership.organiser_id == organiser_id)
        .order_by(Membership.letter_id)
    )
    return [(row.letter_id, row.role) for row in rows]
