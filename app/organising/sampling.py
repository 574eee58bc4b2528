"""The mails that signatories get: looked at in each language, and sent to oneself."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from app import answers, urls
from app.domain import letters, mail_tests, tally
from app.domain.mailings import NotNow
from app.domain.rights import Act
from app.i18n import language_name
from app.i18n import marked as _
from app.mail import samples
from app.mail.samples import Sample
from app.mail.wire import House
from app.models import Measure, OutboxKind
from app.organising import access, pages, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("sampling", __name__)

# Every kind of mail that signatories get, and when each is sent.
WHEN: dict[str, str] = {
    OutboxKind.CONFIRM: _(
        "At once, to the address in a form or in an import: it asks whether it was "
        "they, and nothing of what was typed stands in it."
    ),
    samples.ALREADY_SIGNED: _(
        "In its place, where the address in a form has signed already."
    ),
    OutboxKind.REMINDER: _(
        "Once, three days after a form that nobody has confirmed; not after the closing."
    ),
    OutboxKind.SIGNED: _(
        "At once after confirming: the number, and the link to the signature."
    ),
    OutboxKind.HELD: _("At once after confirming, where a rule holds the signature."),
    OutboxKind.RELEASED: _(
        "When one of you lets a held signature in, half a minute later: until then it "
        "can be undone."
    ),
    OutboxKind.REJECTED: _(
        "When one of you takes a signature out, half a minute later, with the reason "
        "that you gave."
    ),
    OutboxKind.VERIFIED: _(
        "When one of you has verified a person, half a minute later."
    ),
    **dict.fromkeys(
        samples.EVIDENCE,
        _(
            "When one of you asks a person at the desk for something that proves who "
            "they are; there is a text for each thing that can be asked for."
        ),
    ),
    OutboxKind.CORRECTED: _(
        "After a signatory has corrected the line by the link, so that nobody else does "
        "it unseen."
    ),
    OutboxKind.WITHDRAWN: _(
        "After a signatory has withdrawn: for a day the link in it takes that back."
    ),
    OutboxKind.MANAGE: _("When somebody asks for the link to their signature again."),
    OutboxKind.INVITED: _("When one of you invites a person to sign."),
    OutboxKind.TEXT_CHANGED: _(
        "After a material change of the letter's words, to those who signed before it."
    ),
    OutboxKind.UPDATE: _(
        "When you send an update, to those who wished for news. The words are yours."
    ),
    OutboxKind.CLOSING: _(
        "Once the letter has closed and you thank those who wished for news. The words "
        "are yours."
    ),
}


def _there(here: Here, *tail: str) -> str:
    return urls.organise_letter(here.settings.slug, "mails", *tail)


@bp.get("/letters/<slug:slug>/mails")
@access.on_letter(Act.VIEW)
def listed(here: Here) -> Response:
    """Every kind of mail that signatories get, when, and in which languages."""
    return pages.page(
        "organising/mails/list.html",
        here=here,
        names=samples.NAMES,
        when=WHEN,
        named=language_name,
    )


@bp.get("/letters/<slug:slug>/mails/<kind>/<language>")
@access.on_letter(Act.VIEW)
def one(here: Here, kind: str, language: str) -> Response:
    """One of them: subject, headers, text, and its HTML in a frame of its own."""
    return _show(here, kind, language)


@bp.get("/letters/<slug:slug>/mails/<kind>/<language>/html")
@access.on_letter(Act.VIEW)
def markup(here: Here, kind: str, language: str) -> Response:
    """Its HTML, for the frame."""
    return answers.mail(_sample(here, kind, language).html, ancestors="'self'")


@bp.post("/letters/<slug:slug>/mails/<kind>/<language>")
@access.on_letter(Act.DESK)
def send(here: Here, kind: str, language: str) -> Response:
    """Mail it to oneself: no other address can be said."""
    _known(here, kind, language)
    try:
        with site().database.writing() as session:
            mail_tests.example(
                session,
                letter_id=here.settings.id,
                kind=kind,
                language=language,
                organiser_id=here.organiser_id,
                actor=here.actor,
                now=here.now,
            )
            session.commit()
    except NotNow:
        return _show(here, kind, language, status=429, said=words.TESTS)
    return answers.see_other(f"{_there(here, kind, language)}?mailed=yes")


def _known(here: Here, kind: str, language: str) -> None:
    if kind not in WHEN or language not in here.settings.wordings:
        abort(404)


def _sample(here: Here, kind: str, language: str) -> Sample:
    _known(here, kind, language)
    config = site().config
    with site().database.reading() as session:
        counted = tally.read(session, letter_id=here.settings.id)
    made = samples.make(
        kind,
        House(config.base_url, config.mail_from),
        letters.view(here.settings, language=language, now=here.now),
        number=tally.total(counted, Measure.CONFIRMED),
        now=here.now,
    )
    return samples.read(made)


def _show(
    here: Here, kind: str, language: str, *, status: int = 200, said: str = ""
) -> Response:
    sample = _sample(here, kind, language)
    view = letters.view(here.settings, language=language, now=here.now)
    answer = pages.page(
        "organising/mails/one.html",
        here=here,
        status=status,
        said=said,
        mailed="mailed" in request.args,
        kind=kind,
        name=samples.NAMES[kind],
        when=WHEN[kind],
        language=language,
        direction=view.direction,
        spoken=view.language,
        mail=sample,
        named=language_name,
        may=here.may(Act.DESK),
    )
    # The frame is ours, and no other page can be put into it.
    answer.headers["Content-Security-Policy"] += "; frame-src 'self'"
    return answer
