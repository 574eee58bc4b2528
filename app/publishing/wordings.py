"""The letter's words over time: every public wording, and what it changed."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from app import answers, db
from app.domain import letters, wordings
from app.site import site

bp = Blueprint("wordings", __name__)


@bp.get("/letters/<slug:slug>/versions")
def versions(slug: str) -> Response:
    """The wordings in one language, newest first, each with its difference."""
    now = db.now()
    with site().database.snapshot() as session:
        found = site().shelf.get(session, slug=slug, now=now)
        if found is None or not found[1].visible:
            abort(404)
        settings, version = found
        language = settings.wording(answers.language_asked(settings)).language
        stages = wordings.stages(session, letter_id=settings.id, language=language)
    view = letters.view(settings, language=language, now=now)
    response = answers.page("publishing/versions.html", letter=view, stages=stages)
    return answers.public(response, version=version, names=False)
