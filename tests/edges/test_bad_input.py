"""Whatever is sent, the answer says what is wrong, keeps what was typed, and holds."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import db
from app.models import Submission
from tests.house import FIELDS, SLUG, House, later
from tests.pages import by_id, of_class, parse, text_of

SIGN = f"/letters/{SLUG}/signatures"


def kept(house: House) -> int:
    """How many forms the house has kept."""
    return int(house.ask(select(func.count()).select_from(Submission))[0][0])


def refused(house: House, answer: TestResponse, status: int) -> None:
    """A page in words with this status, and nothing kept."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    if answer.mimetype == "text/html":
        assert len(text_of(parse(answer.text))) > 100
    assert kept(house) == 0


WRONG: dict[str, tuple[str, str]] = {
    # what is sent: (field, value)
    "no address": ("email", ""),
    "not an address": ("email", "alice"),
    "two addresses": ("email", "a@example.org, d@example.org"),
    "a second recipient by line break": (
        "email",
        "a@example.org\r\nBcc: v@example.org",
    ),
    "a NUL in the address": ("email", "a@example.org\0"),
    "an address in brackets": ("email", '"x"@example.org>'),
    "an endless address": ("email", "a" * 5000 + "@example.org"),
    "no name": ("name", ""),
    "a name of blanks": ("name", " \u200b \t"),
    "a link for a name": ("name", "visit evil.com"),
    "a telephone for a name": ("name", "\u260e 555 123 456"),
    "hearts for a name": ("name", "<3<3<3"),
    "a full stop for a name": ("name", "."),
    "an address for a name": ("name", "alice@example.org"),
    "marks piled on a letter": ("name", "Z" + "\u0338" * 30),
    "an endless name": ("name", "x" * 5000),
    "an endless title": ("title", "x" * 5000),
    "a link in the title": ("title", "see https://evil.example"),
    "an address in the affiliation": ("affiliation", "mail me@evil.example"),
    "an endless statement": ("statement", "word " * 100),
    "a link in the statement": ("statement", "go to www.evil.example now"),
    "an unknown sector": ("sector", "__proto__"),
    "no sector": ("sector", ""),
    "an endless sector": ("sector", "s" * 10_000),
    "an unknown country": ("country", "ZZ"),
    "a word for a country": ("country", "Germany"),
    "no consent": ("consent", ""),
    "a consent that is no tick": ("consent", "on"),
    "a box that is no tick": ("wants_updates", "maybe"),
    "listed neither yes nor no": ("listed", "perhaps"),
}


@pytest.mark.parametrize(("field", "value"), WRONG.values(), ids=WRONG.keys())
def test_the_field_is_named_and_what_was_typed_is_kept(
    house: House, field: str, value: str
) -> None:
    answer = house.sign(**{field: value})
    refused(house, answer, 400)
    page = parse(answer.text)
    error = by_id(page, f"f-{field}-error")
    assert len(text_of(error)) > 10
    (summary,) = of_class(page, "problems")
    assert summary.get("role") == "alert"
    links = [e.get("href") for e in summary.iter("a")]
    assert links == [f"#f-{field}"]
    for other in ("name", "email", "title", "affiliation"):
        if other != field:
            assert by_id(page, f"f-{other}").get("value") == FIELDS[other]
    chosen = [
        option.get("value")
        for option in by_id(page, "f-sector").iter("option")
        if option.get("selected") is not None
    ]
    assert chosen == ([] if field == "sector" else [FIELDS["sector"]])
    described = by_id(page, f"f-{field}").get("aria-describedby") or ""
    if field != "listed":
        assert f"f-{field}-error" in described.split()
    assert house.deliver() == []


def test_everything_wrong_at_once_is_said_at_once(house: House) -> None:
    answer = house.post(SIGN, {"language": "de"})
    refused(house, answer, 400)
    (summary,) = of_class(parse(answer.text), "problems")
    assert len(list(summary.iter("a"))) == 4
    assert "Fehler" in answer.text


