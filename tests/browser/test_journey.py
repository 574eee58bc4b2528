"""Zoë walks the whole way in a real browser, through real processes and a real mail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from app import i18n
from app.front import FRESH
from tests.servers.browser import Browser
from tests.servers.live import Live

LETTER = "/letters/deepfakes"
# Pages may be a second behind, and what they are made from another one.
SOON = 3.0
# Each process keeps a number for a second, and gives it out for one more while it asks.
REMEMBERED = 2 * FRESH + 0.1
STATEMENT = "They used my voice."


def published(live: Live) -> int:
    """The number that the API gives, asked past every memory of the browser."""
    return int(json.loads(live.get(f"/api/v1{LETTER}/tally").body)["confirmed"])


def shown(page: Page) -> int:
    """The large number on the letter's page."""
    text = page.locator("#numbers .headline strong").inner_text()
    return int("".join(character for character in text if character.isdigit()))


def reload_until(page: Page, true: Callable[[], bool], within: float) -> None:
    """Load the page again, as a person does who waits; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not within {within:g} s: {page.url}"
        time.sleep(0.2)
        page.reload()


def open_mail(page: Page, address: str, room: str, language: str) -> None:
    """Find the newest mail to an address in the development inbox; open its link."""
    page.goto("/dev/inbox")
    mails = page.locator(".mails > li").filter(has_text=address)
    link = mails.locator(f'a[href*="/{room}/"]')
    reload_until(page, lambda: link.count() > 0, 15.0)
    link.first.click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert urlsplit(page.url).path.startswith(f"/{room}/")


def fill_in(page: Page, address: str) -> None:
    """Type into the form of the letter's page, key by key."""
    page.locator("#f-name").press_sequentially("Zoë Example")
    page.locator("#f-email").press_sequentially(address)
    page.locator("#f-title").press_sequentially("Singer")
    page.locator("#f-sector").select_option("entertainment")
    page.locator("#f-country").select_option("NZ")
    page.locator("#f-statement").press_sequentially(STATEMENT)
    page.locator("#f-consent").check()


