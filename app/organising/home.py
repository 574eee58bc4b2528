"""Where organisers arrive: their letters, and the way into each room of one."""

from __future__ import annotations

from flask import Blueprint, Response

from app import db
from app.domain import organisers
from app.domain.rights import Act
from app.domain.sessions import Person
from app.organising import access, shell
from app.organising.access import Here
from app.site import site

bp = Blueprint("home", __name__)


@bp.get("/")
@access.signed_in
def mine(person: Person) -> Response:
    """The letters in which this organiser has a part."""
    with site().database.snapshot() as connection:
        parts = organisers.parts(connection, organiser_id=person.id)
        letters = [
            (site().shelf.of(connection, letter_id=letter_id, now=db.now()), role)
            for letter_id, role in parts
        ]
    return shell.page("organising/home.html", letters=letters)


@bp.get("/letters/<slug:slug>/")
@access.on_letter(Act.VIEW)
def overview(here: Here) -> Response:
    """One letter: what it is called, and its rooms."""
    return shell.page("organising/overview.html", here=here)
