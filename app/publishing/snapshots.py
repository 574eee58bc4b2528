"""Press snapshots: public with their letter, before that behind a private link."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, abort

from app import answers, db, i18n, urls
from app.db import Transaction
from app.domain import letters, previews, snapshots
from app.domain.letters import Settings
from app.domain.snapshots import Shown
from app.i18n import marked as _
from app.site import site

bp = Blueprint("snapshots", __name__)

_GONE = _("withdrawn since")


@bp.get("/letters/<slug:slug>/snapshots/<public_id>")
def page(slug: str, public_id: str) -> Response:
    """The verified signatories of one moment, with the numbers of then."""
    with site().database.snapshot() as session:
        settings, shown = _public(session, slug, public_id)
    return _page(settings, shown, urls.snapshot(slug, public_id))


@bp.get("/letters/<slug:slug>/snapshots/<public_id>.csv")
def table(slug: str, public_id: str) -> Response:
    """The same as CSV."""
    with site().database.snapshot() as session:
        settings, shown = _public(session, slug, public_id)
    return _csv(settings, shown)


@bp.get("/preview/<token>/snapshots/<public_id>")
def private_page(token: str, public_id: str) -> Response:
    """The page before the letter's embargo has passed."""
    with site().database.snapshot() as session:
        settings, shown = _private(session, token, public_id)
    path = urls.preview_snapshot(token, public_id)
    return _page(settings, shown, path, preview=token)


@bp.get("/preview/<token>/snapshots/<public_id>.csv")
def private_table(token: str, public_id: str) -> Response:
    """The CSV before the letter's embargo has passed."""
    with site().database.snapshot() as session:
        settings, shown = _private(session, token, public_id)
    return _csv(settings, shown)


def _public(session: Transaction, slug: str, public_id: str) -> tuple[Settings, Shown]:
    found = site().shelf.get(session, slug=slug, now=db.now())
    if found is None or not found[1].visible:
        abort(404)
    return _of(session, found[0], public_id)


def _private(
    session: Transaction, token: str, public_id: str
) -> tuple[Settings, Shown]:
    slug = previews.slug_behind(session, tokens=site().tokens, token=token)
    found = site().shelf.get(session, slug=slug, now=db.now()) if slug else None
    if found is None:
        abort(404)
    return _of(session, found[0], public_id)


def _of(
    session: Transaction, settings: Settings, public_id: str
) -> tuple[Settings, Shown]:
    """The snapshot, if it is one of this letter; 404 otherwise."""
    shown = snapshots.read(session, public_id=public_id)
    if shown is None or shown.letter_id != settings.id:
        abort(404)
    return settings, shown


def _page(
    settings: Settings, shown: Shown, path: str, *, preview: str = ""
) -> Response:
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    response = answers.page(
        "publishing/snapshot.html",
        letter=replace(view, preview=preview),
        snapshot=shown,
        path=path,
    )
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _csv(settings: Settings, shown: Shown) -> Response:
    locale = i18n.speaks(answers.language_asked(settings) or settings.default_language)
    text = snapshots.as_csv(shown, gone=i18n.translator(locale)(_GONE))
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{settings.slug}-{shown.id}.csv"'
    )
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
