"""The text of a letter: titles and words by language, their preview, their versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app import answers, i18n, urls
from app.domain import editing, wording, wording_desk, wordings
from app.domain.editing import ReadOnly, WrongValue
from app.domain.rights import Act
from app.domain.views import StoredHtml
from app.domain.wordings import ChangeMissing
from app.i18n import marked as _
from app.models import Change
from app.organising import access, pages, shell, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("writing", __name__)

HEADING = ("title", "addressee", "summary")
_CHANGES = {"save": None, "minor": Change.MINOR, "material": Change.MATERIAL}
_MOVED = _("Somebody changed this text meanwhile. Yours is kept below: compare, "
           "and publish again.")  # fmt: skip
_HOW = _("The letter is published: say whether the change is minor or material.")


def back(here: Here, *parts: str) -> Response:
    """To a page of this letter."""
    return answers.see_other(urls.organise_letter(here.settings.slug, *parts))


@bp.get("/letters/<slug:slug>/text")
@access.on_letter(Act.EDIT, newest=True)
def languages(here: Here) -> Response:
    """The languages of the letter, and the way to one more."""
    asked = request.args.get("language", "").strip()
    if _known(asked):
        return back(here, "text", asked)
    with site().database.snapshot() as session:
        asking = wording_desk.asking(session, letter_id=here.settings.id)
    return pages.page(
        "organising/letter/languages.html",
        here=here,
        status=400 if asked else 200,
        asking=asking,
        asked=asked,
        named=i18n.language_name,
    )


@bp.get("/letters/<slug:slug>/text/<language>")
@access.on_letter(Act.EDIT, newest=True)
def edit(here: Here, language: str) -> Response:
    """Title and words in a language, and the versions that there were."""
    if not _known(language):
        abort(404)
    with site().database.snapshot() as session:
        source = wording_desk.source(
            session, letter_id=here.settings.id, language=language
        )
    stands = here.settings.wordings.get(language)
    typed = {name: getattr(stands, name) if stands else "" for name in HEADING}
    typed |= {"source": source, "seen": stands.hash if stands else ""}
    return _page(here, language, typed)


@bp.post("/letters/<slug:slug>/text/<language>")
@access.on_letter(Act.EDIT, newest=True)
def change(here: Here, language: str) -> Response:
    """Show what was typed, or make it the letter's words."""
    if not _known(language):
        abort(404)
    typed = {name: request.form.get(name, "") for name in (*HEADING, "seen")}
    # Browsers send line ends of their own; the hash of a text must not know them.
    typed["source"] = request.form.get("source", "").replace("\r\n", "\n")
    action = request.form.get("action", "")
    if action == "preview":
        return _page(here, language, typed, shows=True)
    if action not in _CHANGES:
        abort(400)
    try:
        with site().database.writing() as session:
            _write(session, here, language, typed, _CHANGES[action])
            session.commit()
    except WrongValue as error:
        return _page(here, language, typed, wrong=error, status=400)
    except ChangeMissing:
        return _page(here, language, typed, shows=True, said=_HOW, status=400)
    except _Moved as error:
        typed["seen"] = error.newest
        return _page(here, language, typed, shows=True, said=_MOVED, status=409)
    except ReadOnly:
        abort(409)
    return back(here, "text", language)


@bp.post("/letters/<slug:slug>/text/<language>/preview")
@access.on_letter(Act.EDIT, newest=True)
def preview(here: Here, language: str) -> Response:
    """What was typed as the public would read it: for the script beside the form."""
    html = wording.render(request.form.get("source", ""))
    return Response(html, mimetype="text/html")


@bp.get("/letters/<slug:slug>/text/<language>/difference")
@access.on_letter(Act.EDIT, newest=True)
def difference(here: Here, language: str) -> Response:
    """What one version says otherwise than another."""
    former, later = (_number(request.args.get(name, "")) for name in ("from", "to"))
    try:
        with site().database.snapshot() as session:
            found = wording_desk.between(
                session,
                letter_id=here.settings.id,
                language=language,
                former=former,
                later=later,
            )
    except NoResultFound:
        abort(404)
    return pages.page(
        "organising/letter/difference.html",
        here=here,
        language=language,
        former=former,
        later=later,
        difference=found,
        named=i18n.language_name,
    )


class _Moved(Exception):
    """The words are others than those that the form was filled with."""

    def __init__(self, newest: str) -> None:
        super().__init__(newest)
        self.newest = newest


def _write(
    session: Session,
    here: Here,
    language: str,
    typed: Mapping[str, str],
    change: Change | None,
) -> None:
    letter = editing.take(session, letter_id=here.settings.id)
    versions = wording_desk.kept(session, letter_id=letter.id, language=language)
    newest = versions[0].hash if versions else ""
    if typed["seen"] != newest:
        raise _Moved(newest)
    editing.put_heading(
        session,
        letter_id=letter.id,
        language=language,
        heading={name: typed[name] for name in HEADING},
        actor=here.actor,
        now=here.now,
    )
    wordings.add(
        session,
        letter,
        language=language,
        source=typed["source"],
        change=change,
        actor=here.actor,
        now=here.now,
    )


def _page(
    here: Here,
    language: str,
    typed: Mapping[str, str],
    *,
    shows: bool = False,
    said: str = "",
    wrong: WrongValue | None = None,
    status: int = 200,
) -> Response:
    public = here.settings.visible(here.now) and language in here.settings.wordings
    more: dict[str, Any] = {"asked": None, "difference": []}
    with site().database.snapshot() as session:
        versions = wording_desk.kept(
            session, letter_id=here.settings.id, language=language
        )
        if shows and public:
            stands = here.settings.wordings[language]
            more["difference"] = wording.difference(
                stands.html, wording.render(typed["source"])
            )
            more["asked"] = wording_desk.would_be_asked(
                session, letter_id=here.settings.id, language=language
            )
    translate = pages.translator()
    return pages.page(
        "organising/letter/text.html",
        here=here,
        status=status,
        language=language,
        name=i18n.language_name(language),
        direction=i18n.direction(language),
        typed=typed,
        shown=StoredHtml(wording.render(typed["source"])),
        is_public=public,
        shows=shows,
        said=translate(said) if said else "",
        errors=shell.at_fields(wrong),
        versions=versions,
        changes={key: translate(text) for key, text in words.CHANGES.items()},
        **more,
    )


def _known(language: str) -> bool:
    return 0 < len(language) <= 35 and i18n.is_language(language)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