def walk(live: Live, page: Page, address: str, language: str = "en") -> None:
    """Read, sign, be told of a mistake, look into the mail, confirm, take it back."""
    say = i18n.translator(language)
    page.goto("/")
    assert urlsplit(page.url).path == LETTER
    if language != "en":
        page.locator(f'nav a[hreflang="{language}"]').click()
        assert urlsplit(page.url).path == f"{LETTER}/{language}"
    expect(page.locator("html")).to_have_attribute("lang", language)
    letter = page.url
    title = page.locator("h1").inner_text()
    before = published(live)
    assert shown(page) == before

    # A mistake that no browser finds: what was typed stays, the focus goes to the
    # summary, and from there to the field.
    fill_in(page, address.removesuffix(".org"))
    page.locator(".form button.main").click()
    expect(page.locator(".problems")).to_be_focused()
    assert page.locator("#f-name").input_value() == "Zoë Example"
    assert page.locator("#f-title").input_value() == "Singer"
    assert page.locator("#f-sector").input_value() == "entertainment"
    assert page.locator("#f-country").input_value() == "NZ"
    assert page.locator("#f-statement").input_value() == STATEMENT
    assert page.locator("#f-consent").is_checked()
    assert not page.locator("#f-wants_updates").is_checked()
    page.locator(".problems a").click()
    expect(page.locator("#f-email")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(".org")
    page.keyboard.press("Enter")

    page.wait_for_url("**/inbox/**")
    expect(page.locator("h1")).to_have_text(say("One step left: open our mail"))

    # Opening the link, looking and waiting change nothing.
    open_mail(page, address, "confirm", language)
    expect(page.locator("h1")).to_have_text(say("Confirm your signature"))
    expect(page.locator(".preview")).to_contain_text("Zoë Example")
    expect(page.locator(".preview")).to_contain_text(STATEMENT)
    page.mouse.wheel(0, 2000)
    time.sleep(1.2)
    page.reload()
    assert published(live) == before

    page.locator("button[value=confirm]").click()
    assert shown_own(page) == before + 1
    page.goto(letter)
    assert page.locator("h1").inner_text() == title
    reload_until(page, lambda: shown(page) == before + 1, SOON)
    expect(page.locator(".newest")).to_contain_text("Zoë Example")

    open_mail(page, address, "manage", language)
    expect(page.locator("h1")).to_have_text(say("My signature"))
    page.locator("button[value=withdraw]").click()
    expect(page.locator("h1")).to_have_text(say("Withdraw your signature?"))
    time.sleep(REMEMBERED)
    assert published(live) == before + 1
    page.locator("button[value=withdraw]").click()
    expect(page.locator("h1")).to_have_text(say("Your signature is withdrawn"))
    page.goto(letter)
    reload_until(page, lambda: shown(page) == before, SOON)
    expect(page.locator(".names")).not_to_contain_text("Zoë Example")


def shown_own(page: Page) -> int:
    """The number that the signatory is told right after confirming."""
    text = page.locator(".headline strong").inner_text()
    return int("".join(character for character in text if character.isdigit()))


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_zoe_signs_confirms_is_counted_and_takes_it_back(
    live: Live, browser: Browser, javascript: bool
) -> None:
    with browser.page(live.base_url, javascript=javascript) as page:
        walk(live, page, f"zoe.{javascript}@example.org".lower())


def test_zoe_walks_the_way_in_german_on_a_phone(live: Live, browser: Browser) -> None:
    with browser.page(
        live.base_url, width=360, height=640, locale="de-DE", has_touch=True
    ) as page:
        walk(live, page, "zoe.de@example.org", "de")
    # To confirm, confirmed, withdrawn.
    live.wait_for_mail("zoe.de@example.org", count=3)
    subjects = [mail.subject for mail in live.mails("zoe.de@example.org")]
    assert len(subjects) == 3
    assert all("Drei Gesetze gegen schädliche Deepfakes" in s for s in subjects)


def test_zoe_types_the_code_instead_of_opening_the_link(
    live: Live, browser: Browser
) -> None:
    address = "zoe.code@example.org"
    with browser.page(live.base_url, javascript=False) as page:
        page.goto(f"{LETTER}#sign")
        fill_in(page, address)
        page.locator(".form button.main").click()
        mail = live.wait_for_mail(address)
        code = next(line for line in mail.text.splitlines() if line.startswith("    "))
        page.locator("#f-email").press_sequentially(address)
        page.locator("#f-code").press_sequentially(code.strip().lower())
        page.keyboard.press("Enter")
        expect(page.locator(".preview")).to_contain_text("Zoë Example")
        page.locator("button[value=not_me]").click()
        expect(page.locator("h1")).to_have_text("Thank you for telling us")


def test_the_first_view_is_small_and_asks_nobody_else(
    live: Live, browser: Browser
) -> None:
    """At most 3 requests and 20 kB compressed, headers included (design, section 11)."""
    with browser.page(live.base_url) as page:
        requests: list[Request] = []
        page.on("requestfinished", lambda request: requests.append(request))
        page.goto(LETTER, wait_until="networkidle")
        # Some builds of Chromium leave out the icon, which people load all the same.
        parts = page.locator("link[rel=stylesheet], link[rel=icon], img, script[src]")
        loaded = {urlsplit(request.url).path for request in requests}
        left_out = {
            path
            for part in parts.all()
            if (path := urlsplit(part.get_attribute("href") or "").path) not in loaded
        }
        assert left_out <= {"/static/icon.svg"}
        sizes = [request.sizes() for request in requests]
    received = sum(s["responseBodySize"] + s["responseHeadersSize"] for s in sizes)
    for path in left_out:
        answer = live.get(path, {"Accept-Encoding": "gzip"})
        received += len(answer.body) + len(str(answer.headers))
    hosts = {urlsplit(request.url).netloc for request in requests}
    assert hosts == {urlsplit(live.base_url).netloc}
    assert len(requests) + len(left_out) <= 3
    assert received <= 20_000
