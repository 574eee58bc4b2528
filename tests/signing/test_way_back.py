"""Alice withdraws, and for a day she can think better of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import db
from app.domain import chores, leaving, lifecycle, verification
from app.models import Correction, Record, Signature, VerificationMethod
from tests.house import SLUG, House, at_once, later, link
from tests.mails import deliver_for

SURE = {"action": "withdraw", "sure": "yes"}
BACK = {"action": "return"}


def work(house: House) -> int:
    """What the worker does by the way, until nothing is left."""
    done = 0
    with house.writing() as session:
        while chores.waiting(session, now=db.now()):
            done += chores.do(session, now=db.now())
    return done


def kinds(house: House) -> list[tuple[str, str | None]]:
    """The public account, oldest first."""
    rows = select(Correction.kind, Correction.cause).order_by(Correction.id)
    return [tuple(row) for row in house.ask(rows)]


def test_alice_withdraws_gets_a_mail_and_puts_it_back(house: House) -> None:
    house.confirm(statement="My own words")
    manage = link(house.deliver()[-1], "manage")
    asked = house.post(manage, {"action": "withdraw"})
    assert "the number falls by one" in asked.text
    assert "For 24 hours you can put it back" in asked.text
    house.post(manage, SURE)
    assert house.numbers()["confirmed"] == 0
    (mail,) = house.deliver()
    assert "Your signature is withdrawn" in mail.message["Subject"]
    assert "you can put it back until" in mail.text
    assert link(mail, "manage") == manage
    later(hours=23)
    assert work(house) == 0
    assert "Put my signature back" in house.get(manage).text
    answer = house.post(manage, BACK)
    assert (answer.status_code, answer.headers["Location"]) == (303, manage)
    assert "It is confirmed and counts" in house.get(manage).text
    assert house.numbers()["confirmed"] == 1
    page = house.fresh(f"/letters/{SLUG}").text
    assert "Alice Example" in page
    assert "My own words" in page
    assert kinds(house) == [("removed", "signatory"), ("restored", "signatory")]
    # She is the same person as before, and cannot sign twice.
    house.sign()
    last = deliver_for(house, 1)[-1]
    assert "already signed" in last.message["Subject"]
    later(days=3)
    assert work(house) == 0
    assert house.signatures()[0].name == "Alice Example"
    house.check()


def test_after_a_day_everything_is_wiped_and_there_is_no_way_back(
    house: House,
) -> None:
    manage = house.confirm(statement="My own words")
    house.post(manage, SURE)
    later(hours=24, seconds=1)
    # The day is over by itself, before anybody has wiped anything.
    assert "Put my signature back" not in house.get(manage).text
    house.post(manage, BACK)
    assert house.signatures()[0].state == "withdrawn"
    assert work(house) == 1
    row = house.signatures()[0]
    for column in ("name", "statement", "title", "affiliation", "address_sealed",
                   "address_domain", "address_key", "withdrawn_at"):  # fmt: skip
        assert getattr(row, column) is None, column
    assert (row.state, row.sector) == ("withdrawn", "academia")
    assert work(house) == 0
    house.post(manage, BACK)
    assert house.signatures()[0].state == "withdrawn"
    # A mail that has not left by then has nobody to go to.
    assert [m for m in house.deliver() if "withdrawn" in m.message["Subject"]] == []
    house.check()


def test_who_signed_anew_has_no_way_back(house: House) -> None:
    manage = house.confirm()
    house.post(manage, SURE)
    later(minutes=10)
    house.confirm(name="Alice Anew")
    house.post(manage, BACK)
    assert [row.state for row in house.signatures()] == ["withdrawn", "counted"]
    assert house.numbers()["confirmed"] == 1


def test_coming_back_and_signing_anew_at_once_is_one_signature(house: House) -> None:
    manage = house.confirm()
    house.post(manage, SURE)
    later(minutes=10)
    anew = house.confirm_link(name="Alice Anew")
    ways = ((manage, BACK), (anew, {"action": "confirm"}))
    answers = at_once(lambda number: house.post(*ways[number]), 2)
    assert {answer.status_code for answer in answers} <= {200, 303}
    living = [row for row in house.signatures() if row.state == "counted"]
    assert len(living) == 1
    assert house.numbers()["confirmed"] == 1
    house.check()


def test_pressing_twice_is_once(house: House) -> None:
    manage = house.confirm()
    house.post(manage, SURE)
    answers = at_once(lambda _: house.post(manage, BACK), 4)
    assert [answer.status_code for answer in answers] == [303] * 4
    lines = house.ask(select(Record.verb).where(Record.verb == "return"))
    assert len(lines) == 1
    assert house.numbers()["confirmed"] == 1
    house.check()


def test_it_comes_back_to_where_it_was(house: House) -> None:
    manage = house.confirm(public_figure="yes")
    house.post(manage, SURE)
    assert "nothing of it was ever public" not in house.get(manage).text
    assert "public again at once" not in house.get(manage).text
    house.post(manage, BACK)
    row = house.signatures()[0]
    assert (row.state, row.hold_reasons) == ("held", "public_figure")
    assert kinds(house) == []
    assert "waits for a person" in house.get(manage).text


def test_a_verified_one_comes_back_verified_and_not_featured(house: House) -> None:
    manage = house.confirm()
    signature_id = house.signatures()[0].id
    with house.writing() as session:
        verification.verify(
            session, signature_id=signature_id, method=VerificationMethod.CALL,
            evidence="rang", actor="organiser:1", now=db.now(),
        )  # fmt: skip
        lifecycle.feature(session, signature_id=signature_id, rank=1,
                          actor="organiser:1", now=db.now())  # fmt: skip
    house.post(manage, SURE)
    house.post(manage, BACK)
    row = house.signatures()[0]
    assert (row.state, row.verified, row.featured_rank) == ("counted", True, None)
    assert house.numbers()["verified"] == 1
    house.check()


def test_what_was_erased_does_not_come_back(house: House) -> None:
    manage = house.confirm()
    house.post(manage, SURE)
    house.post(manage, {"action": "erase", "sure": "yes"})
    assert "Put my signature back" not in house.get(manage).text
    assert house.post(manage, BACK).status_code == 303
    row = house.signatures()[0]
    assert (row.state, row.name, row.withdrawn_at) == ("withdrawn", None, None)
    assert house.deliver() == []


def test_erasing_at_once_sends_nobody_anything(house: House) -> None:
    manage = house.confirm()
    house.deliver()
    house.post(manage, {"action": "erase", "sure": "yes"})
    assert house.deliver() == []
    assert work(house) == 0


def test_many_are_wiped_batch_by_batch_along_an_index(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "BATCH", 2)
    for number in range(3):
        manage = house.confirm(email=f"a{number}@example.org", name=f"Al {number}x")
        house.post(manage, SURE)
    later(days=1, minutes=1)
    with house.writing() as session:
        assert leaving.wipe_due(session, now=db.now()) == 2
        assert leaving.wipe_due(session, now=db.now()) == 1
    names = house.ask(select(Signature.name).where(Signature.origin == "confirmed"))
    assert {name for (name,) in names} == {None}


def test_consents_are_given_and_withdrawn_with_their_time(house: House) -> None:
    manage = house.confirm(wants_updates="yes")
    page = house.get(manage).text
    assert page.count("checked") == 1
    given = {"action": "consents", "may_contact": "yes"}
    for _ in range(2):
        assert house.post(manage, given).status_code == 303
    row = house.signatures()[0]
    assert (row.wants_updates, row.may_contact) == (False, True)
    lines = house.ask(
        select(Record.verb, Record.after)
        .where(Record.verb.like("updates.%") | Record.verb.like("contact.%"))
        .order_by(Record.id)
    )
    assert [tuple(line) for line in lines] == [
        ("updates.stop", None),
        ("contact.allow", "2026-11"),
    ]
    wrong = given | {"may_contact": "perhaps"}
    assert house.post(manage, wrong).status_code == 400


def test_the_language_of_page_and_mails(house: House) -> None:
    manage = house.confirm()
    house.deliver()
    answer = house.post(manage, {"action": "language", "language": "de"})
    assert answer.status_code == 303
    assert "Meine Unterschrift" in house.get(manage).text
    house.post(manage, SURE)
    (mail,) = house.deliver()
    assert "zurückgezogen" in mail.message["Subject"]
    wrong = {"action": "language", "language": "tlh"}
    assert house.post(manage, wrong).status_code == 400
    # Nothing of it is decided for one who is gone.
    house.post(manage, {"action": "language", "language": "fr"})
    assert house.signatures()[0].language == "de"
