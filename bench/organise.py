"""The organisers' application by itself, and somebody signed in before a full desk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import insert, literal, select

import config
from app import create_organise, db, urls
from app.domain import organisers, piles, record
from app.models import DeskEntry, Organiser, Role, Signature
from app.site import Site
from tests.organising.people import session_of

if TYPE_CHECKING:
    from bench.stage import Filled

# The page that is read far down begins behind this many.
DEEP = 10_000
_EMAIL = "bench@example.org"


def __getattr__(name: str) -> object:
    """`application`, made when a server asks for it: its settings stand there alone."""
    if name != "application":
        raise AttributeError(name)
    return create_organise(Site.open(config.load(os.environ)))


def fill_desk(filled: Filled, *, slug: str) -> tuple[str, str]:
    """Let signatures wait at the desk; the addresses of the first page and a deep one.

    A hundred of the few, and a little more than DEEP of the many.
    """
    number = min(filled.signatures // 10, DEEP + 100)
    with filled.database.writing() as session:
        organisers.join(
            session, email=_EMAIL, name="Bench", slug=slug, role=Role.EDITOR,
            actor=record.SYSTEM, now=db.now(),
        )  # fmt: skip
        those = (
            select(literal(1), literal(piles.WAITING), 900 + Signature.id % 90,
                   Signature.id)
            .where(Signature.letter_id == 1, Signature.origin == "confirmed")
            .order_by(Signature.id)
            .limit(number)
        )  # fmt: skip
        entries = db.table(DeskEntry)
        session.execute(entries.delete().where(entries.c.pile == piles.WAITING))
        session.execute(
            insert(entries).from_select(
                ["letter_id", "pile", "place", "signature_id"], those
            )
        )
        place, public_id = session.execute(
            select(entries.c.place, Signature.public_id)
            .join(Signature, Signature.id == entries.c.signature_id)
            .where(entries.c.letter_id == 1, entries.c.pile == piles.WAITING)
            .order_by(entries.c.place, entries.c.signature_id)
            .offset(min(DEEP, number - 50))
            .limit(1)
        ).one()
        session.commit()
    first = f"{urls.letter(slug)}/desk"
    return first, f"{first}?after={place}.{public_id}"


def questions(filled: Filled, *, slug: str) -> dict[str, str]:
    """What is looked for on the page of all signatures, by what kind of question it is.

    An address that has signed, one that has not, and words as the seed makes them.
    """
    with filled.database.writing() as session:
        organisers.join(
            session, email=_EMAIL, name="Bench", slug=slug, role=Role.EDITOR,
            actor=record.SYSTEM, now=db.now(),
        )  # fmt: skip
        domain = session.scalar(
            select(Signature.address_domain)
            .where(Signature.letter_id == 1, Signature.address_domain.is_not(None))
            .limit(1)
        )
        session.commit()
    typed = {
        "name": "mei",
        "affiliation": "exampletown",
        "two-words": "haddad university",
        "miss": "nobody university",
        "address": "nobody@example.org",
        "domain": f"@{domain}",
    }
    return {
        name: f"{urls.letter(slug)}/signatures?{urlencode({'q': words})}"
        for name, words in typed.items()
    }


def cookie(filled: Filled) -> str:
    """The Cookie header of somebody who has signed in."""
    with filled.database.reading() as session:
        organiser_id = session.scalar(
            select(Organiser.id).where(Organiser.email == _EMAIL)
        )
    assert organiser_id is not None
    site = Site.open(filled.config())
    app = create_organise(site)
    held = session_of(site, app, organiser_id)
    return f"{app.config['SESSION_COOKIE_NAME']}={held}"
