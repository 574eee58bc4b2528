"""Disputes: what is said against lines of the letter, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, request

from app import answers, urls
from app.domain import disputes, record_pages
from app.domain.rights import Act
from app.domain.verbs import NotAllowed, ReasonMissing
from app.i18n import marked as _
from app.models import DisputeResult
from app.organising import access, pages, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("disputes", __name__)

LINES = 50
RESULTS = {
    "kept": _("Kept: the line is right, and stands where it stood"),
    "removed": _("Removed: rejected as a fake, and the name is blocked"),
    "changed": _("Changed: something was hidden or corrected, and the rest stands"),
}


@bp.get("/letters/<slug:slug>/disputes")
@access.on_letter(Act.VIEW)
def listed(here: Here) -> Response:
    """What waits, or what was decided, newest first."""
    return _show(here)


def _show(
    here: Here,
    *,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
    notice: str = "",
    wrong: tuple[str, str] | None = None,
) -> Response:
    """The list; `wrong` is what is wrong with which field of the form in `typed`."""
    settled = request.args.get("show") == "settled"
    before = answers.place_asked("before")
    with site().database.snapshot() as session:
        lines = disputes.page(
            session, keyring=site().keyring, letter_id=here.settings.id,
            settled=settled, before=2**62 if before is None else before, size=LINES + 1,
        )  # fmt: skip
        burst = disputes.burst(session, letter_id=here.settings.id, now=here.now)
        actors = {line.dispute.settled_by or "" for line in lines}
        names = record_pages.names_of(session, actors)
    return pages.page(
        "organising/disputes/list.html", here=here, status=status, lines=lines[:LINES],
        further=lines[LINES - 1].id if len(lines) > LINES else None, settled=settled,
        burst=burst, names=names, results=RESULTS, words=words,
        typed=typed or {}, notice=notice, wrong=wrong, may=here.may(Act.DESK),
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/disputes")
@access.on_letter(Act.DESK)
def settle(here: Here) -> Response:
    """Decide on an objection, and with it on all others to the same line."""
    typed = request.form
    public_id = typed.get("dispute", "")
    if not public_id.isprintable():
        abort(400)
    try:
        result = DisputeResult(typed.get("result", ""))
    except ValueError:
        return _show(here, status=400, typed=typed,
                     wrong=("result", words.PROBLEMS["choice"]))  # fmt: skip
    try:
        with site().database.writing() as session:
            disputes.settle(
                session, letter_id=here.settings.id, public_id=public_id,
                result=result, actor=here.actor, now=here.now,
                reason=typed.get("reason", "")[:2000],
            )  # fmt: skip
            session.commit()
    except ReasonMissing:
        return _show(here, status=400, typed=typed,
                     wrong=("reason", words.PROBLEMS["reason"]))  # fmt: skip
    except disputes.Unknown:
        return _show(here, status=409,
                     notice=_("Somebody has decided on it meanwhile."))  # fmt: skip
    except NotAllowed:
        return _show(
            here, status=409, typed=typed,
            notice=_("The line has moved on meanwhile, so it cannot be decided like "
                     "that. Look at how it stands now."),
        )  # fmt: skip
    return answers.see_other(urls.organise_letter(here.settings.slug, "disputes"))
