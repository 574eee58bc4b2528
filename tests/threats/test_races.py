"""Threats G: many hands at once (rows 56 and 61)."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from app import db
from app.mail import outbox
from app.models import Outbox, Submission
from app.postman import Postman
from app.site import Site
from tests.house import BASE, FIELDS, SLUG, House, at_once, later, link
from tests.letters import outbox_states, rows
from tests.servers.behaviours import Behaviour, Step


@pytest.mark.parametrize("mails", [400, pytest.param(5000, marks=pytest.mark.long)])
def test_row_56_eight_workers_send_every_mail_exactly_once(
    house: House, mails: int
) -> None:
    for n in range(mails):
        assert house.sign(email=f"person{n}@example.org").status_code == 303

    def work(_: int) -> int:
        site, handled = Site.open(house.site.config), 0
        with (
            house.app.app_context(),
            closing(Postman(site.config, site.database)) as postman,
        ):
            while batch := postman.deliver():
                handled += batch
        site.database.dispose()
        return handled

    handled = at_once(work, 8)
    assert all(isinstance(number, int) for number in handled), handled
    assert sum(handled) == mails
    got = Counter(
        recipient for mail in house.sink.mails for recipient in mail.recipients
    )
    assert got == {f"person{n}@example.org": 1 for n in range(mails)}
    assert len({mail.message["Message-ID"] for mail in house.sink.mails}) == mails
    assert outbox_states(house) == {"sent": mails}


def test_row_56_the_late_done_of_a_worker_that_slept_is_refused(house: House) -> None:
    house.sign()
    lease = timedelta(seconds=120)
    with house.writing() as session:
        (slow,) = outbox.claim(session, now=db.now(), lease=lease)
    with house.writing() as session:
        assert outbox.claim(session, now=db.now(), lease=lease) == []
    later(seconds=119)
    assert house.deliver() == []
    now = later(seconds=121)
    with house.writing() as session:
        (quick,) = outbox.claim(session, now=now, lease=lease)
    assert quick.id == slow.id
    assert quick.message_id == slow.message_id
    with house.writing() as session:
        assert not outbox.sent(session, [slow], answer="250", now=now)
        assert not outbox.dead(session, slow, answer="late", now=now)
        assert not outbox.retry(
            session, slow, answer="late", first=timedelta(minutes=1), now=now
        )
    assert outbox_states(house) == {"leased": 1}
    with house.writing() as session:
        assert outbox.sent(session, [quick], answer="250", now=now)
    assert outbox_states(house) == {"sent": 1}


def test_row_56_a_worker_that_hangs_past_its_lease_is_overtaken(house: House) -> None:
    """Both hand the mail over: two copies of one mail, and one row that was sent."""
    house.sign()
    house.sink.script.append(Behaviour(Step.RCPT, wait=1.0))
    slow = threading.Thread(target=house.deliver)
    slow.start()
    while outbox_states(house) != {"leased": 1}:
        assert slow.is_alive()
    later(minutes=3)
    site = Site.open(house.site.config)
    with (
        house.app.app_context(),
        closing(Postman(site.config, site.database)) as postman,
    ):
        while outbox_states(house) != {"sent": 1}:
            postman.deliver()
    ((ended,),) = house.ask(select(Outbox.ended_at))
    slow.join()
    site.database.dispose()
    assert house.ask(select(Outbox.ended_at)) == [(ended,)]
    assert len(house.sink.mails) == 2
    assert len({mail.message["Message-ID"] for mail in house.sink.mails}) == 1
    assert len({link(mail, "confirm") for mail in house.sink.mails}) == 1


def test_row_61_twenty_identical_forms_at_once_are_one(house: House) -> None:
    def send(_: int) -> int:
        answer = Client(house.front).post(
            f"/letters/{SLUG}/signatures", base_url=BASE, data=FIELDS
        )
        return answer.status_code

    assert at_once(send, 20) == [303] * 20
    counted = rows(house)
    assert (counted["submission"], counted["outbox"]) == (1, 1)
    assert len(house.deliver()) == 1
    # The answer was lost on the way, or the back button was used: sent once more.
    later(minutes=9)
    assert house.sign().status_code == 303
    assert house.deliver() == []
    assert rows(house)["submission"] == 1
    # Much later it is a wish for another mail, with the same link.
    later(minutes=11)
    assert house.sign().status_code == 303
    first, second = [house.sink.mails[0], *house.deliver()]
    assert link(first, "confirm") == link(second, "confirm")
    assert rows(house)["submission"] == 1


def test_row_61_a_form_that_says_something_else_is_another_one(house: House) -> None:
    for change in ({}, {"name": "Alice B. Example"}, {"listed": "no"},
                   {"wants_updates": "yes"}, {"sector": "ai"}):  # fmt: skip
        house.sign(**change)
    assert rows(house)["submission"] == 5


def test_row_61_twenty_confirms_of_two_forms_of_one_person_make_one(
    house: House,
) -> None:
    first = house.confirm_link(name="Alice Example")
    later(minutes=2)
    second = house.confirm_link(name="Alice B. Example", email="Alice+b@example.org")
    paths = [first, second]

    def press(number: int) -> int:
        answer = Client(house.front).post(
            paths[number % 2], base_url=BASE, data={"action": "confirm"}
        )
        return answer.status_code

    answers = at_once(press, 20)
    assert sorted(set(answers)) == [200, 410]
    assert len(house.signatures()) == 1
    assert house.numbers()["confirmed"] == 1
    assert len(house.deliver()) == 1
    states = [state for (state,) in house.ask(select(Submission.state))]
    assert sorted(states) == ["used", "void"]
    house.check()


def test_row_61_confirming_and_disowning_at_once_end_in_one_of_the_two(
    house: House,
) -> None:
    for turn in range(12):
        later(minutes=2 * turn)
        path = house.confirm_link(email=f"person{turn}@example.org")

        def press(number: int, path: str = path) -> int:
            action = "confirm" if number % 2 else "not_me"
            answer = Client(house.front).post(
                path, base_url=BASE, data={"action": action}
            )
            return answer.status_code

        assert set(at_once(press, 6)) <= {200, 303, 410}
        # Whoever said that it was not them has the last word.
        counted = [r for r in house.signatures() if r.state == "counted"]
        assert counted == []
        house.check()
