"""Errors in words: a page for people, RFC 9457 for programs, and never a bare 500."""

from __future__ import annotations

import json
import logging

from flask import Response, request
from werkzeug.exceptions import HTTPException

from app import answers, i18n, urls
from app.i18n import marked as _

log = logging.getLogger("undersigned.web")

# status: (title, what to do)
_WORDS = {
    400: (
        _("We could not read this"),
        _("What was sent is not complete or not in the form that we expect. Go back, "
          "look at it once more and send it again."),
    ),
    401: (
        _("This is not shown elsewhere"),
        _("The page belongs to one person, and other sites cannot show it."),
    ),
    403: (
        _("This came from another site"),
        _("For your safety we take forms from our own pages only. If you have saved "
          "the letter, open the live one and sign there."),
    ),
    404: (
        _("There is nothing here"),
        _("The address may be misspelt, or what stood here is not public."),
    ),
    405: (
        _("That does not work here"),
        _("This address can be opened, but not used in that way."),
    ),
    409: (
        _("Not at the moment"),
        _("This letter is not open for signing now. Its page says when it is."),
    ),
    410: (
        _("This letter is closed"),
        _("It takes no more signatures. You can still read it."),
    ),
    413: (
        _("This is too much"),
        _("What was sent is longer than any form of ours. Please shorten it."),
    ),
    415: (
        _("We do not understand this format"),
        _("Forms are sent as application/x-www-form-urlencoded."),
    ),
    421: (
        _("This is not our name"),
        _("The site was asked for under a name that is not its own."),
    ),
    429: (
        _("Too many at once"),
        _("Please wait a minute and try again."),
    ),
    500: (
        _("That is our fault"),
        _("Something went wrong here and has been noted. Nothing was lost that we "
          "told you was kept; trying again is safe."),
    ),
    501: (
        _("We do not have this format"),
        _("This can be had as JSON or as XML."),
    ),
    503: (
        _("Just a moment"),
        _("We cannot reach our memory right now. Please try again in a few seconds; "
          "sending a form again is safe."),
    ),
}  # fmt: skip


def error_page(status: int) -> Response:
    """The page that says what went wrong, and where to go from here."""
    locale = i18n.speaks(answers.language_asked() or i18n.FALLBACK)
    translate = i18n.translator(locale)
    title, explanation = _WORDS.get(status, _WORDS[400 if status < 500 else 500])
    steps = [(translate(_("To the open letters")), urls.home())]
    parts = request.path.split("/")
    if parts[1] == "letters" and len(parts) > 3 and status != 404:
        steps.insert(0, (translate(_("To the letter")), urls.letter(parts[2])))
    return answers.page(
        "error.html",
        locale=locale,
        status=status,
        title=translate(title),
        explanation=translate(explanation),
        steps=steps,
    )


def problem(status: int) -> Response:
    """The same for programs (RFC 9457)."""
    title, explanation = _WORDS.get(status, _WORDS[400 if status < 500 else 500])
    body = {"type": "about:blank", "status": status, "title": title,
            "detail": explanation}  # fmt: skip
    response = Response(
        json.dumps(body), status=status, mimetype="application/problem+json"
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _answer(status: int) -> Response:
    for_programs = request.path.startswith(("/api/", "/oembed", "/hooks/"))
    wants_json = (
        for_programs
        or request.path.endswith(".json")
        or (
            request.accept_mimetypes.best_match(["text/html", "application/json"])
            == "application/json"
        )
    )
    return problem(status) if wants_json else error_page(status)


def on_http(error: HTTPException) -> Response:
    """What was asked for cannot be given, or stands elsewhere."""
    if error.code == 404 and (elsewhere := answers.without_slash()) is not None:
        return elsewhere
    response = _answer(error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def on_database(error: Exception) -> Response:
    """The database is away or overrun: say so, and that trying again is safe."""
    log.exception("the database did not answer")
    response = _answer(503)
    response.headers["Retry-After"] = "5"
    return response


def on_fault(error: Exception) -> Response:
    """A fault of ours: noted with its trace, told without it."""
    log.exception("unexpected fault at %s", request.url_rule)
    return _answer(500)
