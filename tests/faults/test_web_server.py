"""The web server under what the net and the night do to it (threats 52, 54, 58)."""

from __future__ import annotations

import fcntl
import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from app.domain.drafts import Draft, sealing_context
from app.models import Outbox, Submission
from app.processes import PATIENCE
from app.site import Site
from tests.faults.wire import (
    LETTER,
    SIGN,
    Dawdlers,
    Signers,
    Wire,
    durations,
    exchange,
    form,
    request,
)
from tests.house import FIELDS, KEYS, settings
from tests.servers.live import Answer, Live
from tests.servers.postgres import Postgres

SLOW = 500
CLIENT_PATIENCE = 4
ENVIRONMENT = {"SECRET_KEYS": KEYS, "WEB_PATIENCE": str(CLIENT_PATIENCE)}
CACHEABLE = [
    LETTER,
    f"{LETTER}/de",
    f"{LETTER}?lang=fr",
    f"{LETTER}/privacy",
    "/api/v1/letters/deepfakes/tally",
    "/static/letter.css",
]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house on SQLite whose server has little patience."""
    folder = tmp_path_factory.mktemp("web") / "instance"
    with Live(folder, environment=ENVIRONMENT) as live:
        yield live


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL to be crashed, which keeps its data on a disk."""
    with Postgres(durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def web_on_postgres(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """The same house on PostgreSQL."""
    folder = tmp_path_factory.mktemp("web") / "instance"
    url = postgres_server.create("web")
    with Live(folder, database_url=url, environment=ENVIRONMENT) as live:
        yield live


@pytest.fixture(params=["web", "web_on_postgres"])
def each_web(request: pytest.FixtureRequest) -> Live:
    """Each of the two."""
    live: Live = request.getfixturevalue(request.param)
    return live


def _stored(live: Live) -> set[str]:
    """The addresses of all submissions, each of which has its mail."""
    site = Site.open(settings(live.environment["DATABASE_URL"], live.folder))
    with site.database.reading() as session:
        rows = session.execute(select(Submission.id, Submission.sealed)).all()
        mailed = set(session.scalars(select(Outbox.submission_id)))
    site.database.dispose()
    assert {row.id for row in rows} <= mailed
    opened = (
        site.keyring.open(row.sealed, context=sealing_context(row.id)) for row in rows
    )
    return {Draft.from_bytes(sealed).email for sealed in opened}


def _children(live: Live) -> dict[int, int]:
    """The web processes under the server: their pids, and their kilobytes."""
    lines = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    rows = [tuple(map(int, line.split())) for line in lines]
    parent = live.house.pid("web")
    return {pid: size for pid, above, size in rows if above == parent}


# ---- Killed --------------------------------------------------------------------------


def test_row_54_a_killed_web_process_is_replaced_and_nothing_is_lost(
    each_web: Live,
) -> None:
    live = each_web
    first, second = _children(live)
    with Signers(live, "killed") as signers:
        signers.wait_for(20)
        os.kill(first, signal.SIGKILL)
        began = time.monotonic()
        gap = signers.wait_for(20)
        live.wait_until(
            lambda: len(_children(live).keys() - {first}) == 2, 20, "new process"
        )
        print(
            f"killed one of two: longest gap {gap:.2f} s, "
            f"a new one after {time.monotonic() - began:.2f} s"
        )
        # A new process that takes connections and gives no answers would show here.
        signers.wait_for(60)
    assert gap < 5, "the other did not go on"
    assert second in _children(live)
    assert signers.acknowledged.keys() <= _stored(live)
    assert not signers.refused


@pytest.mark.long
def test_row_54_web_processes_are_killed_for_a_minute(each_web: Live) -> None:
    live = each_web
    older, newer = _children(live)

    def successor() -> set[int]:
        return _children(live).keys() - {older, newer}

    with Signers(live, "minute") as signers:
        for _ in range(30):
            # The older one: Granian takes one that dies twice within 5.5 s for one
            # that cannot start, and ends.
            os.kill(older, signal.SIGKILL)
            live.wait_until(lambda: len(successor()) == 1, 20, "new process")
            older, newer = newer, successor().pop()
            time.sleep(2)
        signers.wait_for(30)
    print(f"{len(signers.acknowledged)} acknowledged, {signers.broken} broken off")
    assert signers.acknowledged.keys() <= _stored(live)
    assert not signers.refused
    assert live.house.ended() is None


def test_killing_the_parent_alone_leaves_nobody_on_the_port(web: Live) -> None:
    os.kill(web.house.pid("web"), signal.SIGKILL)
    web.wait_until(lambda: web.house.ended() == "web", what="end of the server")
    web.house.stop("web")
    with pytest.raises(ConnectionError):
        web.get("/healthz")
    web.start_web()


# ---- Told to end ---------------------------------------------------------------------


@contextmanager
def _writing_is_held_up(live: Live) -> Iterator[None]:
    """Hold the turn of the one writer, as another process does while it writes."""
    with (live.folder / "undersigned.sqlite3.turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("told", ["the parent", "all of them"])
def test_a_server_that_is_told_to_end_answers_what_it_has_in_hand(
    web: Live, told: str
) -> None:
    answers: list[Answer] = []
    leader = web.house.pid("web")
    late = form(f"late{len(told)}@example.org")

    def sign() -> None:
        email = f"hand{len(told)}@example.org"
        answers.append(web.post(SIGN, FIELDS | {"email": email}))

    signing = threading.Thread(target=sign)
    with Wire(web) as slow, Wire(web) as idle:
        with _writing_is_held_up(web):
            signing.start()
            slow.send(request(web, "POST", SIGN, late)[: -len(late) // 2])
            idle.send(request(web, "GET", LETTER))
            assert idle.answer().status == 200
            time.sleep(0.5)
            began = time.monotonic()
            (os.kill if told == "the parent" else os.killpg)(leader, signal.SIGTERM)
            web.wait_until(lambda: not _takes_connections(web), 3, "closed port")
            assert idle.ended(), "an idle connection was kept"
            assert not answers
            slow.send(late[len(late) - len(late) // 2 :])
        answers.append(slow.answer())
        signing.join()
    assert [answer.status for answer in answers] == [303, 303]
    web.wait_until(lambda: web.house.ended() == "web", what="end of the server")
    print(f"ended {time.monotonic() - began:.2f} s after SIGTERM")
    assert time.monotonic() - began < PATIENCE
    web.house.stop("web")
    emails = {f"{name}{len(told)}@example.org" for name in ("hand", "late")}
    assert emails <= _stored(web)
    web.start_web()


def test_a_server_that_is_told_to_end_does_not_wait_for_a_dawdler(web: Live) -> None:
    with Dawdlers(web, 20, request(web, "POST", SIGN, b"name", length=999), b"e"):
        began = time.monotonic()
        web.house.stop("web")
        print(f"20 dawdlers: ended {time.monotonic() - began:.2f} s after SIGTERM")
        assert time.monotonic() - began < PATIENCE + 1
    web.start_web()


def _takes_connections(live: Live) -> bool:
    try:
        with Wire(live):
            return True
    except ConnectionRefusedError:
        return False


# ---- Slow clients --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["heads", "bodies", "idle"])
def test_row_52_500_slow_clients_keep_nobody_waiting(web: Live, kind: str) -> None:
    whole = request(web, "GET", LETTER)
    first, drop = {
        "heads": (whole[:-2] + b"X-Slow: ", b"a"),
        "bodies": (request(web, "POST", SIGN, b"name=", length=2000), b"a"),
        "idle": (whole, b""),
    }[kind]
    before = durations(web, f"before-{kind}", 25)
    with Dawdlers(web, SLOW, first, drop) as dawdlers:
        began = time.monotonic()
        during = durations(web, f"during-{kind}", 40)
        if kind != "bodies":
            # It has no limit of its own for bodies: a proxy has.
            web.wait_until(lambda: not dawdlers.left, 10, "end of patience")
            print(f"{kind}: all cut off after {time.monotonic() - began:.1f} s")
    for what, figures in during.items():
        usual = before[what]
        print(
            f"{kind}, {what}: median {statistics.median(figures) * 1000:.1f} ms "
            f"(without {statistics.median(usual) * 1000:.1f}), "
            f"worst {figures[-1] * 1000:.0f} ms (without {usual[-1] * 1000:.0f})"
        )
        # Other work on the machine may hold anybody up for once, but not as a rule.
        assert statistics.median(figures) < 5 * statistics.median(usual) + 0.02
        assert figures[-2] < max(1.0, 5 * usual[-1])
    assert not [email for email in _stored(web) if email.startswith("name")]


# ---- What does not fit ---------------------------------------------------------------


def test_row_52_a_body_of_10_mb_is_drained_and_refused(web: Live) -> None:
    body = b"name=" + b"a" * 10_000_000
    exchange(web, request(web, "POST", SIGN, form("first@example.org")))
    before = _children(web)
    for _ in range(4):
        answer = exchange(web, request(web, "POST", SIGN, body))
        assert answer.status == 413
        assert "shorten" in answer.text
    grown = max(size - before[pid] for pid, size in _children(web).items())
    print(f"a web process grew by {grown / 1024:.1f} MB over bodies of 10 MB")
    assert grown < 20 * 1024


def test_row_52_a_body_of_5000_fields_is_refused(web: Live) -> None:
    fields = "&".join(f"{number}=" for number in range(5000)).encode()
    assert exchange(web, request(web, "POST", SIGN, fields)).status == 413
    fields = b"&".join([b"a="] * 5000)
    assert len(fields) < 16 * 1024
    assert exchange(web, request(web, "POST", SIGN, fields)).status == 413


@pytest.mark.parametrize(
    "lines", [["X-Long: " + "a" * 100_000], [f"X-{n}: a" for n in range(200)]]
)
def test_row_52_a_long_head_is_refused(web: Live, lines: list[str]) -> None:
    assert exchange(web, request(web, "GET", LETTER, b"", *lines)).status == 431
    assert web.get(LETTER).status == 200


def test_a_form_that_breaks_off_is_none(web: Live) -> None:
    body = form("broken@example.org")
    with Wire(web) as wire:
        wire.send(request(web, "POST", SIGN, body, length=len(body) + 1))
        wire.say_no_more()
        assert wire.answer().status == 400
    assert "broken@example.org" not in _stored(web)


@pytest.mark.parametrize("rest", [b"\r\n0\r\n\r\n", b""])
def test_a_form_whose_end_cannot_be_known_is_refused(web: Live, rest: bytes) -> None:
    body = form("chunked@example.org")
    head = request(web, "POST", SIGN, b"", "Transfer-Encoding: chunked")
    with Wire(web) as wire:
        wire.send(head + f"{len(body):x}\r\n".encode() + body + rest)
        wire.say_no_more()
        assert wire.answer().status == 411
    assert "chunked@example.org" not in _stored(web)


# ---- HTTP as others speak it ---------------------------------------------------------


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(web: Live) -> None:
    body = form("expects@example.org")
    with Wire(web) as wire:
        whole = request(web, "POST", SIGN, body, "Expect: 100-continue")
        wire.send(whole[: -len(body)])
        assert wire.answer().status == 100
        wire.send(body)
        assert wire.answer().status == 303
    head = request(web, "POST", SIGN, b"", "Expect: 100-continue", length=10_000_000)
    assert exchange(web, head).status == 413, "it was told to send 10 MB"


def test_requests_sent_in_one_go_are_answered_in_order(web: Live) -> None:
    sent = [
        request(web, "GET", LETTER),
        request(web, "POST", SIGN, form("piped@example.org")),
        request(web, "HEAD", LETTER),
        request(web, "GET", "/nothing/here"),
        request(web, "GET", "/healthz", b"", "Connection: close"),
    ]
    with Wire(web) as wire:
        wire.send(b"".join(sent))
        answers = [wire.answer(head=number == 2) for number in range(5)]
        assert [answer.status for answer in answers] == [200, 303, 200, 404, 200]
        assert answers[4].text == "ok\n"
        assert wire.ended(), "the connection was to be closed"
    assert "piped@example.org" in _stored(web)


def test_the_body_of_one_request_is_not_taken_for_the_next(web: Live) -> None:
    smuggled = request(web, "GET", "/healthz")
    for path in (LETTER, "/nothing/here"):
        with Wire(web) as wire:
            wire.send(request(web, "GET", path, smuggled))
            wire.send(request(web, "GET", "/readyz"))
            assert wire.answer().status in (200, 404)
            try:
                assert wire.answer().text != "ok\n"
            except (EOFError, ConnectionError):
                continue


@pytest.mark.parametrize("path", CACHEABLE)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_head_says_what_get_says_without_the_body(
    web: Live, path: str, encoding: str
) -> None:
    accept = f"Accept-Encoding: {encoding}"
    with Wire(web) as wire:
        for _ in range(2):
            wire.send(request(web, "HEAD", path, b"", accept))
            head = wire.answer(head=True)
            wire.send(request(web, "GET", path, b"", accept))
            got = wire.answer()
            assert (head.status, got.status) == (200, 200)
            assert got.body
            assert _lasting(head) == _lasting(got)


def _lasting(answer: Answer) -> dict[str, str]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return {name: headers[name] for name in headers if name != "date"}


# ---- The database is away ------------------------------------------------------------


def test_row_58_pages_stay_and_signing_comes_back_with_the_database(
    web_on_postgres: Live, postgres_server: Postgres
) -> None:
    live, server = web_on_postgres, postgres_server
    processes = _children(live).keys()
    # New connections spread over the processes: each has the page in its memory then.
    pages = {live.get(LETTER).text for _ in range(20)}
    with Signers(live, "away") as signers:
        signers.wait_for(20)
        server.crash()
        live.wait_until(lambda: len(signers.refused) > 5, what="refusal")
        until = time.monotonic() + 3
        while time.monotonic() < until:
            answer = live.get(LETTER)
            assert answer.status == 200
            assert "Just a moment" not in answer.text
        assert len(pages) == 1
        absent = live.get(f"{LETTER}/fr")
        assert (absent.status, absent.headers["Retry-After"]) == (503, "5")
        assert live.get("/readyz").status == 503
        assert live.get("/healthz").status == 200
        server.resume()
        began = time.monotonic()
        signers.wait_for(20)
        print(f"20 signatures {time.monotonic() - began:.2f} s after the database")
        assert time.monotonic() - began < 10
    for refused in signers.refused:
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert "sending a form again is safe" in refused.text
    assert not signers.broken
    assert _children(live).keys() == processes, "it was restarted"
    assert signers.acknowledged.keys() <= _stored(live)
    newest = max(signers.acknowledged, key=signers.acknowledged.__getitem__)
    live.wait_for_mail(newest, within=60)
    checked = live.flask("tally", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.long
def test_row_58_the_database_crashes_three_times_in_a_burst(
    web_on_postgres: Live, postgres_server: Postgres
) -> None:
    live, server = web_on_postgres, postgres_server
    processes = _children(live).keys()
    with Signers(live, "thrice", clients=16) as signers:
        for _ in range(3):
            signers.wait_for(100)
            server.crash()
            server.resume()
            began = time.monotonic()
            signers.wait_for(100)
            assert time.monotonic() - began < 20
    assert {answer.status for answer in signers.refused} <= {503}
    assert not signers.broken
    assert _children(live).keys() == processes
    assert signers.acknowledged.keys() <= _stored(live)
    checked = live.flask("tally", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
