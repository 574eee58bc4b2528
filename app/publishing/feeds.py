"""What programs find a letter by: feeds, the site map, robots, and a code to scan."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time

import qrcode
from flask import Blueprint, Response
from qrcode.image.svg import SvgPathImage

from app import answers, db, i18n, urls
from app.domain import letters, listing, signatories
from app.publishing import reading
from app.site import site

bp = Blueprint("feeds", __name__)

SIZE = 50
# Rooms in which there is nothing to be found, or one person's own pages.
_NOT_FOR_ROBOTS = (
    "/organise/",
    "/manage/",
    "/unsubscribe/",
    "/confirm/",
    "/preview/",
    "/invited/",
    "/dev/",
)


@bp.get("/letters/<slug:slug>/signatories.atom")
def newest(slug: str) -> Response:
    """The newest signatories as an Atom feed (RFC 4287).

    Whoever asked search engines to leave their page out is not in it: feeds are copied.
    """
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        rows = listing.newest(session, settings=settings, size=SIZE)
    view = letters.view(
        settings, language=answers.language_asked(settings), now=db.now()
    )
    base = site().config.base_url
    lines = [signatories.line(row, settings, view.language) for row in rows]
    body = i18n.render(
        "publishing/signatories.xml",
        view.locale,
        letter=view,
        base=base,
        here=urls.absolute(base, urls.signatories_feed(slug, view.language)),
        page=urls.absolute(base, urls.signatories(slug, view.language)),
        updated=version.as_of,
        entries=[
            (line, datetime.combine(line.confirmed_on, time(), UTC))
            for line in lines
            if line.confirmed_on
        ],
    )
    response = Response(body, mimetype="application/atom+xml")
    answers.not_for_search_engines(answers.for_any_site(response))
    return answers.public(response, version=version, names=True)


@bp.get("/letters/<slug:slug>/qr.svg")
def code(slug: str) -> Response:
    """The letter's address as a code to scan, for posters and slides."""
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
    language = answers.language_asked(settings)
    address = urls.absolute(site().config.base_url, urls.letter(slug, language))
    drawn = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, box_size=20).save(drawn)
    response = Response(drawn.getvalue(), mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; sandbox; frame-ancestors 'none'"
    )
    return answers.public(answers.for_any_site(response), version=version, names=False)


@bp.get("/sitemap.xml")
def site_map() -> Response:
    """Every public letter in each of its languages (sitemaps.org)."""
    with site().database.snapshot() as session:
        found = reading.all_visible(session, now=db.now())
    body = i18n.render(
        "publishing/sitemap.xml",
        i18n.FALLBACK,
        base=site().config.base_url,
        letters=[
            (one.slug, list(one.wordings), version.as_of) for one, version in found
        ],
    )
    return answers.for_a_while(Response(body, mimetype="application/xml"))


@bp.get("/robots.txt")
def robots() -> Response:
    """Where search engines have nothing to look for (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {room}" for room in _NOT_FOR_ROBOTS)]
    lines += [f"Sitemap: {urls.absolute(site().config.base_url, '/sitemap.xml')}", ""]
    return answers.for_a_while(Response("\n".join(lines), mimetype="text/plain"))
