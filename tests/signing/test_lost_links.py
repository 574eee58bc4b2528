"""A lost link is asked for by address, and the answer tells nothing."""

from __future__ import annotations

from sqlalchemy import select

from app import db
from app.domain import lifecycle
from app.models import Outbox
from tests.house import SLUG, House, later, link
from tests.mails import deliver_for

LOST = f"/letters/{SLUG}/manage"


def test_a_lost_link_comes_by_mail_and_the_answer_tells_nothing(house: House) -> None:
    manage = house.confirm()
    disowned = house.confirm_link(email="no@example.org", name="No")
    house.post(disowned, {"action": "not_me"})
    house.deliver()
    later(minutes=5)
    before = len(house.sink.mails)
    answers = [
        house.post(LOST, {"email": email})
        for email in ("alice@example.org", " Alice@Example.org", "stranger@example.org",
                      "no@example.org", *["alice@example.org"] * 4)
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert len({str(sorted(answer.headers)) for answer in answers}) == 1
    mails = deliver_for(house, 1)
    assert len(house.sink.mails) == before + len(mails)
    assert [mail.recipients for mail in mails] == [("alice@example.org",)]
    assert link(mails[0], "manage") == manage


def test_asking_says_the_same_to_the_database_whoever_has_signed(house: House) -> None:
    house.confirm()
    later(minutes=5)
    said = []
    for email in ("alice@example.org", "stranger@example.org"):
        house.get(LOST)
        with house.statements() as statements:
            house.post(LOST, {"email": email})
        said.append(list(statements))
    assert said[0] == said[1]
    assert any("INSERT INTO guess" in one for one in said[0])
    assert any("INSERT INTO outbox" in one for one in said[0])


def test_an_address_is_written_to_within_the_ceilings(house: House) -> None:
    house.confirm()
    house.deliver()
    for hour in range(1, 9):
        later(hours=hour)
        house.post(LOST, {"email": "alice@example.org"})
        house.deliver()
    kinds = house.ask(
        select(Outbox.state).where(Outbox.kind == "manage", Outbox.state == "sent")
    )
    # One slot of three in seven days went to the confirmation.
    assert len(kinds) == 2


def test_a_rejected_one_gets_the_link_and_can_have_everything_wiped(
    house: House,
) -> None:
    house.confirm()
    with house.writing() as session:
        lifecycle.reject(session, signature_id=house.signatures()[0].id, fake=False,
                         actor="organiser:1", reason="not she", now=db.now())  # fmt: skip
    house.deliver()
    later(minutes=5)
    house.post(LOST, {"email": "alice@example.org"})
    mail = deliver_for(house, 1)[-1]
    house.post(link(mail, "manage"), {"action": "erase", "sure": "yes"})
    assert house.signatures()[0].name is None


def test_what_is_no_address_is_named_and_kept(house: House) -> None:
    answer = house.post(LOST, {"email": "alice@"})
    assert answer.status_code == 400
    assert 'id="f-email-error"' in answer.text
    assert 'value="alice@"' in answer.text
    assert house.get("/letters/none/manage").status_code == 404
