"""What stands between the server and Flask: whole bodies first, then few hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from queue import Empty, SimpleQueue
from tempfile import SpooledTemporaryFile
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# A form of ours has at most fifteen fields and a few hundred characters.
LONGEST_BODY = 16 * 1024
# What an organiser who has signed in may send: a file of 100,000 signatures.
LONGEST_UPLOAD = 12 * 1024 * 1024
# A larger body is read to its end and thrown away, so that the browser gets to
# read the answer instead of meeting a closed connection.
LONGEST_DRAINED = 16 * 1024 * 1024
# Set in the environ of a request that found no hand free in time.
OVERRUN = "undersigned.overrun"
# Set where the body was too long for who sent it, and thrown away.
DROPPED = "undersigned.dropped"

_LONGEST_WAIT = 10.0
_PIECE = 64 * 1024


class Gate:
    """The WSGI layer before an application that works on requests.

    Each request has a thread of the server, and there are many of them, because one
    waits for each body, however slowly that comes. `hands` says how many requests
    are worked on at once; the others wait their turn, and who waits too long is let
    in with OVERRUN set, to be told so. `may_upload` says of a request whether its
    body may be longer than a form; such a body waits in a file of the machine's.
    """

    def __init__(
        self,
        inner: WSGIApplication,
        *,
        hands: int,
        may_upload: Callable[[WSGIEnvironment], bool],
    ) -> None:
        self._inner = inner
        self._may_upload = may_upload
        # Whoever has one of them has a hand. A semaphore would cost ten times as much.
        self._hands: SimpleQueue[None] = SimpleQueue()
        for _ in range(hands):
            self._hands.put(None)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if not chunked and environ.get("CONTENT_LENGTH", "0") in ("", "0"):
            return self._in_turn(environ, start_response)
        with self._body(environ) as body:
            environ["wsgi.input"] = body
            return self._in_turn(environ, start_response)

    def _in_turn(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            self._hands.get(timeout=_LONGEST_WAIT)
        except Empty:
            environ[OVERRUN] = True
            return self._inner(environ, start_response)
        try:
            return self._inner(environ, start_response)
        finally:
            self._hands.put(None)

    def _body(self, environ: WSGIEnvironment) -> IO[bytes]:
        """The body, or an empty one of a request whose body is too long.

        It is shorter than its Content-Length where the client went away.
        """
        given = environ.get("CONTENT_LENGTH", "")
        length = int(given) if given.isdecimal() else LONGEST_DRAINED
        stream = environ["wsgi.input"]
        if given.isdecimal() and length <= LONGEST_BODY:
            return BytesIO(stream.read(length))
        if given.isdecimal() and length <= LONGEST_UPLOAD and self._may_upload(environ):
            # Closed by the caller, who has worked on the request by then.
            kept = SpooledTemporaryFile(max_size=_PIECE)  # noqa: SIM115
            for piece in _pieces(stream, length):
                kept.write(piece)
            kept.seek(0)
            return kept
        environ[DROPPED] = True
        if "HTTP_EXPECT" not in environ:
            # One that waits to be told to go on is told in the answer not to.
            for _ in _pieces(stream, LONGEST_DRAINED):
                pass
        return BytesIO()


def _pieces(stream: IO[bytes], length: int) -> Iterable[bytes]:
    """At most so many bytes; fewer where the client went away."""
    while length > 0 and (piece := stream.read(min(length, _PIECE))):
        length -= len(piece)
        yield piece
