"""Find a signature of one's letter, whatever its state."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from app.domain import finding
from app.domain.finding import By
from app.domain.rights import Act
from app.i18n import marked as _
from app.organising import access, pages, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("finding", __name__)

LINES = 20


@bp.get("/letters/<slug:slug>/signatures")
@access.on_letter(Act.VIEW)
def found(here: Here) -> Response:
    """The signatures with these words, this address or this domain."""
    typed = request.args.get("q", "")[:320].replace("\0", "")
    wanted = finding.read(typed)
    wrong = ""
    if wanted.by is By.ADDRESS and not wanted.terms:
        wrong = words.PROBLEMS["address"]
    elif wanted.by is not By.WORDS and not here.may(Act.DESK):
        wrong = _("Your role reads no addresses: search by name or affiliation.")
    elif typed.strip() and not wanted.terms:
        wrong = _("There is no letter or digit in it to search for.")
    result = finding.Found(())
    if wanted.terms and not wrong:
        try:
            result = finding.page(
                site().database,
                keyring=site().keyring,
                settings=here.settings,
                wanted=wanted,
                after=request.args.get("after") or None,
                size=LINES,
            )
        except finding.UnknownPlace:
            abort(404)
    return pages.page(
        "organising/desk/found.html",
        here=here,
        status=400 if wrong else 200,
        typed=typed,
        asked=bool(wanted.terms),
        found=result,
        further=request.args.get("after"),
        words=words,
        wrong=wrong,
    )
