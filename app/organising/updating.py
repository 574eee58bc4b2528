"""Updates: write to those who wished for news, look at it, send it, watch it go."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app import answers, i18n, urls
from app.domain import mailing_moves, mailings
from app.domain.editing import ReadOnly, WrongValue
from app.domain.mailings import NotNow, Shown
from app.domain.rights import Act
from app.i18n import marked as _
from app.models import MailingKind, MailingState
from app.organising import access, pages, shell, update_texts, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("updating", __name__)

_ID = re.compile(r"[\w-]{1,22}\Z", re.ASCII)
STATES = {
    MailingState.DRAFT: _("draft"),
    MailingState.SCHEDULED: _("planned"),
    MailingState.RUNNING: _("running"),
    MailingState.PAUSED: _("paused"),
    MailingState.STOPPED: _("stopped"),
    MailingState.DONE: _("done"),
}
_REFUSED = {
    "state": _("That is not possible now: it has begun or ended meanwhile."),
    "open": _("The letter has not closed yet: the thanks come when it has."),
    "unpublished": _("The letter is not published: there is nobody to write to yet."),
    "text": _("Write it in the letter's first language first."),
    "week": _("At most three updates begin within a week: who wished for news did not "
              "wish for a stream. Choose a later time."),
    "tests": words.TESTS,
}  # fmt: skip
_READ_ONLY = _("The letter is archived: nothing about it changes any more.")


def _there(here: Here, *tail: str) -> str:
    return urls.organise_letter(here.settings.slug, "updates", *tail)


@bp.get("/letters/<slug:slug>/updates")
@access.on_letter(Act.MAILINGS, newest=True)
def listed(here: Here) -> Response:
    """The updates of the letter, newest first, and the way to a new one."""
    return _listed(here)


def _listed(here: Here, *, status: int = 200, said: str = "") -> Response:
    with site().database.snapshot() as session:
        found = mailings.listed(
            session,
            letter_id=here.settings.id,
            before=answers.place_asked("before"),
        )
    shown = found[: mailings.PAGE]
    closes_at = here.settings.closes_at
    return pages.page(
        "organising/updates/list.html",
        here=here,
        status=status,
        said=said,
        updates=shown,
        states=STATES,
        first=here.settings.default_language,
        closed=closes_at is not None and closes_at <= here.now,
        further=shown[-1].id if len(found) > len(shown) else None,
    )


@bp.post("/letters/<slug:slug>/updates")
@access.on_letter(Act.MAILINGS, newest=True)
def create(here: Here) -> Response:
    """Begin a draft, or the thanks."""
    kind = request.form.get("kind", "")
    if kind not in set(MailingKind):
        abort(400)
    try:
        with site().database.writing() as session:
            public_id = mailings.create(
                session,
                letter_id=here.settings.id,
                kind=MailingKind(kind),
                actor=here.actor,
                now=here.now,
            )
            session.commit()
    except NotNow as error:
        return _listed(here, status=409, said=_REFUSED[error.problem])
    except ReadOnly:
        return _listed(here, status=409, said=_READ_ONLY)
    return answers.see_other(_there(here, public_id))


@bp.get("/letters/<slug:slug>/updates/<public_id>")
@access.on_letter(Act.MAILINGS, newest=True)
def one(here: Here, public_id: str) -> Response:
    """A draft to write at, or how far one is that has begun."""
    return _show(here, public_id)


@bp.post("/letters/<slug:slug>/updates/<public_id>")
@access.on_letter(Act.MAILINGS, newest=True)
def write(here: Here, public_id: str) -> Response:
    """Keep what was typed."""
    typed = {
        language: (
            request.form.get(f"subject-{language}", ""),
            # Browsers send line ends of their own.
            request.form.get(f"source-{language}", "").replace("\r\n", "\n"),
        )
        for language in here.settings.wordings
    }
    found = _find(here, public_id)
    public = request.form.get("public") == "yes"

    def save(session: Session) -> None:
        mailings.save(session, texts=typed, public=public, **_which(here, found))

    return _do(here, found, save, typed=typed, public=public)


@bp.post("/letters/<slug:slug>/updates/<public_id>/move")
@access.on_letter(Act.MAILINGS, newest=True)
def move(here: Here, public_id: str) -> Response:
    """Pause, resume, stop or take it back; throw a draft away; mail it to oneself."""
    found = _find(here, public_id)
    action = request.form.get("action", "")
    if action == "test":
        answer = _do(here, found, lambda session: _test(session, here, found))
        if answer.status_code == 303:
            answer.headers["Location"] += "?mailed=yes"
        return answer
    act = _MOVES.get(action)
    if act is None:
        abort(400)
    there = () if action == "discard" else (public_id,)
    return _do(here, found, lambda session: act(session, **_which(here, found)),
               there=there)  # fmt: skip


_MOVES: Mapping[str, Callable[..., None]] = {
    "pause": mailing_moves.pause,
    "resume": mailing_moves.resume,
    "stop": mailing_moves.stop,
    "take_back": mailing_moves.take_back,
    "discard": mailings.discard,
}


def _test(session: Session, here: Here, found: Shown) -> None:
    mailing_moves.test(
        session,
        language=request.form.get("language", ""),
        organiser_id=here.organiser_id,
        **_which(here, found),
    )


@bp.get("/letters/<slug:slug>/updates/<public_id>/send")
@access.on_letter(Act.MAILINGS, newest=True)
def ask(here: Here, public_id: str) -> Response:
    """Ask once more, with the number of people."""
    return _ask(here, _find(here, public_id))


@bp.post("/letters/<slug:slug>/updates/<public_id>/send")
@access.on_letter(Act.MAILINGS, newest=True)
def send(here: Here, public_id: str) -> Response:
    """Begin it now, or plan when."""
    found = _find(here, public_id)
    action = request.form.get("action", "")
    if action not in ("start", "plan"):
        abort(400)
    try:
        at = pages.moment("at") if action == "plan" else None
        if action == "plan" and at is None:
            raise WrongValue("at", "empty")
        with site().database.writing() as session:
            if at is None:
                mailing_moves.start(session, **_which(here, found))
            else:
                mailing_moves.schedule(session, at=at, **_which(here, found))
            session.commit()
    except WrongValue as error:
        return _ask(here, found, wrong=error, status=400)
    except NotNow as error:
        return _ask(here, found, said=_REFUSED[error.problem], status=409)
    except ReadOnly:
        return _ask(here, found, said=_READ_ONLY, status=409)
    return answers.see_other(_there(here, public_id))


def _ask(
    here: Here,
    found: Shown,
    *,
    status: int = 200,
    said: str = "",
    wrong: WrongValue | None = None,
) -> Response:
    if found.state is not MailingState.DRAFT:
        return answers.see_other(_there(here, found.public_id))
    with site().database.snapshot() as session:
        people = mailings.readers(session, letter_id=here.settings.id)
    first = here.settings.default_language
    return pages.page(
        "organising/updates/send.html",
        here=here,
        status=status,
        said=said,
        update=found,
        people=people,
        subject=text.subject if (text := found.text(first)) else "",
        first=i18n.language_name(first),
        missing=[
            i18n.language_name(code)
            for code in here.settings.wordings
            if code not in found.texts
        ],
        at=request.form.get("at", ""),
        errors=shell.at_fields(wrong),
    )


def _which(here: Here, found: Shown) -> dict[str, Any]:
    return {
        "letter_id": here.settings.id,
        "public_id": found.public_id,
        "actor": here.actor,
        "now": here.now,
    }


def _find(here: Here, public_id: str) -> Shown:
    if not _ID.match(public_id):
        abort(404)
    try:
        with site().database.reading() as session:
            return mailings.find(
                session, letter_id=here.settings.id, public_id=public_id
            )
    except NoResultFound:
        abort(404)


def _do(
    here: Here,
    found: Shown,
    act: Callable[[Session], None],
    *,
    there: tuple[str, ...] | None = None,
    **typed: Any,
) -> Response:
    """Do something with an update, and go where it is seen."""
    try:
        with site().database.writing() as session:
            act(session)
            session.commit()
    except WrongValue as error:
        return _show(here, found.public_id, status=400, wrong=error, **typed)
    except NotNow as error:
        return _show(here, found.public_id, status=409, said=_REFUSED[error.problem],
                     **typed)  # fmt: skip
    except ReadOnly:
        return _show(here, found.public_id, status=409, said=_READ_ONLY, **typed)
    except NoResultFound:
        abort(404)
    return answers.see_other(
        _there(here, *((found.public_id,) if there is None else there))
    )


def _show(
    here: Here,
    public_id: str,
    *,
    status: int = 200,
    said: str = "",
    wrong: WrongValue | None = None,
    typed: Mapping[str, tuple[str, str]] | None = None,
    public: bool | None = None,
) -> Response:
    found = _find(here, public_id)
    begun = found.state is not MailingState.DRAFT
    return pages.page(
        f"organising/updates/{'one' if begun else 'draft'}.html",
        here=here,
        status=status,
        said=said,
        update=found,
        states=STATES,
        versions=update_texts.versions(here, found, None if begun else typed),
        kept=update_texts.versions(here, found, typed) if begun and typed else [],
        first=here.settings.default_language,
        mailed="mailed" in request.args,
        ticked=found.public if public is None else public,
        errors=shell.at_fields(wrong),
    )
