"""What other sites ask when somebody pastes a letter's address (oEmbed 1.0)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from flask import Blueprint, Response, abort, request

from app import answers, db, i18n, urls
from app.domain import letters
from app.domain.letters import Settings
from app.publishing import embeds, images, reading
from app.site import site

bp = Blueprint("oembed", __name__)

_LETTER = re.compile(
    r"/(?:letters|embed)/([a-z0-9-]{1,100})(?:/(signatories|counter|corrections|card\.png"
    r"|[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*))?"
)
# Behind these are pages of one person each: whoever has such an address keeps it.
_PRIVATE = re.compile(r"/(?:preview|manage|confirm|invited|organise)(?:/.*)?")
_AGE = 300


@bp.get("/oembed")
def answer() -> Response:
    """A letter as `rich` (a frame), its share image as `photo`; section 2.3 of oEmbed.

    404 for what is no public letter of this house, 401 for private pages, 501 for a
    format that is neither JSON nor XML.
    """
    kind = request.args.get("format", "json")
    if kind not in ("json", "xml"):
        abort(501)
    try:
        asked = urlsplit(request.args.get("url", "")[:500])
    except ValueError:
        # A bracket too many, for one: no address at all.
        abort(404)
    if f"{asked.scheme}://{asked.netloc}" != site().config.base_url:
        abort(404)
    if _PRIVATE.fullmatch(asked.path):
        abort(401)
    found = _LETTER.fullmatch(asked.path)
    if found is None:
        abort(404)
    slug, part = found.groups()
    with site().database.snapshot() as session:
        settings, _version = reading.visible(session, slug)
    body = _photo(settings) if part == "card.png" else _rich(settings, part)
    response = answers.json(body) if kind == "json" else _xml(body)
    return answers.for_a_while(answers.for_any_site(response), _AGE)


def _rich(settings: Settings, part: str | None) -> dict[str, Any]:
    language = part if part in settings.wordings else None
    view = letters.view(settings, language=language, now=db.now())
    width = min(_most("maxwidth"), embeds.FRAME_WIDTH)
    height = embeds.FRAME_HEIGHT
    theme_and_size = {"lang": view.language}
    if _most("maxheight") < height or width < 260:
        height, theme_and_size["size"] = embeds.FRAME_SMALL, "small"
    base = site().config.base_url
    query = urlencode(theme_and_size)
    frame = urls.absolute(base, f"{urls.embed(settings.slug)}?{query}")
    return _told(settings, view.title) | {
        "type": "rich",
        "html": i18n.render(
            "publishing/iframe.html",
            view.locale,
            letter=view,
            frame=frame,
            width=width,
            height=height,
        ).strip(),
        "width": width,
        "height": height,
        "thumbnail_url": urls.absolute(base, urls.card(settings.slug, view.language)),
        "thumbnail_width": images.CARD_WIDTH,
        "thumbnail_height": images.CARD_HEIGHT,
    }


def _photo(settings: Settings) -> dict[str, Any]:
    """The card is one size: where it is too large, the site that shows it shrinks it."""
    view = letters.view(settings, language=None, now=db.now())
    share = min(
        1.0,
        _most("maxwidth") / images.CARD_WIDTH,
        _most("maxheight") / images.CARD_HEIGHT,
    )
    return _told(settings, view.title) | {
        "type": "photo",
        "url": urls.absolute(site().config.base_url, urls.card(settings.slug)),
        "width": round(images.CARD_WIDTH * share),
        "height": round(images.CARD_HEIGHT * share),
    }


def _told(settings: Settings, title: str) -> dict[str, Any]:
    base = site().config.base_url
    return {
        "version": "1.0",
        "title": title,
        "author_name": settings.organiser,
        "author_url": urls.absolute(base, urls.letter(settings.slug)),
        "provider_name": "Undersigned",
        "provider_url": base,
        "cache_age": _AGE,
    }


def _most(name: str) -> int:
    """A limit in pixels; what is no number limits nothing."""
    given = request.args.get(name, "")
    return int(given) if re.fullmatch("[1-9][0-9]{0,4}", given) else 100_000


def _xml(body: dict[str, Any]) -> Response:
    root = ElementTree.Element("oembed")
    for name, value in body.items():
        ElementTree.SubElement(root, name).text = str(value)
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(text, mimetype="text/xml")
