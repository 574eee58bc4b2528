"""Threats D: forged, framed and kept requests (rows 37 to 40)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version

import flask
import pytest
from sqlalchemy import text
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from app import urls
from app.domain.tokens import Purpose
from app.fence import SessionUsed
from tests.house import BASE, FIELDS, SLUG, House, link
from tests.letters import rows
from tests.organisers import invitation
from tests.servers.behaviours import NO_SUCH_USER

LETTER = f"/letters/{SLUG}"
TALLY = f"/api/v1/letters/{SLUG}/tally"


def forms(house: House) -> dict[str, dict[str, str]]:
    """Every public address that takes a POST, with a form that does something."""
    house.sink.refused["first@example.org"] = NO_SUCH_USER
    inbox = house.sign(email="first@example.org").headers["Location"]
    confirm = house.confirm_link()
    second = house.confirm_link(email="second@example.org", name="Second")
    house.post(second, {"action": "confirm"})
    manage = link(house.deliver()[-1], "manage")
    found = {
        f"{LETTER}/signatures": FIELDS | {"email": "third@example.org"},
        inbox: {"action": "address", "email": "fourth@example.org"},
        confirm: {"action": "confirm"},
        "/confirm": {"email": FIELDS["email"], "code": "0000-0000"},
        manage: {"action": "erase", "sure": "yes"},
        f"{manage}/correct": FIELDS | {"action": "look"},
        f"{LETTER}/manage": {"email": FIELDS["email"]},
        "/receipts": {"receipt": "{}"},
        invitation(house): FIELDS,
        _unsubscribe(house): {"List-Unsubscribe": "One-Click"},
    }
    rules = {
        rule.rule.partition("<")[0]
        for rule in house.app.url_map.iter_rules()
        # A webhook takes no form, and nothing that is not signed (tests of its own).
        if "POST" in (rule.methods or ())
        and not rule.rule.startswith(("/dev", "/hooks/"))
    }
    # A new route that takes a POST must come into this table.
    assert len(rules | {"/confirm"}) == 7
    assert len(found) == 10
    return found


def _unsubscribe(house: House) -> str:
    """The link in the updates to whoever has signed last."""
    newest = house.signatures()[-1].public_id
    return urls.unsubscribe(
        house.site.tokens.make(Purpose.UNSUBSCRIBE, newest.encode())
    )


REFUSED: list[dict[str, str]] = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": BASE},
    {"Sec_Fetch_Site": "SAME-ORIGIN "},
    {"Sec_Fetch_Site": ""},
    {"Origin": "null"},
    {"Origin": "https://evil"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:81"},
    {"Origin": "http://localhost.evil.tld"},
    {"Origin": ""},
]
ACCEPTED: list[dict[str, str]] = [
    {"Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "none"},
    {"Origin": BASE},
    {},
]


def _send(
    house: House, path: str, fields: Mapping[str, str], headers: Mapping[str, str]
) -> TestResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.client.post(path, base_url=BASE, data=fields, headers=given)


@pytest.mark.parametrize("headers", REFUSED, ids=str)
def test_row_37_a_form_of_another_site_does_nothing(
    house: House, headers: dict[str, str]
) -> None:
    every = forms(house)
    before = rows(house)
    for path, fields in every.items():
        answer = _send(house, path, fields, headers)
        assert answer.status_code == 403, path
        assert "This came from another site" in answer.text
        assert 'href="/"' in answer.text
    assert rows(house) == before


@pytest.mark.parametrize("headers", ACCEPTED, ids=str)
def test_row_37_our_own_forms_and_programs_are_taken(
    house: House, headers: dict[str, str]
) -> None:
    for path, fields in forms(house).items():
        answer = _send(house, path, fields, headers)
        # The code of this form is a guess, and the receipt is none.
        expected = {400} if path in ("/confirm", "/receipts") else {200, 303}
        assert answer.status_code in expected, path


def test_row_37_a_letter_saved_to_disk_leads_to_the_live_one(house: House) -> None:
    answer = _send(house, f"{LETTER}/signatures", FIELDS, {"Origin": "null"})
    assert answer.status_code == 403
    assert f'href="{LETTER}"' in answer.text


def every_answer(house: House) -> dict[str, TestResponse]:
    """An answer of every route and of every kind of error."""
    answers = {path: house.get(path) for path in forms(house)}
    for rule in house.app.url_map.iter_rules():
        path = rule.rule.replace("<slug:slug>", SLUG).replace("<language:locale>", "de")
        path = path.replace("<time>", "latest").replace("<kind>", "confirm")
        path = path.replace("<language>", "en").replace("<path:name>", "letter.css")
        path = re.sub(r"<(token|reference|public_id|hash)>", "none", path)
        assert "<" not in path, f"{rule.rule} is new: say here what it takes"
        for method in ("GET", "HEAD", "OPTIONS", "PUT"):
            name = f"{method} {path}"
            answers[name] = house.client.open(path, method=method, base_url=BASE)
    answers |= {
        "static": house.get("/static/letter.css"),
        "no static": house.get("/static/none.css"),
        "400": house.sign(name=""),
        "bad bytes": house.post(f"{LETTER}/signatures", b"name=\xff"),
        "403": _send(house, f"{LETTER}/signatures", FIELDS, {"Origin": "null"}),
        "404": house.get("/nothing"),
        "413": house.post(f"{LETTER}/signatures", b"name=" + b"x" * 100_000),
        "415": house.post(f"{LETTER}/signatures", b"{}", Content_Type="text/json"),
        "421": house.get("/", Host="evil.tld"),
        "303": house.sign(email="fifth@example.org"),
        "json 404": house.get("/api/v1/letters/none/tally"),
        "memory": house.get(LETTER),
        "not modified": house.get(
            LETTER, If_None_Match=house.get(LETTER).headers["ETag"]
        ),
        "5xx": _broken(house),
    }
    return answers


def _broken(house: House) -> TestResponse:
    """The answer of a house whose database has lost a table."""
    with house.writing() as session:
        session.execute(text("ALTER TABLE letter RENAME TO letter_gone"))
    try:
        return house.post("/confirm", {"email": "a@b.example", "code": "0000-0000"})
    finally:
        with house.writing() as session:
            session.execute(text("ALTER TABLE letter_gone RENAME TO letter"))


EMBEDDED = ("", "/counter.json", "/badge.svg", "/badge.png", "/card.png")


def test_row_38_no_answer_may_be_framed(house: House) -> None:
    answers = every_answer(house)
    assert answers["5xx"].status_code >= 500
    for name, answer in answers.items():
        if answer.status_code == 304:
            # It has no body: the browser goes on with what it has (RFC 9110, 15.4.5).
            continue
        policies = answer.headers.getlist("Content-Security-Policy")
        assert len(policies) == 1, name
        directives = {part.strip() for part in policies[0].split(";")}
        assert "default-src 'none'" in directives, name
        if name.split()[-1].startswith("/embed/") and answer.status_code == 200:
            # Made for the pages of others: nothing in it can be pressed.
            assert b"<form" not in answer.data, name
        else:
            assert "frame-ancestors 'none'" in directives, name
        if name in (
            "GET /dev/mails/confirm/en/html",
            "HEAD /dev/mails/confirm/en/html",
        ):
            # An example of a mail, whose looks stand in attributes: shown in development
            # alone, in a sandbox in which nothing runs.
            assert "sandbox" in directives
            policies[0] = policies[0].replace("style-src 'unsafe-inline'", "")
        assert "unsafe" not in policies[0], name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name


def test_row_39_the_numbers_may_be_read_from_any_page(house: House) -> None:
    house.confirm(name="Petra Private", statement="Private words")
    for _ in range(2):
        answer = house.fresh(TALLY, Origin="https://paper.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert answer.content_type == "application/json"
        body = json.loads(answer.data)
        assert set(body) == {
            "letter", "as_of", "confirmed", "verified", "collected", "headline",
            "sectors", "collected_source", "definitions",
        }  # fmt: skip
        assert body["confirmed"] == 1
        for word in ("Petra", "Private", "alice", "University"):
            assert word not in answer.text
        house.fold()
    missing = house.get("/api/v1/letters/none/tally")
    assert missing.headers["Access-Control-Allow-Origin"] == "*"
    assert missing.content_type == "application/problem+json"


def test_row_39_a_page_with_names_is_not_for_other_sites(house: House) -> None:
    for path in (LETTER, f"{LETTER}/privacy"):
        assert "Access-Control-Allow-Origin" not in house.get(path).headers


def test_row_40_no_answer_sets_a_cookie_and_all_but_a_few_are_kept_by_nobody(
    house: House,
) -> None:
    cacheable = {
        LETTER,
        f"{LETTER}/de",
        f"{LETTER}/privacy",
        f"{LETTER}/versions",
        f"{LETTER}/signatories",
        f"{LETTER}/corrections",
        f"{LETTER}/corrections.atom",
        f"{LETTER}/updates",
        f"{LETTER}/updates.atom",
        f"{LETTER}/counter",
        "/api/v1/",
        "/api/v1/openapi.json",
        "/sitemap.xml",
        "/robots.txt",
        f"{LETTER}/qr.svg",
        f"{LETTER}/signatories.atom",
        TALLY.removesuffix("/tally"),
        f"{LETTER}/history",
        TALLY.replace("tally", "history"),
        TALLY.replace("tally", "history.csv"),
        *(f"/embed/{SLUG}{form}" for form in EMBEDDED),
        TALLY,
        TALLY.replace("tally", "signatories"),
        TALLY.replace("tally", "corrections"),
        "/receipts/keys.json",
        "/embed/counter.js",
        "/static/letter.css",
        "static",
        "memory",
        "not modified",
    }
    for name, answer in every_answer(house).items():
        assert "Set-Cookie" not in answer.headers, name
        assert "Cookie" not in answer.headers.get("Vary", ""), name
        kept = answer.headers["Cache-Control"]
        path = name.removeprefix("GET ").removeprefix("HEAD ")
        if path in cacheable and answer.status_code in (200, 304):
            assert kept.startswith("public, max-age="), name
            assert answer.headers["Vary"] == "Accept-Encoding", name
            assert answer.headers["ETag"], name
        else:
            assert kept == "no-store", name


def test_row_40_a_cookie_changes_nothing(house: House) -> None:
    for path in (LETTER, TALLY, "/", f"{LETTER}/privacy"):
        plain = house.fresh(path)
        for cookie in ("session=abc", "session=.eJw", "remember_token=1|x"):
            seen = house.fresh(path, Cookie=cookie)
            assert (seen.status, seen.data) == (plain.status, plain.data)
            assert Headers(seen.headers) == Headers(plain.headers)


TOUCHES: list[Callable[[], object]] = [
    lambda: flask.session["user"],
    lambda: flask.session.get("user"),
    lambda: flask.session.update(user=1),
    lambda: flask.session.setdefault("user", 1),
    lambda: flask.session.pop("user", None),
    lambda: "user" in flask.session,
    lambda: list(flask.session),
    lambda: flask.session.clear(),
]


@pytest.mark.parametrize("touch", TOUCHES)
def test_row_40_touching_the_session_raises(
    house_on_sqlite: House, touch: Callable[[], object]
) -> None:
    with (
        house_on_sqlite.app.test_request_context("/", base_url=BASE),
        pytest.raises(SessionUsed),
    ):
        touch()


def test_row_40_flask_is_new_enough_for_shared_caches() -> None:
    """CVE-2023-30861 and CVE-2026-27205."""
    assert tuple(map(int, version("flask").split(".")[:3])) >= (3, 1, 3)
