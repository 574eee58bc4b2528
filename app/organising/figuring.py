"""Figures for the team: history, what becomes of forms, how long signatures wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import Blueprint, Response

from app.domain import courses, figures, mail_figures, piles, queue, tally
from app.domain.courses import Span
from app.domain.mail_figures import Domain
from app.domain.rights import Act
from app.i18n import marked as _
from app.organising import access, pages
from app.organising.access import Here
from app.site import site

bp = Blueprint("figuring", __name__)

# The labels of courses.AGES.
AGES = (
    _("less than an hour"),
    _("1 to 6 hours"),
    _("6 to 24 hours"),
    _("1 to 3 days"),
    _("3 to 7 days"),
    _("more than 7 days"),
)
# As many domains are shown one by one; the others are summed up.
_LINES = 20


@bp.get("/letters/<slug:slug>/figures")
@access.on_letter(Act.VIEW)
def page(here: Here) -> Response:
    """Every picture with its table."""
    letter_id, now = here.settings.id, here.now
    with site().database.snapshot() as session:
        hours, days = courses.history(session, letter_id=letter_id, now=now)
        waiting = courses.waiting(session, letter_id=letter_id, now=now)
        held, verified = courses.by_domain(session, letter_id=letter_id)
        domains = mail_figures.read(session, letter_id=letter_id, now=now)
        counted = tally.read(session, letter_id=letter_id)
        bouncing = queue.number(session, letter_id=letter_id, pile=piles.BOUNCED)
    return pages.page(
        "organising/figures.html",
        here=here,
        hours=hours,
        days=[span for span in days if span.since >= _first(days)],
        waiting=waiting,
        ages=list(zip(AGES, waiting.by_age, strict=True)),
        most=courses.MOST,
        complaints=sum(one.complained for one in domains),
        bouncing=bouncing,
        cap=queue.CAP,
        domains=_lines(domains, held, verified),
        numbers=figures.numbers(
            counted,
            settings=here.settings,
            as_of=now,
            language=here.settings.default_language,
        ),
        patience=_hours(waiting.median),
    )


def _first(days: list[Span]) -> datetime:
    """The day before the first one on which anything happened, or yesterday."""
    moved = [number for number, day in enumerate(days) if day.added or day.removed]
    return days[max(0, moved[0] - 1 if moved else -2)].since


def _hours(median: timedelta | None) -> int:
    return int(median.total_seconds() // 3600) if median else 0


def _lines(
    domains: list[Domain], held: Mapping[str, int], verified: Mapping[str, int]
) -> list[tuple[Domain, int, int]]:
    """The domains with a line of their own, and one for all the others."""
    own = [one for one in domains if one.domain][:_LINES]
    names = {one.domain for one in own}
    others = [one for one in domains if one.domain not in names]
    rest = Domain(
        "",
        sum(one.submitted for one in others),
        sum(one.mailed for one in others),
        sum(one.confirmed for one in others),
        sum(one.came_back for one in others),
        sum(one.complained for one in others),
        None,
    )
    return [
        (one, held.get(one.domain, 0), verified.get(one.domain, 0)) for one in own
    ] + [
        (
            rest,
            sum(number for name, number in held.items() if name not in names),
            sum(number for name, number in verified.items() if name not in names),
        )
    ]
