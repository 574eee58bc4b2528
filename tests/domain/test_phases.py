"""Who may see a letter and sign it when: drafts, embargoes, opening and closing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from app import db
from app.domain.drafts import GRACE
from tests.house import FIELDS, SLUG, House, later

MINUTE = timedelta(minutes=1)


def everywhere(house: House, inbox: str) -> dict[str, TestResponse]:
    """Each public answer about the letter, from a process that has just started."""
    paths = {
        "letter": f"/letters/{SLUG}",
        "german": f"/letters/{SLUG}/de",
        "privacy": f"/letters/{SLUG}/privacy",
        "tally": f"/api/v1/letters/{SLUG}/tally",
        "inbox": inbox,
        "home": "/",
    }
    return {name: house.fresh(path) for name, path in paths.items()}


def is_nowhere(house: House, inbox: str, path: str) -> None:
    """No page, answer or form admits that there is such a letter."""
    unknown = house.fresh("/letters/no-such-letter")
    for name, answer in everywhere(house, inbox).items():
        assert answer.status_code == (200 if name == "home" else 404), name
        assert "deepfakes" not in answer.text.lower(), name
        assert "Committee" not in answer.text, name
    assert house.fresh(f"/letters/{SLUG}").data == unknown.data
    for typed in ({"action": "resend"}, {"action": "address", "email": "a@b.example"}):
        answer = house.post(inbox, typed)
        assert (answer.status_code, typed) == (404, typed)
    assert house.sign(email="late@example.org").status_code == 404
    assert house.post(path, {"action": "confirm"}).status_code == 410
    assert house.signatures() == []


@pytest.mark.parametrize("kind", ["draft", "embargoed"])
def test_a_letter_that_is_not_published_is_nowhere(house: House, kind: str) -> None:
    inbox = house.sign().headers["Location"]
    path = house.confirm_link(email="early@example.org")
    published = None if kind == "draft" else db.now() + timedelta(hours=1)
    house.set_letter(published_at=published)
    # A process may show what it knew for one more second (design: section 5).
    house.site.shelf._seen.clear()
    is_nowhere(house, inbox, path)


def test_an_embargo_ends_at_its_minute(house: House) -> None:
    house.set_letter(published_at=db.now() + timedelta(hours=1))
    later(minutes=59)
    assert house.get(f"/letters/{SLUG}").status_code == 404
    assert house.fresh(f"/api/v1/letters/{SLUG}/tally").status_code == 404
    later(minutes=61)
    assert house.fresh(f"/letters/{SLUG}").status_code == 200
    assert house.fresh(f"/api/v1/letters/{SLUG}/tally").status_code == 200
    assert house.sign().status_code == 303


def test_a_letter_that_is_taken_back_leaves_the_memory_of_the_front(
    house: House,
) -> None:
    assert house.fresh(f"/letters/{SLUG}").status_code == 200
    house.set_letter(published_at=None)
    for path in (f"/letters/{SLUG}", f"/api/v1/letters/{SLUG}/tally"):
        assert house.fresh(path).status_code == 404


def test_the_mail_of_a_letter_that_is_not_published_is_not_sent(house: House) -> None:
    house.sign()
    house.set_letter(published_at=None)
    assert house.deliver() == []


def test_a_closed_letter_shows_and_takes_nothing(house: House) -> None:
    house.confirm()
    house.set_letter(closes_at=db.now() - MINUTE)
    page = house.fresh(f"/letters/{SLUG}")
    assert page.status_code == 200
    assert FIELDS["name"] in page.text
    assert f'action="/letters/{SLUG}/signatures"' not in page.text
    assert house.fresh(f"/letters/{SLUG}/privacy").status_code == 200
    tally = house.fresh(f"/api/v1/letters/{SLUG}/tally")
    assert (tally.status_code, tally.json["confirmed"]) == (200, 1)  # type: ignore[index]
    house.site.shelf._seen.clear()
    late = house.sign(email="late@example.org")
    assert late.status_code == 410
    assert "The letter has closed" in late.text
    assert "at the moment" not in late.text
    assert house.numbers()["confirmed"] == 1


def test_a_letter_that_is_not_open_yet_shows_and_takes_nothing(house: House) -> None:
    house.set_letter(opens_at=db.now() + timedelta(hours=1))
    page = house.fresh(f"/letters/{SLUG}")
    assert page.status_code == 200
    assert f'action="/letters/{SLUG}/signatures"' not in page.text
    assert house.sign().status_code == 409
    later(minutes=61)
    assert house.sign().status_code == 303


@pytest.mark.parametrize(
    ("after", "works"),
    [(-MINUTE, True), (MINUTE, True), (GRACE - MINUTE, True), (GRACE + MINUTE, False)],
    ids=["before closing", "after closing", "within the grace", "after the grace"],
)
def test_who_signed_in_time_may_confirm_for_24_hours_more(
    house: House, after: timedelta, works: bool
) -> None:
    assert timedelta(hours=24) == GRACE
    path = house.confirm_link()
    house.set_letter(closes_at=db.now() + timedelta(hours=1))
    later(seconds=(timedelta(hours=1) + after).total_seconds())
    house.site.shelf._seen.clear()
    assert house.get(path).status_code == (200 if works else 410)
    answer = house.post(path, {"action": "confirm"})
    assert answer.status_code == (200 if works else 410)
    assert house.numbers()["confirmed"] == int(works)
    if not works:
        assert "closed" in answer.text
    house.check()
