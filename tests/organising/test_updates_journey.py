"""An update in a real browser, with scripts and without: written, sent, watched."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.mail.news import pass_by, readers, send_all, turn
from tests.organising.room import HERE, serving
from tests.servers.browser import Browser, axe


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("javascript", [True, False])
def test_ella_writes_sends_pauses_and_sees_it_end(
    house_on_sqlite: House, browser: Browser, javascript: bool
) -> None:
    house = house_on_sqlite
    ella = house.organiser("editor")
    readers(house, 12)
    with (
        serving(house, {"Ella": ella.id}) as (base, cookies),
        browser.window(base, javascript=javascript) as window,
    ):
        page = window.page
        page.context.add_cookies([cookies["Ella"]])
        page.goto(f"{HERE}/updates")
        _press(page, "Write an update")
        english = page.get_by_role("group", name="English")
        english.get_by_label("Subject").fill("We met the minister")
        english.get_by_label("Text (Markdown)").fill("She **listened**.")
        _press(page, "Save and look at it")
        preview = page.locator("section", has=page.locator("#preview"))
        expect(preview.locator("strong", has_text="listened")).to_be_visible()
        page.get_by_text("As plain text, whole").click()
        expect(page.locator("pre")).to_contain_text("To get no more of them, at once")
        if javascript:
            assert axe(page) == []
        page.get_by_role("link", name="Go on to sending").click()
        expect(page.get_by_text("12 people wished for news")).to_be_visible()
        _press(page, "Send it to 12 people now")

        assert turn(house) == 12
        pass_by(seconds=20)
        with house.app.app_context():
            house.postman.deliver()
        if not javascript:
            page.get_by_role("link", name="Look again").click()
        expect(page.locator("dl.count")).to_contain_text("Left11", timeout=10_000)
        _press(page, "Pause it")
        expect(page.get_by_role("button", name="Go on")).to_be_visible()
        assert house.deliver() == []
        _press(page, "Go on")
        assert len(send_all(house)) == 11
        if not javascript:
            page.get_by_role("link", name="Look again").click()
        expect(page.locator("dl.count")).to_contain_text("Sent12", timeout=10_000)
        expect(page.get_by_role("button", name="Pause it")).to_have_count(0)
        if javascript:
            assert axe(page) == []
        page.goto("/letters/deepfakes")
        page.get_by_role("link", name="Updates", exact=True).first.click()
        expect(page.get_by_role("heading", name="We met the minister")).to_be_visible()
        window.check()
