"""Ella tries a rule, takes a list in, runs a case and undoes it, in a real browser."""

from __future__ import annotations

import os
import re
import threading

import pytest
from playwright.sync_api import expect

from app import db
from app.domain import invalidation, lifecycle, watch_lists
from app.domain.conditions import Conditions
from app.models import Role
from tests.house import House
from tests.organisers import letter_id, organiser, row_of, signed
from tests.organising.room import HERE, serving
from tests.organising.test_disputes_pages import object_to, verified
from tests.servers.browser import Browser, axe
from tests.work.labour import finish, people


def test_ella_tries_a_rule_takes_a_list_in_and_undoes_a_case(
    house_on_sqlite: House, browser: Browser
) -> None:
    house = house_on_sqlite
    signed(house, "Sam Altman", email="one@attacker.example")
    people(house, 40, name=lambda n: f"Eve {n}")
    before = house.numbers()["confirmed"]
    ella = organiser(house, "Ella", Role.EDITOR)
    with (
        serving(house, {"Ella": ella}) as (base, cookies),
        browser.window(base) as window,
    ):
        page = window.page
        page.context.add_cookies([cookies["Ella"]])
        # A list with a bad line: the rest is taken, and the bad line comes back.
        page.goto(f"{HERE}/holds/watch-list")
        page.get_by_label("Add names").fill("Sam Altman\n!!!\nAda One")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator(".problems")).to_contain_text("2 names were added.")
        expect(page.locator(".problems")).to_contain_text("Line 2: !!!")
        page.get_by_label("Add names").fill("Bo Two")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("1 name was added.")
        # The rule is off, tried, and set; then it holds.
        page.goto(f"{HERE}/holds")
        box = page.get_by_label("The name looks like one on a watch-list")
        box.uncheck()
        page.get_by_role("button", name="Set the rules").click()
        expect(box).not_to_be_checked()
        page.get_by_role("button", name=re.compile("Try it.*looks like")).click()
        expect(page.locator("#trial .queue li")).to_have_count(1)
        expect(page.locator("#trial")).to_contain_text("Sam Altman")
        box.check()
        page.get_by_role("button", name="Set the rules").click()
        expect(page.get_by_role("status")).to_contain_text("The rules are set.")
        house.site.shelf._seen.clear()
        again = signed(house, "S\u0430m Altm\u0430n", email="two@attacker.example")
        assert row_of(house, again).hold_reasons == "watch_list"
        # A case: looked at, run, followed by its page, undone.
        page.goto(f"{HERE}/cases/new")
        page.get_by_label("Name optional", exact=True).fill("Eve *")
        page.get_by_role("button", name="Show whom it would reject").click()
        expect(page.locator("#found .count strong")).to_have_text("40")
        page.get_by_label("Reason, in one line").fill("Made by a script")
        page.get_by_role("button", name="Reject 40").click()
        expect(page.locator("[data-progress]")).to_contain_text("about to begin")
        worker = threading.Thread(target=finish, args=(house,))
        worker.start()
        worker.join()
        expect(page.locator("[data-progress]")).to_contain_text("done", timeout=10_000)
        assert house.numbers()["confirmed"] == before - 40
        page.get_by_role("button", name="Undo the case").click()
        finish(house)
        expect(page.locator("[data-progress]")).to_contain_text(
            "40 signatures put back", timeout=10_000
        )
        assert house.numbers()["confirmed"] == before
        window.check()
    house.check()


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_all_fits(
    house_on_sqlite: House, browser: Browser, dark: bool
) -> None:
    house = house_on_sqlite
    width = 360 if dark else 1280
    notable = verified(house, "Ada Notable", 40)
    object_to(house, notable, words="I never did.", contact="ada@example.org")
    object_to(house, signed(house, "Bo Other", title="Minister of many long affairs"))
    fake = signed(house, "Xi Jinping")
    people(house, 5, name=lambda n: f"Eve {n}", public_figure=True)
    with house.writing() as session:
        lifecycle.reject(session, signature_id=fake.id, actor="organiser:1",
                         reason="not him", fake=True, now=db.now())  # fmt: skip
        watch_lists.add(session, letter_id=letter_id(house), lines=["Ada One", "Bo Two"],
                        actor="organiser:1", now=db.now())  # fmt: skip
        case = invalidation.run(
            session, letter_id=letter_id(house), wanted=Conditions(name="Eve 1"),
            reason="Made by a script", actor="organiser:1", now=db.now(),
        )  # fmt: skip
    ella = organiser(house, "Ella", Role.EDITOR)
    visits = (
        ("/holds", "Try it.*They say"), ("/holds/watch-list", ""),
        ("/holds/watch-list", "Add"), ("/holds/blocked", ""),
        ("/holds/institutions", ""), ("/cases", ""),
        ("/cases/new", "Show whom it would reject"), (f"/cases/{case}", ""),
        ("/disputes", ""), (f"/desk/{notable.public_id}", ""),
    )  # fmt: skip
    with (
        serving(house, {"Ella": ella}) as (base, cookies),
        browser.window(base, width=width, dark=dark) as window,
    ):
        page = window.page
        page.context.add_cookies([cookies["Ella"]])
        for number, (path, button) in enumerate(visits):
            page.goto(f"{HERE}{path}")
            if path == "/cases/new":
                page.get_by_label("Name optional", exact=True).fill("Eve *")
            if button:
                page.get_by_role("button", name=re.compile(button)).first.click()
            for closed in page.locator("details:not([open])").all():
                if path in ("/disputes", "/holds/blocked"):
                    closed.locator("summary").click()
                    break
            if folder := os.environ.get("SCREENSHOTS"):
                page.screenshot(path=f"{folder}/{number}-{width}.png", full_page=True)
            assert axe(page) == [], path
            scroll = page.evaluate("document.documentElement.scrollWidth")
            assert scroll <= width, path
