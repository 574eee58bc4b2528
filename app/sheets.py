"""Pages of which most stands: it is set once, and what moves is set into it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app import i18n
from app.domain.letters import Settings
from app.domain.views import LetterView, StoredHtml

# Marks in the standing part where the moving ones go; nobody can write one who does
# not know the random text.
_MARK = secrets.token_hex(8)
_MARKS = re.compile(f"<!--{_MARK} ([a-z]+)-->\n?")


def marked(
    settings: Settings,
    view: LetterView,
    template: str,
    moving: Sequence[str],
    **fixed: Any,
) -> list[str]:
    """A page that is made once for a letter's revision, cut where something moves.

    Text and the names of what is `moving` take turns in it.
    """
    key = template, view.language, view.phase, *(str(value) for value in fixed.values())
    if key not in settings.sheets:
        marks = {name: StoredHtml(f"<!--{_MARK} {name}-->") for name in moving}
        html = i18n.render(template, view.locale, letter=view, **fixed, **marks)
        settings.sheets[key] = _MARKS.split(html)
    return settings.sheets[key]


def filled(pieces: Iterable[str], parts: Mapping[str, str]) -> str:
    """A page cut by `marked`, with its moving parts set in."""
    return "".join(
        parts[piece] if number % 2 else piece for number, piece in enumerate(pieces)
    )
