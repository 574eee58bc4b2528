"""Where a mail provider reports what became of our mails."""

from __future__ import annotations

import json
from collections import Counter
from http import HTTPStatus

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from app import answers, db
from app.domain import bounces
from app.domain.bounces import Taken
from app.mail import hooks
from app.mail.hooks import BadEvent, Event, Unsigned
from app.mail.verp import Verp
from app.signing import guard
from app.site import site

bp = Blueprint("hooks", __name__)


@bp.post("/hooks/mail")
def mail() -> Response:
    """Take bounces and complaints, signed as Standard Webhooks are.

    Doing it again does nothing again. 503 where a mail is in hand at this moment:
    the rest is taken, and the provider comes again with all of it.
    """
    here, now = site(), db.now()
    if not here.config.mail_hook_secrets:
        abort(404)
    body = guard.read_body(request, "application/json")
    try:
        hooks.check(
            here.config.mail_hook_secrets,
            body,
            identifier=request.headers.get("webhook-id", ""),
            at=request.headers.get("webhook-timestamp", ""),
            signature=request.headers.get("webhook-signature", ""),
            now=now,
        )
    except Unsigned as error:
        return _problem(401, str(error))
    bounce_address = here.config.mail_bounces
    verp = Verp(here.keyring, bounce_address) if bounce_address else None
    try:
        events = hooks.read(body, verp)
    except BadEvent as error:
        return _problem(400, str(error))
    with here.database.writing() as session:
        done = Counter(_take(session, event).value for event in events)
        session.commit()
    if done[Taken.NOT_YET]:
        response = _problem(503, hooks.IN_HAND)
        response.headers["Retry-After"] = "60"
        return response
    return answers.json({taken.value: done[taken.value] for taken in Taken})


def _take(session: Session, event: Event) -> Taken:
    outbox_id = event.outbox_id or bounces.find(session, message_id=event.message_id)
    if outbox_id is None:
        return Taken.UNKNOWN
    return bounces.take(
        session, keyring=site().keyring, shelf=site().shelf, outbox_id=outbox_id,
        kind=event.kind, status=event.status, now=db.now(),
    )  # fmt: skip


def _problem(status: int, detail: str) -> Response:
    """What is wrong, for programs (RFC 9457)."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "status": status, "title": title, "detail": detail}
    return Response(
        json.dumps(body), status=status, mimetype="application/problem+json"
    )
