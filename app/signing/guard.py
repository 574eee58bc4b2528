"""Who may POST: a page of ours, or something that is not a browser."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

# A form of ours has at most fifteen fields and a few hundred characters.
LONGEST_BODY = 16 * 1024
MOST_FIELDS = 40
# A larger body is read to its end and thrown away, so that the browser gets to
# read the answer instead of meeting a closed connection.
LONGEST_DRAINED = 16 * 1024 * 1024


def check_origin(request: Request, origins: frozenset[str]) -> None:
    """Refuse what a page of another site sends. Raises Forbidden.

    Fetch Metadata first, else Origin (threats, section 4). A request with neither
    comes from no browser, and there is no cookie here that it could ride on.
    """
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        if fetch_site not in ("same-origin", "none"):
            raise Forbidden
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin not in origins:
        raise Forbidden


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each once, as text.

    Raises UnsupportedMediaType for another content type, RequestEntityTooLarge for
    a long body or many fields, BadRequest for bad UTF-8 or a field given twice. The
    body is read raw, since Werkzeug mends bad UTF-8 in silence.
    """
    drain_if_long(request)
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    if len(body) > LONGEST_BODY:
        raise RequestEntityTooLarge
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
        )
    except UnicodeDecodeError:
        raise BadRequest("not UTF-8") from None
    if len(pairs) > MOST_FIELDS:
        raise RequestEntityTooLarge
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadRequest("a field stands twice")
    return fields


def drain_if_long(request: Request) -> None:
    """Read a body over the limit to its end. Raises RequestEntityTooLarge."""
    length = request.content_length
    if length is None or length <= LONGEST_BODY:
        return
    left = min(length, LONGEST_DRAINED)
    stream = request.environ["wsgi.input"]
    while left > 0:
        part = stream.read(min(left, 65536))
        if not part:
            break
        left -= len(part)
    raise RequestEntityTooLarge
