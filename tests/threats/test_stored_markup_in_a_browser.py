"""Threats D, row 31: a real browser shows what was typed, and runs none of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from tests.house import FIELDS, SLUG, House, copy_sqlite
from tests.servers.browser import Browser
from tests.servers.smtp import Sink
from tests.threats.vectors import VECTORS

LINES = ("title", "affiliation", "statement")


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


def _nothing(environ: object, start_response: object) -> Iterable[bytes]:
    raise AssertionError("asked before the house stood")


def test_row_31_a_browser_runs_none_of_it(
    filled_sqlite: Path, tmp_path: Path, smtp_sink: Sink, browser: Browser
) -> None:
    """No dialog, no complaint of the content policy, no request elsewhere."""
    with make_server("127.0.0.1", 0, _nothing, handler_class=_Quiet) as server:
        base = f"http://localhost:{server.server_port}"
        url = copy_sqlite(filled_sqlite, tmp_path / "database")
        house = House(url, tmp_path, smtp_sink, BASE_URL=base)
        server.set_app(house.front)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            previews = _signed(house, base.removeprefix("http://"))
            dialogs = _looked_at(browser, base, previews)
        finally:
            server.shutdown()
            serving.join()
            house.close()
    assert dialogs == []


def _signed(house: House, host: str) -> list[str]:
    """Sign with every vector in each field that takes it; the links that came."""
    path = f"/letters/{SLUG}/signatures"
    for number, vector in enumerate(VECTORS):
        for field in LINES:
            house.post(
                path,
                FIELDS | {"email": f"p{number}.{field}@example.org", field: vector},
                Host=host,
            )
    links = [re.search(r"/confirm/[\w.-]+", mail.text) for mail in house.deliver()]
    previews = [found[0] for found in links if found]
    for preview in previews[-20:]:
        answer = house.post(preview, {"action": "confirm"}, Host=host)
        assert answer.status_code == 200
    assert len(previews) >= 10
    return previews


def _looked_at(browser: Browser, base: str, previews: list[str]) -> list[str]:
    """Open the pages, and type vectors into the forms; the dialogs that opened."""
    dialogs: list[str] = []
    with browser.page(base) as page:
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for preview in previews:
            page.goto(preview)
        page.goto(f"/letters/{SLUG}")
        assert page.locator(".newest > li").count() == min(20, len(previews))
        page.goto("/confirm")
        for vector in VECTORS[::3]:
            page.locator("form").first.evaluate("form => form.noValidate = true")
            page.locator("#f-email").fill(vector)
            page.locator("#f-code").fill("abc")
            page.get_by_role("button", name="Go on with the code").click()
            page.locator(".problems").wait_for()
        page.goto(f"/letters/{SLUG}")
        for vector in VECTORS[1::10]:
            page.locator("form").first.evaluate("form => form.noValidate = true")
            for field in ("name", "email", *LINES):
                page.locator(f"#f-{field}").fill(vector)
            page.get_by_role("button", name="Sign the letter").click()
            page.locator(".problems").wait_for()
    return dialogs
