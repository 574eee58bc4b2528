"""Jobs: one batch after the other, by one worker at a time, whoever dies on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from app import db
from app.db import Transaction
from app.domain import jobs
from app.domain.jobs import Claim, Kind, Step, Turn
from app.models import JobState, Record
from app.workbench import Workbench
from tests.house import House, at_once, later
from tests.work.labour import ACTOR, letter_id


def count(session: Transaction, turn: Turn) -> Step:
    """Count up to ten; each number is a line of the record."""
    number = turn.claim.position + 1
    session.execute(
        insert(db.table(Record)),
        {"letter_id": None, "actor": ACTOR, "verb": turn.claim.arguments["verb"],
         "subject": str(number), "at": turn.now},
    )  # fmt: skip
    return Step(number, number, number == 10, {"counted": number})


KINDS = {"count": Kind(take=count)}


def start(house: House, verb: str = "count", kind: str = "count") -> int:
    with house.writing() as session:
        return jobs.start(
            session, kind=kind, letter_id=letter_id(house), arguments={"verb": verb},
            total=10, actor=ACTOR, now=db.now(),
        ).id  # fmt: skip


def bench(house: House, kinds: dict[str, Kind] = KINDS, **given: Any) -> Workbench:
    return Workbench(
        house.site.config, house.site.database, kinds=kinds, rest=0, **given
    )


def progress(house: House, job: int) -> jobs.Progress:
    with house.site.database.reading() as session:
        found = jobs.progress(session, job_id=job)
    assert found is not None
    return found


def counted(house: House, verb: str = "count") -> list[int]:
    rows = house.ask(select(Record.subject).where(Record.verb == verb))
    return sorted(int(row.subject) for row in rows)


def claim(house: House) -> Claim | None:
    with house.writing() as session:
        return jobs.claim(session, now=db.now(), lease=timedelta(seconds=120))


def test_a_job_is_done_to_its_end_and_then_no_more(house: House) -> None:
    job = start(house)
    assert (progress(house, job).state, progress(house, job).percent) == ("ready", 0)
    assert bench(house).work() == 10
    done = progress(house, job)
    assert (done.state, done.done, done.percent) == (JobState.DONE, 10, 100)
    assert done.result == {"counted": 10}
    assert done.ended_at is not None
    assert bench(house).work() == 0
    assert counted(house) == list(range(1, 11))


def test_two_jobs_take_turns(house: House) -> None:
    first, second = start(house, "one"), start(house, "two")
    working = bench(house, stopped=lambda: True)  # One batch is a whole turn.
    for _ in range(4):
        working.work()
    assert (progress(house, first).done, progress(house, second).done) == (2, 2)


def test_several_workers_do_each_batch_once(house: House) -> None:
    verbs = [f"v{number}" for number in range(6)]
    for verb in verbs:
        start(house, verb)

    def work(_: int) -> None:
        working = bench(house)
        while working.work():
            pass

    assert at_once(work, 4) == [None] * 4
    for verb in verbs:
        assert counted(house, verb) == list(range(1, 11)), verb


def test_a_job_whose_worker_died_goes_on_after_its_lease(house: House) -> None:
    job = start(house)
    bench(house, stopped=lambda: True).work()
    dead = claim(house)
    assert dead is not None
    assert dead.position == 1
    assert bench(house).work() == 0, "its lease still runs"
    later(seconds=121)
    assert bench(house).work() == 9
    assert counted(house) == list(range(1, 11))
    # The dead one was only asleep: what it does now is refused.
    with house.site.database.transaction() as session:
        step = Step(2, 2, False, {})
        lease = timedelta(seconds=120)
        assert jobs.advance(session, dead, step, now=db.now(), lease=lease) is None
        assert not jobs.end(session, dead, state=JobState.FAILED, now=db.now())
    assert progress(house, job).state is JobState.DONE


def test_who_lost_the_lease_in_the_middle_of_a_batch_undoes_it(house: House) -> None:
    job = start(house)

    def slow(session: Transaction, turn: Turn) -> Any:
        """Make ready for so long that another worker does all of it meanwhile."""
        later(seconds=121)
        bench(house).work()

    assert bench(house, {"count": Kind(count, prepare=slow)}).work() == 1
    assert counted(house) == list(range(1, 11))
    assert progress(house, job).state is JobState.DONE


def test_what_was_asked_to_stop_stops_before_its_next_batch(house: House) -> None:
    told: list[tuple[int, JobState]] = []

    def ended(_s: Transaction, claim: Claim, state: JobState, _n: object) -> None:
        told.append((claim.id, state))

    kinds = {"count": Kind(count, ended=ended)}
    never, begun, whole = start(house, "never"), start(house), start(house, "whole")
    with house.writing() as session:
        assert jobs.stop(session, job_id=never)
    one = bench(house, kinds, stopped=lambda: True)
    assert [one.work(), one.work()] == [1, 1]
    with house.writing() as session:
        assert jobs.stop(session, job_id=begun)
        assert jobs.stop(session, job_id=begun)
    while one.work():
        pass
    for job, done, state in (
        (never, 0, JobState.STOPPED),
        (begun, 1, JobState.STOPPED),
        (whole, 10, JobState.DONE),
    ):
        assert (progress(house, job).done, progress(house, job).state) == (done, state)
        assert (job, state) in told
    assert len(told) == 3
    with house.writing() as session:
        assert not jobs.stop(session, job_id=begun)
    assert counted(house, "never") == []


def test_a_stop_that_comes_during_a_batch_is_not_forgotten(house: House) -> None:
    job = start(house)

    def asked_meanwhile(_s: Transaction, turn: Turn) -> None:
        if turn.claim.position == 3:
            with house.writing() as session:
                jobs.stop(session, job_id=job)

    bench(house, {"count": Kind(count, prepare=asked_meanwhile)}).work()
    assert progress(house, job).state is JobState.STOPPED
    assert counted(house) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "error",
    [ValueError("Alice"), IntegrityError("Alice", {}, Exception())],
    ids=lambda error: type(error).__name__,
)
def test_a_broken_job_fails_and_stops_no_other(house: House, error: Exception) -> None:
    def broken(session: Transaction, turn: Turn) -> Step:
        if turn.claim.arguments["verb"] == "broken" and turn.claim.position == 2:
            count(session, turn)
            raise error
        return count(session, turn)

    bad, good = start(house, "broken"), start(house, "good")
    working = bench(house, {"count": Kind(broken)})
    while working.work():
        pass
    failed = progress(house, bad)
    assert (failed.state, failed.done) == (JobState.FAILED, 2)
    assert failed.problem == type(error).__name__, "and nothing of what it says"
    assert counted(house, "broken") == [1, 2]
    assert progress(house, good).state is JobState.DONE


def test_a_kind_that_nobody_knows_fails(house: House) -> None:
    job = start(house, kind="juggle")
    assert bench(house).work() == 1
    assert (progress(house, job).state, progress(house, job).problem) == (
        JobState.FAILED,
        "KeyError",
    )


def test_a_database_that_goes_away_fails_no_job(house: House) -> None:
    job = start(house)

    def away(_s: Transaction, _t: Turn) -> Step:
        raise OperationalError("gone", {}, Exception())

    with pytest.raises(OperationalError):
        bench(house, {"count": Kind(away)}).work()
    assert progress(house, job).state is JobState.READY
    later(seconds=121)
    assert bench(house).work() == 10
