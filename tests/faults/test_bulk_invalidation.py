"""Threat 9: many signatures are rejected at once while others are being confirmed."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from app import db
from app.domain import invalidation
from app.domain.conditions import Conditions
from app.models import JobState, Record, Signature
from app.workbench import Workbench
from tests.house import House, link
from tests.work.labour import ACTOR, letter_id, people


@pytest.mark.parametrize(
    ("all_of_them", "rejected", "confirmed"),
    [
        (2_000, 400, 20),
        pytest.param(50_000, 10_000, 120, marks=pytest.mark.long),
    ],
)
def test_threat_9_the_count_is_exact_while_confirmations_come_in(
    house: House, all_of_them: int, rejected: int, confirmed: int
) -> None:
    every = all_of_them // rejected
    people(
        house,
        all_of_them,
        name=lambda n: f"Eve {n}" if n % every == 0 else f"Person {n}",
        verified=lambda n: n % 7 == 0,
        state=lambda n: "held" if n % 11 == 0 else "counted",
        hold_reasons=lambda n: "public_figure" if n % 11 == 0 else None,
    )
    for number in range(confirmed):
        # Some of those who come in would meet the conditions, had they come earlier.
        house.sign(
            name=f"Eve Late {'x' * (number % 50)}", email=f"e{number}@example.org"
        )
    links = [link(mail, "confirm") for mail in house.deliver()]
    assert len(links) == confirmed
    before = Counter((row.state, row.verified) for row in house.signatures())
    with house.writing() as session:
        case = invalidation.run(
            session, letter_id=letter_id(house),
            wanted=Conditions(name="Eve *", verified_too=True),
            reason="Made by a script", actor=ACTOR, now=db.now(),
        )  # fmt: skip
    stop = threading.Event()
    worker = Workbench(house.site.config, house.site.database)
    errors: list[Exception] = []

    def work() -> None:
        try:
            while not stop.is_set():
                if not worker.work():
                    time.sleep(0.01)
                house.fold()
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    working = threading.Thread(target=work)
    working.start()
    for path in links:
        began = time.monotonic()
        assert house.post(path, {"action": "confirm"}).status_code == 200
        # About 20 a second; every answer is read while the case may be running.
        house.check()
        time.sleep(max(0, 0.05 - (time.monotonic() - began)))
    deadline = time.monotonic() + 120
    while _shown(house, case).ran.unended and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    working.join()
    assert errors == []
    shown = _shown(house, case)
    assert (shown.ran.state, shown.moved) == (JobState.DONE, rejected)
    after = Counter((row.state, row.verified) for row in house.signatures())
    assert sum(n for (state, _), n in after.items() if state == "rejected") == rejected
    counted = sum(n for (state, _), n in after.items() if state == "counted")
    assert house.numbers()["confirmed"] == counted
    assert house.numbers()["verified"] == after["counted", True]
    house.check()
    said = house.ask(select(Record.after).where(Record.verb == "case.reject"))
    assert sum(int(row.after.split()[0]) for row in said) == rejected
    with house.writing() as session:
        invalidation.undo(session, letter_id=letter_id(house), public_id=case,
                          actor=ACTOR, now=db.now())  # fmt: skip
    while worker.work():
        pass
    restored = Counter((row.state, row.verified) for row in house.signatures())
    assert restored - before == Counter({("counted", False): confirmed})
    house.check()
    ((left,),) = house.ask(select(func.count()).where(Signature.case_id.is_not(None)))
    assert left == 0


def _shown(house: House, case: str) -> invalidation.Shown:
    with house.site.database.reading() as session:
        return invalidation.show(session, letter_id=letter_id(house), public_id=case)
