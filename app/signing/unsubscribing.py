"""The link in every update: no more of them by one click, and back by another."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import select

from app import answers, db
from app.db import Transaction
from app.domain import letters, lifecycle_consents
from app.domain.tokens import InvalidToken, Purpose
from app.domain.views import LetterView
from app.models import Signature, State
from app.signing import guard
from app.signing.confirming import unknown_link
from app.site import site

bp = Blueprint("unsubscribing", __name__)


@bp.get("/unsubscribe/<token>")
def ask(token: str) -> Response:
    """Whether the signatory has updates, and the button; a scanner changes nothing."""
    with site().database.reading() as session:
        found = _find(session, token)
    if found is None:
        return unknown_link()
    return _page(token, *found[1:])


@bp.post("/unsubscribe/<token>")
def act(token: str) -> Response:
    """No more updates, at once: for the page's button and for a mail provider's server.

    The latter sends neither a cookie nor where it comes from, and follows no redirect
    (RFC 8058 sections 3.2 and 5), so the answer is the page itself.
    """
    wanted = _wanted()
    with site().database.writing() as session:
        found = _find(session, token)
        if found is None:
            return unknown_link()
        signature_id, view, _wants, may = found
        wants = lifecycle_consents.want_updates(
            session, signature_id=signature_id, wanted=wanted, now=db.now()
        )
        session.commit()
    return _page(token, view, wants, may, said=True)


def _wanted() -> bool:
    """Whether the form asks for updates again: only the page's own form can."""
    if request.mimetype == "multipart/form-data":
        # What providers SHOULD send; it can say nothing but the one thing.
        return False
    return guard.read_form(request).get("action") == "subscribe"


def _find(
    session: Transaction, token: str
) -> tuple[int, LetterView, bool, bool] | None:
    """The signature behind a token: its letter, whether it has updates, and may."""
    try:
        public_id = site().tokens.read(Purpose.UNSUBSCRIBE, token).decode()
    except (InvalidToken, UnicodeDecodeError):
        return None
    row = session.execute(
        select(
            Signature.id,
            Signature.letter_id,
            Signature.language,
            Signature.wants_updates,
            Signature.state,
            Signature.address_sealed.is_not(None).label("reachable"),
        ).where(Signature.public_id == public_id)
    ).first()
    if row is None:
        return None
    now = db.now()
    settings = site().shelf.of(session, letter_id=row.letter_id, now=now)
    if settings.deleted_at is not None:
        return None
    view = letters.view(settings, language=row.language, now=now)
    may = row.reachable and row.state in (State.COUNTED.value, State.HELD.value)
    return row.id, view, row.wants_updates, bool(may)


def _page(
    token: str, view: LetterView, wants: bool, may: bool, *, said: bool = False
) -> Response:
    return answers.page(
        "signing/unsubscribe.html",
        letter=view,
        token=token,
        wants=wants,
        may=may,
        said=said,
    )
