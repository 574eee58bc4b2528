"""Letters as a whole: a new one, one like another, archived, deleted."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from app import answers, db, urls
from app.domain import beginnings, ending, record, wordings
from app.domain.editing import ReadOnly, WrongValue
from app.domain.ending import NotTyped
from app.domain.rights import Act
from app.domain.sessions import Person
from app.i18n import marked as _
from app.organising import access, pages, shell, words
from app.organising.access import Here
from app.organising.writing import HEADING, back
from app.site import site

bp = Blueprint("ending", __name__)

_NOT_TYPED = _("This is not the short name of the letter.")
_READ_ONLY = _("The letter is archived already.")


@bp.get("/new")
@access.signed_in
def ask(person: Person) -> Response:
    """The form for a new letter."""
    return _new({})


@bp.post("/new")
@access.signed_in
def create(person: Person) -> Response:
    """Make a draft; its maker is its owner."""
    typed = request.form
    try:
        with site().database.writing() as session:
            letter = beginnings.create(
                session,
                keyring=site().keyring,
                slug=typed.get("slug", ""),
                language=typed.get("language", ""),
                heading={name: typed.get(name, "") for name in HEADING},
                organiser=typed.get("organiser", ""),
                contact=typed.get("contact", ""),
                postal=typed.get("postal", ""),
                owner_id=person.id,
                actor=record.organiser(person.id),
                now=db.now(),
            )
            # Without words a letter cannot be shown, not even to its owner.
            wordings.add(
                session,
                letter,
                language=letter.default_language,
                source=typed.get("source", "").replace("\r\n", "\n"),
                change=None,
                actor=record.organiser(person.id),
                now=db.now(),
            )
            slug = letter.slug
            session.commit()
    except WrongValue as error:
        return _new(typed, error)
    return answers.see_other(urls.organise_letter(slug))


def _new(typed: Mapping[str, str], wrong: WrongValue | None = None) -> Response:
    return shell.page(
        "organising/letter/new.html",
        status=400 if wrong else 200,
        typed=typed,
        errors=shell.at_fields(wrong),
    )


@bp.get("/letters/<slug:slug>/ending")
@access.on_letter(Act.EDIT, newest=True)
def page(here: Here) -> Response:
    """What can be done with the letter as a whole."""
    return _page(here)


@bp.post("/letters/<slug:slug>/duplicate")
@access.on_letter(Act.EDIT, newest=True)
def duplicate(here: Here) -> Response:
    """A new draft with its words, sectors and settings, and no person."""
    try:
        with site().database.writing() as session:
            letter = beginnings.duplicate(
                session,
                keyring=site().keyring,
                letter_id=here.settings.id,
                slug=request.form.get("slug", ""),
                owner_id=here.organiser_id,
                actor=here.actor,
                now=here.now,
            )
            slug = letter.slug
            session.commit()
    except WrongValue as error:
        return _page(here, slug=words.VALUES[error.problem], status=400)
    return answers.see_other(urls.organise_letter(slug))


@bp.post("/letters/<slug:slug>/archive")
@access.on_letter(Act.DELETE, newest=True)
@access.fresh
def archive(here: Here) -> Response:
    """Close the letter for good; it stays to read, or is hidden."""
    shows = request.form.get("shows", "")
    if shows not in ("public", "hidden"):
        return _page(here, shows=words.VALUES["choice"], status=400)
    try:
        with site().database.writing() as session:
            ending.archive(
                session,
                letter_id=here.settings.id,
                public=shows == "public",
                actor=here.actor,
                now=here.now,
            )
            session.commit()
    except ReadOnly:
        return _page(here, shows=_READ_ONLY, status=409)
    return back(here, "ending")


@bp.post("/letters/<slug:slug>/delete")
@access.on_letter(Act.DELETE, newest=True)
@access.fresh
def delete(here: Here) -> Response:
    """Destroy the letter and all about its people."""
    try:
        with site().database.writing() as session:
            ending.delete(
                session,
                letter_id=here.settings.id,
                typed=request.form.get("typed", ""),
                actor=here.actor,
                now=here.now,
            )
            session.commit()
    except NotTyped:
        return _page(here, typed=_NOT_TYPED, status=400)
    return answers.see_other(urls.organise())


def _page(here: Here, *, status: int = 200, **wrong: str) -> Response:
    translate = pages.translator()
    return pages.page(
        "organising/letter/ending.html",
        here=here,
        status=status,
        errors={field: translate(text) for field, text in wrong.items()},
        typed=request.form,
        may=here.may(Act.DELETE),
    )