def test_an_unknown_language_falls_back_to_the_letters_first(house: House) -> None:
    assert house.sign(language="tlh").status_code == 303


BODIES: dict[str, tuple[bytes, dict[str, str], int]] = {
    "100 kB in one field": (
        urlencode(FIELDS | {"name": "x" * 100_000}).encode(),
        {},
        413,
    ),
    "5,000 fields": ("&".join(f"f{n}=1" for n in range(5000)).encode(), {}, 413),
    "a field that stands twice": (
        urlencode([*FIELDS.items(), ("sector", "ai")]).encode(),
        {},
        400,
    ),
    "broken UTF-8": (urlencode(FIELDS).encode() + b"&title=%ff%fe", {}, 400),
    "raw broken UTF-8": (urlencode(FIELDS).encode() + b"&title=\xff", {}, 400),
    "JSON": (
        json.dumps(FIELDS).encode(),
        {"Content_Type": "application/json"},
        415,
    ),
    "multipart": (
        b"--x\r\n\r\n--x--\r\n",
        {"Content_Type": "multipart/form-data; boundary=x"},
        415,
    ),
    "no content type": (b"name=x", {"Content_Type": ""}, 415),
    "another site's form": (
        urlencode(FIELDS).encode(),
        {"Sec_Fetch_Site": "cross-site"},
        403,
    ),
    "nothing at all": (b"", {}, 400),
}


@pytest.mark.parametrize(("body", "headers", "status"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_form_of_ours(
    house: House, body: bytes, headers: dict[str, str], status: int
) -> None:
    refused(house, house.post(SIGN, body, **headers), status)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/letters/unknown", 404),
        (f"/letters/{SLUG}/xx", 404),
        (f"/letters/{SLUG}/inbox/AAAA", 404),
        ("/letters/unknown/privacy", 404),
        ("/confirm/nonsense", 404),
        ("/manage/nonsense", 404),
        ("/nothing/here", 404),
        (f"/letters/{SLUG}%00", 404),
        ("/letters/%ff%fe", 404),
        (f"/letters/{'x' * 5000}", 404),
        (SIGN, 405),
    ],
)
def test_what_is_not_there_is_said_in_words(
    house: House, path: str, status: int
) -> None:
    refused(house, house.get(path), status)


