"""Bodies longer than a form: taken from organisers who have signed in, else dropped."""

from __future__ import annotations

from functools import partial

import pytest
from werkzeug.test import Client

from app.gate import LONGEST_BODY, LONGEST_UPLOAD, Gate
from app.mount import Mount
from app.organising.fence import may_upload
from tests.house import SLUG, House
from tests.organising.people import BASE, Signed, multipart

HOLDS = f"/organise/letters/{SLUG}/holds/watch-list"


@pytest.fixture
def gated(house_on_sqlite: House) -> Client:
    """Both applications behind a gate, as the server has them."""
    house = house_on_sqlite
    both = Mount(house.app, house.organise)
    upload = partial(may_upload, house.organise)
    return Client(Gate(both, hands=2, may_upload=upload))


def send(client: Client, who: Signed | None, path: str, names: bytes) -> int:
    fields = {}
    if who is not None:
        # The token stands in the session that the cookie holds.
        fields["csrf_token"] = who.token
        name = who.house.organise.config["SESSION_COOKIE_NAME"]
        room = who.house.organise.config["SESSION_COOKIE_PATH"]
        kept = who.client.get_cookie(name, path=room)
        assert kept is not None
        client.set_cookie(name, kept.value, domain="localhost", path="/organise")
    body, content_type = multipart(names, fields)
    return client.post(
        path,
        base_url=BASE,
        data=body,
        content_type=content_type,
        headers={"Sec-Fetch-Site": "same-origin"},
    ).status_code


def names(size: int) -> bytes:
    line = b"Ada Lovelace %07d\n"
    return b"".join(line % number for number in range(size // len(line % 0) + 1))


def test_who_has_signed_in_may_send_more_than_a_form(
    house_on_sqlite: House, gated: Client
) -> None:
    ella = house_on_sqlite.organiser("editor")
    assert send(gated, ella, HOLDS, names(10 * LONGEST_BODY)) in (303, 400)
    assert "Ada Lovelace 0000001" in ella.get(HOLDS).text


def test_a_longer_upload_than_any_is_refused(
    house_on_sqlite: House, gated: Client
) -> None:
    ella = house_on_sqlite.organiser("editor")
    assert send(gated, ella, HOLDS, b"a" * (LONGEST_UPLOAD + 1)) == 413


def test_nobody_else_may(house_on_sqlite: House, gated: Client) -> None:
    assert send(gated, None, HOLDS, names(2 * LONGEST_BODY)) == 413
    forged = house_on_sqlite.organise.config["SESSION_COOKIE_NAME"]
    gated.set_cookie(forged, "eyJrZXkiOiJ4In0.aaaa.bbbb", path="/organise")
    assert send(gated, None, HOLDS, names(2 * LONGEST_BODY)) == 413


def test_no_form_of_the_public_is_longer_for_an_organiser(
    house_on_sqlite: House, gated: Client
) -> None:
    ella = house_on_sqlite.organiser("editor")
    path = f"/letters/{SLUG}/signatures"
    assert send(gated, ella, path, names(2 * LONGEST_BODY)) == 413
