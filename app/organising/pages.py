"""Pages of the organisers: never kept, with scripts of our own and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_wtf.csrf import generate_csrf

from app import answers, i18n, urls
from app.organising.access import Here

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class _Token:
    """The token of a page's forms, made only where a form asks for it."""

    def __html__(self) -> str:
        """What Jinja asks a value for that may stand as it is: base64url and dots."""
        return str(generate_csrf())


def locale() -> str:
    """The language in which the organiser reads."""
    return i18n.speaks(answers.language_asked() or i18n.FALLBACK)


def translator() -> Callable[..., str]:
    """What turns a marked sentence into that language."""
    return i18n.translator(locale())


def page(template: str, *, here: Here, status: int = 200, **context: Any) -> Response:
    """A page about the letter at hand."""
    body = i18n.render(
        template,
        locale(),
        root=f"{request.script_root}/letters/{here.settings.slug}",
        public=urls.letter(here.settings.slug),
        title=here.settings.wording(None).title,
        csrf=_Token(),
        status=status,
        **context,
    )
    response = Response(body, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
