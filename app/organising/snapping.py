"""Press snapshots: fix the verified names of now, and list what was fixed."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from app.domain import snapshots
from app.domain.editing import ReadOnly
from app.domain.rights import Act
from app.organising import access, pages
from app.organising.access import Here
from app.organising.writing import back
from app.site import site

bp = Blueprint("snapping", __name__)


@bp.get("/letters/<slug:slug>/snapshots")
@access.on_letter(Act.VIEW, newest=True)
def listed(here: Here) -> Response:
    """The snapshots of the letter, newest first."""
    with site().database.snapshot() as session:
        lines = snapshots.of_letter(session, letter_id=here.settings.id)
    return pages.page(
        "organising/letter/snapshots.html",
        here=here,
        lines=lines,
        may=here.may(Act.EDIT) and here.settings.archived_at is None,
        visible=here.settings.visible(here.now),
    )


@bp.post("/letters/<slug:slug>/snapshots")
@access.on_letter(Act.EDIT, newest=True)
def take(here: Here) -> Response:
    """Make one for this moment."""
    try:
        with site().database.writing() as session:
            snapshots.take(
                session, letter_id=here.settings.id, actor=here.actor, now=here.now
            )
            session.commit()
    except ReadOnly:
        abort(409)
    return back(here, "snapshots")
