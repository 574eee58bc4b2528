"""The switches of a letter: each is one form, with what the public is told by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from app import urls
from app.domain import previews, rehearsal, switches, unveiling
from app.domain.editing import ReadOnly, WrongValue
from app.domain.rehearsal import NotBefore
from app.domain.rights import Act
from app.domain.switches import AlreadyPublic, InRehearsal, NotReady
from app.domain.tokens import Purpose
from app.domain.unveiling import NotFrozen
from app.i18n import marked as _
from app.organising import access, pages, shell
from app.organising.access import Here
from app.organising.writing import back
from app.site import site

bp = Blueprint("switching", __name__)

_REFUSED: dict[type[Exception], str] = {
    NotReady: _("A language has a title and no text yet: write it first."),
    InRehearsal: _("End the rehearsal first, and wait ten seconds."),
    AlreadyPublic: _("The public has seen the letter: it can be closed or archived, "
                     "not hidden."),
    NotBefore: _("Only a letter that is a draft can be rehearsed."),
    NotFrozen: _("Names appear at once: freeze the display first."),
    ReadOnly: _("The letter is archived: nothing about it changes any more."),
}  # fmt: skip
# How many planned times one form makes at most.
_TIMES = 200


@bp.get("/letters/<slug:slug>/switches")
@access.on_letter(Act.SWITCH, newest=True)
def page(here: Here) -> Response:
    """How every switch stands."""
    return _page(here, {})


@bp.post("/letters/<slug:slug>/switches")
@access.on_letter(Act.SWITCH, newest=True)
def turn(here: Here) -> Response:
    """Turn one of them."""
    act = _ACTS.get(request.form.get("action", ""))
    if act is None:
        abort(400)
    try:
        with site().database.writing() as session:
            act(session, here)
            session.commit()
    except WrongValue as error:
        return _page(here, request.form, wrong=error, status=400)
    except tuple(_REFUSED) as error:
        return _page(here, request.form, said=_REFUSED[type(error)], status=409)
    return back(here, "switches")


def _page(
    here: Here,
    typed: Mapping[str, str],
    *,
    wrong: WrongValue | None = None,
    said: str = "",
    status: int = 200,
) -> Response:
    settings = here.settings
    waiting = 0
    with site().database.reading() as session:
        links = previews.links(session, letter_id=settings.id)
        planned = unveiling.planned(session, letter_id=settings.id)
        if settings.frozen_at is not None:
            waiting = unveiling.waiting(
                session, letter_id=settings.id, frozen_at=settings.frozen_at
            )
    translate = pages.translator()
    base = site().config.base_url
    return pages.page(
        "organising/letter/switches.html",
        here=here,
        status=status,
        typed=typed,
        errors=shell.at_fields(wrong),
        said=translate(said) if said else "",
        visible=settings.visible(here.now),
        phase=settings.phase(here.now).value,
        opens_at=typed.get("opens_at", _local(settings.opens_at)),
        closes_at=typed.get("closes_at", _local(settings.closes_at)),
        links=[
            (
                link,
                urls.absolute(
                    base, urls.preview(site().tokens.make(Purpose.PREVIEW, link.id))
                ),
            )
            for link in links
        ],
        planned=planned,
        waiting=waiting,
    )


def _times(session: Session, here: Here) -> None:
    switches.set_times(
        session,
        letter_id=here.settings.id,
        opens_at=pages.moment("opens_at"),
        closes_at=pages.moment("closes_at"),
        actor=here.actor,
        now=here.now,
    )


def _publish(session: Session, here: Here) -> None:
    switches.publish(
        session,
        letter_id=here.settings.id,
        at=here.now,
        actor=here.actor,
        now=here.now,
    )


def _embargo(session: Session, here: Here) -> None:
    at = pages.moment("at")
    if at is None:
        raise WrongValue("at", "empty")
    switches.publish(
        session, letter_id=here.settings.id, at=at, actor=here.actor, now=here.now
    )


def _switch(
    function: Callable[..., object], **fixed: bool
) -> Callable[[Session, Here], None]:
    def act(session: Session, here: Here) -> None:
        function(
            session,
            letter_id=here.settings.id,
            actor=here.actor,
            now=here.now,
            **fixed,
        )

    return act


def _link(session: Session, here: Here) -> None:
    previews.make(
        session,
        letter_id=here.settings.id,
        note=request.form.get("note", ""),
        actor=here.actor,
        now=here.now,
    )


def _revoke(session: Session, here: Here) -> None:
    try:
        identifier = bytes.fromhex(request.form.get("link", ""))
    except ValueError:
        abort(400)
    previews.revoke(
        session,
        letter_id=here.settings.id,
        link_id=identifier,
        actor=here.actor,
        now=here.now,
    )


def _plan(session: Session, here: Here) -> None:
    begin = pages.moment("begin") or here.now
    amount, times, hours = (
        _number("amount", 1_000_000), _number("times", _TIMES), _number("hours", 720)
    )  # fmt: skip
    try:
        at = [begin + timedelta(hours=hours * turn) for turn in range(times)]
    except OverflowError:
        raise WrongValue("begin", "time") from None
    unveiling.plan(
        session,
        letter_id=here.settings.id,
        times=at,
        amount=amount,
        actor=here.actor,
        now=here.now,
    )


_ACTS: Mapping[str, Callable[[Session, Here], None]] = {
    "times": _times,
    "publish": _publish,
    "embargo": _embargo,
    "draft": _switch(switches.back_to_draft),
    "pause": _switch(switches.pause, paused=True),
    "go_on": _switch(switches.pause, paused=False),
    "freeze": _switch(switches.freeze, frozen=True),
    "unfreeze": _switch(switches.freeze, frozen=False),
    "plan": _plan,
    "call_off": _switch(unveiling.call_off),
    "link": _link,
    "revoke": _revoke,
    "rehearse": _switch(rehearsal.begin),
    "end_rehearsal": _switch(rehearsal.end),
}


def _number(field: str, most: int) -> int:
    text = request.form.get(field, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise WrongValue(field, "number")
    if not 1 <= int(text) <= most:
        raise WrongValue(field, "choice")
    return int(text)


def _local(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") if at else ""
