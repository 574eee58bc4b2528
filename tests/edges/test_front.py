"""What is given out of memory, and how old it may be."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from time import monotonic, sleep
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.test import Client

from app.answers import VERSION_HEADER
from app.front import FRESH, Front
from tests.house import SLUG, House

PATH, BASE = "/letters/one", "http://localhost"


class Letter:
    """An application with one page that tells its version, and a slow database."""

    def __init__(self) -> None:
        self.version = "1"
        self.asked = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def ask(self, slug: str) -> str:
        self.asked += 1
        assert self.may_answer.wait(20)
        return self.version

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes]:
        version = self.version
        start_response("200 OK", [("ETag", f'"{version}"'), (VERSION_HEADER, version)])
        return [version.encode()]


def of(letter: Letter, folder: Path) -> Client:
    return Client(
        Front(letter, hosts=["localhost"], ask_version=letter.ask, static=folder)
    )


def read(client: Client) -> str:
    return client.get(PATH, base_url=BASE).text


def test_an_answer_of_an_hour_ago_waits_for_the_new_one(tmp_path: Path) -> None:
    letter = Letter()
    client = of(letter, tmp_path)
    assert read(client) == "1"
    sleep(2 * FRESH + 0.1)
    letter.version = "2"
    letter.may_answer.clear()
    answers: list[str] = []
    readers = [
        threading.Thread(target=lambda: answers.append(read(client))) for _ in range(5)
    ]
    for reader in readers:
        reader.start()
    sleep(0.3)
    assert answers == []
    letter.may_answer.set()
    for reader in readers:
        reader.join(20)
    assert answers == ["2"] * 5
    # One asked for all of them.
    assert letter.asked == 2


def test_an_answer_of_a_moment_ago_is_given_while_another_asks(tmp_path: Path) -> None:
    letter = Letter()
    client = of(letter, tmp_path)
    assert read(client) == "1"
    sleep(FRESH + 0.05)
    letter.version = "2"
    letter.may_answer.clear()
    answers: list[str] = []
    first = threading.Thread(target=lambda: answers.append(read(client)))
    first.start()
    started = monotonic()
    while letter.asked < 2:
        assert monotonic() < started + 20
        sleep(0.005)
    assert read(client) == "1"
    letter.may_answer.set()
    first.join(20)
    assert (answers, read(client)) == (["2"], "2")


def test_a_file_is_given_under_any_query_and_takes_no_other_method(
    house_on_sqlite: House,
) -> None:
    house = house_on_sqlite
    page = house.get(f"/letters/{SLUG}").text
    named = re.search(r'href="(/static/letter\.css)\?(v=\w+)"', page)
    assert named is not None
    for path, hashed in (named.groups(), ("/embed/counter.js", "")):
        file = house.get(path)
        assert file.headers["Cache-Control"] == "public, max-age=300"
        for query in ("?ver=6.4.2", "?v=000000000000", "?lang=de"):
            assert house.get(path + query).data == file.data
            kept = house.get(path + query).headers["Cache-Control"]
            assert kept == "public, max-age=300", "it may be another tomorrow"
        if hashed:
            kept = house.get(f"{path}?{hashed}").headers["Cache-Control"]
            assert kept == "public, max-age=31536000, immutable"
        # As at every other address of the house (RFC 9110 sections 9.3.7 and 15.5.6).
        for method, status in (("OPTIONS", 200), ("POST", 405), ("DELETE", 405)):
            answer = house.client.open(path, method=method, base_url=BASE)
            assert answer.status_code == status
            assert set(answer.headers["Allow"].split(", ")) == {
                "GET", "HEAD", "OPTIONS",
            }  # fmt: skip
    assert house.get("/static/none.css").status_code == 404


def test_what_front_is_told_leaves_the_house_with_no_answer(
    house_on_sqlite: House,
) -> None:
    for path in ("", "/signatories", "/signatories?q=alice", "/corrections?before=9"):
        answer = house_on_sqlite.get(f"/letters/{SLUG}{path}")
        assert answer.status_code == 200
        assert VERSION_HEADER not in answer.headers, path
