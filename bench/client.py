"""A load client: a fixed number of requests over a few kept connections."""

from __future__ import annotations

import random
import re
import selectors
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Self

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LONGEST_SILENCE = 30.0


class Unexpected(Exception):
    """The server did not answer as it should; the message shows how it did."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the client saw."""

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    whole: int | None = None


def get(path: str, host: str, *, gzip: bool = False, cookie: str = "") -> bytes:
    """The bytes of a GET request."""
    more = "Accept-Encoding: gzip\r\n" if gzip else ""
    more += f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()


def post(path: str, host: str, body: bytes) -> bytes:
    """The bytes of a form's POST as a browser sends it from the same site."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nX-Forwarded-For: {_somewhere()}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _somewhere() -> str:
    """An address in a network of its own, as a proxy would name it."""
    return ".".join(str(random.randint(11, 99)) for _ in range(4))


class Client:
    """A few kept connections to one server, as a context."""

    def __init__(self, port: int, connections: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._connections = []
        for _ in range(connections):
            opened = socket.create_connection(("127.0.0.1", port))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(opened)
            self._connections.append(connection)
            self._selector.register(opened, selectors.EVENT_READ, connection)

    def load(self, requests: Sequence[bytes], *, status: int) -> Load:
        """Send all `requests`, one at a time on each connection.

        Raises Unexpected for an answer with another status, and for silence.
        """
        wanted = f" {status} ".encode()
        latencies: list[float] = []
        waiting = iter(requests)
        started = perf_counter()
        for connection, request in zip(self._connections, waiting, strict=False):
            _send(connection, request)
        while len(latencies) < len(requests):
            events = self._selector.select(_LONGEST_SILENCE)
            if not events:
                raise Unexpected(f"no answer for {_LONGEST_SILENCE:.0f} s")
            for key, _mask in events:
                if _receive(key.data, wanted):
                    latencies.append(perf_counter() - key.data.sent_at)
                    following = next(waiting, None)
                    if following is not None:
                        _send(key.data, following)
        return Load(len(requests), perf_counter() - started, latencies)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for connection in self._connections:
            connection.socket.close()


def _send(connection: _Connection, request: bytes) -> None:
    connection.received.clear()
    connection.whole = None
    connection.sent_at = perf_counter()
    connection.socket.sendall(request)


def _receive(connection: _Connection, wanted: bytes) -> bool:
    """Take what has come; whether the answer is whole."""
    part = connection.socket.recv(262144)
    if not part:
        raise Unexpected(f"closed after {bytes(connection.received)!r}")
    received = connection.received
    received += part
    if connection.whole is None:
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(received[: end + 2])
        if wanted not in head[:20]:
            raise Unexpected(bytes(received[:2000]).decode(errors="replace"))
        length = _LENGTH.search(head)
        if length is not None:
            connection.whole = end + 4 + int(length[1])
        elif _CHUNKED.search(head):
            connection.whole = -1
        else:
            connection.whole = end + 4
    if connection.whole < 0:
        return received.endswith(b"0\r\n\r\n")
    return len(received) >= connection.whole
