"""Ella writes in a real browser: the preview follows, and every page can be used."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from app import db
from app.domain import snapshots, switches
from app.models import Role
from tests.house import House
from tests.organisers import letter_id, organiser
from tests.organising.room import HERE, serving
from tests.servers.browser import Browser, axe


def test_the_preview_follows_the_typing_and_a_change_is_published(
    house_on_sqlite: House, browser: Browser
) -> None:
    house = house_on_sqlite
    house.confirm()
    people = {"Ella": organiser(house, "Ella", Role.EDITOR)}
    with serving(house, people) as (base, cookies), browser.window(base) as window:
        page = window.page
        page.context.add_cookies([cookies["Ella"]])
        page.goto(f"{HERE}/text/en")
        source = page.locator("#f-source")
        source.fill(source.input_value() + "\n\nAnd *soon* <b>please</b>.\n")
        expect(page.locator("[data-shown] em", has_text="soon")).to_be_visible()
        expect(page.locator("[data-shown] b")).to_have_count(0)
        page.get_by_role("button", name="Preview and publish").click()
        expect(page.locator("ins")).to_have_text("And soon <b>please</b>.")
        page.get_by_role("button", name="Publish as material").click()
        page.wait_for_url(f"**{HERE}/text/en")
        expect(page.locator("main")).to_contain_text("Material change")
        window.check()
    assert "<em>soon</em>" in house.fresh("/letters/deepfakes").text


PAGES = ("text", "text/en", "PREVIEW", "text/en/difference?from=1&to=1", "settings",
         "MERGE", "switches", "snapshots", "ending", "new")  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_all_fits(
    house_on_sqlite: House, browser: Browser, dark: bool
) -> None:
    house = house_on_sqlite
    with house.writing() as session:
        which: dict[str, Any] = {
            "letter_id": letter_id(house),
            "actor": "organiser:1",
            "now": db.now(),
        }
        snapshots.take(session, **which)
        switches.freeze(session, frozen=True, **which)
    people = {"Ella": organiser(house, "Ella", Role.OWNER)}
    width = 360 if dark else 1280
    with (
        serving(house, people) as (base, cookies),
        browser.window(base, width=width, dark=dark) as window,
    ):
        page = window.page
        page.context.add_cookies([cookies["Ella"]])
        for path in PAGES:
            if path == "new":
                page.goto("/organise/new")
            elif path == "PREVIEW":
                page.goto(f"{HERE}/text/en")
                page.locator("#f-source").fill("Something else altogether.")
                page.get_by_role("button", name="Preview and publish").click()
                expect(page.locator("ins").first).to_be_visible()
            elif path == "MERGE":
                page.goto(f"{HERE}/settings")
                page.locator("#f-into").select_option("other")
                page.get_by_role("button", name="See what it would do").click()
                expect(page.get_by_role("button", name="Merge them")).to_be_visible()
            else:
                page.goto(f"{HERE}/{path}")
            if folder := os.environ.get("SCREENSHOTS"):
                name = path.split("?")[0].replace("/", "-")
                page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
            assert axe(page) == [], path
            scroll = page.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width, path
        window.check()
