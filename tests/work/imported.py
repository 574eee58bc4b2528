"""An import as the tests take it: uploaded, checked, run and looked at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app import db
from app.domain import imports, letters, uploads
from app.models import (
    JobState,
    Signature,
)
from tests.house import House
from tests.work.labour import ACTOR, finish, letter_id

HEAD = "Name,Affiliation,E-Mail,Sector\n"
FILE = HEAD + "".join(
    f"Jane {word} Doe,University of X,jane{n}@example.org,academia\n"
    for n, word in enumerate(("Ada", "Bea", "Cleo", "Dora"))
)
MAPPING = {"name": 0, "affiliation": 1, "email": 2, "sector": 3}


def upload(
    house: House, content: str | bytes = FILE, source: str = "Paper lists, Bonn"
) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    with house.writing() as session:
        return uploads.upload(
            session,
            keyring=house.site.keyring,
            settings=letters.load(session, letter_id=letter_id(house)),
            file_name="lists.csv",
            content=raw,
            source=source,
            actor=ACTOR,
            now=db.now(),
        )


def check(house: House, one: str, mapping: dict[str, int] | None = None) -> None:
    with house.writing() as session:
        imports.check(
            session, letter_id=letter_id(house), public_id=one,
            mapping=mapping or MAPPING, columns=4, actor=ACTOR, now=db.now(),
        )  # fmt: skip


def run(house: House, one: str, *, asks: bool = False, repeats: bool = False) -> None:
    with house.writing() as session:
        imports.run(
            session,
            settings=letters.load(session, letter_id=letter_id(house)),
            public_id=one,
            asks=asks,
            repeats=repeats,
            actor=ACTOR,
            now=db.now(),
        )


def act(house: House, what: Any, one: str) -> Any:
    with house.writing() as session:
        return what(session, letter_id=letter_id(house), public_id=one, actor=ACTOR,
                    now=db.now())  # fmt: skip


def shown(house: House, one: str) -> imports.Shown:
    with house.site.database.reading() as session:
        return imports.show(session, letter_id=letter_id(house), public_id=one)


def problems(house: House, one: str) -> list[tuple[int, str, str]]:
    with house.site.database.reading() as session:
        return imports.problems(session, import_id=shown(house, one).row.id)


def taken_in(house: House, one: str, **switches: bool) -> dict[str, int]:
    """Check and run an import to its end; its figures."""
    check(house, one)
    finish(house)
    run(house, one, **switches)
    finish(house)
    ran = shown(house, one).ran
    assert ran is not None
    assert ran.state is JobState.DONE
    return dict(ran.result)


def brought(house: House, one: str) -> list[Any]:
    return house.ask(
        select(db.table(Signature))
        .where(Signature.collection_id == shown(house, one).row.collection_id)
        .order_by(Signature.id)
    )


def rows_of(house: House, model: Any) -> int:
    ((number,),) = house.ask(select(func.count()).select_from(model))
    return int(number)
