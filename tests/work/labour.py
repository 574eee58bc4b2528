"""What the tests of long work share: a bench to work at, and many signatures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from app import db
from app.domain import letters, standing, tally
from app.models import Letter, Record, Signature, State
from app.workbench import Workbench
from tests.house import SLUG, House

ACTOR = "organiser:1"


def bench(house: House) -> Workbench:
    """The worker's bench, which takes no rest."""
    return Workbench(house.site.config, house.site.database, rest=0)


def finish(house: House) -> int:
    """Let the worker do all jobs to their end; how many batches that took."""
    working, batches = bench(house), 0
    while done := working.work():
        batches += done
    return batches


def letter_id(house: House) -> int:
    """The example letter."""
    ((found,),) = house.ask(select(Letter.id).where(Letter.slug == SLUG))
    return int(found)


def people(house: House, number: int, **columns: Any) -> None:
    """So many confirmed signatures at once, counted like any other.

    A column may be a function of the number of the row.
    """
    now = db.now()
    with house.writing() as session:
        settings = letters.load(session, letter_id=letter_id(house))
        rows = []
        for index in range(number):
            row: dict[str, Any] = {
                "public_id": standing.new_public_id(),
                "letter_id": settings.id,
                "origin": "confirmed",
                "state": "counted",
                "name": f"Person {index}",
                "name_key": f"person {index}",
                "affiliation": "University of X",
                "sector": settings.sector_keys[index % len(settings.sector_keys)],
                "country": ("DE", "FR")[index % 2],
                "listed": True,
                "public_figure": False,
                "identification_only": False,
                "wants_updates": False,
                "may_contact": False,
                "language": "en",
                "confirmed_at": now,
                "verified": False,
                "created_at": now,
                "hold_reasons": None,
                "address_domain": None,
                "network_key": None,
                "address_sealed": None,
            }
            for name, value in columns.items():
                row[name] = value(index) if callable(value) else value
            rows.append(row)
        session.execute(insert(db.table(Signature)), rows)
        for row in rows:
            tally.post(
                session,
                letter_id=settings.id,
                entries=standing.entries_of(
                    State(row["state"]), row["origin"], row["sector"], row["country"],
                    row["verified"], 1,
                ),
                at=now,
            )  # fmt: skip


def lines(house: House) -> list[tuple[str, str | None, str | None]]:
    """The record since the letter was loaded: verb, before, after; oldest first."""
    found = house.ask(
        select(Record.verb, Record.before, Record.after)
        .where(Record.actor == ACTOR)
        .order_by(Record.id)
    )
    return [tuple(row) for row in found]
