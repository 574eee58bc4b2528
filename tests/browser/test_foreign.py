"""The counter on other sites' pages: strict ones, old ones, dark ones, narrow ones.

The pages come from a server of the test's own under another origin, as in life.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import EXAMPLE, FIELDS
from tests.servers.browser import Browser, axe
from tests.servers.live import Live

SLUG = "deepfakes"
STRICT = "default-src 'none'; frame-src {house}"
WITH_SCRIPT = "default-src 'none'; script-src {house}; connect-src {house}"


class Foreign:
    """Another site: it gives out whatever page a test puts on it."""

    def __init__(self) -> None:
        self.body, self.headers = "", dict[str, str]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.body.encode() if self.path == "/" else b""
                self.send_response(200 if self.path == "/" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def shows(self, body: str, *, policy: str | None = None, **html: str) -> str:
        """Put a page up; the address where it is."""
        given = {"lang": "en", **html}
        attributes = " ".join(f'{name}="{value}"' for name, value in given.items())
        self.body = (
            f"<!doctype html><html {attributes}><head><title>Another site</title>"
            '<meta name="viewport" content="width=device-width"></head>'
            f"<body><main><h1>News</h1>{body}</main></body></html>"
        )
        self.headers = {"Content-Security-Policy": policy} if policy else {}
        return self.url


@pytest.fixture(scope="module")
def foreign() -> Iterator[Foreign]:
    """A site that is not ours."""
    site = Foreign()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house of this file's own, whose web server may be stopped."""
    with Live(tmp_path_factory.mktemp("counter") / "instance") as running:
        another = running.folder / "second"
        write_second(another)
        loaded = running.flask("letter", "load", str(another))
        assert loaded.returncode == 0, loaded.stderr
        yield running


def write_second(folder: Path) -> None:
    """A second letter: the example under another short name."""
    shutil.copytree(EXAMPLE, folder)
    settings = folder / "letter.toml"
    settings.write_text(settings.read_text().replace(f'"{SLUG}"', '"second"', 1))


