"""The record of one letter, readable by its whole team."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import answers
from app.domain import record_pages
from app.domain.rights import Act
from app.organising import access, shell
from app.organising.access import Here
from app.site import site

bp = Blueprint("lines", __name__)


@bp.get("/letters/<slug:slug>/record")
@access.on_letter(Act.VIEW)
def page(here: Here) -> Response:
    """The newest lines, or those before one; by verb and by actor."""
    verb, actor = request.args.get("verb", "")[:24], request.args.get("actor", "")[:60]
    with site().database.snapshot() as connection:
        lines, further = record_pages.page(
            connection,
            letter_id=here.settings.id,
            verb=verb if verb.isprintable() else "",
            actor=actor if actor.isprintable() else "",
            before_id=answers.place_asked("before"),
        )
    return shell.page(
        "organising/record.html", here=here, lines=lines, further=further, verb=verb,
        actor=actor,
    )  # fmt: skip
