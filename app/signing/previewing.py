"""The private way to a letter before the public sees it; in a rehearsal, to sign it."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, abort

from app import answers, db, urls
from app.domain import letters, moving, previews
from app.domain.views import Language
from app.signing import sheet
from app.site import site

bp = Blueprint("previewing", __name__)


def _slug(token: str) -> str:
    """The slug of the letter behind a private link, or 404."""
    with site().database.snapshot() as session:
        slug = previews.slug_behind(session, tokens=site().tokens, token=token)
    return slug or abort(404)


@bp.get("/preview/<token>/privacy")
def privacy(token: str) -> Response:
    """The privacy notice that the form of a rehearsal leads to."""
    slug, now = _slug(token), db.now()
    with site().database.snapshot() as session:
        found = site().shelf.get(session, slug=slug, now=now)
    if found is None:
        abort(404)
    language = answers.language_asked(found[0])
    view = letters.view(found[0], language=language, now=now)
    response = answers.page("signing/privacy.html", letter=replace(view, preview=token))
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/preview/<token>")
@bp.get("/preview/<token>/<language:locale>")
def preview(token: str, locale: str | None = None) -> Response:
    """The letter's page as it will be, marked as what it is; nobody may keep it."""
    here, now, slug = site(), db.now(), _slug(token)
    found = moving.read(here.database, shelf=here.shelf, slug=slug, now=now)
    if found is None:
        abort(404)
    if found.version.visible:
        return answers.see_other(urls.letter(slug, locale))
    # A copy, so that nothing set for this page is kept for the public one.
    settings = replace(found.settings, views={}, sheets={}, pieces={})
    if not settings.wordings or (locale and locale not in settings.wordings):
        abort(404)
    view = replace(
        letters.view(settings, language=locale, now=now),
        preview=token,
        languages=tuple(
            Language(code, name, urls.preview(token, code))
            for code, name, _ in letters.view(
                settings, language=locale, now=now
            ).languages
        ),
    )
    page = sheet.put_together(replace(found, settings=settings), view)
    response = answers.html(page, view)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
