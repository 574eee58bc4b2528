"""Pages of one letter's rooms: what each of them is told of where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request

from app import i18n, urls
from app.organising import shell
from app.organising.access import Here


def locale() -> str:
    """The language in which the organiser reads."""
    return shell.locale()


def translator() -> Callable[..., str]:
    """What turns a marked sentence into that language."""
    return i18n.translator(locale())


def page(template: str, *, here: Here, status: int = 200, **context: Any) -> Response:
    """A page about the letter at hand."""
    return shell.page(
        template,
        status=status,
        here=here,
        root=f"{request.script_root}/letters/{here.settings.slug}",
        public=urls.letter(here.settings.slug),
        title=here.settings.wording(None).title,
        **context,
    )
