"""Alice signs, opens the mail, confirms, is counted, and takes it back."""

from __future__ import annotations

import json

from app import db
from app.domain import lifecycle
from tests.house import SLUG, House, code, later, link


def published(house: House) -> int:
    """The number that the API tells a process which has just started."""
    body = json.loads(house.fresh(f"/api/v1/letters/{SLUG}/tally").data)
    assert sum(sector["confirmed"] for sector in body["sectors"]) == body["confirmed"]
    return int(body["confirmed"])


def test_alice_signs_and_is_counted_once_she_presses_the_button(house: House) -> None:
    answer = house.sign()
    assert answer.status_code == 303
    inbox = answer.headers["Location"]
    assert "We are sending you a mail" in house.get(inbox).text
    (mail,) = house.deliver()
    assert mail.recipients == ("alice@example.org",)
    assert "has been handed to the provider" in house.get(inbox).text

    path = link(mail, "confirm")
    for _ in range(3):
        preview = house.get(path)
        assert preview.status_code == 200
        assert "Alice Example" in preview.text
    assert published(house) == 0
    assert "Alice Example" not in house.fresh(f"/letters/{SLUG}").text

    confirmed = house.post(path, {"action": "confirm"})
    assert confirmed.status_code == 200
    assert "Thank you" in confirmed.text
    assert published(house) == 1
    assert "Alice Example" in house.fresh(f"/letters/{SLUG}").text
    house.check()

    (signed,) = house.deliver()
    assert "Your signature is confirmed" in signed.message["Subject"]
    manage = link(signed, "manage")
    assert "It is confirmed and counts" in house.get(manage).text
    asked = house.post(manage, {"action": "withdraw"})
    assert "Withdraw your signature?" in asked.text
    assert published(house) == 1
    done = house.post(manage, {"action": "withdraw", "sure": "yes"})
    assert "Your signature is withdrawn" in done.text
    assert published(house) == 0
    assert "Alice Example" not in house.fresh(f"/letters/{SLUG}").text
    house.fold()
    assert published(house) == 0
    house.check()


def test_bob_types_the_code_instead_of_opening_the_link(house: House) -> None:
    house.sign(name="Bob Example", email="bob@example.org")
    (mail,) = house.deliver()
    typed = {"email": "Bob@example.org", "code": code(mail).lower()}
    answer = house.post("/confirm", typed)
    assert answer.status_code == 303
    assert answer.headers["Location"] == link(mail, "confirm")
    assert published(house) == 0
    house.post(answer.headers["Location"], {"action": "confirm"})
    assert published(house) == 1


def test_who_has_signed_and_signs_again_is_told_by_mail_alone(house: House) -> None:
    house.confirm()
    house.deliver()
    later(minutes=2)
    again = house.sign(name="Alice Again")
    assert again.status_code == 303
    (mail,) = house.deliver()
    assert "already signed" in mail.message["Subject"]
    assert "It is confirmed and counts" in house.get(link(mail, "manage")).text
    assert published(house) == 1


def test_erasing_leaves_nothing_that_names_the_person(house: House) -> None:
    manage = house.confirm(name="Carol Example", statement="My own words")
    house.post(manage, {"action": "erase", "sure": "yes"})
    (row,) = house.signatures()
    assert row.state == "withdrawn"
    assert (row.name, row.statement, row.address_sealed, row.address_key) == (
        None,
        None,
        None,
        None,
    )
    assert house.deliver() == []
    assert "Carol" not in house.fresh(f"/letters/{SLUG}").text
    house.check()


def test_what_was_rejected_meanwhile_leads_back_to_the_page_that_says_so(
    house: House,
) -> None:
    manage = house.confirm()
    assert "Yes, withdraw it" in house.post(manage, {"action": "withdraw"}).text
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.reject(
            session,
            signature_id=row.id,
            actor="organiser@example.org",
            reason="not a person",
            fake=False,
            now=db.now(),
        )
    answer = house.post(manage, {"action": "withdraw", "sure": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, manage)
    assert "has taken it out of the count" in house.get(manage).text
    # It cannot be withdrawn any more, and is not asked whether.
    assert house.post(manage, {"action": "withdraw"}).status_code == 303
    assert "Yes, erase it" in house.post(manage, {"action": "erase"}).text


def test_in_another_tab_nothing_untrue_is_asked_or_said(house: House) -> None:
    """Each page was opened in time, and its button is pressed too late, or twice."""
    opened = house.confirm_link(listed="no")
    # The manage link is no part of a form that waits for its button still.
    early = house.post(opened, {"action": "manage"})
    assert (early.status_code, early.headers["Location"]) == (303, opened)
    answer = house.post(opened, {"action": "confirm"})
    manage = link(house.deliver()[-1], "manage")
    assert manage in answer.text
    done = house.post(manage, {"action": "withdraw", "sure": "yes"}).text
    assert "gone from the list" not in done, "it never stood there"
    assert "Your signature is withdrawn" in done
    for late in ({"action": "withdraw"}, {"action": "withdraw", "sure": "yes"}):
        answer = house.post(manage, late)
        assert (answer.status_code, answer.headers["Location"]) == (303, manage)
    house.deliver()
    house.post(manage, {"action": "erase", "sure": "yes"})
    for verb in ("withdraw", "erase"):
        assert house.post(manage, {"action": verb}).status_code == 303
    # There is no address left that a link could be on its way to.
    for page in (house.get(opened), house.post(opened, {"action": "manage"})):
        assert page.status_code == 200
        assert "on its way to your address" not in page.text
        assert "You have taken it back" in page.text
    assert house.deliver() == []


def test_what_was_public_before_it_was_held_is_not_called_secret(house: House) -> None:
    manage = house.confirm()
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.hold(
            session,
            signature_id=row.id,
            actor="organiser@example.org",
            reason="a doubt",
            now=db.now(),
        )
    page = house.post(manage, {"action": "withdraw"}).text
    assert "never public" not in page
    assert "was ever public" not in page
    assert "It waits no longer" in page


def test_only_the_mail_to_confirm_is_said_to_hold_a_code(house: House) -> None:
    for room, coded in (("confirm", True), ("manage", False), ("unsubscribe", False)):
        page = house.get(f"/{room}/x.y")
        assert page.status_code == 404
        assert ("the code from the mail" in page.text) == coded, room
