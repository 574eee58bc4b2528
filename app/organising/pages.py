"""Pages of one letter's rooms: what each of them is told of where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from app import i18n, urls
from app.domain.editing import WrongValue
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


def moment(field: str) -> datetime | None:
    """A time as browsers send it, in UTC; None where nothing was typed.

    Raises WrongValue.
    """
    text = request.form.get(field, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise WrongValue(field, "time") from None
    # Another zone than ours would be a time that nobody typed into this form.
    if at.tzinfo is not None or not 2000 <= at.year < 3000:
        raise WrongValue(field, "time")
    return at.replace(tzinfo=UTC)
