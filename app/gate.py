"""What stands between the server and Flask: whole bodies first, then few hands."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from threading import Semaphore
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# A form of ours has at most fifteen fields and a few hundred characters.
LONGEST_BODY = 16 * 1024
# A larger body is read to its end and thrown away, so that the browser gets to
# read the answer instead of meeting a closed connection.
LONGEST_DRAINED = 16 * 1024 * 1024
# Set in the environ of a request that found no hand free in time.
OVERRUN = "undersigned.overrun"

_LONGEST_WAIT = 10.0
_PIECE = 64 * 1024


class Gate:
    """The WSGI layer before an application that works on requests.

    Each request has a thread of the server, and there are many of them, because one
    waits for each body, however slowly that comes. `hands` says how many requests
    are worked on at once; the others wait their turn, and who waits too long is let
    in with OVERRUN set, to be told so.
    """

    def __init__(self, inner: WSGIApplication, *, hands: int) -> None:
        self._inner = inner
        self._hands = Semaphore(hands)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if chunked or environ.get("CONTENT_LENGTH", "0") not in ("", "0"):
            environ["wsgi.input"] = BytesIO(_read_body(environ))
        if not self._hands.acquire(timeout=_LONGEST_WAIT):
            environ[OVERRUN] = True
            return self._inner(environ, start_response)
        try:
            return self._inner(environ, start_response)
        finally:
            self._hands.release()


def _read_body(environ: WSGIEnvironment) -> bytes:
    """The body, or nothing of one that is too long to be a form.

    It is shorter than its Content-Length where the client went away.
    """
    length = environ.get("CONTENT_LENGTH", "")
    stream = environ["wsgi.input"]
    if length.isdecimal() and int(length) <= LONGEST_BODY:
        body: bytes = stream.read(int(length))
        return body
    if "HTTP_EXPECT" in environ:
        # It waits to be told to go on, and is told in the answer not to.
        return b""
    left = LONGEST_DRAINED
    while left > 0 and (piece := stream.read(_PIECE)):
        left -= len(piece)
    return b""
