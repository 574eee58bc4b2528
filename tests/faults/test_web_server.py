"""The web server is killed, told to end, and left without its database (54, 58)."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import pytest

from app.processes import PATIENCE
from tests.faults.state import children, stored
from tests.faults.wire import LETTER, SIGN, Dawdlers, Signers, Wire, form, request
from tests.house import FIELDS
from tests.servers.live import Answer, Live
from tests.servers.postgres import Postgres

# ---- Killed --------------------------------------------------------------------------


def test_row_54_a_killed_web_process_is_replaced_and_nothing_is_lost(
    each_web: Live,
) -> None:
    live = each_web
    first, second = children(live)
    with Signers(live, "killed") as signers:
        signers.wait_for(20)
        os.kill(first, signal.SIGKILL)
        began = time.monotonic()
        gap = signers.wait_for(20)
        live.wait_until(
            lambda: len(children(live).keys() - {first}) == 2, 20, "new process"
        )
        print(
            f"killed one of two: longest gap {gap:.2f} s, "
            f"a new one after {time.monotonic() - began:.2f} s"
        )
        # A new process that takes connections and gives no answers would show here.
        signers.wait_for(60)
    assert gap < 5, "the other did not go on"
    assert second in children(live)
    assert signers.acknowledged.keys() <= stored(live)
    assert not signers.refused


@pytest.mark.long
def test_row_54_web_processes_are_killed_for_a_minute(each_web: Live) -> None:
    live = each_web
    older, newer = children(live)

    def successor() -> set[int]:
        return children(live).keys() - {older, newer}

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
    assert signers.acknowledged.keys() <= stored(live)
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
    assert emails <= stored(web)
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


# ---- The database is away ------------------------------------------------------------


def test_row_58_pages_stay_and_signing_comes_back_with_the_database(
    web_on_postgres: Live, postgres_server: Postgres
) -> None:
    live, server = web_on_postgres, postgres_server
    processes = children(live).keys()
    # Many at once spread over the processes: each has the page in its memory then.
    with ThreadPoolExecutor(16) as readers:
        pages = {each.text for each in readers.map(live.get, [LETTER] * 100)}
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
    assert children(live).keys() == processes, "it was restarted"
    assert signers.acknowledged.keys() <= stored(live)
    newest = max(signers.acknowledged, key=signers.acknowledged.__getitem__)
    live.wait_for_mail(newest, within=60)
    checked = live.flask("tally", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.long
def test_row_58_the_database_crashes_three_times_in_a_burst(
    web_on_postgres: Live, postgres_server: Postgres
) -> None:
    live, server = web_on_postgres, postgres_server
    processes = children(live).keys()
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
    assert children(live).keys() == processes
    assert signers.acknowledged.keys() <= stored(live)
    checked = live.flask("tally", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


# ---- In health -----------------------------------------------------------------------


def test_what_is_kept_is_dated_when_it_is_given_and_not_when_it_was_made(
    web: Live,
) -> None:
    # A page made an hour ago and dated so would be stale in every browser at once.
    first = web.get(LETTER)
    time.sleep(1.1)
    second = web.get(LETTER)
    assert first.headers["ETag"] == second.headers["ETag"]
    given = [answer.headers.get_all("Date", []) for answer in (first, second)]
    assert [len(dates) for dates in given] == [1, 1]
    assert parsedate_to_datetime(given[0][0]) < parsedate_to_datetime(given[1][0])
