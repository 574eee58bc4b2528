"""Threats C: links and tokens (rows 20 and 22 to 27)."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import Client

from app import db
from app.domain.tokens import InvalidToken, Purpose, Tokens
from app.models import Ledger, Submission
from tests.house import BASE, FIELDS, House, at_once, later, link
from tests.letters import rows
from tests.servers.browser import Browser
from tests.servers.live import Live
from tests.servers.smtp import Sink

ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.mark.parametrize("room", ["confirm", "manage"])
def test_row_20_looking_changes_nothing(house: House, room: str) -> None:
    path = house.confirm_link()
    if room == "manage":
        house.post(path, {"action": "confirm"})
        path = link(house.deliver()[-1], "manage")
    before = rows(house)
    for _ in range(10):
        assert house.get(path).status_code == 200
    assert house.client.head(path, base_url=BASE).status_code == 200
    options = house.client.options(path, base_url=BASE)
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {
        "GET", "HEAD", "OPTIONS", "POST",
    }  # fmt: skip
    # What follows every link, adds queries, and asks with odd methods.
    house.get(f"{path}?action=confirm&sure=yes")
    for method in ("PUT", "DELETE", "PATCH"):
        answer = house.client.open(path, method=method, base_url=BASE)
        assert answer.status_code == 405
    assert rows(house) == before


def test_row_20_a_browser_that_only_looks_changes_nothing(
    tmp_path: Path, browser: Browser
) -> None:
    """Loads, waits ten seconds, scrolls and moves about: a scanner's whole visit."""
    with Live(tmp_path / "instance") as live:
        live.post("/letters/deepfakes/signatures", FIELDS)
        (url,) = {
            u for u in live.wait_for_mail(FIELDS["email"]).links if "/confirm/" in u
        }
        with browser.page(live.base_url) as page:
            page.goto(url)
            page.mouse.move(200, 200)
            page.mouse.wheel(0, 2000)
            page.wait_for_timeout(10_000)
            page.mouse.wheel(0, -2000)
            assert page.url == url
        assert _state_of_the_one(live) == "open"
        with browser.page(live.base_url) as page:
            page.goto(url)
            page.get_by_role("button", name="Yes, confirm my signature").click()
            page.get_by_role("heading", name="Thank you").wait_for()
        assert _state_of_the_one(live) == "used"


def _state_of_the_one(live: Live) -> str:
    database = db.Database(live.environment["DATABASE_URL"])
    with database.reading() as session:
        state = session.scalars(select(Submission.state)).one()
    database.dispose()
    return state


def _tampered(token: str) -> Iterator[str]:
    """Every substitution of one character, every truncation, and what is appended."""
    for place, character in enumerate(token):
        for other in ALPHABET + ".=":
            if other != character:
                yield token[:place] + other + token[place + 1 :]
    for length in range(len(token)):
        yield token[:length]
    for tail in ("=", "==", "!!", ".", "A", "\n", " ", "%00", "\u00e9", f".{token}"):
        yield token + tail
    yield from (f"={token}", f".{token}", f" {token}", token.swapcase(), token[::-1])
    yield token.replace(".", "")
    yield token.replace("-", "+").replace("_", "/") + "A"


@pytest.mark.parametrize("purpose", Purpose)
def test_row_22_no_altered_token_is_read(purpose: Purpose) -> None:
    tokens = Tokens([b"k" * 32])
    token = tokens.make(purpose, bytes(range(16)))
    assert tokens.read(purpose, token) == bytes(range(16))
    tried = 0
    for altered in _tampered(token):
        with pytest.raises(InvalidToken):
            tokens.read(purpose, altered)
        tried += 1
    assert tried > 4000


@pytest.mark.parametrize("room", ["confirm", "manage"])
def test_row_22_an_altered_link_is_a_404_and_changes_nothing(
    house: House, room: str
) -> None:
    path = house.confirm_link()
    if room == "manage":
        house.post(path, {"action": "confirm"})
        path = link(house.deliver()[-1], "manage")
    token = path.rpartition("/")[2]
    before = rows(house)
    everything = list(_tampered(token))
    some = [altered for altered in everything[::17] if altered.strip("./ \n")]
    # The last characters of both parts, where a decoder may overlook bits.
    some += [altered for altered in everything if altered[:-1] == token[:-1]]
    dot = token.index(".")
    some += [a for a in everything if a[: dot - 1] == token[: dot - 1]
             and a[dot:] == token[dot:]]  # fmt: skip
    some += [token + tail for tail in ("=", "!!", ".", "%20")]
    for altered in some:
        assert house.get(f"/{room}/{altered}").status_code == 404, altered
    for altered in some[::10]:
        answer = house.post(f"/{room}/{altered}", {"action": "confirm"})
        assert answer.status_code in (400, 404), altered
        answer = house.post(f"/{room}/{altered}", {"action": "erase", "sure": "yes"})
        assert answer.status_code in (400, 404), altered
    assert rows(house) == before
    assert house.get(path).status_code == 200


def test_row_23_a_token_opens_only_what_it_was_made_for() -> None:
    tokens = Tokens([b"k" * 32])
    for made in Purpose:
        token = tokens.make(made, b"0123456789abcdef")
        for used in Purpose:
            if used is made:
                assert tokens.read(used, token) == b"0123456789abcdef"
            else:
                with pytest.raises(InvalidToken):
                    tokens.read(used, token)


