"""Who may POST: a page of ours, or something that is not a browser."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    LengthRequired,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from app.gate import LONGEST_BODY

MOST_FIELDS = 40


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


def read_body(request: Request, mimetype: str) -> bytes:
    """The body as it came, whole.

    Raises UnsupportedMediaType for another content type, RequestEntityTooLarge for
    a long body, LengthRequired for one whose end could not be told from a broken
    connection, BadRequest for one that is not whole.
    """
    length = request.content_length or 0
    if length > LONGEST_BODY:
        raise RequestEntityTooLarge
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    if request.mimetype != mimetype:
        raise UnsupportedMediaType
    body = request.get_data(cache=False)
    if len(body) != length:
        raise BadRequest("the connection ended before the form did")
    return body


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each once, as text.

    Raises what `read_body` does, RequestEntityTooLarge for many fields, and BadRequest
    for bad UTF-8 or a field given twice. The body is read raw, since Werkzeug mends bad
    UTF-8 in silence.
    """
    body = read_body(request, "application/x-www-form-urlencoded")
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


def read_file(request: Request, field: str) -> bytes:
    """The file of a form that sends one, as long as it is no longer than a form.

    Raises UnsupportedMediaType for another content type, RequestEntityTooLarge and
    LengthRequired as `read_form` does, and BadRequest where there is no such file.
    """
    if (request.content_length or 0) > LONGEST_BODY:
        raise RequestEntityTooLarge
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    request.max_form_parts = MOST_FIELDS
    file = request.files.get(field)
    if file is None:
        raise BadRequest("no file")
    return bytes(file.read())
