""" "I did not sign this": said by anybody at a public line, proved through the mail."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Blueprint, Response, abort, request

from app import answers, db, i18n, urls
from app.domain import (
    confirmation,
    disputes,
    keyring,
    letters,
    listing,
    names,
    signatories,
)
from app.domain.disputes import Taken
from app.domain.letters import Settings
from app.domain.views import LetterView, SignForm
from app.i18n import marked as _
from app.models import DisputeKind
from app.signing import forms, guard
from app.signing.routes import visible
from app.site import site

bp = Blueprint("disputing", __name__)
log = logging.getLogger("undersigned.disputes")

LONGEST_WORDS = 1000


@bp.get("/letters/<slug:slug>/signatories/<public_id>/dispute")
def ask(slug: str, public_id: str) -> Response:
    """The line once more, and what can be said of it."""
    with site().database.snapshot() as session:
        settings, _version = visible(session, slug)
        row = listing.one(session, settings=settings, public_id=public_id)
    if row is None:
        abort(404)
    return _asked(settings, row, SignForm(values={"kind": "not_me"}))


def _asked(
    settings: Settings, row: object, form: SignForm, status: int = 200
) -> Response:
    view = _view(settings)
    response = answers.page(
        "signing/dispute.html",
        status=status,
        letter=view,
        line=signatories.line(row, settings, view.language),
        form=form,
    )
    return answers.not_for_search_engines(response)


def _view(settings: Settings) -> LetterView:
    language = answers.language_asked(settings)
    return letters.view(settings, language=language, now=db.now())


@bp.post("/letters/<slug:slug>/signatories/<public_id>/dispute")
def act(slug: str, public_id: str) -> Response:
    """Take it; whatever it sets off, the answer is the same byte for byte."""
    here, now = site(), db.now()
    typed = guard.read_form(request)
    if typed.get("action") not in ("say", "prove"):
        abort(400)
    with here.database.transaction() as session:
        settings, _version = visible(session, slug)
        row = listing.one(session, settings=settings, public_id=public_id)
        if row is None:
            abort(404)
        if typed["action"] == "prove":
            confirmation.mail_manage_link(session, signature_id=row.id, now=now)
        else:
            form = _judged(typed, _view(settings))
            if form.errors:
                return _asked(settings, row, form, 400)
            taken = disputes.file(
                session,
                keyring=here.keyring,
                letter_id=settings.id,
                signature_id=row.id,
                kind=DisputeKind(form.values["kind"]),
                words=form.values["words"],
                contact=form.values["contact"],
                network=keyring.network_of(request.remote_addr or ""),
                now=now,
            )
            if taken in (Taken.SPARED, Taken.PASSED_OVER):
                log.warning("a burst of disputes on the letter %s: %s", slug, taken)
        session.commit()
    return answers.see_other(urls.disputed(slug, answers.language_asked(settings)))


@bp.get("/letters/<slug:slug>/disputed")
def thanks(slug: str) -> Response:
    """What happens now; it knows neither the line nor what was done."""
    with site().database.snapshot() as session:
        settings, _version = visible(session, slug)
    return answers.page("signing/disputed.html", letter=_view(settings))


def _judged(typed: Mapping[str, str], view: LetterView) -> SignForm:
    """What was typed, cleaned, and what is wrong with it."""
    translate = i18n.translator(view.locale)
    form = SignForm(
        values={
            "kind": typed.get("kind", ""),
            "words": names.clean_text(typed.get("words", "")),
            "contact": typed.get("contact", "").strip(),
        }
    )
    if form.values["kind"] not in set(DisputeKind):
        form.errors["kind"] = translate(_("Please choose one of the list."))
    if len(form.values["words"]) > LONGEST_WORDS:
        form.errors["words"] = translate(_("This is too long."))
    if form.values["contact"]:
        address, problem = forms.judge_address(form.values["contact"], translate)
        if problem:
            form.errors["contact"] = problem
        else:
            form.values["contact"] = address
    return form