def test_row_23_every_link_in_every_room(house: House) -> None:
    answer = house.sign()
    inbox = answer.headers["Location"].partition("?")[0]
    confirm = link(house.deliver()[-1], "confirm")
    house.post(confirm, {"action": "confirm"})
    manage = link(house.deliver()[-1], "manage")
    links = {
        room: path.rpartition("/")[2]
        for room, path in (
            ("/confirm/", confirm),
            ("/manage/", manage),
            ("/letters/deepfakes/inbox/", inbox),
        )
    }
    for room in links:
        for made, token in links.items():
            expected = 200 if made == room else 404
            assert house.get(room + token).status_code == expected, (room, made)


@pytest.mark.parametrize(
    ("passed", "status"),
    [
        (timedelta(days=7, seconds=1), 410),
        (timedelta(days=7) - timedelta(seconds=60), 200),
    ],
)
def test_row_24_a_link_works_for_seven_days(
    house: House, passed: timedelta, status: int
) -> None:
    path = house.confirm_link()
    ((created,),) = house.ask(select(Submission.created_at))
    later(seconds=(created + passed - db.now()).total_seconds())
    shown = house.get(path)
    assert shown.status_code == status
    if status == 410:
        assert "This link has expired" in shown.text
        assert "/letters/deepfakes/en#sign" in shown.text
    assert house.post(path, {"action": "confirm"}).status_code == status
    assert len(house.signatures()) == (status == 200)


def test_row_25_nodes_whose_clocks_are_ten_minutes_apart(
    database_url: str, tmp_path: Path, smtp_sink: Sink
) -> None:
    """Signed on the node that is 5 minutes fast, confirmed on the one 5 minutes slow."""
    fast = House(database_url, tmp_path, smtp_sink)
    slow = House(database_url, tmp_path, smtp_sink)
    db.move_clock(timedelta(minutes=5))
    path = fast.confirm_link()
    db.move_clock(timedelta(minutes=-5))
    assert slow.get(path).status_code == 200
    assert slow.post(path, {"action": "confirm"}).status_code == 200
    assert slow.numbers()["confirmed"] == 1
    # And the other way round, with the code instead of the link.
    other = slow.confirm_link(name="Bob Example", email="bob@example.org")
    db.move_clock(timedelta(minutes=5))
    assert fast.post(other, {"action": "confirm"}).status_code == 200
    db.move_clock(timedelta(minutes=-5))
    manage = fast.site.tokens.make(
        Purpose.MANAGE, fast.signatures()[-1].public_id.encode()
    )
    assert slow.get(f"/manage/{manage}").status_code == 200
    fast.check()
    fast.close()
    slow.close()


def test_row_26_a_link_pressed_a_hundred_times_more_counts_once(house: House) -> None:
    path = house.confirm_link()
    first = house.post(path, {"action": "confirm"})
    assert first.status_code == 200
    deltas = select(func.count()).where(Ledger.measure == "confirmed")
    (((before),),) = house.ask(deltas)

    def press(_: int) -> tuple[int, str]:
        answer = Client(house.front).post(
            path, base_url=BASE, data={"action": "confirm"}
        )
        return answer.status_code, answer.text

    answers = at_once(press, 100)
    assert {status for status, _ in answers} == {200}
    for _, page in answers:
        assert FIELDS["email"] not in page
        assert FIELDS["name"] not in page
        assert "/manage/" not in page
    assert len(house.signatures()) == 1
    assert house.numbers()["confirmed"] == 1
    assert house.ask(deltas) == [(before,)]
    house.check()
    assert FIELDS["email"] not in house.get(path).text
    assert FIELDS["name"] not in house.get(path).text


def test_row_26_a_hundred_presses_at_once_count_once(house: House) -> None:
    path = house.confirm_link()

    def press(_: int) -> int:
        answer = Client(house.front).post(
            path, base_url=BASE, data={"action": "confirm"}
        )
        return answer.status_code

    assert set(at_once(press, 100)) == {200}
    assert house.numbers()["confirmed"] == 1
    assert rows(house)["signature"] == len(house.signatures()) + 7
    assert len(house.deliver()) == 1
    house.check()


def test_row_27_a_link_publishes_what_its_own_page_shows(house: House) -> None:
    victim = "victim@example.org"
    false = house.confirm_link(email=victim, statement="I am an idiot")
    later(minutes=2)
    real = house.confirm_link(email=victim, statement="Laws are overdue")
    assert "I am an idiot" in house.get(false).text
    shown = house.get(real).text
    assert "Laws are overdue" in shown
    assert "I am an idiot" not in shown
    house.post(real, {"action": "confirm"})
    assert [row.statement for row in house.signatures()] == ["Laws are overdue"]
    ended = house.get(false)
    assert ended.status_code == 410
    assert "This link is no longer valid" in ended.text
    assert house.post(false, {"action": "confirm"}).status_code == 410
    page = house.fresh("/letters/deepfakes").text
    assert "Laws are overdue" in page
    assert "I am an idiot" not in page
    states = house.ask(select(Submission.state, Submission.sealed))
    assert sorted(states) == [("used", None), ("void", None)]