@pytest.fixture
def page(
    browser: Browser, foreign: Foreign, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A window on the other site."""
    with browser.window(foreign.url, **getattr(request, "param", {})) as window:
        yield window.page


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains of on its console, and what scripts die of."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def element(house: Live, *, attributes: str = "", letter: str = SLUG) -> str:
    """The one line that a webmaster pastes."""
    return (
        f'<script src="{house.base_url}/embed/counter.js" async></script>'
        f'<open-letter-counter letter="{letter}" {attributes}>'
        f'<a href="{house.base_url}/letters/{letter}">The letter</a>'
        "</open-letter-counter>"
    )


def frame(house: Live, *, more: str = "", query: str = "") -> str:
    """The same as a frame."""
    return (
        f'<iframe src="{house.base_url}/embed/{SLUG}{query}" width="480" height="190"'
        f' title="Signatures" {more}></iframe>'
    )


def told(house: Live) -> str:
    """What the counter has to say now."""
    body = json.loads(house.get(f"/embed/{SLUG}/counter.json").text)
    return f"{body['shown']} {body['label']}"


def test_a_page_that_forbids_almost_everything_frames_it(
    house: Live, foreign: Foreign, page: Page, complaints: list[str]
) -> None:
    policy = STRICT.format(house=house.base_url)
    page.goto(foreign.shows(frame(house), policy=policy))
    inner = page.frame_locator("iframe")
    expect(inner.locator(".number")).to_contain_text(told(house))
    expect(inner.locator("time")).to_contain_text("as of ")
    inner_page = page.frames[1]
    assert inner_page.evaluate("document.cookie") == ""
    assert complaints == []


@pytest.mark.parametrize("sandbox", ["", "allow-popups", "allow-scripts"])
def test_a_sandboxed_frame_shows_it(
    house: Live, foreign: Foreign, page: Page, sandbox: str
) -> None:
    page.goto(foreign.shows(frame(house, more=f'sandbox="{sandbox}"')))
    expect(page.frame_locator("iframe").locator(".number")).to_contain_text(told(house))


def test_the_element_needs_nothing_but_script_and_connection(
    house: Live, foreign: Foreign, page: Page, complaints: list[str]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    policy = WITH_SCRIPT.format(house=house.base_url)
    page.goto(foreign.shows(element(house, attributes="breakdown"), policy=policy))
    counter = page.locator("open-letter-counter")
    expect(counter).to_contain_text(told(house))
    expect(counter.locator("li")).to_have_count(6)
    expect(counter.get_by_role("group")).to_have_attribute(
        "aria-label", re.compile("signatures")
    )
    own = (foreign.url, house.base_url)
    assert [url for url in asked if not url.startswith(own)] == []
    assert complaints == []
    assert axe(page) == []
    assert page.context.cookies() == []
    assert page.evaluate("Object.keys(localStorage).length") == 0


@pytest.mark.parametrize("page", [{"width": 320, "dark": True}], indirect=True)
def test_a_narrow_dark_page_from_right_to_left(
    house: Live, foreign: Foreign, page: Page
) -> None:
    body = element(house, attributes='theme="dark" breakdown')
    page.goto(foreign.shows(body, dir="rtl", lang="ar"))
    counter = page.locator("open-letter-counter")
    expect(counter).to_contain_text("confirmed signatures")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    box = counter.locator("div").first
    assert box.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(20, 21, 26)"


def test_two_letters_on_one_page_in_an_old_layout(
    house: Live, foreign: Foreign, page: Page
) -> None:
    body = (
        "<table width=100% border=1><tr><td width=50%>"
        + element(house)
        + "<td>"
        + element(house, letter="second", attributes='size="small" lang="de"')
        + "</table>"
    )
    page.goto(foreign.shows(body))
    first, second = page.locator("open-letter-counter").all()
    expect(first).to_contain_text(told(house))
    expect(second).to_contain_text("bestätigte Unterschriften")


def test_a_letter_that_is_not_there_leaves_the_link(
    house: Live, foreign: Foreign, page: Page
) -> None:
    with page.expect_response("**/counter.json*") as answer:
        page.goto(foreign.shows(element(house, letter="none")))
    assert answer.value.status == 404
    link = page.locator("open-letter-counter a")
    expect(link).to_be_visible()
    expect(link).to_have_text("The letter")


def test_nothing_moves_when_the_number_comes(
    house: Live, foreign: Foreign, page: Page
) -> None:
    page.route("**/counter.json*", lambda route: None)
    page.goto(foreign.shows(element(house) + "<p id=below>Below</p>"))
    page.wait_for_selector("open-letter-counter:defined", state="attached")
    below = page.locator("#below")
    before = below.bounding_box()
    page.unroute("**/counter.json*")
    page.evaluate("document.querySelector('open-letter-counter').asking = false")
    page.evaluate("document.querySelector('open-letter-counter').wake()")
    expect(page.locator("open-letter-counter")).to_contain_text("confirmed")
    assert below.bounding_box() == before


def test_while_the_house_is_away_the_last_number_stays_and_then_it_comes_back(
    house: Live, foreign: Foreign, page: Page
) -> None:
    page.clock.install()
    page.goto(foreign.shows(element(house) + "<p>" + "News. " * 50 + "</p>"))
    counter = page.locator("open-letter-counter")
    said = told(house)
    expect(counter).to_contain_text(said)
    house.kill_web()
    page.clock.fast_forward(100_000)
    expect(counter).to_contain_text(said)
    expect(counter.locator("time")).to_contain_text("as of ")
    sign_and_confirm(house)
    after = told(house)
    assert after != said

    def advanced() -> bool:
        page.clock.fast_forward(120_000)
        return after in counter.get_by_role("group").inner_text()

    until(advanced, page)
    # Nobody looks: nobody asks.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.fast_forward(600_000)
    page.wait_for_timeout(200)
    assert asked == []


def until(true: Callable[[], bool], page: Page) -> None:
    """Wait for something that comes by and by, ten seconds at most."""
    for _ in range(50):
        if true():
            return
        page.wait_for_timeout(200)
    raise AssertionError("it did not come")


def sign_and_confirm(house: Live) -> None:
    """The web server comes up again, and somebody signs."""
    house.start_web()
    sent = house.post(f"/letters/{SLUG}/signatures", FIELDS)
    assert sent.status == 303
    mail = house.wait_for_mail(FIELDS["email"])
    found = re.search(r"/confirm/[\w.-]+", mail.text)
    assert found is not None
    assert house.post(found[0], {"action": "confirm"}).status == 200
