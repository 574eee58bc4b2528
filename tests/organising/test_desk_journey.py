"""Olga joins with a passkey and works a queue of 50 held names by the keyboard alone."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import db
from app.domain import watch_lists
from app.models import Role, Signature
from tests.house import House
from tests.organisers import letter_id, organiser, pile, row_of, signed
from tests.organising.room import HERE, serving
from tests.organising.test_passkeys_journey import authenticator, join_with_passkey
from tests.organising.test_team import invited
from tests.servers.browser import Browser, axe

FAKE, AGAIN = "Sam Altman", "S\u0430m  Altm\u0430n"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def decided(page: Page, key: str) -> None:
    """Press the key of a decision and wait for what comes next."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_fifty_held_names_by_keyboard_alone(
    house_on_sqlite: House, browser: Browser
) -> None:
    house = house_on_sqlite
    house.set_letter(second_reviewer=True)
    with house.writing() as session:
        watch_lists.add(session, letter_id=letter_id(house), lines=["Ada Notable"],
                    actor="organiser:1", now=db.now())  # fmt: skip
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for number in range(48):
        name = f"Paula {alphabet[number // 26]}{alphabet[number % 26].lower()}"
        signed(house, name, email=f"p{number}@example.org", public_figure="yes")
    notable = signed(house, "Ada Notable", public_figure="yes")
    fake = signed(house, FAKE, public_figure="yes")
    assert len(pile(house)) == 50
    owner = house.organiser("owner")
    joins = invited(house, owner, "olga@example.org")
    people = {"Otto": organiser(house, "Otto"), "Owner": owner.id}
    with serving(house, people) as (base, cookies):
        with browser.window(base) as window:
            page = window.page
            _wire, _device = authenticator(page, "device")
            join_with_passkey(page, joins, name="Olga", email="olga@example.org")
            page.get_by_role("button", name="Sign out").click()
            page.goto(f"{HERE}/desk")
            page.get_by_role("button", name="Sign in with a passkey").click()
            expect(page.locator(".count strong")).to_have_text("50")
            press(page, "?")
            expect(page.locator(".keys dl")).to_be_visible()
            press(page, "?", "j", "j", "k")
            expect(page.locator("[data-row] a").first).to_be_focused()
            decided(page, "Enter")
            expect(page.locator("h1")).to_have_text("Ada Notable")
            # The watched one stands first, and is verified; it awaits a second.
            press(page, "v", "Tab")
            page.keyboard.type("rang the institute")
            decided(page, "Enter")
            for number in range(48):
                expect(page.locator("h1")).to_contain_text("Paula")
                decided(page, "r")
                if number == 0:
                    decided(page, "u")
                    expect(page.locator("h1")).to_have_text("Paula Aa")
                    decided(page, "r")
            expect(page.locator("h1")).to_have_text(FAKE)
            press(page, "x")
            page.keyboard.type("He wrote that it was not he.")
            press(page, "Tab", "Space")
            decided(page, "Enter")
            assert row_of(house, fake).state == "rejected"
            window.check()
        with browser.window(base) as window:
            page = window.page
            page.context.add_cookies([cookies["Otto"]])
            page.goto(f"{HERE}/desk?pile=second")
            decided(page, "Enter")
            expect(page.locator("h1")).to_have_text("Ada Notable")
            decided(page, "v")
            page.goto(f"{HERE}/desk/{notable.public_id}")
            decided(page, "f")
            stands = row_of(house, notable)
            assert (stands.verified, stands.featured_rank is not None) == (True, True)
            assert "Ada Notable" in house.fresh("/letters/deepfakes").text
            again = signed(house, AGAIN, email="again@example.org")
            assert (again.state, again.hold_reasons) == ("held", "rejected_before")
            page.goto(f"{HERE}/desk?pile=rejected_before")
            expect(page.locator("[data-row]")).to_have_count(1)
            decided(page, "Enter")
            expect(page.locator(".reasons")).to_contain_text("rejected as fake before")
            window.check()
        with browser.window(base) as window:
            page = window.page
            page.context.add_cookies([cookies["Owner"]])
            page.goto(f"{HERE}/snapshots")
            page.get_by_role("button", name="Make a snapshot of now").click()
            # What a journalist is given, who has signed in nowhere.
            address = page.locator("main a[href*='/snapshots/']").first
            page.context.clear_cookies()
            page.goto(str(address.get_attribute("href")))
            proved = house.ask(select(Signature.name).where(Signature.verified))
            lines = page.locator("main ol li")
            expect(lines).to_have_count(len(proved))
            assert all(
                any(name in line for (name,) in proved)
                for line in lines.all_inner_texts()
            )
            expect(page.locator("main ol")).to_contain_text("Ada Notable")
            window.check()
        public = house.fresh("/letters/deepfakes").text
        assert "Altman" not in public
        assert "Altm\u0430n" not in public
    house.check()


PAGES = ("/desk", "/desk?pile=second", "/desk/bulk?verb=reject", "/featured",
         "/invitations", "ONE", "WRONG")  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_all_fits(
    house_on_sqlite: House, browser: Browser, dark: bool
) -> None:
    house = house_on_sqlite
    row = signed(
        house, "Paula Figure", public_figure="yes", statement="We can do without."
    )
    for name in ("Quentin Figure", "Rosa Figure"):
        signed(house, name, public_figure="yes", title="Minister of many long affairs")
    people = {"Ella": organiser(house, "Ella", Role.EDITOR)}
    width = 360 if dark else 1280
    with (
        serving(house, people) as (base, cookies),
        browser.window(base, width=width, dark=dark) as window,
    ):
        page = window.page
        page.context.add_cookies([cookies["Ella"]])
        for path in PAGES:
            if path in ("ONE", "WRONG"):
                page.goto(f"{HERE}/desk/{row.public_id}")
            else:
                page.goto(f"{HERE}{path}")
            if path == "WRONG":
                press(page, "x")
                with page.expect_navigation():
                    page.keyboard.press("Enter")
            if folder := os.environ.get("SCREENSHOTS"):
                name = path.strip("/").replace("/", "-").replace("?", "-")
                page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
            assert axe(page) == [], path
            scroll = page.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width, path
