"""Errors in words, on pages for organisers."""

from __future__ import annotations

import logging

from flask import Response, request
from werkzeug.exceptions import HTTPException

from app import answers, i18n, urls
from app.i18n import marked as _
from app.organising import shell

log = logging.getLogger("undersigned.web")

# status: (title, what to do)
WORDS = {
    400: (
        _("We could not read this"),
        _("What was sent is not complete, or the page was open for too long. Go back, "
          "load it anew and send it again."),
    ),
    403: (
        _("This is not yours to do"),
        _("Your role on this letter does not allow it, or the form came from another "
          "page. An owner of the letter can change your role."),
    ),
    404: (
        _("There is nothing here"),
        _("The address may be misspelt, or it belongs to a letter in which you have "
          "no part."),
    ),
    405: (
        _("That does not work here"),
        _("This address can be opened, but not used in that way."),
    ),
    409: (
        _("It has moved on meanwhile"),
        _("Somebody else was quicker. Load the page anew to see how it stands now."),
    ),
    410: (
        _("This link is over"),
        _("It was used, was taken back, or is too old. Ask for a new one."),
    ),
    413: (
        _("This is too much"),
        _("What was sent is longer than this page takes."),
    ),
    421: (
        _("This is not our name"),
        _("The site was asked for under a name that is not its own."),
    ),
    429: (
        _("Too many at once"),
        _("That was tried too often. Please wait a few minutes; a passkey still "
          "opens at once."),
    ),
    500: (
        _("That is our fault"),
        _("Something went wrong here and has been noted. Nothing was half done."),
    ),
    503: (
        _("Just a moment"),
        _("We cannot reach our memory right now. Please try again in a few seconds."),
    ),
}  # fmt: skip


def _page(status: int) -> Response:
    title, explanation = WORDS.get(status, WORDS[400 if status < 500 else 500])
    translate = i18n.translator(shell.locale())
    return shell.page(
        "organising/error.html",
        status=status,
        title=translate(title),
        explanation=translate(explanation),
        back=urls.organise(),
    )


def on_http(error: HTTPException) -> Response:
    """What was asked for cannot be given; redirects of the routing stay what they are."""
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]
    if error.code == 404 and (elsewhere := answers.without_slash()) is not None:
        return elsewhere
    response = _page(error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def on_database(error: Exception) -> Response:
    """The database is away or overrun: say so, and that trying again is safe."""
    log.exception("the database did not answer")
    response = _page(503)
    response.headers["Retry-After"] = "5"
    return response


def on_fault(error: Exception) -> Response:
    """A fault of ours: noted with its trace, told without it."""
    log.exception("unexpected fault at %s", request.url_rule)
    return _page(500)
