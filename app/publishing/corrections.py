"""The account of public changes, as a page and as a feed (RFC 4287)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response

from app import answers, db, i18n, urls
from app.db import Transaction
from app.domain import corrections, letters
from app.domain.letters import Settings
from app.domain.views import LetterView
from app.i18n import marked_plural as ngettext
from app.publishing import reading
from app.site import site

bp = Blueprint("corrections", __name__)

# (kind, cause) -> what happened to so many lines.
_WORDS = {
    ("removed", "signatory"): ngettext(
        "%(number)s signature was taken back by its signatory.",
        "%(number)s signatures were taken back by their signatories.",
    ),
    ("removed", None): ngettext(
        "%(number)s signature was removed by the organisers.",
        "%(number)s signatures were removed by the organisers.",
    ),
    ("restored", None): ngettext(
        "%(number)s line is shown again as it was before.",
        "%(number)s lines are shown again as they were before.",
    ),
    ("corrected", "signatory"): ngettext(
        "%(number)s verified line was corrected by its signatory and is to be "
        "verified anew.",
        "%(number)s verified lines were corrected by their signatories and are to be "
        "verified anew.",
    ),
    ("corrected", None): ngettext(
        "%(number)s verified line was corrected.",
        "%(number)s verified lines were corrected.",
    ),
    ("added_notable", None): ngettext(
        "%(number)s verified signatory was added to the notable ones.",
        "%(number)s verified signatories were added to the notable ones.",
    ),
    ("recoded", None): ngettext(
        "%(number)s signature was moved to another sector.",
        "%(number)s signatures were moved to another sector.",
    ),
    ("text_changed", None): ngettext(
        "The text of the letter was changed.", "The text of the letter was changed."
    ),
    ("hidden", "signatory"): ngettext(
        "%(number)s name was taken out of the list by its signatory, who is still "
        "counted.",
        "%(number)s names were taken out of the list by their signatories, who are "
        "still counted.",
    ),
    ("hidden", None): ngettext(
        "The statement or affiliation of %(number)s signatory was hidden.",
        "The statements or affiliations of %(number)s signatories were hidden.",
    ),
}


class Entry(NamedTuple):
    """One correction in words."""

    id: int
    at: datetime
    words: str
    note: str | None


def _entry(row: Any, locale: str) -> Entry:
    forms = _WORDS.get((row.kind, row.cause)) or _WORDS[row.kind, None]
    words = i18n.counted(forms, row.number, locale)
    values = {"number": i18n.number(row.number, locale)}
    return Entry(row.id, row.at, words % values, row.note)


def read(session: Transaction, settings: Settings) -> tuple[list[Any], int | None]:
    """The page of corrections that the request asks for, or 400."""
    assert settings.published_at is not None
    rows, following = corrections.read(
        session,
        letter_id=settings.id,
        since=settings.published_at,
        before=answers.place_asked("before"),
    )
    return list(rows), following


def _entries(slug: str) -> tuple[LetterView, Any, list[Entry], int | None]:
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        rows, following = read(session, settings)
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    return view, version, [_entry(row, view.locale) for row in rows], following


@bp.get("/letters/<slug:slug>/corrections")
def page(slug: str) -> Response:
    """What was removed or changed, and when; nobody is named."""
    view, version, entries, following = _entries(slug)
    response = answers.page(
        "publishing/corrections.html",
        letter=view,
        entries=entries,
        next=f"{urls.corrections(slug)}?before={following}&lang={view.language}"
        if following
        else None,
    )
    return answers.public(response, version=version, names=False)


@bp.get("/letters/<slug:slug>/corrections.atom")
def feed(slug: str) -> Response:
    """The newest of them as an Atom feed."""
    view, version, entries, _following = _entries(slug)
    base = site().config.base_url
    body = i18n.render(
        "publishing/corrections.xml",
        view.locale,
        letter=view,
        here=urls.absolute(base, urls.corrections_feed(slug, view.language)),
        page=urls.absolute(base, urls.corrections(slug, view.language)),
        updated=max((entry.at for entry in entries), default=version.as_of),
        entries=entries,
    )
    response = Response(body, mimetype="application/atom+xml")
    return answers.public(answers.for_any_site(response), version=version, names=False)
