"""Vera accepts an invitation, sets a passkey and works with it, in a real browser.

The browser's own virtual authenticator (WebAuthn, section 11) answers as a device that
checks its owner would, or as a security key on a cable.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from passlib.totp import TOTP
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.models import Passkey
from tests.house import House
from tests.organising.people import PASSWORD
from tests.organising.room import HERE, serving
from tests.organising.test_team import invited
from tests.servers.browser import Browser, axe

KINDS: dict[str, dict[str, Any]] = {
    "device": {"transport": "internal"},
    "key": {"transport": "usb"},
}


def authenticator(page: Page, kind: str) -> tuple[Any, str]:
    """A passkey's device in this browser: the way to speak with it, and its id."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    made = wire.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
                **KINDS[kind],
            }
        },
    )
    return wire, made["authenticatorId"]


def join_with_passkey(page: Page, path: str, *, name: str, email: str) -> None:
    """Accept an invitation, sign in with a password, and add a passkey."""
    page.goto(path)
    page.locator("#f-name").fill(name)
    page.locator("#f-password").fill(PASSWORD)
    page.locator("main button.main").click()
    page.goto("/organise/sign-in")
    page.locator("#f-email").fill(email)
    page.locator("#f-password").fill(PASSWORD)
    page.locator("main form.form button.main").click()
    expect(page.locator("h1")).to_have_text("My letters")
    page.goto("/organise/passkeys")
    page.locator("#f-name").fill("my own")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".lines")).to_contain_text("my own")


@pytest.mark.parametrize("kind", KINDS)
def test_vera_joins_and_signs_in_with_a_passkey(
    house_on_sqlite: House, browser: Browser, kind: str
) -> None:
    house = house_on_sqlite
    olga = house.organiser("owner")
    joins = invited(house, olga)
    with (
        serving(house, {}) as (base, _cookies),
        browser.window(base) as window,
    ):
        page = window.page
        wire, device = authenticator(page, kind)
        join_with_passkey(page, joins, name="Vera", email="vera@example.org")
        assert len(house.ask(select(Passkey))) == 1
        held = wire.send("WebAuthn.getCredentials", {"authenticatorId": device})
        assert len(held["credentials"]) == 1

        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{HERE}/desk")
        assert "/organise/sign-in" in page.url
        # No address is typed: the passkey knows whose it is.
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.locator("h1")).to_have_text("Desk")

        # A key that does not check who holds it opens nothing.
        page.get_by_role("button", name="Sign out").click()
        wire.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": device, "isUserVerified": False},
        )
        page.goto("/organise/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.locator("form[data-passkey] [role=alert]")).to_be_visible()
        wire.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": device, "isUserVerified": True},
        )
        page.get_by_role("button", name="Ask once more").click()
        expect(page.locator("h1")).to_have_text("My letters")

        page.goto("/organise/passkeys")
        page.get_by_role("button", name="Remove").click()
        expect(page.locator("main")).not_to_contain_text("my own")
        assert house.ask(select(Passkey)) == []
        # Only now: when axe lets go of the browser, so does the authenticator.
        assert axe(page) == []
        window.check()


def test_where_a_second_factor_is_required_a_passkey_is_both(
    house_on_sqlite: House, browser: Browser
) -> None:
    """In production: a key that checks its owner is something had and something known."""
    house = house_on_sqlite
    joins = invited(house, house.organiser("owner"))
    with (
        serving(house, {}, SECOND_FACTOR="1") as (base, _cookies),
        browser.window(base) as window,
    ):
        page = window.page
        _wire, _device = authenticator(page, "device")
        page.goto(joins)
        page.locator("#f-name").fill("Vera")
        page.locator("#f-password").fill(PASSWORD)
        page.locator("main button.main").click()
        page.goto("/organise/sign-in")
        page.locator("#f-email").fill("vera@example.org")
        page.locator("#f-password").fill(PASSWORD)
        page.locator("main form.form button.main").click()
        # The password alone opens nothing: an authenticator is set up first.
        expect(page).to_have_url(re.compile("/organise/second-factor"))
        page.get_by_role("button", name="Set up").click()
        key = page.locator("p.key").inner_text().replace("-", "")
        code = TOTP(key=key, format="base32").generate().token
        page.locator("#f-code").fill(code)
        page.locator("main form.form button.main").click()
        page.goto("/organise/passkeys")
        page.locator("#f-name").fill("my own")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.locator(".lines")).to_contain_text("my own")
        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{HERE}/desk")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.locator("h1")).to_have_text("Desk")
        # And the password asks for the code, as ever.
        page.get_by_role("button", name="Sign out").click()
        page.goto("/organise/sign-in")
        page.locator("#f-email").fill("vera@example.org")
        page.locator("#f-password").fill(PASSWORD)
        page.locator("main form.form button.main").click()
        expect(page).to_have_url(re.compile("/organise/code"))
        page.goto("/organise/")
        assert "/organise/sign-in" in page.url
        window.check()
