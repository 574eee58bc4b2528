"""The letter's page, put together: what has not changed is not set again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app import i18n, sheets, urls
from app.domain import figures, signatories
from app.domain.letters import Settings
from app.domain.moving import Moving
from app.domain.signatories import Line
from app.domain.views import LetterView, PublicLine, SignForm, StoredHtml, data
from app.site import site

_OF_NUMBERS = ("glance", "total", "sums")
_MOVING = (*_OF_NUMBERS, "bars", "rows", "names")


def put_together(moving: Moving, view: LetterView) -> str:
    """The page at one moment: what moves, set into what stands."""
    settings, language = moving.settings, view.language
    numbers = figures.numbers(
        moving.counted,
        settings=settings,
        as_of=moving.version.as_of,
        language=language,
    )

    def public(row: Line) -> PublicLine:
        return signatories.line(row, settings, language)

    featured, newest = signatories.first(moving.lines)
    lines = _set(settings, view, "line", [*featured, *newest], public)
    names = (
        _joined(lines[row] for row in featured),
        _joined(lines[row] for row in newest),
    )
    pieces = {
        "bars": _set(settings, view, "bar", enumerate(numbers.sectors)),
        "rows": _set(settings, view, "row", numbers.sectors),
        "names": _set(settings, view, "names", [names]),
    } | {name: _set(settings, view, name, [numbers]) for name in _OF_NUMBERS}
    moving_parts = {name: _joined(of.values()) for name, of in pieces.items()}
    return sheets.filled(_standing(settings, view), moving_parts)


def _set(
    settings: Settings,
    view: LetterView,
    piece: str,
    values: Iterable[Any],
    shown: Callable[[Any], object] = lambda value: value,
) -> dict[Any, StoredHtml]:
    """Each value as its template sets it; what the page had before stays as it was.

    A piece is a function of its value and of the view. Of what is shown no longer,
    such as an erased name, nothing is kept.
    """
    key = piece, view.language, view.phase
    before = settings.pieces.get(key, {})
    template = f"signing/{piece}.html"
    after = {
        value: before.get(value)
        or StoredHtml(
            i18n.render(template, view.locale, letter=view, item=shown(value))
        )
        for value in values
    }
    settings.pieces[key] = after
    return after


def _joined(pieces: Iterable[StoredHtml]) -> StoredHtml:
    return StoredHtml("\n".join(pieces))


def _standing(settings: Settings, view: LetterView) -> list[str]:
    """What only an organiser changes on the letter's page."""
    base = site().config.base_url
    return sheets.marked(
        settings,
        view,
        "signing/letter.html",
        _MOVING,
        form=SignForm(),
        status=200,
        base=base,
        about=described(view, base),
    )


def described(view: LetterView, base: str) -> StoredHtml:
    """What machines read of a letter: JSON-LD in the words of schema.org.

    The signs by which it could end its element are written as JSON's escapes.
    """
    address = urls.absolute(base, urls.letter(view.slug, view.language))
    about = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": address,
        "url": address,
        "name": view.title,
        "abstract": view.summary,
        "inLanguage": view.language,
        "version": view.version,
        "publisher": {"@type": "Organization", "name": view.organiser},
        "image": urls.absolute(base, urls.card(view.slug, view.language)),
        "datePublished": i18n.iso(view.published_at) if view.published_at else None,
        "subjectOf": {
            "@type": "DataFeed",
            "url": urls.absolute(base, urls.tally(view.slug, view.language)),
            "encodingFormat": "application/json",
        },
    }
    return data({name: what for name, what in about.items() if what})
