"""The public list: its pages, each line by itself, and the whole as a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from flask import Blueprint, Response, abort
from markupsafe import escape

from app import answers, db, i18n, sheets, urls
from app.domain import letters, listing, public_file, signatories
from app.domain.letters import Settings
from app.domain.public_file import Place
from app.domain.signatories import FOR_EVER, Line
from app.domain.views import LetterView, StoredHtml
from app.publishing import reading
from app.site import Site, site

bp = Blueprint("signatories", __name__)

SIZE = 50
# Lines that stay printed, of the pages that were looked at last.
_MOST_KEPT = 40 * SIZE


# What another question changes on the page.
_MOVING = ("typed", "sectors", "countries", "verified", "found")


@lru_cache(maxsize=1024)
def _countries(locale: str, chosen: str | None) -> str:
    return _choices(locale, i18n.countries(locale), chosen)


@lru_cache(maxsize=1024)
def _choices(
    locale: str, choices: tuple[tuple[str, str], ...], chosen: str | None
) -> str:
    return i18n.render(
        "publishing/_choices.html", locale, choices=choices, chosen=chosen
    )


@bp.get("/letters/<slug:slug>/signatories")
def lines(slug: str) -> Response:
    """A page of the list: verified first, then the newest; searched and filtered."""
    begun, question, page = reading.asked_page(slug, size=SIZE)
    settings = begun.settings
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    path = urls.signatories(slug)
    found = i18n.render(
        "publishing/_found.html",
        view.locale,
        question=question,
        page=page,
        lines=StoredHtml("".join([_printed(r, settings, view) for r in page.rows])),
        next=question.address(path, after=page.next) if page.next else None,
        first=question.address(path, after=None) if question.asked.after else None,
        waiting=begun.waiting,
    )
    pieces = sheets.marked(settings, view, "publishing/signatories.html", _MOVING)
    moving = {
        "typed": escape(question.typed),
        "sectors": _choices(view.locale, view.sectors, question.asked.sector),
        "countries": _countries(view.locale, question.asked.country),
        "verified": " checked" if question.asked.verified else "",
        "found": found,
    }
    response = answers.html(sheets.filled(pieces, moving), view)
    answers.not_for_search_engines(response)
    return answers.public(response, version=begun.version, names=True)


def _printed(row: Line, settings: Settings, view: LetterView) -> StoredHtml:
    """A line as it is printed; whoever turns to a page after another pays for it once.

    It is a function of the row, the language and the letter's revision.
    """
    kept = settings.pieces.setdefault(("list", view.language, ""), {})
    printed = kept.get(row)
    if printed is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        line = signatories.line(row, settings, view.language)
        set_as_printed = i18n.macro("signing/_line.html", "item", view.locale)
        kept[row] = printed = StoredHtml(set_as_printed(line, view))
    return printed


@bp.get("/letters/<slug:slug>/signatories/<public_id>")
def line(slug: str, public_id: str) -> Response:
    """One line by itself, with its state in words."""
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        row = listing.one(session, settings=settings, public_id=public_id)
    if row is None:
        abort(404)
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    response = answers.page(
        "publishing/signatory.html",
        letter=view,
        line=signatories.line(row, settings, view.language),
        noindex=row.noindex,
    )
    if row.noindex:
        answers.not_for_search_engines(response)
    return answers.public(response, version=version, names=True)


@bp.get("/letters/<slug:slug>/signatories.csv")
def file(slug: str) -> Response:
    """The whole list as CSV, sent as it is read; safe against formulas."""
    with site().database.snapshot() as session:
        reading.visible(session, slug)
    response = Response(file_of(site(), slug), mimetype="text/csv")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{slug}-signatories.csv"'
    )
    return answers.for_any_site(answers.not_for_search_engines(response))


def file_of(here: Site, slug: str) -> Iterator[bytes]:
    """Some lines at a time, each part read anew: nobody slow holds a connection.

    A name that is erased meanwhile is in no later part.
    """
    yield public_file.head()
    place: Place | None = Place()
    while place is not None:
        with here.database.snapshot() as session:
            found = here.shelf.get(session, slug=slug, now=db.now())
            if found is None or not found[1].visible:
                return
            settings, _version = found
            lines, place = public_file.part(
                session,
                letter_id=settings.id,
                shown_until=settings.frozen_at or FOR_EVER,
                place=place,
            )
        if lines:
            yield lines
