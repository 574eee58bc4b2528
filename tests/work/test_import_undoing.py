"""Imports: stopped, undone, killed in the middle, and met by a merge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app import db
from app.domain import imports, jobs, lifecycle, sectors, uploads
from app.domain.imports import NotNow
from app.models import (
    Asked,
    ImportPart,
    ImportProblem,
    JobState,
    Submission,
)
from tests.house import House, later, link
from tests.work.imported import (
    FILE,
    HEAD,
    act,
    brought,
    check,
    rows_of,
    run,
    shown,
    taken_in,
    upload,
)
from tests.work.labour import ACTOR, bench, finish, letter_id


def many(number: int) -> str:
    return HEAD + "".join(f"Jane Doe,Society {n},,\n" for n in range(number))


def test_an_import_is_stopped_between_two_parts_and_undone_from_there(
    house: House,
) -> None:
    before = house.numbers()
    one = upload(house, many(1200))
    check(house, one)
    finish(house)
    run(house, one)
    working = bench(house)
    working._stopped = lambda: True  # Ends its turn after one batch.
    working.work()
    assert len(brought(house, one)) == uploads.PART
    with pytest.raises(NotNow):
        act(house, imports.undo, one)
    assert act(house, imports.stop, one)
    finish(house)
    ran = shown(house, one).ran
    assert ran is not None
    assert (ran.state, ran.result["collected"]) == (JobState.STOPPED, uploads.PART)
    assert rows_of(house, ImportPart) == 0, "the rest is wiped"
    assert not act(house, imports.stop, one)
    house.check()
    act(house, imports.undo, one)
    with pytest.raises(NotNow):
        act(house, imports.undo, one)
    finish(house)
    assert house.numbers() == before
    house.check()
    assert {row.state for row in brought(house, one)} == {"withdrawn"}
    assert {row.name for row in brought(house, one)} == {None}
    with pytest.raises(NotNow):
        act(house, imports.undo, one)


def test_undoing_leaves_who_was_verified_rejected_or_has_confirmed(
    house: House,
) -> None:
    one = upload(house, FILE + "Jim Doe,X,,\nJoe Doe,X,,\nJon Doe,X,,\n")
    taken_in(house, one, asks=True)
    later(minutes=1)
    house.post(link(house.deliver()[0], "confirm"), {"action": "confirm"})
    jim, joe, jon = brought(house, one)
    who: dict[str, Any] = {"actor": ACTOR, "now": db.now()}
    with house.writing() as session:
        lifecycle.verify(session, signature_id=jim.id, **who)
        lifecycle.reject(session, signature_id=joe.id, reason="no", fake=False, **who)
    act(house, imports.undo, one)
    finish(house)
    assert [(row.name, row.state) for row in brought(house, one)] == [
        ("Jim Doe", "counted"), ("Joe Doe", "rejected"), (None, "withdrawn"),
    ]  # fmt: skip
    assert jon.name == "Jon Doe"
    assert house.numbers()["confirmed"] == 1
    states = house.ask(
        select(Submission.state, func.count()).group_by(Submission.state)
    )
    assert sorted(map(tuple, states)) == [("used", 1), ("void", 3)]
    undone = shown(house, one).undone
    assert undone is not None
    assert undone.result == {"withdrawn": 1, "voided": 3}
    house.check()
    later(hours=1)
    asked = [mail for mail in house.deliver() if "/confirm/" in mail.text]
    assert asked == [], "no question goes out any more"
    assert rows_of(house, Asked) == 4, "and nobody is asked anew by the next file"


def test_an_import_goes_on_after_its_worker_was_killed(house: House) -> None:
    one = upload(house, many(1200))
    check(house, one)
    finish(house)
    run(house, one)
    working = bench(house)
    working._stopped = lambda: True
    working.work()
    with house.writing() as session:
        assert jobs.claim(session, now=db.now(), lease=timedelta(seconds=120))
    assert finish(house) == 0
    later(seconds=121)
    finish(house)
    assert len(brought(house, one)) == 1200
    house.check()


def test_rows_that_no_key_opens_fail_the_job_and_nothing_else(house: House) -> None:
    one = upload(house)
    with house.writing() as session:
        # Somebody who can write to the database has put one part in another's place.
        names = session.scalar(select(ImportPart.sealed).where(ImportPart.number == 0))
        session.execute(
            update(ImportPart).where(ImportPart.number == 1).values(sealed=names)
        )
    check(house, one)
    finish(house)
    checked = shown(house, one).checked
    assert checked is not None
    assert (checked.state, checked.problem) == (JobState.FAILED, "Unopenable")
    assert rows_of(house, ImportProblem) == 0


def test_rows_of_a_merged_sector_land_in_the_one_that_it_went_up_in(
    house: House,
) -> None:
    """By its key and by its labels; the file was made, and checked, before."""
    content = HEAD + "".join(
        f"Jane {name} Doe,University of X,jane{name}@example.org,{said}\n"
        for name, said in (("Ada", "academia"), ("Bea", "ACADEMIA"),
                           ("Cleo", "Politics"), ("Dora", "politics"))
    )  # fmt: skip
    one = upload(house, content)
    check(house, one)
    finish(house)
    with house.writing() as session:
        sectors.merge(session, letter_id=letter_id(house), key="academia",
                      into="politics", actor=ACTOR, now=db.now())  # fmt: skip
    later(seconds=11)
    while True:
        with house.writing() as session:
            if not sectors.recode(session, now=db.now()):
                break
    house.site.shelf._seen.clear()
    run(house, one)
    finish(house)
    assert [row.sector for row in brought(house, one)] == ["politics"] * 4
    house.check()
