"""Further letters on a house of the tests, and what its tables hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import db
from app.domain import letter_files, letter_loading, record
from app.models import Base, Outbox
from tests.house import EXAMPLE, FIELDS, House


def another_letter(house: House, slug: str, **changes: Any) -> str:
    """Put a letter like the example on the house, without collected signatures."""
    files = replace(letter_files.read(EXAMPLE), slug=slug, collected=(), **changes)
    with house.writing() as session:
        letter_loading.load(
            session,
            keyring=house.site.keyring,
            files=files,
            actor=record.SYSTEM,
            now=db.now(),
        )
    return slug


def sign_letter(house: House, slug: str, **fields: str) -> TestResponse:
    """Send the sign form of a letter."""
    return house.post(f"/letters/{slug}/signatures", FIELDS | fields)


def rows(house: House) -> dict[str, int]:
    """How many rows each table holds."""
    with house.site.database.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def outbox_states(house: House) -> dict[str, int]:
    """How many mails are in which state."""
    counted = select(Outbox.state, func.count()).group_by(Outbox.state)
    return {state: number for state, number in house.ask(counted)}
