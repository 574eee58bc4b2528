"""A real Chromium for the tests, which fails on what a reader of the console would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)

AXE = Path(__file__).parent.parent / "data" / "axe.min.js"

_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Browser:
    """One Chromium, as a context; `page` opens a window with nothing remembered."""

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        try:
            self._chromium = self._playwright.chromium.launch(
                # Debian's where there is one, else the one that Playwright brought.
                executable_path=shutil.which("chromium"),
                args=_FLAGS,
                # Chromium's own cage needs rights that root in a container lacks;
                # it visits nothing but this machine.
                chromium_sandbox=False,
            )
        except Error as error:
            self._playwright.stop()
            raise RuntimeError(
                "No browser was found: apt-get install chromium, or .venv/bin/python "
                "-m playwright install chromium."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._chromium is not None:
            self._chromium.close()
        if self._playwright is not None:
            self._playwright.stop()

    @contextmanager
    def page(self, base_url: str, **options: Any) -> Iterator[Page]:
        """A page whose relative addresses start at `base_url`; options as of `window`.

        On leaving, AssertionError names everything that went wrong in it.
        """
        with self.window(base_url, **options) as window:
            yield window.page
            window.check()

    @contextmanager
    def window(
        self,
        base_url: str,
        *,
        javascript: bool = True,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        locale: str = "en-GB",
        **options: Any,
    ) -> Iterator[Window]:
        """The same for a test that opens page after page, and checks after each.

        `options` are those of Playwright's `new_context`.
        """
        assert self._chromium is not None
        context = self._chromium.new_context(
            base_url=base_url,
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale=locale,
            reduced_motion="reduce",
            **options,
        )
        faults = _watch(context, urlsplit(base_url).netloc)
        try:
            yield Window(context.new_page(), faults)
        finally:
            context.close()


@dataclass(frozen=True)
class Window:
    """A page, and what went wrong in it: errors on the console (a broken content
    security policy is one), errors of scripts, parts that did not load, and requests
    to any other host."""

    page: Page
    faults: list[str]

    def check(self) -> None:
        """Raise AssertionError with all that went wrong since the last time."""
        faults = self.faults.copy()
        self.faults.clear()
        assert not faults, "\n".join(faults)


def _watch(context: BrowserContext, host: str) -> list[str]:
    faults: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # The status of a page is the test's to judge; that of its parts is ours.
        if message.type == "error" and not message.text.startswith(
            "Failed to load resource: the server responded with a status of"
        ):
            faults.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("about", "blob", "data") and url.netloc != host:
            faults.append(f"request to another host: {request.url}")

    def on_response(response: Response) -> None:
        part = response.request.resource_type != "document"
        if part and response.status >= 400:
            faults.append(f"{response.status} for {response.url}")

    context.on("console", on_console)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
    context.on("request", on_request)
    context.on("response", on_response)
    return faults


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, a line for each place."""
    # Through the debugger, because the page's own policy allows no script at all.
    client = page.context.new_cdp_session(page)
    try:
        if _evaluate(client, "typeof axe") == "undefined":
            _evaluate(client, AXE.read_text(encoding="utf-8"))
        found = _evaluate(client, "axe.run({resultTypes: ['violations']})")
    finally:
        client.detach()
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: "
        f"{' '.join(map(str, node['target']))}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def _evaluate(client: Any, expression: str) -> Any:
    answer = client.send(
        "Runtime.evaluate",
        {"expression": expression, "awaitPromise": True, "returnByValue": True},
    )
    if "exceptionDetails" in answer:
        raise RuntimeError(answer["exceptionDetails"])
    return answer["result"].get("value")
