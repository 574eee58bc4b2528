"""Threats B, row 19: no answer tells a stranger whether an address has signed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from app.domain import shelf
from tests.house import House, later, link
from tests.mails import deliver_for
from tests.servers.behaviours import NO_SUCH_USER

ADDRESS = "person@example.org"
NEW, PENDING, CONFIRMED = "new", "pending", "confirmed"
SUPPRESSED, CAPPED, HELD = "suppressed", "capped", "held"


def _pending(house: House) -> None:
    house.sign(email=ADDRESS, name="A First Try")
    house.deliver()


def _confirmed(house: House) -> None:
    house.confirm(email=ADDRESS)
    house.deliver()


def _suppressed(house: House) -> None:
    house.post(house.confirm_link(email=ADDRESS), {"action": "not_me"})


def _capped(house: House) -> None:
    for n in range(6):
        house.sign(email=ADDRESS, name=f"Try {chr(97 + n)}")
    mails = deliver_for(house, days=0.9)
    assert [mail.recipients for mail in mails].count((ADDRESS,)) == 3


def _held(house: House) -> None:
    house.confirm(email=ADDRESS, public_figure="yes")
    house.deliver()


# What the house may know of an address before a stranger types it.
KNOWN: dict[str, Callable[[House], None]] = {
    NEW: lambda house: None,
    PENDING: _pending,
    CONFIRMED: _confirmed,
    SUPPRESSED: _suppressed,
    CAPPED: _capped,
    HELD: _held,
}


def _seen(answer: TestResponse) -> tuple[str, list[tuple[str, str]], bytes, int]:
    """All that a stranger sees of an answer, but for the reference in its Location."""
    location = answer.headers.pop("Location", "")
    reference = location.partition("/inbox/")[2].partition("?")[0]
    headers = [*answer.headers, ("Location", location.replace(reference, "..."))]
    return answer.status, headers, answer.data, len(reference)


@pytest.fixture
def baseline(house: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of a sign POST for an address that nobody has heard of."""
    # After a second the letter is looked at anew, whoever signs: not in this test.
    monkeypatch.setattr(shelf, "monotonic", lambda: 0.0)
    house.sign(email="warm@example.org")
    with house.statements() as said:
        house.sign(email="nobody@example.org")
    assert said
    return said


@pytest.mark.parametrize("known", KNOWN)
def test_row_19_the_answer_and_the_statements_are_the_same(
    house: House, baseline: list[str], known: str
) -> None:
    reference = _seen(house.sign(email="somebody@example.org"))
    KNOWN[known](house)
    for name in ("Alice Example", "Alice Example", "A First Try"):
        house.get("/letters/deepfakes")
        with house.statements() as said:
            answer = house.sign(email=ADDRESS, name=name)
        assert _seen(answer) == reference
        assert said == baseline


@pytest.mark.parametrize("known", KNOWN)
def test_row_19_so_is_the_page_that_follows(house: House, known: str) -> None:
    """Before the worker has looked, after it, and when the mail is asked for again."""
    KNOWN[known](house)
    house.deliver()

    def walk(email: str) -> list[tuple[int, str]]:
        inbox = house.sign(email=email).headers["Location"]
        reference = inbox.partition("/inbox/")[2].partition("?")[0]
        pages = [house.get(inbox)]
        house.deliver()
        pages.append(house.get(inbox))
        pages.append(house.post(inbox, {"action": "resend"}))
        pages.append(house.get(inbox))
        house.deliver()
        pages.append(house.get(inbox))
        return [(p.status_code, p.text.replace(reference, "...")) for p in pages]

    assert walk(ADDRESS) == walk("nobody@example.org")


@pytest.mark.parametrize("known", KNOWN)
def test_row_19_a_guessed_code_tells_nothing(house: House, known: str) -> None:
    KNOWN[known](house)
    later(minutes=1)

    def guess(email: str) -> tuple[int, str]:
        answer = house.post("/confirm", {"email": email, "code": "0000-0000"})
        return answer.status_code, answer.text.replace(email, "...")

    for _ in range(7):
        assert guess(ADDRESS) == guess("nobody@example.org")


