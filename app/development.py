"""For development only: the mails just sent, and an example of every kind."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, abort, jsonify
from sqlalchemy import func, select

from app import answers, db, dev_inbox, i18n
from app.domain import letters, tally
from app.domain.letters import Settings
from app.mail import samples
from app.mail.samples import Sample
from app.mail.wire import House
from app.models import Letter, Measure
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


@bp.get("/mails")
def mails() -> Response:
    """Every kind of mail in every language of the first letter."""
    settings = _first_letter()
    return answers.page(
        "dev/mails.html",
        names=samples.NAMES,
        languages=list(settings.wordings) if settings else [],
    )


@bp.get("/mails/<kind>/<language>")
def mail(kind: str, language: str) -> Response:
    """One of them: its headers, its text and the source of its HTML."""
    return answers.page(
        "dev/mail.html",
        kind=kind,
        name=samples.NAMES.get(kind),
        language=language,
        mail=_sample(kind, language),
    )


@bp.get("/mails/<kind>/<language>/html")
def mail_html(kind: str, language: str) -> Response:
    """Its HTML as a mail program shows it that runs nothing and loads nothing."""
    return answers.mail(_sample(kind, language).html)


def _first_letter() -> Settings | None:
    with site().database.reading() as session:
        first = session.scalar(
            select(func.min(Letter.id)).where(Letter.deleted_at.is_(None))
        )
        if first is None:
            return None
        return site().shelf.of(session, letter_id=first, now=db.now())


def _sample(kind: str, language: str) -> Sample:
    settings = _first_letter()
    if settings is None or language not in settings.wordings:
        abort(404)
    if kind not in samples.NAMES:
        abort(404)
    config, now = site().config, db.now()
    with site().database.reading() as session:
        counted = tally.read(session, letter_id=settings.id)
    made = samples.make(
        kind,
        House(config.base_url, config.mail_from),
        letters.view(settings, language=language, now=now),
        number=tally.total(counted, Measure.CONFIRMED),
        now=now,
    )
    return samples.read(made)
