"""What a browser fetches to show a page that it has never seen."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from bench.stage import Answer, Server, ask

# The attributes by which an element makes a browser fetch something.
_FETCHING = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
_FETCHING_LINKS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "manifest",
    "apple-touch-icon",
    "preconnect",
    "dns-prefetch",
}
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


@dataclass(frozen=True, slots=True)
class View:
    """The cost of a first view: all requests, and their answers as sent."""

    requests: int
    kilobytes: float
    elsewhere: frozenset[str]


def _in_style(style: str) -> list[str]:
    """What a style sheet fetches; '#part' is of the page itself (CSS Values 4, 4.5.1)."""
    found = (a or b for a, b in _IN_STYLE.findall(style))
    return [address for address in found if not address.startswith("#")]


class _Page(HTMLParser):
    """Collects the addresses that a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += _in_style(given.get("style", ""))
        if tag == "link" and not _FETCHING_LINKS & set(given.get("rel", "").split()):
            return
        for name in _FETCHING.get(tag, ()):
            if value := given.get(name):
                parts = value.split(",") if name == "srcset" else [value]
                self.addresses += [part.split()[0] for part in parts if part.split()]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.addresses += _in_style(data)


def first_view(server: Server, path: str) -> View:
    """Fetch the page and all that it needs, compressed, each thing once.

    The answers count whole, with their headers. Style sheets are read as well. What
    would come from another host is not fetched.
    """
    own = f"http://{server.host}"
    waiting, fetched, elsewhere, size = [urljoin(own, path)], set(), set(), 0
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        if address in fetched or parts.scheme == "data":
            continue
        if parts.netloc != server.host:
            elsewhere.add(parts.netloc)
            continue
        fetched.add(address)
        answer = ask(server, parts.path + (f"?{parts.query}" if parts.query else ""))
        assert answer.status == 200, f"{address}: {answer.status}"
        head = sum(len(name) + len(value) + 4 for name, value in answer.headers)
        size += len("HTTP/1.1 200 OK\r\n\r\n") + head + len(answer.body)
        waiting += [urljoin(address, further) for further in _further(answer)]
    return View(len(fetched), size / 1000, frozenset(elsewhere))


def _further(answer: Answer) -> list[str]:
    headers = {name.lower(): value for name, value in answer.headers}
    body = answer.body
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    kind = headers.get("content-type", "").partition(";")[0]
    return addresses(body.decode(), kind) if kind.startswith("text/") else []


def addresses(text: str, kind: str) -> list[str]:
    """What a page or a style sheet makes a browser fetch, as it is written there."""
    if kind == "text/html":
        page = _Page()
        page.feed(text)
        return page.addresses
    return _in_style(text) if kind == "text/css" else []
