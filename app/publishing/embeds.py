"""The counter for other sites: as data, as a frame, as pictures, and how to get it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app import answers, db, i18n, urls
from app.domain import accent, counters
from app.domain.counters import Counter
from app.domain.versions import Version
from app.i18n import marked as _
from app.publishing import images, reading
from app.site import site

bp = Blueprint("embeds", __name__)

THEMES = ("auto", "light", "dark")
SIZES = ("regular", "small")
# What a frame shows at most needs so much room, in CSS pixels.
FRAME_WIDTH, FRAME_HEIGHT, FRAME_SMALL = 480, 190, 96
_BY_SECTOR = 34

_GET = _("Get this counter")
_FRAME_POLICY = (
    "default-src 'none'; style-src 'self' {style}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors *"
)


def read(slug: str) -> tuple[Counter, Version]:
    """The counter of a letter in the language that the request asks for, or 404."""
    settings, version, counted = reading.numbers(slug)
    language = answers.language_asked(settings)
    found = counters.counter(
        settings, version, counted, language=language, now=db.now()
    )
    return found, version


def options() -> dict[str, Any]:
    """How a frame is to look; whatever is no option is as if it were not there."""
    given = request.args
    return {
        "theme": given["theme"] if given.get("theme") in THEMES else THEMES[0],
        "size": given["size"] if given.get("size") in SIZES else SIZES[0],
        "breakdown": given.get("breakdown") == "yes",
    }


def height(counter: Counter, chosen: dict[str, Any]) -> int:
    """How much room a frame with these options needs, in CSS pixels."""
    plain = FRAME_SMALL if chosen["size"] == "small" else FRAME_HEIGHT
    return plain + (_BY_SECTOR * len(counter.parts) if chosen["breakdown"] else 0)


@bp.get("/embed/<slug:slug>/counter.json")
def document(slug: str) -> Response:
    """What the custom element shows: numbers and words, and no name."""
    counter, version = read(slug)
    base, view = site().config.base_url, counter.letter
    translate = i18n.translator(counter.locale)
    body = {
        "letter": slug,
        "url": urls.absolute(base, counter.path),
        "title": view.title,
        "title_language": view.language,
        "title_dir": view.direction,
        "language": counter.locale,
        "dir": i18n.direction(counter.locale),
        "number": counter.number,
        "shown": counter.shown,
        "label": counter.label,
        "as_of": i18n.iso(counter.as_of),
        "as_of_words": counter.as_of_words,
        "note": counter.note,
        "beside": counter.beside,
        "words": counter.words,
        "sectors": [
            {"label": part.label, "number": part.number, "shown": part.shown,
             "share": part.share}
            for part in counter.parts
        ],
        "get": translate(_GET),
        "get_url": urls.absolute(base, urls.counter(slug, view.language)),
    }  # fmt: skip
    return answers.public(
        answers.for_any_site(answers.json(body)), version=version, names=False
    )


@bp.get("/embed/<slug:slug>")
def frame(slug: str) -> Response:
    """The counter as a page of its own, to be framed by any site."""
    counter, version = read(slug)
    base = site().config.base_url
    response = answers.page(
        "publishing/embed.html",
        letter=counter.letter,
        locale=counter.locale,
        counter=counter,
        address=urls.absolute(base, counter.path),
        get=urls.absolute(base, urls.counter(slug, counter.letter.language)),
        **options(),
    )
    style = accent.css_source(counter.letter.accent_css)
    response.headers["Content-Security-Policy"] = _FRAME_POLICY.format(style=style)
    # A page that isolates itself takes only frames that do so as well.
    response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answers.public(response, version=version, names=False)


@bp.get("/embed/<slug:slug>/badge.svg")
def badge_svg(slug: str) -> Response:
    """The number and its time as a small picture."""
    counter, version = read(slug)
    return _picture(images.badge(counter, fit=True), "image/svg+xml", version)


@bp.get("/embed/<slug:slug>/badge.png")
def badge_png(slug: str) -> Response:
    """The same as PNG, twice as large for sharp screens."""
    counter, version = read(slug)
    drawn = images.png(images.badge(counter, fit=False), zoom=2)
    return _picture(drawn, "image/png", version)


@bp.get("/embed/<slug:slug>/card.png")
def card(slug: str) -> Response:
    """The share image that goes with links to the letter."""
    counter, version = read(slug)
    return _picture(images.png(images.card(counter)), "image/png", version)


def _picture(content: str | bytes, kind: str, version: Version) -> Response:
    response = answers.for_any_site(Response(content, mimetype=kind))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answers.public(response, version=version, names=False)


@bp.get("/letters/<slug:slug>/counter")
def page(slug: str) -> Response:
    """For webmasters: every form of the counter as it looks, and the code to copy."""
    counter, version = read(slug)
    chosen = options()
    response = answers.page(
        "publishing/counter.html",
        letter=counter.letter,
        counter=counter,
        base=site().config.base_url,
        width=FRAME_WIDTH,
        height=height(counter, chosen),
        themes=THEMES,
        sizes=SIZES,
        **chosen,
    )
    # This one page frames the counter and runs its script, to show them.
    policy = response.headers["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = (
        f"{policy}; frame-src 'self'; script-src 'self'; connect-src 'self'"
    )
    return answers.public(response, version=version, names=False)
