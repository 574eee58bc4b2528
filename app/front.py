"""Answers kept in memory, given out before Flask is entered.

It knows path, allow-listed query, encoding and ETag, and nothing else: an answer
is rendered once for each public version of its letter, however many wait for it.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from app.answers import TO_KEEP, VERSION_HEADER

# How old an answer may be before the letter's public version is asked for again.
FRESH = 1.0
# While the database is away, the last answer is given out this long.
STALE = 300.0
_MOST_ANSWERS = 2000
_MOST_SMALL = 860  # Under this many bytes compressing costs more than it saves.

_CACHEABLE = re.compile(
    r"/letters/(?P<list>[a-z0-9-]+)"
    r"/(?:signatories(?:\.atom)?|corrections(?:\.atom)?|updates(?:\.atom)?)"
    r"|/api/v1/letters/(?P<api_list>[a-z0-9-]+)/(?:signatories|corrections)"
    r"|/api/v1/letters/(?P<course>[a-z0-9-]+)/history(?:\.csv)?"
    r"|/letters/(?P<made>[a-z0-9-]+)/(?:counter|qr\.svg)"
    r"|/letters/(?P<page>[a-z0-9-]+)(?:/[A-Za-z_-]{2,12})?"
    r"|/embed/(?P<embed>[a-z0-9-]+)"
    r"(?:/(?:counter\.json|badge\.svg|badge\.png|card\.png))?"
    r"|/api/v1/letters/(?P<api>[a-z0-9-]+)(?:/tally)?"
)
_QUERY = ("lang",)
# What a list can be asked for out of closed lists, so that there are not many answers
# to keep; whatever is typed or turned to is made for the one who asks.
_LIST_QUERY = ("country", "lang", "sector", "verified")
_FRAME_QUERY = ("breakdown", "lang", "size", "theme")
_UNKEPT = frozenset({"after", "before", "q"})

Headers = list[tuple[str, str]]
AskVersion = Callable[[str], str | None]
# Path, query, and whether it is compressed.
_Key = tuple[str, str, bool]


@dataclass(slots=True)
class _Answer:
    """One answer in one encoding, ready for the wire."""

    status: str
    headers: Headers
    body: bytes
    etag: str
    not_modified: Headers
    version: str
    until: float
    made: float


class Front:
    """The WSGI layer before both applications."""

    def __init__(
        self,
        inner: WSGIApplication,
        *,
        hosts: Iterable[str],
        ask_version: AskVersion,
        static: Path,
        memory: bool = True,
    ) -> None:
        """`ask_version` gives the public version of a slug, None where there is none.

        `memory` off renders every answer anew, to measure what that costs.
        """
        self._inner = inner
        self._hosts = frozenset(hosts)
        self._ask = ask_version
        self._memory = dict(_static_files(static))
        self._keep = memory
        # A fixed number, so that invented addresses cannot fill the memory.
        self._locks = tuple(Lock() for _ in range(64))
        self._versions: dict[str, tuple[float, str | None]] = {}

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method == "GET" or method == "HEAD":
            accepts = environ.get("HTTP_ACCEPT_ENCODING", "")
            key = (
                environ["PATH_INFO"],
                environ.get("QUERY_STRING", ""),
                "gzip" in accepts and ("q=0" not in accepts or _accepts_gzip(accepts)),
            )
            if environ.get("HTTP_HOST") in self._hosts:
                answer = self._memory.get(key)
                if answer is None or answer.until < monotonic():
                    answer = self._find(environ, key)
                if answer is not None:
                    given = environ.get("HTTP_IF_NONE_MATCH")
                    if given is not None and _matches(given, answer.etag):
                        start_response("304 Not Modified", answer.not_modified)
                        return []
                    start_response(answer.status, answer.headers)
                    return [answer.body] if method == "GET" else []
        return self._inner(environ, start_response)

    def _find(self, environ: WSGIEnvironment, key: _Key) -> _Answer | None:
        """An answer that is fresh, or None for what is none of ours to keep."""
        file = self._memory.get((key[0], "", key[2]))
        if file is not None and file.version == "":
            # Other sites add a query of theirs, and pages of a moment ago another hash.
            return file
        match = _CACHEABLE.fullmatch(key[0])
        if match is None or not self._keep:
            return None
        of_list = match["list"] or match["api_list"] or match["course"]
        framed = match["embed"] or match["made"]
        slug = of_list or framed or match["page"] or match["api"]
        names = _FRAME_QUERY if framed else _QUERY
        query = _list_query(key[1]) if of_list else _allowed(key[1], names)
        if query is None:
            return None
        key = (key[0], query, key[2])
        answer = self._memory.get(key)
        now = monotonic()
        if answer is not None and answer.until >= now:
            return answer
        lock = self._locks[hash(key[:2]) % len(self._locks)]
        # While somebody else asks, the answer of a moment ago is given out; one that is
        # older waits, or a letter that nobody read for an hour would show that hour.
        if not lock.acquire(blocking=answer is None or answer.until + FRESH < now):
            return answer
        try:
            return self._refreshed(environ, key, slug)
        finally:
            lock.release()

    def _refreshed(
        self, environ: WSGIEnvironment, key: _Key, slug: str
    ) -> _Answer | None:
        answer = self._memory.get(key)
        now = monotonic()
        if answer is not None and answer.until >= now:
            # Whoever held the lock before asked for it too.
            return answer
        try:
            asked, version = self._version(slug, now)
        except (InterfaceError, OperationalError, TimeoutError):
            if answer is None or answer.made < now - STALE:
                # The application says so in a page of its own.
                return None
            answer.until = now + FRESH
            return answer
        if version is None:
            return None
        if answer is None or answer.version != version:
            if not self._render(environ, key, version):
                return None
            answer = self._memory[key]
        for gzipped in (True, False):
            kept = self._memory.get((key[0], key[1], gzipped))
            if kept is not None and kept.version == answer.version:
                kept.until, kept.made = asked + FRESH, asked
        return answer

    def _version(self, slug: str, now: float) -> tuple[float, str | None]:
        """When the version was asked for, and what it was; at most once a second."""
        known = self._versions.get(slug)
        if known is None or known[0] + FRESH < now:
            known = (now, self._ask(slug))
            if len(self._versions) >= _MOST_ANSWERS:
                self._versions = {}
            self._versions[slug] = known
        return known

    def _render(self, environ: WSGIEnvironment, key: _Key, version: str) -> bool:
        """Ask Flask for the answer and keep it, plain and compressed; False: not ours.

        The version that the answer itself was read at is the one it is kept under.
        """
        clean = {
            name: value
            for name, value in environ.items()
            if not name.startswith("HTTP_") or name == "HTTP_HOST"
        }
        clean |= {"REQUEST_METHOD": "GET", "QUERY_STRING": key[1], TO_KEEP: True}
        status, headers, body = _run(self._inner, clean)
        read_at = dict(headers).get(VERSION_HEADER)
        if not status.startswith("200") or read_at is None:
            return False
        if len(self._memory) > _MOST_ANSWERS:
            self._memory = {k: a for k, a in self._memory.items() if a.version == ""}
        for gzipped in (False, True):
            self._memory[key[0], key[1], gzipped] = _answer(
                status, headers, body, gzipped=gzipped, version=read_at
            )
        return True


@cache
def _static_files(folder: Path) -> dict[_Key, _Answer]:
    """Every static file, kept for ever: its address names its hash."""
    answers = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        body = path.read_bytes()
        digest = hashlib.sha256(body).hexdigest()
        address = f"/static/{path.relative_to(folder).as_posix()}"
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind.endswith(("javascript", "svg+xml"))
        if address == "/static/embed/counter.js":
            # Other sites name it for ever, so its address cannot name its hash.
            address = "/embed/counter.js"
        for query, keep in (
            (f"v={digest[:12]}", "public, max-age=31536000, immutable"),
            ("", "public, max-age=300"),
        ):
            headers = [
                ("Content-Type", f"{kind}; charset=utf-8" if text else kind),
                ("Cache-Control", keep),
                ("ETag", f'"{digest[:32]}"'),
                ("Vary", "Accept-Encoding"),
                ("X-Content-Type-Options", "nosniff"),
                ("Access-Control-Allow-Origin", "*"),
                ("Cross-Origin-Resource-Policy", "cross-origin"),
                (
                    "Content-Security-Policy",
                    "default-src 'none'; frame-ancestors 'none'; sandbox",
                ),
            ]
            for gzipped in (False, True):
                answer = _answer(
                    "200 OK", headers, body, gzipped=gzipped and text, version=""
                )
                answer.until = float("inf")
                answers[address, query, gzipped] = answer
    return answers


def _run(
    application: WSGIApplication, environ: dict[str, Any]
) -> tuple[str, Headers, bytes]:
    """The whole answer of a WSGI application (PEP 3333)."""
    started: list[tuple[str, Headers]] = []

    def start_response(
        status: str, headers: Headers, exc_info: object = None
    ) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    result = application(environ, start_response)
    try:
        body = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, headers = started[-1]
    return status, headers, body


def _answer(
    status: str, headers: Headers, body: bytes, *, gzipped: bool, version: str
) -> _Answer:
    """An answer with its own ETag for each encoding (RFC 9110 section 8.8.3.3)."""
    gzipped = gzipped and len(body) > _MOST_SMALL
    dropped = ("content-length", "content-encoding", "etag", VERSION_HEADER.lower())
    etag = next(value for name, value in headers if name.lower() == "etag")
    kept = [(name, value) for name, value in headers if name.lower() not in dropped]
    if gzipped:
        body = gzip.compress(body, 9, mtime=0)
        etag = f'{etag[:-1]}-gz"'
        kept.append(("Content-Encoding", "gzip"))
    kept.append(("ETag", etag))
    not_modified = [pair for pair in kept if not pair[0].lower().startswith("content-")]
    kept.append(("Content-Length", str(len(body))))
    return _Answer(status, kept, body, etag, not_modified, version, 0.0, 0.0)


def _matches(given: str, etag: str) -> bool:
    """Whether If-None-Match names this answer (RFC 9110 section 13.1.2)."""
    if given.strip() == "*":
        return True
    return any(part.strip().removeprefix("W/") == etag for part in given.split(","))


def _accepts_gzip(accepts: str) -> bool:
    """Whether gzip is accepted where the header gives weights (RFC 9110, 12.5.3)."""
    for part in accepts.split(","):
        coding, _, weight = part.replace(" ", "").partition(";q=")
        if coding == "gzip":
            try:
                return not weight or float(weight) > 0
            except ValueError:
                return False
    return False


def _allowed(query: str, names: tuple[str, ...]) -> str:
    """The query as it counts: known names once, in one order; the rest is ignored."""
    if not query:
        return ""
    given = dict(parse_qsl(query[:200]))
    return urlencode([(name, given[name]) for name in names if name in given])


def _list_query(query: str) -> str | None:
    """The same for a list; None where its answer is not to be kept."""
    given = dict(parse_qsl(query))
    if _UNKEPT & given.keys():
        return None
    return urlencode([(name, given[name]) for name in _LIST_QUERY if name in given])
