"""Sectors added, named, and merged: the tally is exact, hours past stay."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.domain import chores, sectors
from app.domain.editing import WrongValue
from app.domain.sectors import SectorInUse
from app.models import History, Letter, Record
from tests.house import SLUG, House, at_once, later


def do(house: House, act: Any, **given: Any) -> Any:
    """One act of an organiser on the letter's sectors."""
    with house.writing() as session:
        letter_id = session.scalars(select(Letter.id).where(Letter.slug == SLUG)).one()
        result = act(
            session, letter_id=letter_id, actor="organiser:1", now=db.now(), **given
        )
    house.site.shelf._seen.clear()
    return result


def work(house: House) -> None:
    """Let the worker do what waits."""
    while True:
        with house.site.database.reading() as session:
            if not chores.waiting(session, now=db.now()):
                return
        with house.writing() as session:
            chores.do(session, now=db.now())


def shown(house: House) -> dict[str, tuple[int, int]]:
    """key -> (confirmed, collected) as the API publishes them."""
    tally = house.fresh(f"/api/v1/letters/{SLUG}/tally").json
    assert tally is not None
    assert sum(s["confirmed"] for s in tally["sectors"]) == tally["confirmed"]
    assert sum(s["collected"] for s in tally["sectors"]) == tally["collected"]
    return {s["key"]: (s["confirmed"], s["collected"]) for s in tally["sectors"]}


def history(house: House) -> list[Any]:
    """The hours folded so far."""
    return house.ask(select(History.__table__).order_by(*History.__table__.primary_key))


def test_a_merge_moves_the_sum_at_once_and_keeps_the_trace(house: House) -> None:
    house.confirm(sector="ai")
    house.confirm(sector="politics", email="bob@example.org")
    house.confirm(sector="ai", email="carol@example.org", public_figure="yes")
    house.fold()
    past = history(house)
    before, total = shown(house), house.numbers()
    later(hours=1)
    do(house, sectors.merge, key="ai", into="politics")
    merged = {
        key: (
            number[0] + (before["ai"][0] if key == "politics" else 0),
            number[1] + (before["ai"][1] if key == "politics" else 0),
        )
        for key, number in before.items()
        if key != "ai"
    }
    assert shown(house) == merged
    assert 'value="ai"' not in house.fresh(f"/letters/{SLUG}").text
    work(house)
    assert {row.sector for row in house.signatures()} == {"ai", "politics"}, "not yet"
    later(hours=1, seconds=11)
    work(house)
    assert shown(house) == merged
    assert [(row.sector, row.recoded_from) for row in house.signatures()] == [
        ("politics", "ai"),
        ("politics", None),
        ("politics", "ai"),
    ]
    house.check()
    house.fold()
    house.check()
    assert house.numbers() == total
    now = history(house)
    assert [row for row in past if row not in now] == []
    assert house.ask(
        select(Record.subject, Record.after).where(Record.verb == "sector.merge")
    ) == [(f"{SLUG} ai", "politics")]


def test_a_form_read_before_the_merge_counts_under_the_new_key(house: House) -> None:
    path = house.confirm_link(sector="ai")
    do(house, sectors.merge, key="ai", into="other")
    house.post(path, {"action": "confirm"})
    house.confirm(sector="ai", email="bob@example.org")
    assert [row.sector for row in house.signatures()] == ["other", "other"]
    house.check()


def test_a_merge_into_what_is_merged_on_goes_all_the_way(house: House) -> None:
    house.confirm(sector="ai")
    do(house, sectors.merge, key="ai", into="politics")
    do(house, sectors.merge, key="politics", into="academia")
    assert shown(house)["academia"][0] == 1
    later(seconds=11)
    work(house)
    (row,) = house.signatures()
    assert (row.sector, row.recoded_from) == ("academia", "ai")
    house.check()


def test_the_sums_are_exact_while_people_withdraw_and_confirm(house: House) -> None:
    links = [
        house.confirm(sector="ai", email=f"p{number}@example.org")
        for number in range(6)
    ]
    paths = [
        house.confirm_link(sector="ai", email=f"q{number}@example.org")
        for number in range(4)
    ]
    do(house, sectors.merge, key="ai", into="politics")
    later(seconds=11)

    def act(number: int) -> Any:
        if number == 0:
            return work(house)
        if number <= 4:
            return house.post(paths[number - 1], {"action": "confirm"}).status_code
        form = {"action": "withdraw", "sure": "yes"}
        return house.post(links[number - 5], form).status_code

    assert at_once(act, 11)[1:] == [200] * 10
    work(house)
    house.check()
    assert shown(house)["politics"][0] == 4
    assert {row.sector for row in house.signatures()} == {"politics"}


def test_a_sector_is_added_named_and_taken_out(house: House) -> None:
    labels = {"en": "Churches", "de": "Kirchen"}
    assert do(house, sectors.put, key="churches", labels=labels)
    assert not do(house, sectors.put, key="churches", labels=labels)
    assert "Churches" in house.fresh(f"/letters/{SLUG}").text
    assert do(house, sectors.put, key="churches", labels={"en": "Faith"})
    assert "Faith" in house.fresh(f"/letters/{SLUG}/de").text
    do(house, sectors.take_out, key="churches")
    assert "Faith" not in house.fresh(f"/letters/{SLUG}").text


@pytest.mark.parametrize(
    ("key", "labels", "field"),
    [
        ("Ärzte", {"en": "Doctors"}, "key"),
        ("other", {"en": "Doctors"}, "key"),
        ("doctors", {"de": "Ärzte"}, "label"),
        ("doctors", {"en": "\u200b "}, "label"),
        ("doctors", {"en": "x" * 101}, "label"),
    ],
)
def test_what_is_no_sector_is_refused(
    house: House, key: str, labels: dict[str, str], field: str
) -> None:
    with pytest.raises(WrongValue) as refused:
        do(house, sectors.put, key=key, labels=labels)
    assert refused.value.field == field


def test_a_sector_in_use_is_merged_and_not_taken_out(house: House) -> None:
    house.confirm(sector="ai")
    with pytest.raises(SectorInUse):
        do(house, sectors.take_out, key="ai")
    for into in ("ai", "nowhere"):
        with pytest.raises(WrongValue):
            do(house, sectors.merge, key="ai", into=into)
    do(house, sectors.merge, key="ai", into="other")
    with pytest.raises(WrongValue):
        do(house, sectors.merge, key="ai", into="politics")
    with pytest.raises(WrongValue):
        do(house, sectors.put, key="ai", labels={"en": "Back again"})
