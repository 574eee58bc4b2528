"""Updates as the tests send them: people who wish for them, and a worker's turns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from psycopg import RawCursor
from sqlalchemy import update

from app import db
from app.domain import mailing_moves, mailing_walk, mailings
from app.domain.drafts import address_context
from app.domain.mailing_walk import Pace
from app.domain.mailings import Shown
from app.models import MailingKind, Signature
from tests.house import House
from tests.servers.smtp import Mail
from tests.work.labour import ACTOR, letter_id, people

TEXTS = {
    "en": (
        "We met the minister",
        "She **listened**, and said [this](https://x.test/a).",
    ),
    "de": ("Wir trafen die Ministerin", "Sie **hörte zu**."),
}
# Fast enough that a test need not wait, and slow enough to be seen.
PACE = Pace(per_minute=600, per_domain=600)


def address(number: int) -> str:
    """The address of a reader."""
    return f"reader{number}@example.org"


def readers(house: House, number: int, **columns: Any) -> list[int]:
    """So many signatories who wish for updates and can be reached; their ids."""
    before = {row.id for row in house.signatures()}
    people(house, number, **{"wants_updates": True, **columns})
    rows = [row for row in house.signatures() if row.id not in before]
    with house.writing() as session:
        for place, row in enumerate(rows):
            sealed = house.site.keyring.seal(
                address(place).encode(), context=address_context(row.public_id)
            )
            session.execute(
                update(db.table(Signature))
                .where(Signature.id == row.id)
                .values(address_sealed=sealed)
            )
    return [row.id for row in rows]


def draft(
    house: House,
    texts: dict[str, tuple[str, str]] = TEXTS,
    *,
    kind: MailingKind = MailingKind.UPDATE,
    public: bool = True,
) -> str:
    """A written update; its public id."""
    which, now = letter_id(house), db.now()
    with house.writing() as session:
        public_id = mailings.create(
            session, letter_id=which, kind=kind, actor=ACTOR, now=now
        )
        mailings.save(session, letter_id=which, public_id=public_id, texts=texts,
                      public=public, actor=ACTOR, now=now)  # fmt: skip
    return public_id


def do(house: House, act: Callable[..., Any], public_id: str, **more: Any) -> None:
    """Do something with an update, as its organiser does."""
    with house.writing() as session:
        act(session, letter_id=letter_id(house), public_id=public_id, actor=ACTOR,
            now=db.now(), **more)  # fmt: skip


def started(house: House, **how: Any) -> str:
    """An update that has just begun."""
    public_id = draft(house, **how)
    do(house, mailing_moves.start, public_id)
    return public_id


def turn(house: House, pace: Pace = PACE) -> int:
    """One turn of the worker; how many mails it asked for."""
    with house.writing() as session:
        return mailing_walk.walk(session, pace=pace, now=db.now())


def shown(house: House, public_id: str) -> Shown:
    """How an update stands."""
    with house.site.database.reading() as session:
        return mailings.find(session, letter_id=letter_id(house), public_id=public_id)


def pass_by(**time: float) -> None:
    """Let so much time pass."""
    db.move_clock(db._clock_offset + timedelta(**time))


def send_all(house: House, pace: Pace = PACE, *, most: int = 400) -> list[Mail]:
    """Let time pass until nothing of any update is due; the mails that came of it."""
    mails: list[Mail] = []
    for _ in range(most):
        turn(house, pace)
        pass_by(seconds=5)
        mails += house.deliver()
        with house.site.database.reading() as session:
            if not mailing_walk.due(session, now=db.now() + timedelta(minutes=1)):
                return mails
    raise AssertionError("the updates never came to an end")


def analyse(house: House, table: str) -> None:
    """Let PostgreSQL know how many rows there are, as it does by itself in time."""
    if not house.site.database.sqlite:
        with house.site.database.engine.connect() as connection:
            connection.exec_driver_sql(f"ANALYZE {table}")
            connection.commit()


def plan(house: House, statement: str, values: Any) -> str:
    """How the database would do a statement."""
    explain = "EXPLAIN QUERY PLAN" if house.site.database.sqlite else "EXPLAIN"
    with house.site.database.reading() as session:
        connection = session.connection()
        if "$1" not in statement:
            rows = connection.exec_driver_sql(f"{explain} {statement}", values)
            return " ".join(map(str, rows))
        # One that is prepared numbers its parameters as PostgreSQL does.
        driver: Any = connection.connection.driver_connection
        return " ".join(
            map(str, RawCursor(driver).execute(f"EXPLAIN {statement}", values))
        )
