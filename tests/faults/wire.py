"""HTTP/1.1 as it stands on the wire, and clients that dawdle on it."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Mapping
from email.message import Message
from typing import Self
from urllib.parse import urlencode

from tests.house import FIELDS, SLUG
from tests.servers.live import Answer, Live

LETTER = f"/letters/{SLUG}"
SIGN = f"{LETTER}/signatures"


def form(email: str) -> bytes:
    """The body of a sign form that is right."""
    return urlencode(FIELDS | {"email": email}).encode()


def request(
    live: Live, method: str, path: str, body: bytes = b"", *lines: str, length: int = -1
) -> bytes:
    """One request; `lines` are further header lines, `length` what it claims to be.

    A `length` of 0 claims nothing.
    """
    length = len(body) if length < 0 else length
    head = [f"{method} {path} HTTP/1.1", f"Host: localhost:{live.port}", *lines]
    if method == "POST":
        head.append("Content-Type: application/x-www-form-urlencoded")
        head.append("Sec-Fetch-Site: same-origin")
    if length:
        head.append(f"Content-Length: {length}")
    return "\r\n".join([*head, "", ""]).encode() + body


class Wire:
    """A connection to the server, as a context."""

    def __init__(self, live: Live) -> None:
        address = ("127.0.0.1", live.port)
        self._socket = socket.create_connection(address, timeout=30)
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def say_no_more(self) -> None:
        """End one's own side, and go on listening."""
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self, *, head: bool = False) -> Answer:
        """The next answer; `head` says that it is one to HEAD.

        Raises EOFError where the connection ended instead.
        """
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(line)
        headers: Message = http.client.parse_headers(self._file)
        length = 0 if head else int(headers.get("Content-Length", 0))
        return Answer(int(line.split()[1]), headers, self._file.read(length))

    def ended(self) -> bool:
        """Wait for what comes next: whether it is the end of the connection."""
        return self._file.read(1) == b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()


def exchange(live: Live, *parts: bytes) -> Answer:
    """Send the parts on a connection of their own and read one answer."""
    with Wire(live) as wire:
        for part in parts:
            wire.send(part)
        return wire.answer()


class Dawdlers:
    """Clients that hold their connections for as long as they can, as a context.

    Each sends `first` at once, then `drop` again and again, if there is any.
    """

    def __init__(self, live: Live, count: int, first: bytes, drop: bytes) -> None:
        self._port = live.port
        self._count, self._first, self._drop = count, first, drop
        self._open: list[socket.socket] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._dawdle)

    @property
    def left(self) -> int:
        """How many of them the server still bears with."""
        return len(self._open)

    def _dawdle(self) -> None:
        while not self._done.wait(0.3):
            self._open = [one for one in self._open if self._goes_on(one)]

    def _goes_on(self, connection: socket.socket) -> bool:
        try:
            while connection.recv(65536):
                continue
        except BlockingIOError:
            pass
        except OSError:
            connection.close()
            return False
        else:
            connection.close()
            return False
        try:
            connection.send(self._drop)
        except OSError:
            connection.close()
            return False
        return True

    def __enter__(self) -> Self:
        for _ in range(self._count):
            address = ("127.0.0.1", self._port)
            connection = socket.create_connection(address, timeout=30)
            connection.sendall(self._first)
            connection.setblocking(False)
            self._open.append(connection)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        for connection in self._open:
            connection.close()


class Signers:
    """Clients that sign one after another and send each form until it is answered."""

    def __init__(self, live: Live, name: str, *, clients: int = 4) -> None:
        self._live, self._name = live, name
        self._lock = threading.Lock()
        self._next = 0
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._sign) for _ in range(clients)]
        # When each address was acknowledged.
        self.acknowledged: dict[str, float] = {}
        self.refused: list[Answer] = []
        self.broken = 0

    def _sign(self) -> None:
        while not self._done.is_set():
            with self._lock:
                self._next += 1
                email = f"{self._name}{self._next}@example.org"
            while not self._acknowledged(email) and not self._done.is_set():
                time.sleep(0.05)

    def _acknowledged(self, email: str) -> bool:
        try:
            answer = self._live.post(SIGN, FIELDS | {"email": email})
        except (OSError, http.client.HTTPException):
            self.broken += 1
            return False
        if answer.status != 303:
            self.refused.append(answer)
            return False
        self.acknowledged[email] = time.monotonic()
        return True

    def wait_for(self, more: int, within: float = 30.0) -> float:
        """Until so many more are acknowledged; the longest gap between two meanwhile.

        Raises TimeoutError where that takes longer than `within`.
        """
        began, before = time.monotonic(), len(self.acknowledged)
        self._live.wait_until(
            lambda: len(self.acknowledged) >= before + more, within, "answers"
        )
        moments = sorted(at for at in self.acknowledged.values() if at >= began)
        steps = zip([began, *moments[:-1]], moments, strict=True)
        return max(later - sooner for sooner, later in steps)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()


def durations(live: Live, name: str, times: int) -> Mapping[str, list[float]]:
    """How long a page and a signature take, one after the other, sorted."""
    taken: dict[str, list[float]] = {"page": [], "sign": []}
    for number in range(times):
        began = time.monotonic()
        assert live.get(LETTER).status == 200
        between = time.monotonic()
        email = f"{name}{number}@example.org"
        assert live.post(SIGN, FIELDS | {"email": email}).status == 303
        taken["page"].append(between - began)
        taken["sign"].append(time.monotonic() - between)
    return {kind: sorted(figures) for kind, figures in taken.items()}
