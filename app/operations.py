"""For whoever runs the house: alive, ready, and what to measure."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import db
from app.domain import mail_funnel, record
from app.mail import outbox, relay
from app.models import Ledger
from app.site import site

bp = Blueprint("operations", __name__)

# Work that waits longer than this means that no worker is at it.
LATE = timedelta(minutes=2)


@bp.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> Response:
    """The database answers, and the worker keeps up with what it is given."""
    now = db.now()
    with site().database.snapshot() as session:
        unfolded = session.scalar(select(func.min(Ledger.at)))
        unsent = outbox.oldest_due(session, now=now)
    late = [at for at in (unfolded, unsent) if at is not None and at < now - LATE]
    if late:
        return Response("the worker is late\n", status=503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


@bp.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus; from this machine, or with the token."""
    token = site().config.metrics_token
    given = request.headers.get("Authorization", "")
    local = request.remote_addr in ("127.0.0.1", "::1") and not (
        "X-Forwarded-For" in request.headers
    )
    if not local and (token is None or given != f"Bearer {token}"):
        abort(404)
    registry = CollectorRegistry()
    with site().database.reading() as session:
        _of_the_house(registry, session, db.now())
        _of_the_letters(registry, session, db.now())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _of_the_house(registry: CollectorRegistry, session: Session, now: datetime) -> None:
    oldest = outbox.oldest_due(session, now=now)
    standing = relay.read(session)
    since = standing.refuses_since
    figures = {
        "outbox_due": ("Mails that are due and not sent.",
                       outbox.waiting(session, now=now)),
        "outbox_late_seconds": ("Since when the mail that waits longest is due.",
                                (now - oldest).total_seconds() if oldest else 0),
        "breaker_open": ("1 while the mail server refuses us and the worker stands back.",
                         int(since is not None)),
        "breaker_open_seconds": ("Since when the mail server refuses us.",
                                 (now - since).total_seconds() if since else 0),
        "breaker_openings": ("How often it has made the worker stand back.",
                             standing.refusals),
        "ledger_unfolded": ("Ledger rows that are not folded yet.",
                            session.scalar(select(func.count(Ledger.id))) or 0),
        "record_sealed": ("Position of the record's head.",
                          record.head(session).position),
    }  # fmt: skip
    for name, (about, value) in figures.items():
        Gauge(f"undersigned_{name}", about, registry=registry).set(value)


def _of_the_letters(
    registry: CollectorRegistry, session: Session, now: datetime
) -> None:
    """What becomes of the forms; never more figures with more signatures."""
    forms = Gauge(
        "undersigned_forms_last_day",
        "Forms of the last 24 hours by what became of them; domain '': all others.",
        ("letter", "domain", "stage"),
        registry=registry,
    )
    for (slug, domain), funnel in mail_funnel.read(session, now=now).items():
        for stage, number in funnel.stages():
            forms.labels(slug, domain, stage).set(number)
    queued = Gauge(
        "undersigned_forms_queued",
        "Forms whose first mail is not handed over, among the next 10,000 mails.",
        ("letter",),
        registry=registry,
    )
    for slug, number in mail_funnel.queued(session).items():
        queued.labels(slug).set(number)
    silent = Gauge(
        "undersigned_mail_domain_silent",
        "1 for a mail domain from which nobody confirms any more.",
        ("letter", "domain"),
        registry=registry,
    )
    for slug, domain in mail_funnel.silent(session):
        silent.labels(slug, domain).set(1)
