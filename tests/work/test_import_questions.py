"""Imports: people with an address are asked to confirm, only if wanted, and once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from app.domain.imports import NobodyCanConfirm
from app.models import (
    Outbox,
    Submission,
)
from tests.house import House, later, link
from tests.work.imported import (
    FILE,
    brought,
    check,
    run,
    taken_in,
    upload,
)
from tests.work.labour import finish


def test_people_with_an_address_are_asked_once_and_count_when_they_confirm(
    house: House,
) -> None:
    before = house.numbers()
    content = FILE + "Jim Doe,University of X,,academia\n"
    one = upload(house, content)
    assert taken_in(house, one, asks=True) == {
        "collected": 1, "asked": 4, "left_out": 0,
    }  # fmt: skip
    assert house.numbers() == before | {"collected": before["collected"] + 1}
    later(minutes=1)
    mails = house.deliver()
    assert sorted(mail.recipients[0] for mail in mails) == [
        f"jane{n}@example.org" for n in range(4)
    ]
    assert not any("Jane" in mail.text for mail in mails), "nothing of what was typed"
    page = house.get(link(mails[0], "confirm"))
    assert "University of X" in page.text
    assert "I consent" in page.text, "they saw no form that could have asked"
    answer = house.post(link(mails[0], "confirm"), {"action": "confirm"})
    assert answer.status_code == 200
    assert house.numbers()["confirmed"] == before["confirmed"] + 1
    assert {row.consent_version for row in house.signatures()} == {"2026-11/asked"}
    house.check()
    # Again with the same people: nobody hears from us a second time.
    again = upload(house, content, "The same once more")
    taken_in(house, again, asks=True, repeats=True)
    later(days=8)
    house.deliver()
    third = upload(house, FILE, "And again a week later")
    taken_in(house, third, asks=True, repeats=True)
    later(days=8, minutes=10)
    asked = [mail for mail in house.sink.mails if "/confirm/" in mail.text]
    assert len(asked) == 4


def test_who_has_signed_or_fills_in_a_form_is_passed_over_in_silence(
    house: House,
) -> None:
    house.confirm(email="Jane0@example.org", name="Somebody Else")
    house.sign(email="jane1@example.org", name="Another Person")
    house.deliver()
    sent = len(house.sink.mails)
    one = upload(house)
    assert taken_in(house, one, asks=True)["asked"] == 4, "a file tells nobody"
    later(minutes=5)
    house.deliver()
    assert len(house.sink.mails) - sent == 2


def test_who_said_this_was_not_me_is_not_asked(house: House) -> None:
    path = house.confirm_link(email="jane2@example.org")
    house.post(path, {"action": "not_me"})
    sent = len(house.sink.mails)
    taken_in(house, upload(house), asks=True)
    later(minutes=5)
    house.deliver()
    to = {mail.recipients[0] for mail in house.sink.mails[sent:]}
    assert "jane2@example.org" not in to
    assert len(to) == 3


def test_questions_leave_room_for_people_who_sign(house: House) -> None:
    taken_in(house, upload(house), asks=True)
    times = sorted(row.due_at for row in house.ask(select(Outbox.due_at)))
    assert all(b - a >= timedelta(seconds=0.1) for a, b in pairwise(times))
    ends = {row.expires_at for row in house.ask(select(Submission.expires_at))}
    assert len(ends) == 4, "each has seven days from its own mail"


def test_a_letter_that_takes_no_signatures_asks_nobody(house: House) -> None:
    one = upload(house)
    check(house, one)
    finish(house)
    house.set_letter(paused=True)
    with pytest.raises(NobodyCanConfirm):
        run(house, one, asks=True)
    run(house, one)
    finish(house)
    assert len(brought(house, one)) == 4
