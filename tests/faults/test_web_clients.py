"""Clients that are slow, send too much, or speak HTTP as few do (threat 52)."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.faults.state import children, stored
from tests.faults.wire import (
    LETTER,
    SIGN,
    Dawdlers,
    Wire,
    durations,
    exchange,
    form,
    request,
)
from tests.servers.live import Answer, Live

SLOW = 500
CACHEABLE = [
    LETTER,
    f"{LETTER}/de",
    f"{LETTER}?lang=fr",
    f"{LETTER}/privacy",
    "/api/v1/letters/deepfakes/tally",
    "/static/letter.css",
]


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
    assert not [email for email in stored(web) if email.startswith("name")]


# ---- What does not fit ---------------------------------------------------------------


def test_row_52_a_body_of_10_mb_is_drained_and_refused(web: Live) -> None:
    body = b"name=" + b"a" * 10_000_000
    exchange(web, request(web, "POST", SIGN, form("first@example.org")))
    before = children(web)
    for _ in range(4):
        answer = exchange(web, request(web, "POST", SIGN, body))
        assert answer.status == 413
        assert "shorten" in answer.text
    grown = max(size - before[pid] for pid, size in children(web).items())
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


@pytest.mark.parametrize("how", ["length", "chunks"])
def test_a_form_that_breaks_off_is_none(web: Live, how: str) -> None:
    email = f"broken-{how}@example.org"
    body = form(email)
    with Wire(web) as wire:
        if how == "length":
            wire.send(request(web, "POST", SIGN, body, length=len(body) + 1))
        else:
            wire.send(_chunk(web, body))
        wire.say_no_more()
        # Whoever has gone gets no answer, so nothing tells when it was dealt with.
        wire.ended()
        time.sleep(0.3)
    assert email not in stored(web)


def test_a_form_whose_end_cannot_be_known_is_refused(web: Live) -> None:
    body = form("chunks@example.org")
    answer = exchange(web, _chunk(web, body) + b"0\r\n\r\n")
    assert answer.status == 411
    assert "chunks@example.org" not in stored(web)


def _chunk(live: Live, body: bytes) -> bytes:
    head = request(live, "POST", SIGN, b"", "Transfer-Encoding: chunked")
    return head + f"{len(body):x}\r\n".encode() + body + b"\r\n"


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
    assert "piped@example.org" in stored(web)


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
