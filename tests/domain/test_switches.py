"""Switches of a letter, each with what the public sees of it; names by and by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.domain import chores, lifecycle, switches, unveiling
from app.domain.editing import WrongValue
from app.domain.switches import AlreadyPublic
from app.domain.unveiling import NotFrozen
from app.models import Letter, Record, Unveiling
from tests.domain.test_sectors import do
from tests.house import SLUG, House, later

PAGE = f"/letters/{SLUG}"
HOUR = timedelta(hours=1)


def people(house: House, *names: str) -> None:
    """Each of these signs and confirms, in this order."""
    for name in names:
        house.confirm(name=f"{name} Example", email=f"{name.lower()}@example.org")


def seen(house: House, *names: str) -> list[str]:
    """Those of `names` that the letter's page shows, in its order."""
    text = house.fresh(PAGE).text
    found = [(text.find(f"{name} Example"), name) for name in names]
    return [name for at, name in sorted(found) if at >= 0]


def frozen_at(house: House) -> Any:
    """The row's time of freezing."""
    return house.ask(select(Letter.frozen_at).where(Letter.slug == SLUG))[0][0]


def tend(house: House) -> None:
    """The worker's turn, for as long as there is something to do."""
    while True:
        with house.site.database.reading() as session:
            if not chores.waiting(session, now=db.now()):
                break
        with house.writing() as session:
            chores.do(session, now=db.now())
    house.site.shelf._seen.clear()


def test_a_frozen_display_counts_on_and_shows_all_in_order_when_unfrozen(
    house: House,
) -> None:
    people(house, "Alice")
    later(seconds=1)
    assert do(house, switches.freeze, frozen=True)
    assert not do(house, switches.freeze, frozen=True)
    later(seconds=2)
    people(house, "Bob", "Carol")
    assert seen(house, "Alice", "Bob", "Carol") == ["Alice"]
    assert house.numbers()["confirmed"] == 3
    assert do(house, switches.freeze, frozen=False)
    assert seen(house, "Alice", "Bob", "Carol") == ["Carol", "Bob", "Alice"]
    verbs = [verb for (verb,) in house.ask(select(Record.verb))]
    assert verbs.count("letter.freeze") == verbs.count("letter.unfreeze") == 1


def test_a_name_held_before_the_freeze_does_not_slip_past_it(house: House) -> None:
    house.confirm(name="Eve Example", email="eve@example.org", public_figure="yes")
    later(seconds=1)
    do(house, switches.freeze, frozen=True)
    later(seconds=2)
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.release(
            session, signature_id=row.id, actor="organiser:1", now=db.now()
        )
    assert house.numbers()["confirmed"] == 1
    assert seen(house, "Eve") == []
    do(house, switches.freeze, frozen=False)
    assert seen(house, "Eve") == ["Eve"]


def test_names_appear_in_batches_at_planned_times(house: House) -> None:
    names = ("Ann", "Ben", "Cem", "Dan", "Eli")
    with pytest.raises(NotFrozen):
        do(house, unveiling.plan, times=[db.now()], amount=2)
    do(house, switches.freeze, frozen=True)
    for number, name in enumerate(names, 1):
        later(seconds=number)
        people(house, name)
    now = db.now()
    times = [now + HOUR, now + 2 * HOUR, now + 3 * HOUR]
    with pytest.raises(WrongValue):
        do(house, unveiling.plan, times=times, amount=0)
    do(house, unveiling.plan, times=times, amount=2)
    tend(house)
    assert seen(house, *names) == []
    later(hours=1, seconds=10)
    tend(house)
    assert seen(house, *names) == ["Ben", "Ann"]
    later(hours=3, seconds=10)
    tend(house)
    assert seen(house, *names) == ["Eli", "Dan", "Cem", "Ben", "Ann"]
    done = house.ask(select(Unveiling.shown).order_by(Unveiling.due_at))
    assert [shown for (shown,) in done] == [2, 2, 1]
    assert frozen_at(house) is not None, "what comes later still waits"
    people(house, "Flo")
    assert seen(house, "Flo") == []
    with house.site.database.reading() as session:
        letter = session.scalars(select(Letter)).one()
        assert letter.frozen_at is not None
        waits = unveiling.waiting(
            session, letter_id=letter.id, frozen_at=letter.frozen_at
        )
    assert waits == 1


def test_a_plan_is_called_off_and_ends_with_the_freeze(house: House) -> None:
    do(house, switches.freeze, frozen=True)
    do(house, unveiling.plan, times=[db.now() + HOUR, db.now() + 2 * HOUR], amount=1)
    assert do(house, unveiling.call_off) == 2
    assert do(house, unveiling.call_off) == 0
    do(house, unveiling.plan, times=[db.now() + HOUR], amount=1)
    do(house, switches.freeze, frozen=False)
    later(hours=1, seconds=1)
    tend(house)
    assert house.ask(select(Unveiling.shown)) == [(0,)]
    assert frozen_at(house) is None


def test_a_pause_takes_no_forms_and_says_so(house: House) -> None:
    path = house.confirm_link()
    do(house, switches.pause, paused=True)
    assert "Signing is paused" in house.fresh(PAGE).text
    assert house.sign(email="bob@example.org").status_code == 409
    assert house.post(path, {"action": "confirm"}).status_code == 200
    do(house, switches.pause, paused=False)
    assert house.sign(email="bob@example.org").status_code == 303


def test_opening_and_closing_are_times_in_their_order(house: House) -> None:
    now = db.now()
    with pytest.raises(WrongValue):
        do(house, switches.set_times, opens_at=now, closes_at=now)
    assert do(house, switches.set_times, opens_at=now + HOUR, closes_at=now + 2 * HOUR)
    assert "Not open yet" in house.fresh(PAGE).text
    later(hours=1, minutes=1)
    assert house.sign().status_code == 303
    later(hours=2, minutes=1)
    assert "Closed" in house.fresh(PAGE).text
    do(house, switches.set_times, opens_at=None, closes_at=None)
    assert house.sign(email="bob@example.org").status_code == 303


def test_what_the_public_has_seen_is_not_hidden_again(house: House) -> None:
    with pytest.raises(AlreadyPublic):
        do(house, switches.publish, at=db.now() + HOUR)
    with pytest.raises(AlreadyPublic):
        do(house, switches.back_to_draft)


def test_an_embargo_hides_until_its_time(house: House) -> None:
    house.set_letter(published_at=None)
    assert do(house, switches.publish, at=db.now() + HOUR)
    assert house.fresh(PAGE).status_code == 404
    do(house, switches.publish, at=db.now() + 2 * HOUR)
    later(hours=1, minutes=1)
    assert house.fresh(PAGE).status_code == 404
    later(hours=2, minutes=1)
    assert house.fresh(PAGE).status_code == 200
