"""The manage link: see how my signature stands, and decide what becomes of it."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from app import answers, db, urls
from app.domain import (
    backlog,
    figures,
    leaving,
    lifecycle,
    lifecycle_consents,
    lifecycle_letter,
    outgoing,
    record,
    resting,
    showing,
    tally,
    wordings,
)
from app.domain.views import SignForm
from app.domain.wording import Difference
from app.models import OutboxKind
from app.signing import guard, own
from app.signing.own import Mine, unknown_link
from app.site import site

bp = Blueprint("manage", __name__)


@bp.get("/manage/<token>")
def mine(token: str) -> Response:
    """The state of my signature, read afresh, and what I can do with it."""
    with site().database.reading() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        counted = tally.read(session, letter_id=found.settings.id)
        waiting = backlog.read(session, letter_id=found.settings.id)
        change = _change(session, found)
        comes_back = resting.mark_of(session, signature_id=found.id)
    return answers.page(
        "signing/manage.html",
        letter=found.view,
        token=token,
        state=found.row.state,
        line=found.line,
        hidden=found.hidden,
        mine=found.row,
        back_until=found.back_until,
        wishes=_wishes(found),
        waiting=waiting,
        change=change,
        comes_back=comes_back,
        numbers=figures.numbers(
            counted,
            settings=found.settings,
            as_of=found.version.as_of,
            language=found.view.language,
        ),
    )


def _wishes(found: Mine) -> SignForm:
    """The boxes of the two consents, as they stand."""
    given = [name for name in lifecycle_consents.VERBS if found.row._mapping[name]]
    return SignForm(dict.fromkeys(given, "yes"))


def _change(session: Session, found: Mine) -> list[Difference]:
    """What is new in the letter for one who signed before a material change."""
    if not found.living or found.row.text_version_id not in found.settings.outdated:
        return []
    return wordings.difference_since(session, text_version_id=found.row.text_version_id)


def _keep(token: str) -> Response:
    """Keep the signature under the letter's newest words in its language."""
    with site().database.writing() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        if found.row.text_version_id in found.settings.outdated:
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
    """Withdraw or erase are asked once more first; all else is done at once."""
    typed = guard.read_form(request)
    verb = typed.get("action")
    if verb == "consents":
        return _consents(token, typed)
    if verb == "language":
        return _language(token, typed.get("language", ""))
    if verb == "return":
        return _return(token)
    if verb in ("index", "noindex"):
        return _index(token, noindex=verb == "noindex")
    if verb == "keep":
        return _keep(token)
    if verb == "write_again":
        return _write_again(token)
    if verb not in ("withdraw", "erase"):
        abort(400)
    sure = typed.get("sure") == "yes"
    with site().database.writing() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        if found.row.redacted_at is not None or (
            verb == "withdraw" and not found.living
        ):
            # There is nothing (left) to be asked about, as in another tab.
            return own.moved_on(token)
        told = outgoing.tells(
            session, kind=OutboxKind.WITHDRAWN, signature_id=found.id, now=db.now()
        )
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
        told=told,
        counted=found.row.state == "counted",
        listed=found.row.listed,
        was_public=found.row.counted_at is not None,
    )


def _write_again(token: str) -> Response:
    """Write again to an address from which mails came back: its owner has mended it."""
    with site().database.writing() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        resting.write_again(
            session,
            keyring=site().keyring,
            signature_id=found.id,
            actor=record.SIGNATORY,
            now=db.now(),
        )
        session.commit()
    return answers.see_other(urls.manage(token))


def _index(token: str, *, noindex: bool) -> Response:
    """Let search engines find the page of my line, or ask them to leave it out."""
    with site().database.writing() as session:
        found = own.find(session, token)
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


def _consents(token: str, typed: dict[str, str]) -> Response:
    """What may be written to me about, as the boxes say."""
    boxes = {name: typed.get(name, "") for name in lifecycle_consents.VERBS}
    if not set(boxes.values()) <= {"", "yes"}:
        abort(400)
    now = db.now()
    with site().database.writing() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        lifecycle_consents.want_updates(
            session,
            signature_id=found.id,
            wanted=boxes["wants_updates"] == "yes",
            now=now,
        )
        lifecycle_consents.allow_contact(
            session,
            signature_id=found.id,
            allowed=boxes["may_contact"] == "yes",
            now=now,
        )
        session.commit()
    return own.moved_on(token)


def _language(token: str, language: str) -> Response:
    """In which of the letter's languages this page and the mails are."""
    with site().database.writing() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        if language not in found.settings.wordings:
            abort(400)
        lifecycle_consents.speak(
            session, signature_id=found.id, language=language, now=db.now()
        )
        session.commit()
    return own.moved_on(token)


def _return(token: str) -> Response:
    """Take a withdrawal back; the page then says how things stand, either way."""
    with site().database.writing() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        with suppress(lifecycle.NotAllowed):
            leaving.come_back(
                session,
                keyring=site().keyring,
                settings=found.settings,
                signature_id=found.id,
                now=db.now(),
            )
            session.commit()
    return own.moved_on(token)
