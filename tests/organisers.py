"""People who run the example letter in tests, and what they have before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.domain import desk, inviting, organisers, piles, queue, record, standing
from app.domain.desk import Hand
from app.models import Letter, Organiser, Role, Signature
from tests.house import SLUG, House, link


def organiser(
    house: House, name: str = "Olga", role: Role = Role.VERIFIER, slug: str = SLUG
) -> int:
    """Somebody with a role on a letter; the id."""
    email = f"{name.lower()}@organisers.example.org"
    with house.writing() as session:
        organisers.join(
            session, email=email, name=name, slug=slug, role=role, actor=record.SYSTEM,
            now=db.now(),
        )  # fmt: skip
        return session.scalars(
            select(Organiser.id).where(Organiser.email == email)
        ).one()


def letter_id(house: House, slug: str = SLUG) -> int:
    """The id of a letter."""
    return int(house.ask(select(Letter.id).where(Letter.slug == slug))[0][0])


def signed(house: House, name: str, **fields: str) -> Any:
    """Somebody signs and confirms; the row."""
    local = re.sub(r"\W+", ".", name.lower())
    house.confirm(name=name, **({"email": f"{local}@example.org"} | fields))
    return house.signatures()[-1]


def hand(
    house: House, row: Any, organiser_id: int, now: datetime | None = None
) -> Hand:
    """The organiser takes the signature in hand, as its screen does."""
    now = now or db.now()
    with house.writing() as session:
        desk.take(session, signature_id=row.id, organiser_id=organiser_id, now=now)
        seen = standing.look(session, signature_id=row.id)
    return Hand(row.id, organiser_id, seen, now)


@contextmanager
def at_desk(
    house: House, row: Any, organiser_id: int
) -> Iterator[tuple[Session, Hand]]:
    """A transaction in which the organiser has the signature in hand."""
    held = hand(house, row, organiser_id)
    with house.writing() as session:
        yield session, held


def pile(house: House, which: str = piles.WAITING) -> list[str]:
    """The names in a pile of the example letter, in their order."""
    with house.site.database.reading() as session:
        lines = queue.read(
            session, letter_id=letter_id(house), pile=which, now=db.now(), limit=100
        )
    return [line.name for line in lines]


def row_of(house: House, row: Any) -> Any:
    """The signature as it stands now."""
    return house.ask(select(Signature.__table__).where(Signature.id == row.id))[0]


def invitation(house: House, slug: str = SLUG, **how: str) -> str:
    """Olga invites a notable; the path of the link in the mail."""
    olga = organiser(house, slug=slug)
    given = {
        "name": "Yoshua Bengio",
        "address": "yoshua@institute.example.org",
        "evidence": "from the page of his institute",
        "language": "en",
    }
    given |= how
    with house.writing() as session:
        settings = house.site.shelf.of(
            session, letter_id=letter_id(house, slug), now=db.now()
        )
        inviting.invite(
            session, keyring=house.site.keyring, settings=settings, organiser_id=olga,
            now=db.now(), **given,
        )  # fmt: skip
    mails = house.deliver()
    (mail,) = [m for m in mails if m.recipients == (given["address"],)]
    return link(mail, "invited")
