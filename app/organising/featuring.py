"""The featured signatories of a letter, and their order."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from app import answers
from app.domain import featuring
from app.domain.rights import Act, may
from app.domain.verbs import NotAllowed
from app.organising import access, pages
from app.organising.access import Here
from app.site import site

bp = Blueprint("featuring", __name__)


@bp.get("/letters/<slug:slug>/featured")
@access.on_letter(Act.VIEW)
def order(here: Here) -> Response:
    """Who is featured, in their order."""
    with site().database.snapshot() as session:
        lines = featuring.listed(session, letter_id=here.settings.id)
    return pages.page("organising/desk/featured.html", here=here, lines=lines,
                      may=may(here.role, Act.DESK))  # fmt: skip


@bp.post("/letters/<slug:slug>/featured")
@access.on_letter(Act.DESK)
def move(here: Here) -> Response:
    """Move one of them to another place."""
    to = request.form.get("to", "")
    if not to.isdecimal() or len(to) > 6:
        abort(400)
    try:
        with site().database.writing() as session:
            featuring.move(
                session, letter_id=here.settings.id, to=int(to), actor=here.actor,
                public_id=request.form.get("signature", ""), now=here.now,
            )  # fmt: skip
            session.commit()
    except NotAllowed:
        abort(409)
    return answers.see_other(
        f"{request.script_root}/letters/{here.settings.slug}/featured"
    )
