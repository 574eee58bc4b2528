"""Every page of the organisers' rooms in a real browser: no fault found, nothing cut.

The pages are those of tests/organising/routes.py, where a route that is missing fails
the build: whatever can be opened there is opened here.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from app import db
from app.domain import backlog, mail_figures, snapshots, watch_lists
from tests.house import House
from tests.organisers import letter_id, signed
from tests.organising.people import PASSWORD, Signed
from tests.organising.room import HERE, serving
from tests.organising.routes import LETTER, ROWS
from tests.organising.test_cases_pages import NEW, looked
from tests.organising.test_factors import set_up
from tests.organising.test_imports_pages import chosen, uploaded
from tests.organising.test_logo import drawn
from tests.organising.test_updates_pages import written
from tests.servers.browser import Browser, axe
from tests.work.labour import finish

LONG = (
    "Maximiliane-Konstantina von Hohenstein-Wittgenstein-Abercrombie-Featherstonehaugh"
)
ARABIC = "محمد بن راشد الكاتب"

# Where there is no page of its own for somebody who has signed in.
NO_PAGE = {
    "/letters/deepfakes/desk/next": "sends on to a signature",
    "/letters/deepfakes/mails/signed/en/html": "a mail, in the frame of its page",
    "/sign-in": "opened before anybody has signed in",
    "/passkey": "opened before anybody has signed in",
    "/code": "opened half-way through a sign-in",
    "/recovery": "opened half-way through a sign-in",
    "/which-factor": "there is but one second factor",
    "/passkeys/remove": "sends on to the passkeys",
    "/fs-static/js/webauthn.js": "closed",
    "/no-factor": "closed",
}


def world(house: House) -> tuple[Signed, Signed, dict[str, str]]:
    """A letter on which much has happened: its owner, somebody with a second factor,
    and the addresses of single things by the rows that they belong to.
    """
    vera, _ = set_up(house)
    vera.sign_in()
    olga = house.organiser("owner", email="olga.of-a-long-address@institution.example")
    which: dict[str, Any] = {
        "letter_id": letter_id(house), "actor": olga.actor, "now": db.now()
    }  # fmt: skip
    with house.writing() as session:
        watch_lists.add(session, lines=[LONG, "Ada Notable"], **which)
    held = signed(house, "Ada Notable", title="Minister of many long affairs")
    signed(house, LONG, affiliation=f"{LONG} and others", email="l@example.org")
    signed(house, ARABIC, statement=ARABIC, public_figure="yes", email="a@example.org")
    for number in range(12):
        signed(house, f"Eve Exa{'mple'[: number % 5]}", email=f"e{number}@uni.example")
    with house.writing() as session:
        snapshots.take(session, **which)
    olga.upload(f"{HERE}/settings/logo", drawn(size=(2000, 400)))
    imported = uploaded(olga)
    olga.post(f"{imported}/check", chosen(olga.get(imported).text))
    finish(house)
    _page, form = looked(olga, name="eve exam*")
    case = olga.post(NEW, form | {"action": "run", "reason": "Made by a script"})
    finish(house)
    olga.post(f"{HERE}/team/factor", {"member": vera.id})
    olga.post(f"{HERE}/team/invite", {"email": "otto@example.org", "role": "viewer"})
    invitation = house.deliver()[-1].text
    update = written(olga, **{"subject-de": LONG, "source-de": LONG * 3})
    vera.post("/organise/forgotten", {"email": vera.email})
    reset = house.deliver()[-1].text
    with house.writing() as session:
        mail_figures.count(session, now=db.now())
        backlog.look(session, now=db.now())
    return (
        olga,
        vera,
        {
            f"{LETTER}/desk/no-such-signature": f"{HERE}/desk/{held.public_id}",
            f"{LETTER}/imports/no-such-import": imported,
            f"{LETTER}/cases/no-such-case": case.headers["Location"],
            f"{LETTER}/updates/no-such-update": update,
            f"{LETTER}/updates/no-such-update/send": f"{update}/send",
            f"{LETTER}/text/en/difference": f"{HERE}/text/en/difference?from=1&to=1",
            "/enter/AAAA.BBBB": linked("enter", reset),
            "/invitation/AAAA.BBBB": linked("invitation", invitation),
        },
    )


def linked(room: str, mail: str) -> str:
    """The path of the link in a mail."""
    found = re.search(rf"/organise/{room}/[\w.-]+", mail)
    assert found is not None, mail
    return found[0]


def pages(places: dict[str, str]) -> list[str]:
    """The address of every page that an owner can open."""
    found = []
    for row in ROWS.values():
        if row.get is None or row.path in NO_PAGE:
            continue
        assert row.get == 200 or row.path in places, row
        found.append(places.get(row.path, f"/organise{row.path}"))
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_all_fits(
    house_on_sqlite: House, browser: Browser, dark: bool
) -> None:
    house = house_on_sqlite
    olga, vera, places = world(house)
    width = 360 if dark else 1280
    with (
        serving(house, {"Olga": olga.id}) as (base, cookies),
        browser.window(base, width=width, dark=dark) as window,
    ):
        page = window.page

        def looks_right(path: str) -> None:
            assert page.url.removeprefix(base).partition("#")[0] == path, "sent on"
            if folder := os.environ.get("SCREENSHOTS"):
                name = re.sub(r"[^a-z0-9-]+", "-", path.removeprefix("/organise"))
                name = name.replace("letters-deepfakes", "l").strip("-")[:40]
                page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
            assert axe(page) == [], path
            scroll = page.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width, path

        def look(path: str) -> None:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            looks_right(path)

        guest = [places["/enter/AAAA.BBBB"], places["/invitation/AAAA.BBBB"]]
        for path in ("/organise/passkey", *guest, "/organise/sign-in"):
            look(path)
        page.locator("#f-email").fill(vera.email)
        page.locator("#f-password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("h1")).to_have_text("Second factor")
        looks_right(page.url.removeprefix(base))
        look("/organise/recovery")
        page.context.clear_cookies()
        page.context.add_cookies([cookies["Olga"]])
        for path in pages(places):
            if path not in guest:
                look(path)
        window.check()
