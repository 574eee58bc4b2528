"""The two kinds of answer: kept from everybody, or the same for everyone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from json import JSONEncoder
from typing import Any
from urllib.parse import quote

from flask import Response, abort, current_app, request
from werkzeug.exceptions import HTTPException

from app import i18n
from app.domain import accent
from app.domain.letters import Settings
from app.domain.versions import Version
from app.domain.views import LetterView
from app.site import site

# Told to `front` where it asks for an answer to keep, and to nobody else.
VERSION_HEADER = "X-Public-Version"
TO_KEEP = "undersigned.to_keep"

# An erased name is gone from every copy within 10 s, so answers with names may be
# served stale for a moment only (design: section 7).
_WITH_NAMES = "public, max-age=5, stale-while-revalidate=3"
_WITHOUT_NAMES = "public, max-age=5, stale-while-revalidate=10, stale-if-error=300"

_POLICY = (
    "default-src 'none'; style-src 'self'{style}; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HARDENED = [
    (name.lower(), name, value)
    for name, value in {
        "Content-Security-Policy": _POLICY.format(style=""),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }.items()
]

# What a query is made of, and what stands for all else in it (RFC 3986 section 3.4).
_IN_QUERIES = "%/?:@!$&'()*+,;="

# What somebody sends who has an answer already: there is no Last-Modified to name.
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH")

# `json.dumps` makes an encoder of its own at each call that asks for another form.
_AS_JSON = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def page(
    template: str,
    *,
    letter: LetterView | None = None,
    locale: str | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """An HTML page that nobody may keep, in the language of its letter."""
    locale = locale or (letter.locale if letter else i18n.FALLBACK)
    body = i18n.render(template, locale, letter=letter, status=status, **context)
    return html(body, letter, status)


def html(body: str, letter: LetterView | None, status: int = 200) -> Response:
    """The same of a page that is rendered already.

    The letter's own style element, and no other, passes the content policy.
    """
    response = Response(body, status=status, mimetype="text/html")
    if letter is not None:
        style = f" {accent.css_source(letter.accent_css)}"
        response.headers["Content-Security-Policy"] = _POLICY.format(style=style)
    return response


def mail(markup: str, *, ancestors: str = "'none'") -> Response:
    """The HTML of a mail as a mail program shows it: it runs and loads nothing.

    Its looks stand in attributes; `ancestors` are the pages that may frame it.
    """
    response = Response(markup, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"frame-ancestors {ancestors}; sandbox"
    )
    return response


def see_other(path: str) -> Response:
    """Send the browser on with a GET after a POST (RFC 9110 section 15.4.4)."""
    response = Response(status=303, mimetype="text/plain")
    response.headers["Location"] = path
    response.autocorrect_location_header = False
    return response


def without_slash() -> Response | None:
    """Send on who asks for an address of ours with a slash too many at its end.

    None where there is nothing without it either, or nothing that takes the method. 308
    lets method and body be what they are (RFC 9110 section 15.4.9), and the way is to an
    address of this house, whatever stands before or in the one asked for.
    """
    path = request.path.rstrip("/")
    adapter = current_app.create_url_adapter(request)
    if path == request.path or not path or adapter is None:
        return None
    try:
        adapter.match(path)
    except HTTPException:
        return None
    query = quote(request.query_string, safe=_IN_QUERIES)
    response = Response(status=308, mimetype="text/plain")
    response.headers["Location"] = quote(request.script_root + path) + (
        f"?{query}" if query else ""
    )
    response.autocorrect_location_header = False
    return response


def public(response: Response, *, version: Version, names: bool) -> Response:
    """Mark an answer as the same for everyone, for as long as `version` stands.

    The ETag is taken from the bytes, so equal answers are equal and others are not.
    """
    if TO_KEEP in request.environ:
        response.headers[VERSION_HEADER] = version.key
    return _kept(response, _WITH_NAMES if names else _WITHOUT_NAMES)


def with_names(response: Response) -> Response:
    """Let an answer with names, which has an ETag of its own, be kept for a moment."""
    response.headers["Cache-Control"] = _WITH_NAMES
    return response


def for_a_while(response: Response, seconds: int = 300) -> Response:
    """Mark an answer that is the same for everyone and hardly ever another."""
    return _kept(response, f"public, max-age={seconds}")


def _kept(response: Response, how: str) -> Response:
    digest = hashlib.sha256(response.get_data()).hexdigest()[:32]
    response.headers["Cache-Control"] = how
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["ETag"] = f'"{digest}"'
    # What `front` keeps it answers itself; this is for all else (RFC 9110, 13.1.2).
    if not request.environ.keys().isdisjoint(_CONDITIONS):
        response.make_conditional(request)
        # The server puts the Date of giving on each answer. With that of making, a page
        # that has long been the same would be stale in every browser from its first
        # moment on (RFC 9111, 4.2.3).
        del response.headers["Date"]
    return response


# What deploy/nginx.conf holds each network to: so many searches and turned pages of the
# list in a second (draft-ietf-httpapi-ratelimit-headers). What is left to one reader
# could stand in no answer: all of them are the same for everyone.
_LIMITS = (
    ("RateLimit-Policy", '"searches";q=10;w=1'),
    ("Access-Control-Expose-Headers", "ETag, RateLimit-Policy, Retry-After"),
)


def harden(response: Response) -> Response:
    """The headers that every answer carries (threats 28, 38, 40)."""
    # Werkzeug's own `setdefault` reads all that stands there once for each of them.
    there = {name.lower() for name, _ in response.headers}
    for lowered, name, value in _HARDENED:
        if lowered not in there:
            response.headers.add(name, value)
    if request.path.startswith("/api/"):
        for name, value in _LIMITS:
            response.headers.add(name, value)
    if site().config.base_url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def language_asked(letter: Settings | None = None) -> str | None:
    """The language that `?lang=` names, if the letter or the house speaks it."""
    # Taking a query apart costs more than seeing that there is none.
    asked = request.args.get("lang") if request.query_string else None
    known = letter.wordings if letter else i18n.LOCALES
    return asked if asked in known else None


def place_asked(name: str) -> int | None:
    """Where the page begins that `before` or `after` asks for; None: at the first line.

    400 for what no page of ours names. Python reads the digits of every script, and
    what is longer than these fits into no id of the database's.
    """
    asked = request.args.get(name)
    if not asked:
        return None
    if not re.fullmatch("[0-9]{1,18}", asked):
        abort(400)
    return int(asked)


def json(body: Mapping[str, Any], kind: str = "application/json") -> Response:
    """An answer of JSON, with a line end for terminals."""
    return Response(f"{_AS_JSON(body)}\n", mimetype=kind)


def for_any_site(response: Response) -> Response:
    """Let scripts of every site read an answer, without credentials (threats 39)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def not_for_search_engines(response: Response) -> Response:
    """Keep an answer out of search engines: each line has a page of its own."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response
