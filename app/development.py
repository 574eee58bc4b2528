"""For development only: the mails just sent, as pages and as JSON."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from app import answers, dev_inbox, i18n
from app.site import site

bp = Blueprint("development", __name__, url_prefix="/dev")

MOST = 50


@bp.get("/inbox")
def inbox() -> Response:
    """The newest mails, readable."""
    mails = dev_inbox.recent(site().config.instance / "inbox", MOST)
    return answers.page("dev/inbox.html", mails=mails)


@bp.get("/inbox.json")
def inbox_json() -> Response:
    """The newest mails as data."""
    mails = dev_inbox.recent(site().config.instance / "inbox", MOST)
    return jsonify(
        [asdict(mail) | {"received_at": i18n.iso(mail.received_at)} for mail in mails]
    )
