"""The API: the published numbers as JSON, for any site (CORS `*`)."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response

from app import answers, db, i18n
from app.domain import figures, tally
from app.problems import problem
from app.site import site

bp = Blueprint("api", __name__, url_prefix="/api/v1")


@bp.get("/letters/<slug:slug>/tally")
def numbers(slug: str) -> Response:
    """The numbers of a letter with their time and what they mean."""
    with site().database.snapshot() as session:
        found = site().shelf.get(session, slug=slug, now=db.now())
        if found is None or not found[1].visible:
            return problem(404)
        settings, version = found
        counted = tally.read(session, letter_id=settings.id)
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
    response = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n",
        mimetype="application/json",
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answers.public(response, version=version, names=False)
