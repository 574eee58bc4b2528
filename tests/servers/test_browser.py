"""The browser of the tests sees what it must, on pages made for the purpose."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from tests.servers.browser import AXE, Browser, axe

_GOOD = (
    "<!doctype html><html lang=en><title>Letter</title><main><h1>Letter</h1>"
    "<form><label>Name <input name=name></label></form></main>"
)
_PAGES = {
    "/good": _GOOD,
    "/unlabelled": _GOOD.replace("<label>Name ", "").replace("</label>", ""),
    "/styled": _GOOD + "<p style='color: red'>Inline</p>",
    "/foreign": _GOOD + "<img alt='' src='http://127.0.0.2:9/x.png'>",
    "/broken": _GOOD + "<img alt='' src='/missing.png'>",
    "/thrown": _GOOD + "<script>throw new Error('thrown')</script>",
    "/script": _GOOD + "<p id=said>no</p>"
    "<script>document.getElementById('said').textContent = 'yes'</script>",
}
_STRICT = "default-src 'none'; img-src *"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


def _answer(environ: dict[str, str], start_response: object) -> list[bytes]:
    assert callable(start_response)
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if path not in ("/script", "/thrown"):
        headers.append(("Content-Security-Policy", _STRICT))
    found = path in _PAGES
    start_response("200 OK" if found else "404 Not Found", headers)
    return [_PAGES.get(path, _GOOD).encode()]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with make_server("127.0.0.1", 0, _answer, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_axe_passes_a_good_page_under_a_policy_that_allows_no_script(
    browser: Browser, site: str
) -> None:
    with browser.page(site) as page:
        page.goto("/good")
        assert axe(page) == []


def test_axe_finds_a_field_without_a_label(browser: Browser, site: str) -> None:
    with browser.page(site) as page:
        page.goto("/unlabelled")
        assert [line.split()[0] for line in axe(page)] == ["label"]


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/styled", "Content Security Policy"),
        ("/foreign", "request to another host"),
        ("/broken", "404 for"),
        ("/thrown", "script: thrown"),
    ],
)
def test_a_fault_on_the_console_fails_the_test(
    browser: Browser, site: str, path: str, complaint: str
) -> None:
    def visit() -> None:
        with browser.page(site) as page:
            page.goto(path)

    with pytest.raises(AssertionError, match=complaint):
        visit()


def test_the_status_of_the_page_itself_is_no_fault(browser: Browser, site: str) -> None:
    with browser.page(site) as page:
        answer = page.goto("/nowhere")
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize(("javascript", "said"), [(True, "yes"), (False, "no")])
def test_a_page_can_be_opened_without_scripts(
    browser: Browser, site: str, javascript: bool, said: str
) -> None:
    with browser.page(site, javascript=javascript) as page:
        page.goto("/script")
        assert page.locator("#said").inner_text() == said


def test_vendored_files_are_what_their_manifest_says() -> None:
    folder = Path(AXE).parent
    lines = (folder / "vendored.sha256").read_text().splitlines()
    stated = {name: digest for digest, name in (line.split() for line in lines)}
    assert {"axe.min.js", "axe.LICENSE.txt"} <= stated.keys()
    for name, digest in stated.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
