"""Personal links to notables: send one, see what became of it, end it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, request

from app import answers, i18n
from app.domain import inviting
from app.domain.addresses import AddressProblem
from app.domain.inviting import AlreadyInvited, NotAName
from app.domain.rights import Act, may
from app.domain.verification import EvidenceMissing, OwnWork
from app.organising import access, pages, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("invitations", __name__)

LINES = 50
_PROBLEMS: dict[type[Exception], tuple[str, str]] = {
    AddressProblem: ("address", "address"),
    NotAName: ("name", "name"),
    EvidenceMissing: ("evidence", "evidence"),
    OwnWork: ("address", "own"),
    AlreadyInvited: ("address", "invited"),
}


@bp.get("/letters/<slug:slug>/invitations")
@access.on_letter(Act.VIEW)
def listed(here: Here) -> Response:
    """The invitations of a letter, newest first, and the form for another one."""
    return _page(here, {}, None, 200)


def _page(
    here: Here, typed: Mapping[str, str], problem: tuple[str, str] | None, status: int
) -> Response:
    with site().database.snapshot() as session:
        lines = inviting.listed(session, letter_id=here.settings.id, limit=LINES)
    return pages.page(
        "organising/desk/invitations.html", here=here, lines=lines, typed=typed,
        problem=problem, status=status, now=here.now, may=may(here.role, Act.DESK),
        languages=[(code, i18n.language_name(code)) for code in here.settings.wordings],
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/invitations")
@access.on_letter(Act.DESK)
def act(here: Here) -> Response:
    """Send an invitation, or end one."""
    typed = request.form
    try:
        with site().database.writing() as session:
            if typed.get("action") == "revoke":
                inviting.revoke(
                    session, letter_id=here.settings.id, now=here.now,
                    public_id=typed.get("invitation", ""),
                    organiser_id=here.organiser_id,
                )  # fmt: skip
            elif typed.get("action") == "invite":
                inviting.invite(
                    session, keyring=site().keyring, settings=here.settings,
                    name=typed.get("name", ""), address=typed.get("address", ""),
                    evidence=typed.get("evidence", "")[:2000],
                    language=typed.get("language", ""),
                    organiser_id=here.organiser_id, now=here.now,
                )  # fmt: skip
            else:
                abort(400)
            session.commit()
    except tuple(_PROBLEMS) as error:
        field, key = _PROBLEMS[type(error)]
        return _page(here, typed, (field, words.PROBLEMS[key]), 400)
    return answers.see_other(
        f"{request.script_root}/letters/{here.settings.slug}/invitations"
    )
