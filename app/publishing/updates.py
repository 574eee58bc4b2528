"""What the organisers wrote to their signatories, for all to read: page and feed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response

from app import answers, db, i18n, urls
from app.domain import letters, mailings
from app.domain.mailings import Shown
from app.domain.versions import Version
from app.domain.views import LetterView, StoredHtml
from app.publishing import reading
from app.site import site

bp = Blueprint("updates", __name__)


class Entry(NamedTuple):
    """One update in the language of the page, or in the letter's first one."""

    id: str
    at: datetime
    subject: str
    html: StoredHtml
    language: str
    direction: str


def _entries(slug: str) -> tuple[LetterView, Version, list[Entry], int | None]:
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        found = mailings.published(
            session, letter_id=settings.id, before=answers.place_asked("before")
        )
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    shown = found[: mailings.PAGE]
    entries = [
        entry
        for one in shown
        if (entry := _entry(one, view.language, settings.default_language))
    ]
    return view, version, entries, shown[-1].id if len(found) > len(shown) else None


def _entry(update: Shown, *languages: str) -> Entry | None:
    language = next((code for code in languages if code in update.texts), None)
    if language is None or update.started_at is None:
        return None
    text = update.texts[language]
    return Entry(
        update.public_id,
        update.started_at,
        text.subject,
        text.html,
        language,
        i18n.direction(language),
    )


@bp.get("/letters/<slug:slug>/updates")
def page(slug: str) -> Response:
    """The updates that are for all, newest first."""
    view, version, entries, following = _entries(slug)
    response = answers.page(
        "publishing/updates.html",
        letter=view,
        entries=entries,
        next=f"{urls.updates(slug)}?before={following}&lang={view.language}"
        if following
        else None,
    )
    return answers.public(response, version=version, names=False)


@bp.get("/letters/<slug:slug>/updates.atom")
def feed(slug: str) -> Response:
    """The newest of them as an Atom feed (RFC 4287)."""
    view, version, entries, _following = _entries(slug)
    base = site().config.base_url
    body = i18n.render(
        "publishing/updates.xml",
        view.locale,
        letter=view,
        here=urls.absolute(base, urls.updates_feed(slug, view.language)),
        page=urls.absolute(base, urls.updates(slug, view.language)),
        updated=max((entry.at for entry in entries), default=version.as_of),
        entries=entries,
    )
    response = Response(body, mimetype="application/atom+xml")
    return answers.public(answers.for_any_site(response), version=version, names=False)
