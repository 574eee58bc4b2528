"""The API: numbers, list and corrections as JSON, for any site (CORS `*`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response

from app import answers, i18n, urls
from app.domain import figures
from app.publishing import corrections, reading
from app.publishing.items import item
from app.site import site

SIZE = 100

bp = Blueprint("api", __name__, url_prefix="/api/v1")


@bp.get("/letters/<slug:slug>")
def letter(slug: str) -> Response:
    """A letter: its wordings, its sectors, and whether it can be signed."""
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
    base = site().config.base_url

    def time(moment: datetime | None) -> str | None:
        return i18n.iso(moment) if moment else None

    body: dict[str, Any] = {
        "letter": settings.slug,
        "url": urls.absolute(base, urls.letter(slug)),
        "organiser": settings.organiser,
        "phase": version.phase.value,
        "published_at": time(settings.published_at),
        "opens_at": time(settings.opens_at),
        "closes_at": time(settings.closes_at),
        "headline": settings.headline,
        "languages": [
            {
                "language": one.language,
                "title": one.title,
                "summary": one.summary,
                "url": urls.absolute(base, urls.letter(slug, one.language)),
                "version": one.number,
                "hash": one.hash,
            }
            for one in settings.wordings.values()
        ],
        "sectors": [
            {
                "key": key,
                "labels": {
                    language: settings.sector_label(key, language)
                    for language in settings.wordings
                },
            }
            for key in settings.sector_keys
        ],
        "as_of": i18n.iso(version.as_of),
    }
    return answers.public(_json(body), version=version, names=False)


@bp.get("/letters/<slug:slug>/tally")
def numbers(slug: str) -> Response:
    """The numbers of a letter with their time and what they mean."""
    settings, version, counted = reading.numbers(slug)
    language = settings.wording(answers.language_asked(settings)).language
    shown = figures.numbers(
        counted, settings=settings, as_of=version.as_of, language=language
    )
    translate = i18n.translator(i18n.speaks(language))
    body: dict[str, Any] = {
        "letter": settings.slug,
        "as_of": i18n.iso(shown.as_of),
        "confirmed": shown.confirmed,
        "verified": shown.verified,
        "collected": shown.collected,
        "headline": settings.headline,
        "sectors": [
            {
                "key": sector.key,
                "label": sector.label,
                "confirmed": sector.confirmed,
                "verified": sector.verified,
                "collected": sector.collected,
            }
            for sector in shown.sectors
        ],
        "collected_source": shown.collected_note,
        "definitions": {
            key: translate(words) for key, words in figures.DEFINITIONS.items()
        },
    }
    return answers.public(_json(body), version=version, names=False)


@bp.get("/letters/<slug:slug>/signatories")
def lines(slug: str) -> Response:
    """A page of the public list, asked for as on the page for readers."""
    begun, question, page = reading.asked_page(slug, size=SIZE)
    path = urls.absolute(site().config.base_url, urls.api(slug, "signatories"))
    body = {
        "items": [item(row) for row in page.rows],
        "next": question.address(path, after=page.next) if page.next else None,
        "as_of": i18n.iso(begun.version.as_of),
    }
    response = answers.not_for_search_engines(_json(body))
    return answers.public(response, version=begun.version, names=True)


@bp.get("/letters/<slug:slug>/corrections")
def changes(slug: str) -> Response:
    """What was removed or changed, newest first: categories and times, never a name."""
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        rows, following = corrections.read(session, settings)
    path = urls.absolute(site().config.base_url, urls.api(slug, "corrections"))
    body = {
        "items": [
            {
                "kind": row.kind,
                "cause": row.cause,
                "number": row.number,
                "note": row.note,
                "at": i18n.iso(row.at),
            }
            for row in rows
        ],
        "next": f"{path}?before={following}" if following else None,
        "as_of": i18n.iso(version.as_of),
    }
    return answers.public(_json(body), version=version, names=False)


def _json(body: dict[str, Any]) -> Response:
    return answers.for_any_site(answers.json(body))