def test_a_page_that_nothing_leads_to_is_refused_alike_wherever_one_turns(
    house: House,
) -> None:
    owner = house.organiser("owner")
    public, room = f"/letters/{SLUG}", f"/organise/letters/{SLUG}"
    for path in (
        f"{public}/corrections?before=",
        f"{public}/corrections.atom?before=",
        f"{public}/updates?before=",
        f"{public}/updates.atom?before=",
        f"/api/v1{public}/corrections?before=",
        f"{room}/record?before=",
        f"{room}/cases?before=",
        f"{room}/imports?before=",
        f"{room}/disputes?before=",
        f"{room}/disputes?show=settled&before=",
        f"{room}/updates?before=",
        f"{room}/holds/watch-list?after=",
    ):
        read = owner.get if path.startswith(room) else house.get
        # The first of them are digits in the writing of others, and a small figure.
        for odd in ("٣", "３", "²", "-1", "+1", "1_0", " 1", "x", "1.0", "9" * 19):
            assert read(path + quote(odd)).status_code == 400, path + odd
        for place in ("", "0", "7", "9" * 18):
            assert read(path + place).status_code == 200, path + place


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"/letters/{SLUG}"),
        ("PUT", f"/letters/{SLUG}"),
        ("POST", f"/letters/{SLUG}"),
        ("PATCH", SIGN),
        ("DELETE", "/manage/x"),
        ("POST", f"/api/v1/letters/{SLUG}/tally"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    house: House, method: str, path: str
) -> None:
    answer = house.client.open(
        path,
        method=method,
        base_url="http://localhost",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 405
    assert answer.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/letters/unknown/tally", 404), ("/api/v1/nothing", 404)],
)
def test_programs_get_a_problem_as_rfc_9457_says(
    house: House, path: str, status: int
) -> None:
    answer = house.get(path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_program_that_signs_and_errs_gets_a_problem_too(house: House) -> None:
    answer = house.post(SIGN, b"{}", Content_Type="text/plain",
                        Accept="application/json")  # fmt: skip
    assert answer.status_code == 415
    assert answer.mimetype == "application/problem+json"


PHASES: dict[str, tuple[dict[str, Any], int]] = {
    "not yet open": ({"opens_at": db.now() + timedelta(days=1)}, 409),
    "paused": ({"paused": True}, 409),
    "closed": ({"closes_at": db.now() - timedelta(days=1)}, 410),
    "a draft": ({"published_at": None}, 404),
    "under embargo": ({"published_at": db.now() + timedelta(days=1)}, 404),
}


@pytest.mark.parametrize(("columns", "status"), PHASES.values(), ids=PHASES)
def test_a_letter_that_takes_no_signatures_says_so(
    house: House, columns: dict[str, Any], status: int
) -> None:
    house.set_letter(**columns)
    answer = house.sign(statement="Written with care", name="Ada Example")
    refused(house, answer, status)
    if status != 404:
        for kept in ("Written with care", "Ada Example", "alice@example.org"):
            assert kept in answer.text, "what was typed is not lost"
    page = house.fresh(f"/letters/{SLUG}")
    assert page.status_code == (404 if status == 404 else 200)
    if page.status_code == 200:
        assert "<form" not in page.text


def test_a_closed_letter_is_confirmed_for_a_day_and_no_longer(house: House) -> None:
    first = house.confirm_link()
    second = house.confirm_link(email="bob@example.org")
    house.set_letter(closes_at=db.now() + timedelta(hours=1))
    later(hours=1 + 23)
    assert house.get(first).status_code == 200
    assert "Thank you" in house.post(first, {"action": "confirm"}).text
    later(hours=1 + 25)
    late = house.post(second, {"action": "confirm"})
    assert late.status_code == 410
    assert "closed" in late.text
    assert house.numbers()["confirmed"] == 1


@pytest.mark.parametrize("action", ["", "approve", "confirm\0", "CONFIRM"])
def test_an_unknown_button_does_nothing(house: House, action: str) -> None:
    path = house.confirm_link()
    assert house.post(path, {"action": action}).status_code == 400
    assert house.signatures() == []
    assert house.get(path).status_code == 200


def test_a_wrong_code_is_refused_five_times_and_then_the_right_one_too(
    house: House,
) -> None:
    from tests.house import code

    house.sign()
    (mail,) = house.deliver()
    right = code(mail)
    for _ in range(5):
        answer = house.post("/confirm", {"email": FIELDS["email"], "code": "0000 0000"})
        assert answer.status_code == 400
        assert by_id(parse(answer.text), "f-code-error") is not None
    late = house.post("/confirm", {"email": FIELDS["email"], "code": right})
    assert late.status_code == 400
    # The link in the same mail is not touched by that.
    from tests.house import link

    assert house.get(link(mail, "confirm")).status_code == 200


def test_an_unknown_address_and_a_wrong_code_are_told_alike(house: House) -> None:
    house.sign()
    known = house.post("/confirm", {"email": FIELDS["email"], "code": "00000000"})
    unknown = house.post("/confirm", {"email": "bob@example.org", "code": "00000000"})
    # Nothing is sent to an address that is typed here.
    empty = house.post("/confirm", {"email": "", "code": "00000000"})
    assert "Please type your address." in text_of(parse(empty.text))
    assert known.status_code == unknown.status_code == 400
    assert known.text.replace(FIELDS["email"], "") == unknown.text.replace(
        "bob@example.org", ""
    )
