"""What organisers, strangers and proxies reach: rows 6, 42, 47 and 48 of the threats."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from app import db
from app.domain import switches
from app.models import Signature
from tests.house import House, copy_sqlite, later, link
from tests.letters import another_letter
from tests.organisers import letter_id, signed
from tests.organising.room import HERE
from tests.organising.routes import LETTER, ROWS
from tests.servers.smtp import Sink

PUBLIC = ("", "/signatories", "/signatories.csv", "/corrections")
API = "/api/v1/letters/deepfakes/signatories"
CANARY = "canary-address-4711@harvest.example.org"


def freeze(house: House, frozen: bool) -> None:
    with house.writing() as session:
        switches.freeze(session, letter_id=letter_id(house), frozen=frozen,
                        actor="organiser:1", now=db.now())  # fmt: skip


def test_row_6_the_display_pauses_while_people_sign_and_goes_on_in_order(
    house: House,
) -> None:
    house.let_many_sign()
    signed(house, "Ada Before", email="before@example.org")
    freeze(house, True)
    for n in range(100):
        house.confirm(name=f"Hour {n:03}x", email=f"p{n}@example.org")
    assert house.numbers()["confirmed"] == 101
    for path in (*(f"/letters/deepfakes{tail}" for tail in PUBLIC), API):
        assert "Hour 0" not in house.fresh(path).text, path
    assert "Ada Before" in house.fresh("/letters/deepfakes/signatories").text
    freeze(house, False)
    page = house.fresh(f"{API}?limit=200").json
    assert page is not None
    names = [item["name"] for item in page["items"]]
    while page["next"]:
        page = house.fresh(re.sub(r"^https?://[^/]+", "", page["next"])).json
        assert page is not None
        names += [item["name"] for item in page["items"]]
    hour = [name for name in names if name.startswith("Hour")]
    assert len(hour) == 100
    assert all(one > other for one, other in pairwise(hour)), "the newest first"
    house.check()


def network_keys(house: House) -> list[Any]:
    """What stands for the networks that people confirmed from."""
    rows = house.ask(
        select(Signature.network_key)
        .where(Signature.origin == "confirmed")
        .order_by(Signature.id)
    )
    return [key for (key,) in rows]


FORGED = ("X_Real_IP", "Forwarded", "X_Client_IP", "CF_Connecting_IP", "True_Client_IP")


@pytest.mark.parametrize("proxies", [0, 1])
def test_row_42_nobody_says_where_they_come_from(
    filled_sqlite: Path, tmp_path: Path, smtp_sink: Sink, proxies: int
) -> None:
    url = copy_sqlite(filled_sqlite, tmp_path / "db")
    house = House(url, tmp_path, smtp_sink, TRUSTED_PROXIES=str(proxies))

    def front(environ: dict[str, Any], start: Any) -> Any:
        # Without a proxy the peer is the client; with one, it is the proxy.
        peer = "198.51.100.7" if proxies else "203.0.113.9"
        return house.front({**environ, "REMOTE_ADDR": peer}, start)

    house.client = Client(front)
    for n in range(4):
        # The proxy adds whom it saw; what stood there before came from the client.
        claimed = f"192.0.2.{n}"
        seen = f"{claimed}, 203.0.113.9" if proxies else claimed
        forged = dict.fromkeys(FORGED, claimed)
        answer = house.client.post(
            "/letters/deepfakes/signatures",
            base_url="http://localhost",
            data={
                "name": "Ada Example", "email": f"a{n}@example.org",
                "sector": "academia", "listed": "yes", "consent": "yes",
            },
            headers={
                "Host": "localhost",
                "Sec-Fetch-Site": "same-origin",
                "X-Forwarded-For": seen,
                **{name.replace("_", "-"): value for name, value in forged.items()},
            },
        )  # fmt: skip
        assert answer.status_code == 303, answer.text
        house.post(link(house.deliver()[-1], "confirm"), {"action": "confirm"})
        house.deliver()
    keys = network_keys(house)
    assert len(keys) == 4
    assert None not in keys
    assert len(set(keys)) == 1, "all came from one network, whatever they said"
    house.close()


def test_row_47_nobody_takes_away_what_is_not_theirs(house: House) -> None:
    mine = house.confirm(name="Ada Mine", email="mine@example.org")
    house.confirm(name="Bea Theirs", email="theirs@example.org")
    _ada, bea = house.signatures()
    another_letter(house, "second")
    stranger = house.organiser("owner", slug="second", email="s@example.org")
    desk = f"{HERE}/desk/{bea.public_id}"
    rejects = {"action": "reject", "reason": "mine to say", "seen": "x"}
    assert stranger.post(desk, rejects).status_code == 404
    elsewhere = desk.replace("deepfakes", "second")
    assert stranger.post(elsewhere, rejects).status_code == 404
    # Another id in the address of one's own letter, and half of another's token.
    token = mine.rpartition("/")[2]
    for wrong in (token[:-1], token + "A", token.swapcase(), bea.public_id):
        answer = house.post(f"/manage/{wrong}", {"action": "erase", "sure": "yes"})
        assert answer.status_code == 404, wrong
    assert house.numbers()["confirmed"] == 2
    # After one has signed anew, the link of the former signature moves nothing.
    house.post(mine, {"action": "withdraw", "sure": "yes"})
    house.deliver()
    later(minutes=2)
    house.confirm(name="Ada Again", email="mine@example.org")
    house.post(mine, {"action": "erase", "sure": "yes"})
    assert [row.name for row in house.signatures() if row.state == "counted"] == [
        "Bea Theirs", "Ada Again"
    ]  # fmt: skip
    house.check()


def test_row_48_no_page_of_any_role_shows_an_address(house: House) -> None:
    row = signed(house, "Ada Harvested", email=CANARY, public_figure="yes")
    for role in ("owner", "editor", "verifier", "viewer"):
        who = house.organiser(role)
        pages = [f"/organise{one.path}" for one in ROWS.values() if one.get is not None]
        pages += [
            f"{HERE}/desk/{row.public_id}",
            f"/organise{LETTER}/signatures?q=harvested",
        ]
        for path in dict.fromkeys(pages):
            text = who.get(path).text.lower()
            assert "canary-address" not in text, f"{role} {path}"
            assert "harvest.example" not in text or "/desk/" in path, f"{role} {path}"
