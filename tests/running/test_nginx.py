"""The house behind nginx with the configuration that is shipped (threats 38 to 42)."""

from __future__ import annotations

import io
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.house import FIELDS
from tests.papers import words
from tests.servers.live import Answer, Live
from tests.servers.nginx import Nginx

LETTER = "/letters/deepfakes"
TALLY = f"/api/v1{LETTER}/tally"
KEPT = (
    LETTER, f"{LETTER}/de", f"{LETTER}/privacy", f"{LETTER}/signatories", f"{LETTER}/history", TALLY,
    "/embed/deepfakes", "/embed/deepfakes/counter.json", "/embed/deepfakes/card.png",
    "/embed/counter.js", "/sitemap.xml",
)  # fmt: skip
NOT_KEPT = (
    "/", "/organise/", "/organise/sign-in", "/healthz",
    f"{LETTER}/inbox/none", "/manage/none", "/nowhere", "/organise/x.css",
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house that trusts one proxy."""
    folder = tmp_path_factory.mktemp("proxied") / "instance"
    with Live(folder, environment={"TRUSTED_PROXIES": "1"}) as running:
        yield running


@pytest.fixture
def nginx(house: Live, tmp_path: Path) -> Iterator[Nginx]:
    """An nginx whose cache is empty."""
    with Nginx(tmp_path / "nginx", house) as running:
        yield running


def how(answer: Answer) -> str:
    """What the cache had to do with it."""
    return str(answer.headers["X-Cache"] or "none")


def test_only_what_is_the_same_for_everyone_is_kept(nginx: Nginx) -> None:
    for path in KEPT:
        first, second = nginx.get(path), nginx.get(path, Cookie="session=secret")
        assert (first.status, how(first), how(second)) == (200, "MISS", "HIT"), path
        assert first.body == second.body
        assert first.headers["Set-Cookie"] is None
    for path in NOT_KEPT:
        for _ in range(2):
            answer = nginx.get(path, Cookie="session=secret")
            assert how(answer) in ("MISS", "none", "BYPASS", "EXPIRED"), path
            assert "no-store" in answer.headers["Cache-Control"], path


def test_nothing_that_a_client_makes_up_gets_into_the_cache(nginx: Nginx) -> None:
    clean = nginx.get(LETTER).body
    for path, headers in (
        (f"{LETTER}?cb=1", {}),
        (f"{LETTER}?cb=2&utm_source=x", {}),
        (LETTER, {"X_Forwarded_Host": "evil.example"}),
        (LETTER, {"X_Forwarded_Scheme": "http", "X_Forwarded_Prefix": "/evil"}),
        (LETTER, {"Forwarded": "host=evil.example;proto=http"}),
    ):
        answer = nginx.get(path, **headers)
        assert how(answer) == "HIT", path
        assert answer.body == clean
    other = nginx.get(LETTER, Host="evil.example")
    assert other.status == 421 or b"evil" not in other.body
    assert nginx.get(LETTER).body == clean
    assert nginx.get(f"{LETTER}?lang=de").status == 200
    german = nginx.get(f"{TALLY}?lang=de")
    assert german.body != nginx.get(TALLY).body, "what is known does make a copy"


def test_who_takes_gzip_and_who_does_not(nginx: Nginx) -> None:
    plain = nginx.get(LETTER)
    packed = nginx.get(LETTER, Accept_Encoding="br, gzip;q=0.8")
    again = nginx.get(LETTER, Accept_Encoding="gzip, deflate, br, zstd")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert how(again) == "HIT"
    assert again.body == packed.body


def test_of_many_who_come_at_once_one_asks_the_house(nginx: Nginx) -> None:
    with ThreadPoolExecutor(60) as crowd:
        answers = list(crowd.map(lambda _: nginx.get(LETTER), range(300)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    seen = Counter(map(how, answers))
    assert seen["MISS"] == 1, seen


def test_whoever_searches_too_fast_is_asked_to_wait(nginx: Nginx) -> None:
    found = [nginx.get(f"{LETTER}/signatories?q=x{n}").status for n in range(80)]
    assert found[:40] == [200] * 40
    assert 429 in found[40:]
    assert nginx.get(LETTER).status == 200, "who reads is not held up"


def test_the_limit_that_the_api_states_is_the_one_that_is_kept(nginx: Nginx) -> None:
    lists = f"/api/v1{LETTER}/signatories"
    stated = str(nginx.get(lists).headers["RateLimit-Policy"])
    said = re.fullmatch(r'"searches";q=(\d+);w=1', stated)
    assert said is not None, stated
    quota = int(said[1])
    kept = re.search(
        r"zone=undersigned_search:\w+ rate=(\d+)r/s",
        (nginx.folder / "site.conf").read_text(),
    )
    assert kept is not None
    assert int(kept[1]) == quota
    began = time.monotonic()
    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda n: nginx.get(f"{lists}?q=y{n}"), range(300)))
    passed = time.monotonic() - began
    refused = [answer for answer in answers if answer.status == 429]
    taken = [answer for answer in answers if answer.status == 200]
    assert len(refused) + len(taken) == 300
    # One and the burst at once, and from then on what is stated.
    assert 41 <= len(taken) <= 41 + quota * passed + 1
    for answer in refused:
        assert answer.headers["RateLimit-Policy"] == stated
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"
        problem = json.loads(answer.body)
        assert (problem["type"], problem["status"]) == ("about:blank", 429)
    assert nginx.get(TALLY).status == 200, "numbers are not counted"
    page = next(
        answer
        for answer in (nginx.get(f"{LETTER}/signatories?q=z{n}") for n in range(300))
        if answer.status == 429
    )
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Retry-After"] == "1"
    assert "Please wait a second" in page.text


def passing(house: Live, name: str, email: str) -> str:
    """Somebody signs and confirms; the path by which it can be taken back."""
    sent = house.post(f"{LETTER}/signatures", FIELDS | {"name": name, "email": email})
    assert sent.status == 303
    link = re.search(r"/confirm/[\w.-]+", house.wait_for_mail(email).text)
    assert link is not None
    done = house.post(link[0], {"action": "confirm"})
    manage = re.search(r"/manage/[\w.-]+", done.text)
    assert manage is not None
    return manage[0]


def test_a_name_that_is_erased_is_gone_within_ten_seconds(
    house: Live, nginx: Nginx
) -> None:
    name = "Petra Passing"
    manage = passing(house, name, FIELDS["email"])
    lists = f"{LETTER}/signatories"
    house.wait_until(lambda: name in nginx.get(lists).text)
    erased = house.post(manage, {"action": "erase", "sure": "yes"})
    assert erased.status in (200, 303), erased.text
    began = time.monotonic()
    while name in nginx.get(lists).text or name in nginx.get(LETTER).text:
        assert time.monotonic() < began + 10, "still there"
        time.sleep(0.3)
    log = (nginx.folder / "access.log").read_text()
    assert lists in log


def test_the_letter_to_print_is_made_and_given_out_no_more(
    house: Live, nginx: Nginx
) -> None:
    name, path = "Paula Printed", f"{LETTER}/letter.pdf"
    manage = passing(house, name, "paula@example.org")

    def shows() -> bool:
        answer = nginx.get(path)
        assert answer.status in (200, 503)
        if answer.status == 503:
            assert int(str(answer.headers["Retry-After"])) <= 30
            return False
        return name in words(PdfReader(io.BytesIO(answer.body)))

    house.wait_until(shows, 60)
    again = nginx.get(path)
    assert (again.status, how(again)) == (200, "HIT")
    erased = house.post(manage, {"action": "erase", "sure": "yes"})
    assert erased.status in (200, 303), erased.text
    began = time.monotonic()
    while shows():
        assert time.monotonic() < began + 10, "still there"
        time.sleep(0.3)


def test_while_the_house_is_away_the_last_numbers_are_given_out(
    house: Live, nginx: Nginx
) -> None:
    before = nginx.get(TALLY)
    house.kill_web()
    try:
        time.sleep(6)
        during = nginx.get(TALLY)
        assert (during.status, during.body) == (200, before.body)
        assert how(during) == "STALE"
        # A list of names is not given out for longer than its ten seconds.
        assert nginx.get(f"{LETTER}/signatories").status == 502
    finally:
        house.start_web()


def test_links_of_one_person_are_in_no_log(nginx: Nginx) -> None:
    nginx.get("/manage/secret-token")
    nginx.get("/confirm/secret-token")
    nginx.get(LETTER)
    time.sleep(0.2)
    log = (nginx.folder / "access.log").read_text()
    assert "secret-token" not in log
    assert LETTER in log
