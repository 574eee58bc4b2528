"""The team of a letter: roles changed and taken away, never the last owner's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from app import db
from app.db import Transaction
from app.domain import record
from app.models import FactorReset, Letter, Membership, Organiser, Role


@dataclass(frozen=True, slots=True)
class Member:
    """Who runs the letter; `factor_ends` where an end of their factor was asked for."""

    id: int
    name: str
    email: str
    role: str
    has_factor: bool
    factor_ends: datetime | None


class LastOwner(ValueError):
    """A letter must keep an owner: make somebody else one first."""


class NotInTeam(LookupError):
    """This organiser has no part in the letter."""


def members(session: Transaction, *, letter_id: int) -> list[Member]:
    """All who run the letter, owners first."""
    order = {role.value: number for number, role in enumerate(Role)}
    rows = session.execute(
        select(
            Organiser.id,
            Organiser.name,
            Organiser.email,
            Membership.role,
            Organiser.tf_primary_method.is_not(None),
            FactorReset.due_at,
        )
        .join(Membership, Membership.organiser_id == Organiser.id)
        .outerjoin(FactorReset, FactorReset.organiser_id == Organiser.id)
        .where(Membership.letter_id == letter_id)
        .order_by(Organiser.id)
    )
    return sorted((Member(*row) for row in rows), key=lambda one: order[one.role])


def change(
    session: Transaction,
    *,
    letter_id: int,
    organiser_id: int,
    role: Role | None,
    actor: str,
    now: datetime,
) -> None:
    """Give a member another role, or none. Raises NotInTeam, LastOwner."""
    # Two owners who remove each other at once wait here for one another.
    session.execute(
        select(Letter.id).where(Letter.id == letter_id).with_for_update()
    ).all()
    here = (
        Membership.letter_id == letter_id,
        Membership.organiser_id == organiser_id,
    )
    before = session.execute(select(Membership.role).where(*here)).scalar()
    if before is None:
        raise NotInTeam
    if before == Role.OWNER and role != Role.OWNER:
        owners = session.execute(
            select(func.count()).where(
                Membership.letter_id == letter_id,
                Membership.role == Role.OWNER.value,
            )
        ).scalar_one()
        if owners < 2:
            raise LastOwner
    if role is None:
        session.execute(delete(db.table(Membership)).where(*here))
    else:
        session.execute(
            update(db.table(Membership)).where(*here).values(role=role.value)
        )
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="team.change" if role else "team.remove",
        subject=record.organiser(organiser_id),
        before=before,
        after=role.value if role else None,
        at=now,
    )
