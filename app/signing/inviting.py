"""Behind a personal invitation: the letter, and the form with the address fixed."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, abort, request

from app import answers, db, urls
from app.db import Transaction
from app.domain import inviting, letters, submissions
from app.domain.inviting import Invited
from app.domain.letters import Phase, Settings
from app.domain.tokens import InvalidToken, Purpose
from app.domain.views import SignForm
from app.signing import forms, guard
from app.signing.confirming import unknown_link
from app.signing.routes import refer_to
from app.site import site

bp = Blueprint("inviting", __name__)


def _read(token: str) -> str:
    """The invitation that a token names; one that names none is ""."""
    try:
        return site().tokens.read(Purpose.SIGN_INVITATION, token).decode()
    except (InvalidToken, UnicodeDecodeError):
        return ""


def _open(session: Transaction, public_id: str) -> tuple[Invited, Settings] | None:
    now = db.now()
    found = inviting.open_link(
        session, keyring=site().keyring, public_id=public_id, now=now
    )
    if found is None:
        return None
    settings = site().shelf.of(session, letter_id=found.letter_id, now=now)
    return (found, settings) if settings.visible(now) else None


@bp.get("/invited/<token>")
def form(token: str) -> Response:
    """The letter with the form; nothing changes by looking."""
    with site().database.snapshot() as session:
        found = _open(session, _read(token))
    if found is None:
        return unknown_link()
    invited, settings = found
    filled = SignForm(values={"name": invited.name})
    return _page(token, invited, settings, filled, 200)


@bp.post("/invited/<token>")
def sign(token: str) -> Response:
    """Take the form for the address that was invited, whatever else was typed."""
    here, now = site(), db.now()
    typed = guard.read_form(request)
    public_id = _read(token)
    with here.database.snapshot() as session:
        found = _open(session, public_id)
    if found is None:
        return unknown_link()
    invited, settings = found
    phase = settings.phase(now)
    if phase is not Phase.OPEN:
        abort(410 if phase is Phase.CLOSED else 409)
    language = settings.wording(invited.language).language
    # The address is the one that was invited, whatever it looks like.
    own = {"email": invited.address, forms.AS_TYPED: invited.address}
    draft, judged = forms.judge(typed | own, settings=settings, language=language)
    if draft is None:
        return _page(token, invited, settings, judged, 400)
    with here.database.transaction() as session:
        submission_id = submissions.sign(
            session,
            keyring=here.keyring,
            settings=settings,
            draft=replace(draft, invitation=public_id),
            now=now,
        )
        session.commit()
    return answers.see_other(
        urls.inbox(settings.slug, refer_to(submission_id, invited.address), language)
    )


def _page(
    token: str, invited: Invited, settings: Settings, form: SignForm, status: int
) -> Response:
    return answers.page(
        "signing/invited.html",
        status=status,
        letter=letters.view(settings, language=invited.language, now=db.now()),
        token=token,
        address=invited.address,
        form=form,
    )