def test_row_19_a_mail_that_follows_too_soon_looks_handed_over(house: House) -> None:
    """Somebody who has just been mailed is told of it by nobody's inbox page."""
    house.sign(email=ADDRESS, name="A First Try")
    house.deliver()
    mine = house.sign(email=ADDRESS).headers["Location"]
    nobody = house.sign(email="nobody@example.org").headers["Location"]
    house.deliver()
    for inbox in (mine, nobody):
        assert "has been handed to the provider" in house.get(inbox).text
    later(minutes=2)
    (mail,) = house.deliver()
    assert link(mail, "confirm")


def _pressed(house: House, path: str) -> None:
    house.post(path, {"action": "confirm"})


def _by_another(house: House, path: str) -> None:
    """The owner confirms another form, which ends this one."""
    later(minutes=2)
    house.confirm(email=ADDRESS, name="Somebody Else")


def _not_me(house: House, path: str) -> None:
    house.post(path, {"action": "not_me"})


# What the owner of an address may do once the mail is there.
OWNER: dict[str, Callable[[House, str], None]] = {
    "nothing": lambda house, path: None,
    "pressed": _pressed,
    "confirmed by another link": _by_another,
    "not me": _not_me,
}
OTHER = {"action": "address", "email": "other@example.org"}


def _tried(house: House, inbox: str) -> list[tuple[int, str | None, str]]:
    """All that whoever kept the reference gets to see by it, without the reference."""
    reference = inbox.partition("/inbox/")[2].partition("?")[0]
    answers = []
    for form in (OTHER, {"action": "resend"}, OTHER):
        later(minutes=2)
        for answer in (house.get(inbox), house.post(inbox, form), house.get(inbox)):
            text = answer.text.replace(reference, "...")
            answers.append((answer.status_code, answer.headers.get("Location"), text))
        house.deliver()
    return answers


@pytest.mark.parametrize("did", OWNER)
@pytest.mark.parametrize("days", [0, 8])
def test_row_19_a_kept_reference_does_not_tell_what_the_owner_did(
    house: House, did: str, days: int
) -> None:
    nobody = house.sign(email="nobody@example.org").headers["Location"]
    mine = house.sign(email=ADDRESS).headers["Location"]
    mails = {mail.recipients[0]: mail for mail in house.deliver()}
    OWNER[did](house, link(mails[ADDRESS], "confirm"))
    house.deliver()
    later(days=days)
    seen = _tried(house, nobody)
    assert [status for status, *_ in seen] == [
        200,
        409,
        200,
        200,
        200,
        200,
        200,
        409,
        200,
    ]
    assert _tried(house, mine) == seen


@pytest.mark.parametrize("known", [CONFIRMED, SUPPRESSED])
def test_row_19_nor_what_was_known_before(house: House, known: str) -> None:
    KNOWN[known](house)
    later(days=1)
    inboxes = [
        house.sign(email=email, name="A Third Try").headers["Location"]
        for email in (ADDRESS, "nobody@example.org")
    ]
    house.deliver()
    mine, nobodys = (_tried(house, inbox) for inbox in inboxes)
    assert mine == nobodys


@pytest.mark.parametrize("confirmed", [False, True])
def test_row_19_a_refused_form_outlives_its_owners_confirming(
    house: House, confirmed: bool
) -> None:
    """An earlier link reached them; the mail of this form was refused."""
    path = house.confirm_link(email=ADDRESS, name="A First Try")
    later(minutes=2)
    house.sink.refused[ADDRESS] = NO_SUCH_USER
    inbox = house.sign(email=ADDRESS).headers["Location"]
    house.deliver()
    if confirmed:
        house.post(path, {"action": "confirm"})
        assert len(house.signatures()) == 1
    assert "The address was refused" in house.get(inbox).text
    assert house.post(inbox, OTHER).status_code == 303
    assert "other@example.org" in {m.recipients[0] for m in house.deliver()}
