"""Each state of the table made once, kept as it was sent, and served to a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Self, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.etree.ElementTree import Element

import html5lib

from app.front import Headers
from tests.browser.pages import Row
from tests.browser.world import World


@dataclass
class Shown:
    """What the house answered, to what."""

    status: str
    headers: Headers
    body: bytes
    method: str
    path: str

    @property
    def code(self) -> int:
        """The status as a number."""
        return int(self.status.split()[0])

    def header(self, name: str) -> str | None:
        """The value of a header, where there is one."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def text(self) -> str:
        """The page as UTF-8."""
        return self.body.decode()

    @cached_property
    def parsed(self) -> tuple[Element, list[object]]:
        """The page as a browser's parser understands it, and what it had to mend."""
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        root = cast(Element, parser.parse(self.text))
        return root, parser.errors

    @property
    def root(self) -> Element:
        """The page as a browser's parser understands it."""
        return self.parsed[0]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


class Gallery:
    """A world, what it has answered, and a server of that, as a context.

    The browser gets the bytes and the headers of the house, under the name of the
    state; so a page that follows a POST can be opened as often as one likes.
    """

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self._kept: dict[str, Shown] = {}
        self._open = ExitStack()
        self.base_url = ""

    def __enter__(self) -> Self:
        self._open.enter_context(self.world)
        server = self._open.enter_context(
            make_server("localhost", 0, self._serve, _Server, _Quiet)
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self._open.callback(thread.join)
        self._open.callback(server.shutdown)
        self.base_url = f"http://localhost:{server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def show(self, row: Row) -> Shown:
        """The state of this row, made when first asked for."""
        if row.name not in self._kept:
            answer = row.make(self.world)
            self._kept[row.name] = Shown(
                answer.status,
                list(answer.headers.items()),
                answer.get_data(),
                answer.request.method,
                answer.request.path,
            )
        return self._kept[row.name]

    def _serve(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        shown = self._kept.get(environ["PATH_INFO"].removeprefix("/"))
        if shown is not None:
            start_response(shown.status, shown.headers)
            return [shown.body]
        environ["HTTP_HOST"] = "localhost"
        return self.world.house.front(environ, start_response)
