"""A likely slip in the address is asked about once, and never in the way."""

from __future__ import annotations

import pytest

from tests.house import SLUG, House, link
from tests.pages import elements, parse, text_of

ASKED = "Did you mean alice@gmail.com?"


def test_a_slip_is_asked_about_before_anything_is_kept_or_sent(house: House) -> None:
    answer = house.sign(email="alice@gmial.com", statement="Kept as typed")
    assert answer.status_code == 400
    assert ASKED in answer.text
    page = parse(answer.text)
    values = {
        field.get("name"): field.get("value")
        for field in elements(page)
        if field.tag == "input" and field.get("type") != "checkbox"
    }
    assert values["email"] == values["email_as_typed"] == "alice@gmial.com"
    assert "Kept as typed" in text_of(page)
    assert house.deliver() == []

    # The same form once more says that it is meant; the right one is asked nothing.
    again = house.sign(email="alice@gmial.com", email_as_typed="alice@gmial.com")
    assert again.status_code == 303
    assert house.sign(email="alice@gmail.com").status_code == 303
    to = sorted(mail.recipients[0] for mail in house.deliver())
    assert to == ["alice@gmail.com", "alice@gmial.com"]


def test_another_slip_is_asked_about_again(house: House) -> None:
    answer = house.sign(email="alice@gmaik.com", email_as_typed="alice@gmial.com")
    assert answer.status_code == 400
    assert ASKED in answer.text


FOLDERS = {
    "alice@gmail.com": "Promotions",
    "alice@hotmail.fr": "Junk Email",
    "alice@web.de": "Unknown",
    "alice@me.com": "At iCloud",
    "alice@orange.fr": "Indésirables",
    "alice@example.org": "Look where providers put mail",
}


@pytest.mark.parametrize("address", FOLDERS)
def test_the_inbox_page_names_the_folder_of_the_provider(
    house: House, address: str
) -> None:
    """Whatever becomes of the form: the page says nothing of that."""
    inbox = house.sign(email=address).headers["Location"]
    assert FOLDERS[address] in house.get(inbox).text
    house.post(link(house.deliver()[0], "confirm"), {"action": "confirm"})
    after = house.get(inbox).text
    assert FOLDERS[address] in after
    assert ("Look where providers" in after) is (address == "alice@example.org")


def test_every_reference_is_of_one_length(house: House) -> None:
    references = {
        len(house.sign(email=address).headers["Location"]) for address in FOLDERS
    }
    assert len(references) == 1
    assert f"/letters/{SLUG}/inbox/" in house.sign().headers["Location"]
