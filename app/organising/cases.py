"""Cases: reject what meets conditions, the number first; watch, stop and undo that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import NoResultFound

from app import answers, urls
from app.domain import invalidation
from app.domain.invalidation import NothingAsked, NotNow, ReasonUnfit
from app.domain.rights import Act
from app.domain.verbs import ReasonMissing
from app.i18n import marked as _
from app.organising import access, case_forms, pages, words
from app.organising.access import Here
from app.organising.case_forms import Asked
from app.site import site

bp = Blueprint("cases", __name__)

LINES = 50
_ID = re.compile(r"[\w-]{1,22}\Z", re.ASCII)
STATES = {
    "ready": _("about to begin"),
    "running": _("running"),
    "stopping": _("being stopped"),
    "stopped": _("stopped"),
    "done": _("done"),
    "failed": _("failed"),
}


def _there(here: Here, *tail: str) -> str:
    return urls.organise_letter(here.settings.slug, "cases", *tail)


@bp.get("/letters/<slug:slug>/cases")
@access.on_letter(Act.VIEW)
def listed(here: Here) -> Response:
    """The cases of the letter, newest first."""
    with site().database.snapshot() as session:
        found = invalidation.listed(
            session, letter_id=here.settings.id, limit=LINES + 1,
            before=answers.place_asked("before"),
        )  # fmt: skip
    return pages.page(
        "organising/cases/list.html", here=here, cases=found[:LINES], states=STATES,
        further=found[LINES - 1].id if len(found) > LINES else None,
        may=here.may(Act.CASES),
    )  # fmt: skip


@bp.get("/letters/<slug:slug>/cases/new")
@access.on_letter(Act.CASES)
def ask(here: Here) -> Response:
    """An empty form, or one for the network of a signature."""
    return _form(here, {"network_of": request.args.get("network_of", "")})


def _form(
    here: Here,
    typed: Mapping[str, str],
    *,
    status: int = 200,
    asked: Asked | None = None,
    preview: invalidation.Preview | None = None,
    notice: str = "",
    wrong_reason: str = "",
) -> Response:
    return pages.page(
        "organising/cases/new.html", here=here, status=status, typed=typed,
        wrong=asked.wrong if asked else {}, mark=asked.mark if asked else "",
        preview=preview, notice=notice, wrong_reason=wrong_reason, words=words,
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/cases/new")
@access.on_letter(Act.CASES)
def begin(here: Here) -> Response:
    """Show what a case would reject; run it, where just that was looked at before.

    Names and addresses are searched for by POST, so that they stand in no server's log.
    """
    form, letter_id = request.form, here.settings.id
    with site().database.snapshot() as session:
        asked = case_forms.read(session, letter_id=letter_id, form=form)
    if asked.wrong:
        return _form(here, form, asked=asked, status=400)
    status, notice, wrong = 200, "", ""
    if form.get("action") == "run" and form.get("mark") != asked.mark:
        status = 409
        notice = _(
            "The conditions are others than those you looked at. Look at the number, "
            "and press again."
        )
    elif form.get("action") == "run":
        try:
            return _run(here, asked)
        except ReasonMissing:
            status, wrong = 400, words.PROBLEMS["reason"]
        except ReasonUnfit as error:
            status = 400
            wrong = case_forms.UNFIT.get(error.problem, case_forms.UNFIT_ELSE)
    try:
        # Not in a transaction that writes: it may read a whole letter.
        with site().database.snapshot() as session:
            found = invalidation.preview(
                session, letter_id=letter_id, wanted=asked.wanted
            )
    except NothingAsked:
        return _form(
            here, form, asked=asked, status=400,
            notice=_("Every signature meets that: say at least one condition."),
        )  # fmt: skip
    return _form(here, form, asked=asked, preview=found, status=status, notice=notice,
                 wrong_reason=wrong)  # fmt: skip


def _run(here: Here, asked: Asked) -> Response:
    with site().database.transaction() as session:
        public_id = invalidation.run(
            session, letter_id=here.settings.id, wanted=asked.wanted,
            reason=request.form.get("reason", ""), actor=here.actor, now=here.now,
        )  # fmt: skip
        session.commit()
    return answers.see_other(_there(here, public_id))


@bp.get("/letters/<slug:slug>/cases/<public_id>")
@access.on_letter(Act.VIEW)
def one(here: Here, public_id: str) -> Response:
    """How far a case is, and what can be done with it."""
    return _show(here, public_id)


def _show(
    here: Here, public_id: str, *, status: int = 200, notice: str = ""
) -> Response:
    with site().database.snapshot() as session:
        found = _find(session, here, public_id)
    return pages.page(
        "organising/cases/one.html", here=here, status=status, case=found,
        notice=notice, states=STATES, words=words, may=here.may(Act.CASES),
    )  # fmt: skip


def _find(session: Any, here: Here, public_id: str) -> invalidation.Shown:
    if not _ID.match(public_id):
        abort(404)
    try:
        return invalidation.show(
            session, letter_id=here.settings.id, public_id=public_id
        )
    except NoResultFound:
        abort(404)


@bp.post("/letters/<slug:slug>/cases/<public_id>/stop")
@access.on_letter(Act.CASES)
def stop(here: Here, public_id: str) -> Response:
    """End a case, or its undoing, before its next batch."""
    with site().database.transaction() as session:
        _find(session, here, public_id)
        stopped = invalidation.stop(
            session, letter_id=here.settings.id, public_id=public_id,
            actor=here.actor, now=here.now,
        )  # fmt: skip
        session.commit()
    if not stopped:
        return _show(here, public_id, status=409, notice=_("It has ended already."))
    return answers.see_other(_there(here, public_id))


@bp.post("/letters/<slug:slug>/cases/<public_id>/undo")
@access.on_letter(Act.CASES)
def undo(here: Here, public_id: str) -> Response:
    """Begin to put back what a case has rejected."""
    try:
        with site().database.transaction() as session:
            _find(session, here, public_id)
            invalidation.undo(
                session, letter_id=here.settings.id, public_id=public_id,
                actor=here.actor, now=here.now,
            )  # fmt: skip
            session.commit()
    except NotNow:
        return _show(
            here, public_id, status=409,
            notice=_("That is not possible now: it still runs, or is undone already."),
        )  # fmt: skip
    return answers.see_other(_there(here, public_id))
