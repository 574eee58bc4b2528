"""The settings of a letter, and its closed list of sectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from app import i18n
from app.domain import editing, logos, sectors, tally
from app.domain.editing import ReadOnly, WrongValue
from app.domain.rights import Act
from app.domain.sectors import SectorInUse
from app.domain.tally import NOT_SAID, OTHER
from app.i18n import marked as _
from app.models import Facet
from app.organising import access, pages, shell
from app.organising.access import Here
from app.organising.writing import back
from app.site import site

bp = Blueprint("setting", __name__)

_TYPED = ("organiser", "contact", "postal", "accent", "country_policy", "headline",
          "smallest_cell", "bounce_policy")  # fmt: skip
_BOXES = ("allows_statement", "second_reviewer")
_CHANGED = _("The number changed meanwhile: please look again.")
_IN_USE = _("Signatures stand under this sector: merge it into another instead.")
_READ_ONLY = _("The letter is archived: nothing about it changes any more.")


class _Look(Exception):
    """A merge is looked at before it is done."""


class _OtherNumber(Exception):
    """The number of signatures is another than the one that was looked at."""


@bp.get("/letters/<slug:slug>/settings")
@access.on_letter(Act.EDIT, newest=True)
def page(here: Here) -> Response:
    """What the letter is set to."""
    return _page(here)


@bp.post("/letters/<slug:slug>/settings")
@access.on_letter(Act.EDIT, newest=True)
def change(here: Here) -> Response:
    """Change the settings, or one sector."""
    action = request.form.get("action", "")
    act = _ACTS.get(action)
    if act is None:
        abort(400)
    try:
        with site().database.writing() as session:
            act(session, here)
            session.commit()
    except _Look:
        return _page(here, action=action, looks=True)
    except _OtherNumber:
        return _page(here, action=action, looks=True, said=_CHANGED, status=409)
    except SectorInUse:
        return _page(here, action=action, said=_IN_USE, status=409)
    except ReadOnly:
        return _page(here, action=action, said=_READ_ONLY, status=409)
    except WrongValue as error:
        return _page(here, action=action, wrong=error, status=400)
    return back(here, "settings")


@bp.post("/letters/<slug:slug>/settings/logo")
@access.on_letter(Act.EDIT, newest=True)
def logo(here: Here) -> Response:
    """Show another picture of the organiser, or none."""
    given: dict[str, Any] = {
        "letter_id": here.settings.id,
        "actor": here.actor,
        "now": here.now,
    }
    try:
        # Unpacked before the transaction: nobody who signs waits for a picture.
        picture = None if "remove" in request.form else logos.read(_uploaded())
        with site().database.writing() as session:
            if picture is None:
                logos.take_out(session, **given)
            else:
                logos.put(session, picture=picture, **given)
            session.commit()
    except ReadOnly:
        return _page(here, action="logo", said=_READ_ONLY, status=409)
    except WrongValue as error:
        return _page(here, action="logo", wrong=error, status=400)
    return back(here, "settings")


def _uploaded() -> bytes:
    file = request.files.get("file")
    # One byte more than is taken tells that it is too large.
    return file.read(logos.BYTES + 1) if file else b""


def _page(
    here: Here,
    *,
    action: str = "",
    looks: bool = False,
    said: str = "",
    wrong: WrongValue | None = None,
    status: int = 200,
) -> Response:
    with site().database.snapshot() as session:
        used = _used(tally.read(session, letter_id=here.settings.id), here)
    translate = pages.translator()
    values: dict[str, object] = {
        name: getattr(here.settings, name) for name in (*_TYPED, *_BOXES)
    }
    if action == "save":
        values |= {name: request.form.get(name, "") for name in _TYPED}
        values |= {name: name in request.form for name in _BOXES}
    return pages.page(
        "organising/letter/settings.html",
        here=here,
        status=status,
        values=values,
        typed=request.form,
        action=action,
        looks=looks,
        said=translate(said) if said else "",
        errors=shell.at_fields(wrong),
        policies=list(
            zip(
                editing.COUNTRY_POLICIES,
                map(translate, (_("No"), _("Optional"), _("Required"))),
                strict=True,
            )
        ),
        headlines=list(
            zip(
                editing.HEADLINES,
                map(
                    translate,
                    (_("Confirmed"), _("Verified"), _("Confirmed and collected")),
                ),
                strict=True,
            )
        ),
        bounce_policies=list(
            zip(
                editing.BOUNCE_POLICIES,
                map(
                    translate,
                    (
                        _("The signature counts on"),
                        _(
                            "It is held until one of you looks, or its owner says that the mailbox works"
                        ),
                    ),
                ),
                strict=True,
            )
        ),
        used=used,
        logo=here.settings.logo,
        labels=here.settings.sector_labels(pages.locale())
        if pages.locale() in here.settings.wordings
        else here.settings.sector_labels(here.settings.default_language),
        named=i18n.language_name,
    )


def _used(numbers: tally.Numbers, here: Here) -> dict[str, int]:
    """How many stand under each key, those of merged ones under what they became."""
    used: dict[str, int] = {}
    for (key, measure), number in numbers.items():
        # Verified ones are among the confirmed already.
        if measure != "verified":
            key = here.settings.merged.get(key, key)
            used[key] = used.get(key, 0) + number
    return used


def _save(session: Session, here: Here) -> None:
    wanted: dict[str, object] = {name: request.form.get(name, "") for name in _TYPED}
    wanted |= {name: name in request.form for name in _BOXES}
    editing.change_settings(
        session,
        letter_id=here.settings.id,
        wanted=wanted,
        actor=here.actor,
        now=here.now,
    )


def _put(session: Session, here: Here) -> None:
    key = request.form.get("key", "")
    place = request.form.get("position", "").strip()
    if place and not (place.isascii() and place.isdecimal() and len(place) < 5):
        raise WrongValue("position", "number")
    if request.form.get("action") == "add" and key in here.settings.sectors:
        raise WrongValue("key", "taken")
    sectors.put(
        session,
        letter_id=here.settings.id,
        key=key,
        labels={
            language: request.form.get(f"label_{language}", "")
            for language in here.settings.wordings
        },
        position=int(place) if place else None,
        actor=here.actor,
        now=here.now,
    )


def _take_out(session: Session, here: Here) -> None:
    sectors.take_out(
        session,
        letter_id=here.settings.id,
        key=request.form.get("key", ""),
        actor=here.actor,
        now=here.now,
    )


def _merge(session: Session, here: Here) -> None:
    key, into = (request.form.get(name, "") for name in ("key", "into"))
    if key not in here.settings.sectors:
        raise WrongValue("key", "unknown")
    if into not in (*here.settings.sectors, OTHER, NOT_SAID):
        raise WrongValue("into", "unknown")
    if into == key:
        raise WrongValue("into", "itself")
    looked = request.form.get("number")
    if looked is None:
        raise _Look
    numbers = tally.read(session, letter_id=here.settings.id, facet=Facet.SECTOR)
    if looked != str(_used(numbers, here).get(key, 0)):
        raise _OtherNumber
    sectors.merge(
        session,
        letter_id=here.settings.id,
        key=key,
        into=into,
        actor=here.actor,
        now=here.now,
    )


_ACTS: Mapping[str, Callable[[Session, Here], None]] = {
    "save": _save,
    "add": _put,
    "label": _put,
    "take_out": _take_out,
    "merge": _merge,
}
