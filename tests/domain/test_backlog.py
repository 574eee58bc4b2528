"""The public backlog: about how many wait, and nothing that a probe could learn."""

from __future__ import annotations

import pytest

from app import db
from app.domain import backlog, versions
from app.domain.backlog import Waiting
from tests.house import SLUG, House, later


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, {0}), (9, {0}), (10, {10}), (14, {10, 20}), (20, {20}), (99, {90, 100}),
        (100, {100}), (101, {100, 125}), (1250, {1250}),
    ],
)  # fmt: skip
def test_it_is_rounded_by_chance(number: int, shown: set[int]) -> None:
    assert {backlog.rounded(number, n / 1000) for n in range(1000)} == shown


def test_one_more_seldom_changes_what_is_shown() -> None:
    """Whoever signs with a name of the watch-list learns next to nothing by it."""
    chances = [n / 1000 for n in range(1000)]
    for number in (*range(8), *range(10, 98), *range(100, 300)):
        step = 10 if number < 100 else 25
        differ = sum(
            backlog.rounded(number, c) != backlog.rounded(number + 1, c)
            for c in chances
        )
        assert differ <= 1000 / step + 1, number


def _held(house: House, number: int) -> None:
    house.confirm(name="Ada Held", public_figure="yes", email=f"h{number}@example.org")


def _look(house: House) -> int:
    with house.writing() as session:
        return backlog.look(session, now=db.now())


def _read(house: House) -> Waiting:
    with house.site.database.snapshot() as session:
        return backlog.read(session, letter_id=1)


def test_it_is_looked_at_once_an_hour_and_shown_as_it_was(house: House) -> None:
    for number in range(10):
        _held(house, number)
    assert _read(house) == Waiting(0, None)
    assert _look(house) == 1
    assert _read(house) == Waiting(10, 1)
    for number in range(10, 20):
        _held(house, number)
    assert _look(house) == 0
    assert _read(house) == Waiting(10, 1), "nobody sees what has just come"
    later(hours=1, seconds=1)
    assert _look(house) == 1
    assert _read(house) == Waiting(20, 1)
    later(hours=7)
    _look(house)
    assert _read(house) == Waiting(20, 7)


def test_the_list_and_the_waiting_person_read_the_same_figure(house: House) -> None:
    path = f"/letters/{SLUG}/signatories"
    assert "Fewer than ten confirmed signatures wait" in house.get(path).text
    for number in range(10):
        _held(house, number)
    mine = house.confirm(name="Me", email="me@example.org", public_figure="yes")
    assert "Fewer than ten others wait" in house.get(mine).text
    _look(house)
    later(seconds=2)
    house.front._versions.clear()
    listed = house.fresh(path).text
    shown = _read(house).about
    assert f"About {shown} confirmed signatures wait" in listed
    assert f"About {shown} others wait as well" in house.get(mine).text


def test_the_public_version_changes_with_the_figure_and_not_without(
    house: House,
) -> None:
    def version() -> str:
        with house.site.database.reading() as session:
            found = versions.version(session, slug=SLUG, now=db.now())
        assert found is not None
        return found.key

    before = version()
    _look(house)
    assert version() == before
    for number in range(10):
        _held(house, number)
    later(hours=1, seconds=1)
    before = version()
    _look(house)
    assert version() != before
