"""The numbers are exact at every moment, folded or not, however many fold them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app import db
from app.domain import (
    lifecycle,
    record,
    tally,
    tally_check,
)
from app.domain.tally import Entry
from app.models import Facet, Fold, History, Ledger, Letter, Measure, Tally
from tests.house import SLUG, House, at_once, later


def letter_id(house: House) -> int:
    """The example letter's id."""
    return int(house.ask(select(Letter.id).where(Letter.slug == SLUG))[0][0])


def post(session: Session, letter: int, delta: int, sector: str = "ai") -> None:
    """A confirmed signature more or less, as a move posts it."""
    tally.post(
        session,
        letter_id=letter,
        entries=tally.entries_for(
            sector=sector, country="DE", measure=Measure.CONFIRMED, delta=delta
        ),
        at=db.now(),
    )


def test_a_read_is_the_same_before_and_after_folding(house: House) -> None:
    letter = letter_id(house)
    with house.writing() as session:
        for sector in ("ai", "ai", "politics"):
            post(session, letter, 1, sector)
        post(session, letter, -1)
    with house.site.database.reading() as session:
        unfolded = tally.read(session, letter_id=letter)
    assert house.fold() > 0
    with house.site.database.reading() as session:
        folded = tally.read(session, letter_id=letter)
    assert {key: n for key, n in unfolded.items() if n} == {
        key: n for key, n in folded.items() if n
    }
    assert folded["ai", Measure.CONFIRMED] == 1
    assert house.fold() == 0


def test_every_facet_sums_to_the_total(house: House) -> None:
    for number, sector in enumerate(("ai", "academia", "other", "not_said")):
        house.confirm(
            email=f"p{number}@example.org",
            sector=sector,
            country="FR" if number else "",
        )
    with house.site.database.reading() as session:
        for facet in Facet:
            numbers = tally.read(session, letter_id=letter_id(house), facet=facet)
            assert tally.total(numbers, Measure.CONFIRMED) == 4
    house.check()


def test_collected_signatures_are_never_among_the_confirmed(house: House) -> None:
    assert house.numbers() == {"confirmed": 0, "verified": 0, "collected": 778}
    house.check()


def test_several_folders_at_once_keep_every_sum(house: House) -> None:
    letter = letter_id(house)
    with house.writing() as session:
        for _ in range(300):
            post(session, letter, 1)
        for _ in range(100):
            post(session, letter, -1)

    def work(number: int) -> int:
        if number < 4:
            return sum(house.fold() for _ in range(5))
        with house.writing() as session:
            for _ in range(50):
                post(session, letter, 1)
        return 0

    outcomes = at_once(work, 6)
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    while house.fold():
        pass
    with house.site.database.reading() as session:
        assert session.scalar(select(func.count(Ledger.id))) == 0
        for facet, key in ((Facet.SECTOR, "ai"), (Facet.COUNTRY, "DE")):
            numbers = tally.read(session, letter_id=letter, facet=facet)
            assert numbers[key, Measure.CONFIRMED] == 300


def test_history_keeps_what_came_and_what_went_by_the_hour(house: House) -> None:
    letter = letter_id(house)
    first = later(hours=0)
    with house.writing() as session:
        for _ in range(3):
            post(session, letter, 1)
    house.fold()
    second = later(hours=1)
    with house.writing() as session:
        post(session, letter, 1)
        post(session, letter, -1)
        post(session, letter, -1)
    house.fold()
    rows = house.ask(
        select(History.hour, History.added, History.removed)
        .where(
            History.facet == Facet.SECTOR,
            History.key == "ai",
            History.measure == Measure.CONFIRMED,
        )
        .order_by(History.hour)
    )
    hour = {"minute": 0, "second": 0, "microsecond": 0}
    assert [tuple(row) for row in rows] == [
        (first.replace(**hour), 3, 0),  # type: ignore[arg-type]
        (second.replace(**hour), 1, 2),  # type: ignore[arg-type]
    ]


def test_a_row_of_nothing_makes_a_new_public_version(house: House) -> None:
    letter = letter_id(house)
    house.fold()
    before = house.fresh(f"/letters/{SLUG}").headers["ETag"]
    moment = later(seconds=5)
    with house.writing() as session:
        tally.post(
            session,
            letter_id=letter,
            entries=[Entry(Facet.SECTOR, "ai", Measure.CONFIRMED, 0)],
            at=moment,
        )
    assert house.fresh(f"/letters/{SLUG}").headers["ETag"] != before
    (newest,) = house.ask(select(func.max(Ledger.at)))
    house.fold()
    (fold,) = house.ask(select(Fold.newest_at))
    assert abs(fold.newest_at - moment) < timedelta(seconds=1)
    assert newest is not None
    assert house.ask(select(func.sum(History.added + History.removed)))[0][0] == 778 * 2


@pytest.mark.parametrize("measure", [Measure.CONFIRMED, Measure.VERIFIED])
def test_check_finds_a_planted_difference_and_repairs_nothing(
    house: House, measure: Measure
) -> None:
    house.confirm()
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.verify(
            session, signature_id=row.id, actor=record.SYSTEM, now=db.now()
        )
    house.fold()
    house.check()
    with house.writing() as session:
        session.execute(
            update(Tally)
            .where(Tally.facet == Facet.SECTOR, Tally.measure == measure)
            .values(number=Tally.number + 1)
        )
    for _ in range(2):
        with house.site.database.reading() as session:
            (found, *_) = tally_check.check(session)
        assert (found.measure, found.published) == (measure, found.counted + 1)
    checked = house.app.test_cli_runner().invoke(args=["tally", "check"])
    assert checked.exit_code == 1
    assert f"{measure.value}: published" in checked.output


def test_a_number_that_the_ledger_alone_holds_is_found_too(house: House) -> None:
    with house.writing() as session:
        session.execute(
            insert(Ledger),
            {
                "letter_id": letter_id(house),
                "facet": "sector",
                "key": "ai",
                "measure": "confirmed",
                "delta": 1,
                "at": db.now(),
            },
        )
    with house.site.database.reading() as session:
        assert [item.key for item in tally_check.check(session)] == ["ai"]
