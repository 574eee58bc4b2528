"""The outbox as a queue: leases, tokens, giving back and the pauses between tries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.mail import outbox
from app.mail.outbox import Claim
from app.models import Outbox
from tests.house import House, later

LEASE = timedelta(seconds=120)
FIRST = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
# What `retry` may add to a pause or take from it.
JITTER = 0.2


def claim(house: House, now: datetime, *, limit: int = outbox.BATCH) -> list[Claim]:
    """Claim as a worker does it, in a transaction of its own."""
    with house.site.database.transaction() as session:
        claims = outbox.claim(session, now=now, lease=LEASE, limit=limit)
        session.commit()
    return claims


def row(house: House) -> Any:
    """The one row of the outbox."""
    (found,) = house.ask(select(Outbox.__table__))
    return found


@pytest.fixture
def now(house: House) -> datetime:
    """A time at which one mail has just come to be due."""
    assert house.sign().status_code == 303
    return db.now()


def test_a_claimed_mail_is_nobody_elses_while_its_lease_runs(
    house: House, now: datetime
) -> None:
    (mine,) = claim(house, now)
    assert (mine.kind, mine.attempts) == ("confirm", 1)
    assert claim(house, now) == []
    assert claim(house, now + LEASE - SECOND) == []
    assert (row(house).state, row(house).lease_token) == ("leased", mine.token)


def test_a_mail_whose_lease_ran_out_is_claimed_by_another(
    house: House, now: datetime
) -> None:
    (mine,) = claim(house, now)
    (theirs,) = claim(house, now + LEASE)
    assert theirs.id == mine.id
    assert theirs.message_id == mine.message_id
    assert theirs.token != mine.token
    assert theirs.attempts == 2


@pytest.mark.parametrize("end", ["sent", "refused", "dead", "void", "retry", "back"])
def test_what_the_late_worker_says_is_refused(
    house: House, now: datetime, end: str
) -> None:
    (late,) = claim(house, now)
    (theirs,) = claim(house, now + LEASE)
    before = row(house)
    with house.writing() as session:
        match end:
            case "sent":
                done = outbox.sent(session, [late], answer="250", now=now)
            case "refused":
                done = outbox.refused(session, late, answer="550", now=now)
            case "dead":
                done = outbox.dead(session, late, answer="ValueError", now=now)
            case "void":
                done = outbox.void(session, late, why="ceiling", now=now)
            case "retry":
                done = outbox.retry(session, late, answer="451", first=FIRST, now=now)
            case _:
                done = outbox.give_back(session, late, due_at=now)
    assert not done
    assert row(house) == before
    with house.writing() as session:
        assert outbox.sent(session, [theirs], answer="250", now=now)
    with house.writing() as session:
        assert not outbox.sent(session, [theirs], answer="250", now=now)
    assert (row(house).state, row(house).lease_token) == ("sent", None)


def test_what_has_ended_is_claimed_no_more(house: House, now: datetime) -> None:
    (mine,) = claim(house, now)
    with house.writing() as session:
        outbox.sent(session, [mine], answer="250 OK" + "." * 500, now=now)
    assert claim(house, now + timedelta(days=30)) == []
    assert (row(house).ended_at, len(row(house).answer)) == (now, 200)


def test_giving_back_leaves_the_row_as_it_was(house: House, now: datetime) -> None:
    before = row(house)
    for _ in range(3):
        (mine,) = claim(house, now)
        with house.writing() as session:
            assert outbox.give_back(session, mine, due_at=now + FIRST)
        assert row(house).attempts == before.attempts == 0
        assert claim(house, now) == []
        with house.writing() as session:
            session.get_one(Outbox, mine.id).due_at = before.due_at
        assert row(house) == before


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 1), (2, 4), (3, 16), (4, 64), (5, 240), (6, 240), (40, 240)],
)
def test_the_pause_grows_fourfold_and_ends_at_four_hours(
    house: House, now: datetime, attempts: int, minutes: int
) -> None:
    (mine,) = claim(house, now)
    with house.writing() as session:
        outbox.retry(
            session,
            replace(mine, attempts=attempts),
            answer="451",
            first=FIRST,
            now=now,
        )
    pause = (row(house).due_at - now) / timedelta(minutes=minutes)
    assert 1 - JITTER <= pause <= 1 + JITTER
    assert (row(house).state, row(house).answer) == ("ready", "451")


def test_after_a_week_of_trouble_a_mail_has_its_end(
    house: House, now: datetime
) -> None:
    at = now
    for _ in range(outbox.LAST_TRY):
        (mine,) = claim(house, at)
        with house.writing() as session:
            outbox.retry(session, mine, answer="451", first=FIRST, now=at)
        at = max(at, row(house).due_at)
    assert (row(house).state, row(house).answer) == ("refused", "451")
    assert timedelta(days=6) < at - now < timedelta(days=8)
    assert claim(house, at + timedelta(days=1)) == []


def test_pauses_differ_so_that_mails_do_not_return_all_at_once(house: House) -> None:
    for n in range(12):
        house.sign(email=f"person{n}@example.org")
    now = db.now()
    claims = claim(house, now)
    with house.writing() as session:
        for mine in claims:
            outbox.retry(session, mine, answer="451", first=FIRST, now=now)
    assert len({at for (at,) in house.ask(select(Outbox.due_at))}) > 6


def test_a_batch_takes_those_that_are_due_the_oldest_first(house: House) -> None:
    for n in range(5):
        house.sign(email=f"person{n}@example.org")
    ids = [i for (i,) in house.ask(select(Outbox.id).order_by(Outbox.id))]
    with house.writing() as session:
        session.get_one(Outbox, ids[4]).due_at -= timedelta(hours=1)
        session.get_one(Outbox, ids[0]).due_at += timedelta(hours=1)
    now = db.now()
    assert [c.id for c in claim(house, now, limit=2)] == [ids[1], ids[4]]
    assert [c.id for c in claim(house, now)] == [ids[2], ids[3]]
    assert claim(house, now) == []


def test_a_worker_that_died_leaves_its_mail_to_the_next(house: House) -> None:
    house.sign()
    claim(house, db.now())
    assert house.deliver() == []
    later(seconds=118)
    assert house.deliver() == []
    later(seconds=121)
    assert len(house.deliver()) == 1
    assert (row(house).state, row(house).attempts) == ("sent", 2)


def test_what_waits_is_told_to_those_who_watch(house: House, now: datetime) -> None:
    later(minutes=3)
    with house.site.database.reading() as session:
        assert outbox.waiting(session, now=db.now()) == 1
        due = outbox.oldest_due(session, now=db.now())
        assert due is not None
        assert due <= now
        assert outbox.by_state(session) == {"ready": 1}
    house.deliver()
    with house.site.database.reading() as session:
        assert outbox.waiting(session, now=db.now()) == 0
        assert outbox.oldest_due(session, now=db.now()) is None
        assert outbox.by_state(session) == {"sent": 1}
