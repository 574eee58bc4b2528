"""The first page: the open letters, or the letter when there is but one; and files."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from app import answers, db, i18n, urls
from app.domain import letters
from app.publishing import reading
from app.site import site

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> Response:
    """The letters that the public may see."""
    now = db.now()
    with site().database.snapshot() as session:
        visible = [item for item, _ in reading.all_visible(session, now=now)]
    if len(visible) == 1:
        language = answers.language_asked(visible[0])
        return answers.see_other(urls.letter(visible[0].slug, language))
    locale = i18n.speaks(answers.language_asked() or i18n.FALLBACK)
    return answers.page(
        "publishing/home.html",
        locale=locale,
        letters=[letters.view(item, language=locale, now=now) for item in visible],
    )


@bp.get("/static/<path:name>")
@bp.get("/embed/counter.js")
def file(name: str = "") -> Response:
    """What `front` gives out itself: here is said which methods it takes, and no more."""
    abort(404)
