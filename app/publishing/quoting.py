"""Numbers to quote: as they stood at a full hour, the same for ever, and over time."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, request

from app import answers, db, i18n, urls
from app.db import Transaction
from app.domain import figures, history, letters, tally
from app.domain.history import Span
from app.domain.letters import Settings
from app.domain.versions import Version
from app.domain.views import Numbers
from app.publishing import citing, reading
from app.site import site

bp = Blueprint("quoting", __name__)

# Hours of one answer of the API.
SIZE = 1000
# The page draws as many days; all hours are in the files.
DAYS = 366
# It never changes, but what its sectors are called may.
_FOR_LONG = 3600


def time_of(text: str) -> datetime | None:
    """The moment that an address names (RFC 3339), in UTC; None where it names none."""
    if "T" not in text.upper():
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _quotable(session: Transaction, settings: Settings, moment: datetime) -> Numbers:
    """The numbers at a moment, or 404 where there are none to be quoted."""
    assert settings.published_at is not None
    newest = history.last(
        session, letter_id=settings.id, published_at=settings.published_at
    )
    if newest is None or not history.first(settings.published_at) <= moment <= newest:
        abort(404)
    counted = history.at(session, letter_id=settings.id, moment=moment)
    language = settings.wording(answers.language_asked(settings)).language
    return figures.numbers(counted, settings=settings, as_of=moment, language=language)


class _NothingYet(Exception):
    """No hour of this letter is over."""


def _asked(slug: str, time: str) -> tuple[Settings, Numbers] | str:
    """The letter and its numbers; or the time under which they have their address."""
    with site().database.snapshot() as session:
        settings, _version = reading.visible(session, slug)
        if time == "latest":
            assert settings.published_at is not None
            newest = history.last(
                session, letter_id=settings.id, published_at=settings.published_at
            )
            if newest is None:
                raise _NothingYet
            return urls.time(newest)
        moment = time_of(time)
        if moment is None:
            abort(404)
        hour = tally.hour_of(moment)
        if urls.time(hour) != time:
            return urls.time(hour)
        return settings, _quotable(session, settings, hour)


@bp.get("/letters/<slug:slug>/at/<time>")
def page(slug: str, time: str) -> Response:
    """The numbers at a full hour, with how they come about and how to cite them."""
    language = request.args.get("lang")
    try:
        found = _asked(slug, time)
    except _NothingYet:
        # That page says why there is nothing yet.
        return answers.see_other(urls.history(slug, language))
    if isinstance(found, str):
        return answers.see_other(urls.at(slug, found, language))
    settings, numbers = found
    view = letters.view(
        settings, language=answers.language_asked(settings), now=db.now()
    )
    base = site().config.base_url
    address = urls.absolute(base, urls.at(slug, time))
    response = answers.page(
        "publishing/at.html",
        letter=view,
        numbers=numbers,
        time=time,
        address=address,
        citation=citing.cite(view, numbers, address=address, now=db.now()),
        about=citing.dataset(view, numbers, address=address),
        definitions=figures.DEFINITIONS,
    )
    return answers.for_a_while(response, _FOR_LONG)


@bp.get("/api/v1/letters/<slug:slug>/at/<time>")
def numbers_at(slug: str, time: str) -> Response:
    """The same as JSON."""
    try:
        found = _asked(slug, time)
    except _NothingYet:
        abort(404)
    if isinstance(found, str):
        there = urls.api(slug, f"at/{found}", request.args.get("lang"))
        response = answers.see_other(there)
        return answers.for_any_site(response)
    settings, numbers = found
    base = site().config.base_url
    view = letters.view(
        settings, language=answers.language_asked(settings), now=db.now()
    )
    address = urls.absolute(base, urls.at(slug, time))
    cited = citing.cite(view, numbers, address=address, now=db.now())
    body = {
        "letter": slug,
        "at": i18n.iso(numbers.as_of),
        "url": address,
        "confirmed": numbers.confirmed,
        "verified": numbers.verified,
        "collected": numbers.collected,
        "sectors": [
            {"key": one.key, "label": one.label, "confirmed": one.confirmed,
             "verified": one.verified, "collected": one.collected}
            for one in numbers.sectors
        ],
        "citation": {"text": cited.text, "bibtex": cited.bibtex, "csl": cited.csl},
    }  # fmt: skip
    response = answers.for_any_site(answers.json(body))
    return answers.for_a_while(response, _FOR_LONG)


# -- Over time --------------------------------------------------------------------


def _hours(slug: str) -> tuple[Settings, Version, list[Span], datetime | None]:
    """The closed hours after the one that is named, and up to when they are closed."""
    after = request.args.get("after")
    since = time_of(after) if after else None
    if after and since is None:
        abort(400)
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        assert settings.published_at is not None
        newest = history.last(
            session, letter_id=settings.id, published_at=settings.published_at
        )
        if newest is None:
            return settings, version, [], None
        begin = tally.hour_of(settings.published_at)
        if since is not None:
            begin = max(begin, tally.hour_of(since) + history.HOUR)
        found = history.hours(
            session, letter_id=settings.id, since=begin, until=newest, limit=SIZE
        )
    return settings, version, found, newest


@bp.get("/api/v1/letters/<slug:slug>/history")
def as_json(slug: str) -> Response:
    """Hour by hour what was added and removed, the oldest first; quiet ones left out."""
    _settings, version, found, newest = _hours(slug)
    path = urls.absolute(site().config.base_url, urls.api(slug, "history"))
    more = len(found) == SIZE
    body = {
        "items": [
            {"hour": i18n.iso(span.since)}
            | {name: change._asdict() for name, change in span.changes.items()}
            for span in found
        ],
        "closed_until": i18n.iso(newest) if newest else None,
        "next": f"{path}?after={urls.time(found[-1].since)}" if more else None,
        "as_of": i18n.iso(version.as_of),
    }
    response = answers.for_any_site(answers.json(body))
    return answers.public(response, version=version, names=False)


@bp.get("/api/v1/letters/<slug:slug>/history.csv")
def as_csv(slug: str) -> Response:
    """The same as CSV (RFC 4180)."""
    _settings, version, found, _newest = _hours(slug)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["hour", *(f"{name}_{part}" for name in history.MEASURES
                   for part in ("added", "removed", "total"))]
    )  # fmt: skip
    for span in found:
        changes = (number for name in history.MEASURES for number in span.changes[name])
        writer.writerow([i18n.iso(span.since), *changes])
    response = answers.for_any_site(Response(out.getvalue(), mimetype="text/csv"))
    return answers.public(response, version=version, names=False)


@bp.get("/letters/<slug:slug>/history")
def over_time(slug: str) -> Response:
    """The number day by day, drawn and as a table."""
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        assert settings.published_at is not None
        newest = history.last(
            session, letter_id=settings.id, published_at=settings.published_at
        )
        begin = tally.hour_of(settings.published_at)
        found: list[Span] = []
        if newest is not None:
            begin = max(begin, newest - timedelta(days=DAYS))
            found = history.days(
                session, letter_id=settings.id, since=begin, until=newest
            )
    # The quiet before the first change is not drawn.
    begun = next(
        (number for number, span in enumerate(found) if span.changed), len(found)
    )
    found = found[max(begun - 1, 0) :]
    view = letters.view(
        settings, language=answers.language_asked(settings), now=db.now()
    )
    response = answers.page(
        "publishing/history.html",
        letter=view,
        days=found,
        newest=newest,
        line=_line(found),
        columns=_columns(found),
    )
    return answers.public(response, version=version, names=False)


def _line(days: list[Span]) -> str:
    """The points of a curve of the totals in a field of 1000 by 100."""
    totals = [span.changes["confirmed"].total for span in days]
    most = max(totals, default=0) or 1
    step = 1000 / max(len(totals), 1)
    points = []
    before = totals[0] - _net(days[0]) if days else 0
    for number, total in enumerate(totals):
        points.append(f"{number * step:.1f},{100 - 100 * before / most:.1f}")
        points.append(f"{(number + 1) * step:.1f},{100 - 100 * total / most:.1f}")
        before = total
    return " ".join(points)


def _net(span: Span) -> int:
    return span.changes["confirmed"].added - span.changes["confirmed"].removed


def _columns(days: list[Span]) -> list[tuple[float, float, float, float]]:
    """Of each day: where it stands, how wide, and how high what came and what went."""
    changes = [span.changes["confirmed"] for span in days]
    most = max((max(one.added, one.removed) for one in changes), default=0) or 1
    step = 1000 / max(len(changes), 1)
    # A young letter has few days, whose columns are not to be walls.
    width = min(step * 0.8, 90)
    return [
        (round(number * step + (step - width) / 2, 1), round(width, 1),
         round(50 * one.added / most, 1), round(50 * one.removed / most, 1))
        for number, one in enumerate(changes)
    ]  # fmt: skip
