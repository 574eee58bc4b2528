"""The owners' daily mail of the record's head, and what it shows."""

from __future__ import annotations

import re

from app import db
from app.domain import heads, record
from tests.domain.test_record import tamper
from tests.house import House, later


def asked(house: House) -> int:
    """Seal, and ask for what is due, as the worker does."""
    with house.writing() as session:
        record.seal(session)
    with house.writing() as session:
        return heads.ask(session, now=db.now())


def something_happens(house: House) -> None:
    """One more line in the record."""
    with house.writing() as session:
        record.write(
            session,
            letter_id=1,
            actor=record.SYSTEM,
            verb="letter.revise",
            subject="deepfakes",
            at=db.now(),
        )


def test_owners_have_the_head_once_a_day_when_the_record_grew(house: House) -> None:
    owner = house.organiser("owner")
    house.organiser("editor")
    assert asked(house) == 0, "from a day after becoming one"
    later(hours=25)
    assert asked(house) == 1
    (mail,) = house.deliver()
    assert mail.recipients == (owner.email,)
    found = re.search(r"^(\d+):([0-9a-f]{64})\r?$", mail.text, re.MULTILINE)
    assert found is not None, mail.text
    with house.writing() as session:
        assert record.head(session) == record.Head(int(found[1]), found[2])
    assert asked(house) == 0
    later(hours=50)
    assert asked(house) == 0, "nothing was added"
    something_happens(house)
    assert asked(house) == 1
    something_happens(house)
    assert asked(house) == 0, "one a day"


def test_a_record_that_was_cut_off_does_not_fit_the_mail(house: House) -> None:
    house.organiser("owner")
    something_happens(house)
    later(hours=25)
    asked(house)
    (mail,) = house.deliver()
    found = re.search(r"^(\d+:[0-9a-f]{64})\r?$", mail.text, re.MULTILINE)
    assert found is not None
    verify = ["record", "verify", "--head", found[1]]
    runner = house.app.test_cli_runner()
    assert runner.invoke(args=verify).exit_code == 0
    position = int(found[1].partition(":")[0])
    tamper(house, f"DELETE FROM seal WHERE position = {position}")
    cut = runner.invoke(args=verify)
    assert cut.exit_code == 1
    assert str(position) in cut.output
