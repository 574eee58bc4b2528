"""An organiser signs in and out; each default of Flask-Security that was changed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask_security import hash_password
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.models import Organiser, SignIn
from tests.house import House
from tests.organising.people import PASSWORD, Signed


def with_password(house: House, role: str = "owner") -> Signed:
    """An organiser who has a password, and is signed in nowhere."""
    person = house.organiser(role, signed_in=False)
    with house.organise.app_context():
        hashed = hash_password(PASSWORD)
    with house.writing() as session:
        session.execute(
            update(Organiser).where(Organiser.id == person.id).values(password=hashed)
        )
    return person


def enter(person: Signed, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Send the sign-in form."""
    return person.post(
        "/organise/sign-in", {"email": person.email, "password": password, **fields}
    )


def test_vera_signs_in_with_her_password_and_out_again(house: House) -> None:
    vera = with_password(house)
    assert vera.get("/organise/").headers["Location"] == (
        "/organise/sign-in?next=/organise/"
    )
    assert enter(vera).headers["Location"] == "/organise/"
    assert "My letters" in vera.get("/organise/").text
    held = vera.client.get_cookie("organise", path="/organise")
    assert held is not None
    vera._token = ""
    vera.post("/organise/sign-out")
    assert vera.get("/organise/").status_code == 303
    vera.client.set_cookie("organise", held.value, path="/organise")
    assert vera.get("/organise/").status_code == 303


def test_nobody_learns_whether_there_is_such_an_organiser(house: House) -> None:
    """Change 2: uniform errors, known or not."""
    vera = with_password(house)
    known = enter(vera, "not my password at all").text
    vera.email, former = "nobody@example.org", vera.email
    unknown = enter(vera, "not my password at all").text
    assert _plain(known, former) == _plain(unknown, vera.email)
    assert "Address and password do not go together." in known


def _plain(page: str, address: str) -> str:
    return re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", page).replace(
        address, ""
    )


def test_a_cookie_from_before_signing_in_opens_nothing_afterwards(house: House) -> None:
    """Fixation (threats 44): the session gets a key of its own at sign-in."""
    vera = with_password(house)
    vera.get("/organise/sign-in")
    preset = vera.client.get_cookie("organise", path="/organise")
    enter(vera, remember="y")
    signed_in = vera.client.get_cookie("organise", path="/organise")
    assert preset is not None
    assert signed_in is not None
    assert preset.value != signed_in.value
    assert vera.client.get_cookie("remember_token") is None
    vera.client.set_cookie("organise", preset.value, path="/organise")
    assert vera.get("/organise/").status_code == 303
    assert len(house.ask(select(SignIn.id))) == 1


def test_signing_out_is_no_link(house: House) -> None:
    """Change 7."""
    assert house.organiser("owner").get("/organise/sign-out").status_code == 405


@pytest.mark.parametrize(
    "fetch_site",
    ["cross-site", "same-site", "none"],
)
def test_forms_of_other_sites_are_refused(house: House, fetch_site: str) -> None:
    """Threats 37: where the request comes from."""
    vera = house.organiser("owner")
    assert vera.post("/organise/sign-out", Sec_Fetch_Site=fetch_site).status_code == 403


def test_a_form_without_its_token_is_refused(house: House) -> None:
    """Threats 37: the token as well."""
    vera = house.organiser("owner")
    answer = vera.post("/organise/sign-out", {"csrf_token": "made up"})
    assert answer.status_code == 400
    assert vera.get("/organise/").status_code == 200


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https:evil"])
def test_nobody_is_led_elsewhere_after_signing_in(house: House, target: str) -> None:
    """Threats 50."""
    vera = with_password(house)
    vera.get("/organise/sign-in")
    answer = vera.post(
        f"/organise/sign-in?next={target}",
        {"email": vera.email, "password": PASSWORD, "next": target},
    )
    location = answer.headers.get("Location", "")
    assert urlsplit(location).netloc == ""
    assert not location.startswith(("//", "/\\", "https:"))
