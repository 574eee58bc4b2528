"""The manage link: see my signature, take it back, have it erased."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import answers, db, urls
from app.domain import (
    backlog,
    figures,
    letters,
    lifecycle,
    lifecycle_letter,
    record,
    showing,
    signatories,
    tally,
    wordings,
)
from app.domain.letters import Settings
from app.domain.tokens import InvalidToken, Purpose
from app.domain.versions import Version
from app.domain.views import LetterView, PublicLine
from app.domain.wording import Difference
from app.models import Letter, Signature, State
from app.signing import guard
from app.signing.confirming import unknown_link
from app.site import site

bp = Blueprint("manage", __name__)

_LIVING = (State.COUNTED.value, State.HELD.value)


@dataclass(frozen=True, slots=True)
class _Mine:
    """One's own signature, as its page needs it."""

    id: int
    state: str
    listed: bool
    noindex: bool
    text_version_id: int | None
    line: PublicLine | None
    settings: Settings
    version: Version
    view: LetterView


def _mine(session: Session, token: str) -> _Mine | None:
    """The signature behind a manage token, or None."""
    try:
        public_id = site().tokens.read(Purpose.MANAGE, token).decode()
    except (InvalidToken, UnicodeDecodeError):
        return None
    row = session.execute(
        select(Signature, Letter.slug)
        .join(Letter, Letter.id == Signature.letter_id)
        .where(Signature.public_id == public_id)
    ).first()
    if row is None:
        return None
    signature, slug = row
    now = db.now()
    found = site().shelf.get(session, slug=slug, now=now)
    assert found is not None
    settings, version = found
    view = letters.view(settings, language=signature.language, now=now)
    return _Mine(
        id=signature.id,
        state=signature.state,
        listed=signature.listed,
        noindex=signature.noindex,
        text_version_id=signature.text_version_id,
        line=signatories.line(signature, settings, view.language)
        if signature.name is not None
        else None,
        settings=settings,
        version=version,
        view=view,
    )


@bp.get("/manage/<token>")
def mine(token: str) -> Response:
    """The state of my signature, read afresh, and what I can do with it."""
    with site().database.reading() as session:
        found = _mine(session, token)
        if found is None:
            return unknown_link()
        counted = tally.read(session, letter_id=found.settings.id)
        waiting = backlog.read(session, letter_id=found.settings.id)
        change = _change(session, found)
    return answers.page(
        "signing/manage.html",
        letter=found.view,
        token=token,
        state=found.state,
        line=found.line,
        listed=found.listed,
        noindex=found.noindex,
        waiting=waiting,
        change=change,
        numbers=figures.numbers(
            counted,
            settings=found.settings,
            as_of=found.version.as_of,
            language=found.view.language,
        ),
    )


def _change(session: Session, found: _Mine) -> list[Difference]:
    """What is new in the letter for one who signed before a material change."""
    if found.state not in _LIVING or found.text_version_id not in (
        found.settings.outdated
    ):
        return []
    return wordings.difference_since(session, text_version_id=found.text_version_id)


def _keep(token: str) -> Response:
    """Keep the signature under the letter's newest words in its language."""
    with site().database.writing() as session:
        found = _mine(session, token)
        if found is None:
            return unknown_link()
        if found.text_version_id in found.settings.outdated:
            newest = found.settings.wording(found.view.language)
            lifecycle_letter.keep(
                session,
                signature_id=found.id,
                text_version_id=newest.text_version_id,
                number=newest.number,
                now=db.now(),
            )
            session.commit()
    return answers.see_other(urls.manage(token))


@bp.post("/manage/<token>")
def act(token: str) -> Response:
    """Keep, or be found, at once; withdraw or erase are asked once more first."""
    typed = guard.read_form(request)
    verb = typed.get("action")
    if verb in ("index", "noindex"):
        return _index(token, noindex=verb == "noindex")
    if verb == "keep":
        return _keep(token)
    if verb not in ("withdraw", "erase"):
        abort(400)
    sure = typed.get("sure") == "yes"
    with site().database.writing() as session:
        found = _mine(session, token)
        if found is None:
            return unknown_link()
        if sure:
            move = lifecycle.withdraw if verb == "withdraw" else lifecycle.erase
            try:
                move(
                    session,
                    signature_id=found.id,
                    actor=record.SIGNATORY,
                    now=db.now(),
                )
            except lifecycle.NotAllowed:
                # Decided meanwhile: the page tells what it is now, and what is left.
                return answers.see_other(urls.manage(token))
            session.commit()
    return answers.page(
        "signing/manage_done.html" if sure else "signing/manage_ask.html",
        letter=found.view,
        token=token,
        verb=verb,
    )


def _index(token: str, *, noindex: bool) -> Response:
    """Let search engines find the page of my line, or ask them to leave it out."""
    with site().database.writing() as session:
        found = _mine(session, token)
        if found is None:
            return unknown_link()
        with suppress(lifecycle.NotAllowed):
            showing.index(
                session,
                signature_id=found.id,
                noindex=noindex,
                actor=record.SIGNATORY,
                now=db.now(),
            )
        session.commit()
    return answers.see_other(urls.manage(token))
