"""The figures of the mails of all letters at once, for whoever watches the house.

Their number is bounded: lines beyond the largest `LINES` are added to the others of
their letter. A mail domain has a line only where `mail_figures` gives it one, so no
figure tells who a person is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select

from app import db
from app.db import Transaction
from app.domain.tally import hour_of
from app.models import (
    IS_UNSENT,
    Letter,
    MailDomain,
    MailFigure,
    Outbox,
    OutboxKind,
    Submission,
)

DAY = timedelta(days=1)
LINES = 500
# So many of the mails that wait are looked at; there are more only while a relay is away.
QUEUE = 10_000

_f, _d = db.table(MailFigure).c, db.table(MailDomain).c
_COLUMNS = ("submitted", "mailed", "confirmed", "came_back", "complained")


@dataclass(slots=True)
class Funnel:
    """What became of the forms of the last 24 hours, of one letter and mail domain."""

    submitted: int = 0
    mailed: int = 0
    confirmed: int = 0
    came_back: int = 0
    complained: int = 0

    def add(self, other: Funnel) -> None:
        """Count the forms of another line as well."""
        for name, more in zip(_COLUMNS, astuple(other), strict=True):
            setattr(self, name, getattr(self, name) + more)

    def stages(self) -> Iterator[tuple[str, int]]:
        """Each stage by its name, and how many there were."""
        yield "submitted", self.submitted
        yield "handed_over", self.mailed
        yield "refused", self.submitted - self.mailed
        yield "bounced", self.came_back
        yield "complained", self.complained
        yield "confirmed", self.confirmed


def read(session: Transaction, *, now: datetime) -> dict[tuple[str, str], Funnel]:
    """The lines of all letters: (slug, domain), and '' for all other domains.

    Goes along the hours of each letter, so nothing costs more with more signatures.
    """
    since = hour_of(now) - DAY
    sums = [func.sum(_f[name]) for name in _COLUMNS]
    rows = session.execute(
        select(Letter.slug, _f.domain, *sums)
        .join(db.table(MailFigure), and_(_f.letter_id == Letter.id, _f.hour > since))
        .where(Letter.deleted_at.is_(None))
        .group_by(Letter.slug, _f.domain)
        .order_by(sums[0].desc(), Letter.slug, _f.domain)
    )
    found: dict[tuple[str, str], Funnel] = {}
    for place, (slug, domain, *numbers) in enumerate(rows):
        line = slug, domain if place < LINES else ""
        found.setdefault(line, Funnel()).add(Funnel(*map(int, numbers)))
    return found


def queued(session: Transaction) -> dict[str, int]:
    """How many first mails of forms wait, by letter; of the next `QUEUE` at most."""
    waiting = (
        select(Outbox.submission_id)
        .where(
            IS_UNSENT,
            Outbox.priority == 0,
            Outbox.kind == OutboxKind.CONFIRM.value,
            Outbox.number == 1,
        )
        .order_by(Outbox.due_at)
        .limit(QUEUE)
        .subquery()
    )
    rows = session.execute(
        select(Letter.slug, func.count())
        .join(Submission, Submission.letter_id == Letter.id)
        .join(waiting, waiting.c.submission_id == Submission.id)
        .group_by(Letter.slug)
    )
    return {slug: number for slug, number in rows}


def silent(session: Transaction) -> list[tuple[str, str]]:
    """The mail domains from which nobody confirms any more: (slug, domain)."""
    rows = session.execute(
        select(Letter.slug, _d.domain)
        .join(db.table(MailDomain), _d.letter_id == Letter.id)
        .where(_d.silent_since.is_not(None))
        .order_by(_d.silent_since)
        .limit(LINES)
    )
    return [(slug, domain) for slug, domain in rows]
