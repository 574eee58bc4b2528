"""Guessing passwords and codes: counted before a hash is computed (threats 43)."""

from __future__ import annotations

import re
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from app import db
from app.domain import retention
from app.domain.guesses import PER_ACCOUNT, PER_NETWORK, WINDOW
from app.models import Guess
from tests.house import House, later
from tests.organising.people import PASSWORD, Signed
from tests.organising.test_factors import set_up
from tests.organising.test_signing_in import enter, with_password


@pytest.fixture(autouse=True)
def window(house: House) -> float:
    """Let the clock stand at the beginning of a window; how many seconds ahead that is.

    Tries are counted by windows that begin at fixed times, and none may end meanwhile.
    """
    ahead = WINDOW.total_seconds() - db.now().timestamp() % WINDOW.total_seconds()
    later(seconds=ahead + 1)
    return ahead


def stranger(house: House, email: str) -> Signed:
    """A browser in which nobody has signed in, of one who knows an address."""
    who = house.organiser(None, signed_in=False, email="stranger@example.org")

    def front(environ: WSGIEnvironment, start: StartResponse) -> Any:
        return house.front({**environ, "REMOTE_ADDR": "203.0.113.9"}, start)

    who.client = Client(front)
    assert who.token
    who.email = email
    return who


def test_a_thousand_guesses_reach_the_hash_ten_times(
    house: House, window: float
) -> None:
    vera = with_password(house)
    guessing = stranger(house, vera.email)
    answers = [enter(guessing, f"guess number {n}") for n in range(1000)]
    reached = [answer for answer in answers if answer.status_code == 400]
    refused = answers[PER_ACCOUNT:]
    assert len(reached) == PER_ACCOUNT
    assert {answer.status_code for answer in refused} == {429}
    assert 0 < int(refused[-1].headers["Retry-After"]) <= 15 * 60
    assert "passkey" in refused[-1].text
    # The right one is not found out either, until a while has passed.
    assert enter(guessing, PASSWORD).status_code == 429
    later(seconds=window, minutes=16)
    assert enter(guessing, "one more").status_code == 400


def test_guesses_of_strangers_do_not_lock_out_the_owner(house: House) -> None:
    vera = with_password(house)
    enter(vera)
    vera._token = ""
    vera.post("/organise/sign-out")
    guessing = stranger(house, vera.email)
    for n in range(PER_ACCOUNT + 5):
        enter(guessing, f"guess number {n}")
    assert enter(guessing, PASSWORD).status_code == 429
    vera._token = ""
    assert enter(vera, PASSWORD.upper() + "x").status_code == 400
    assert enter(vera).status_code == 302
    assert vera.get("/organise/account").status_code == 200


def test_a_browser_is_known_for_its_own_person_alone(house: House) -> None:
    """Whoever has an account gets by it no more guesses at somebody else's."""
    vera = with_password(house)
    mallory = with_password(house, "viewer")
    enter(mallory)
    mallory._token = ""
    mallory.post("/organise/sign-out")
    mallory._token = ""
    mallory.email = vera.email
    statuses = [enter(mallory, f"guess {n}").status_code for n in range(12)]
    assert statuses == [400] * PER_ACCOUNT + [429, 429]
    # Nor by a cookie that was made up.
    forged = stranger(house, vera.email)
    forged.client.set_cookie("organise-known", "WyJhIiwiYiJd.x", path="/organise")
    assert enter(forged, PASSWORD).status_code == 429


def test_one_network_tries_many_accounts_only_so_often(house: House) -> None:
    guessing = stranger(house, "")
    statuses = []
    for n in range(PER_NETWORK + 3):
        guessing.email = f"person{n}@example.org"
        statuses.append(enter(guessing, "password1234").status_code)
    assert statuses == [400] * PER_NETWORK + [429] * 3


def test_codes_of_six_digits_are_tried_ten_times(house: House, window: float) -> None:
    """Whoever has the password finds no code by trying all of them."""
    vera, app = set_up(house)
    enter(vera)
    statuses = [
        vera.post("/organise/code", {"code": f"{n:06}"}).status_code for n in range(14)
    ]
    assert statuses.count(429) == 4
    right = {"code": app.generate().token}
    assert vera.post("/organise/code", right).status_code == 429
    later(seconds=window, minutes=16)
    vera._token = ""
    enter(vera)
    assert vera.post("/organise/recovery", {"code": "x"}).status_code == 400


def test_what_is_counted_names_nobody_and_is_gone_the_next_day(
    house: House, window: float
) -> None:
    vera = with_password(house)
    enter(stranger(house, vera.email), "not it, I think")
    rows = house.ask(select(Guess.key, Guess.number))
    assert len(rows) == 3
    assert not any(re.search(rb"\w@\w|203\.0", bytes(key)) for key, _ in rows)
    later(seconds=window, hours=25)
    with house.writing() as session:
        retention.run(session, now=db.now())
    assert house.ask(select(Guess.key)) == []
