"""Threats A: fake and stuffed signatures (rows 1 and 7)."""

from __future__ import annotations

import pytest

from tests.house import BASE, SLUG, House, later, link
from tests.letters import another_letter, sign_letter

SAM = "Sam Altman"


def everything_public(house: House) -> str:
    """Whatever the house shows to people who hold no link, in one text."""
    places = [
        "/",
        f"/letters/{SLUG}",
        *(f"/letters/{SLUG}/{language}" for language in ("en", "de", "fr")),
        *(f"/letters/{SLUG}/privacy?lang={lang}" for lang in ("en", "de", "fr")),
        f"/api/v1/letters/{SLUG}/tally",
        "/healthz",
        "/readyz",
    ]
    # Rows that have waited for long would make /readyz ask for a worker.
    house.fold()
    answers = [house.fresh(place) for place in places]
    assert {answer.status_code for answer in answers} <= {200, 303}
    return "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)


def test_row_1_whoever_never_confirms_is_neither_shown_nor_counted(
    house: House,
) -> None:
    before = everything_public(house)
    house.sign(name=SAM, email="sam@example.org", statement="Words of Sam")
    house.deliver()
    house.get(link(house.sink.mails[-1], "confirm"))
    house.fold()
    after = everything_public(house)
    assert SAM not in after
    assert "Words of Sam" not in after
    assert house.numbers()["confirmed"] == 0
    assert house.signatures() == []
    assert after == before
    later(days=30)
    assert SAM not in everything_public(house)


def test_row_1_the_name_is_shown_once_it_is_confirmed(house: House) -> None:
    """So that the test above looks where a name would stand."""
    house.confirm(name=SAM, email="sam@example.org")
    assert SAM in everything_public(house)
    assert house.numbers()["confirmed"] == 1


FIRST, ALIAS = "A.B+x@gmail.com", "ab@googlemail.com"


def test_row_7_an_alias_of_a_mailbox_that_has_signed_is_told_so_by_mail(
    house: House,
) -> None:
    house.confirm(name="Ada B", email=FIRST)
    house.deliver()
    later(minutes=2)
    answer = house.sign(name="Somebody Else", email=ALIAS)
    assert answer.status_code == 303
    (mail,) = house.deliver()
    assert mail.recipients == (ALIAS,)
    assert "already signed" in mail.message["Subject"]
    assert "/confirm/" not in mail.text
    assert house.numbers()["confirmed"] == 1
    house.check()


def test_row_7_two_links_of_one_mailbox_make_one_signature(house: House) -> None:
    first = house.confirm_link(name="Ada B", email=FIRST)
    later(minutes=2)
    second = house.confirm_link(name="Ada B.", email=ALIAS)
    assert house.post(first, {"action": "confirm"}).status_code == 200
    answer = house.post(second, {"action": "confirm"})
    assert answer.status_code == 410
    assert "another one was confirmed for the same address" in answer.text
    assert house.numbers()["confirmed"] == 1
    assert [row.name for row in house.signatures()] == ["Ada B"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b@example.org", "ab@example.org"),
        ("ab@gmail.com", "ab@example.org"),
        ("ab@example.org", "ab@example.net"),
    ],
)
def test_row_7_two_mailboxes_are_two_people(house: House, one: str, other: str) -> None:
    house.confirm(name="Ada B", email=one)
    house.confirm(name="Abe B", email=other)
    assert house.numbers()["confirmed"] == 2


def test_row_7_one_person_may_sign_two_letters(house: House) -> None:
    """Uniqueness stands on letter and address together."""
    house.confirm(email=FIRST)
    later(minutes=2)
    sign_letter(house, another_letter(house, "second"), email=ALIAS)
    mail = house.deliver()[-1]
    assert mail.text.count(f"{BASE}/confirm/") > 0
    house.post(link(mail, "confirm"), {"action": "confirm"})
    assert len(house.signatures()) == 2
