"""The public lines of a letter, as they are read; nothing here can change one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Row,
    Select,
    Text,
    bindparam,
    case,
    cast,
    literal_column,
    select,
)

from app import db, i18n
from app.db import Moment
from app.domain.letters import Settings
from app.domain.tally import NOT_SAID
from app.domain.views import PublicLine
from app.models import Origin, Signature

NEWEST = 20

FEATURED = 200
# Nothing comes later: what a letter that is not frozen shows.
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class Line(NamedTuple):
    """The columns of a line as a driver or JSON has them; equal rows look the same."""

    id: int
    public_id: str
    name: str
    title: str | None
    titles: str | None
    affiliation: str | None
    identification_only: bool
    sector: str
    country: str
    statement: str | None
    verified: bool
    featured_rank: int | None
    origin: str
    confirmed_at: str | None
    collection_id: int | None
    text_version_id: int | None


_c = db.table(Signature).c


def public(columns: Sequence[Any], *conditions: Any) -> Select[Any]:
    """The SELECT of lines that may be shown: counted, listed, not frozen out."""
    return select(*columns).where(
        _c.letter_id == bindparam("letter"),
        # As literals, so that the partial index of the public lists fits.
        _c.state == literal_column("'counted'"),
        _c.listed,
        # Since when it counts, for a name released later is a new one, too.
        _c.counted_at <= bindparam("shown_until", type_=Moment),
        *conditions,
    )


def _unless_hidden(name: str) -> Any:
    return case((_c[f"{name}_hidden_at"].is_(None), _c[name])).label(name)


_MADE = {
    # As text, so that a whole row can be compared with one of before.
    "titles": cast(_c.titles, Text).label("titles"),
    # What an organiser has hidden is read by nobody.
    "statement": _unless_hidden("statement"),
    "affiliation": _unless_hidden("affiliation"),
}
SHOWN = [_MADE.get(name, _c[name]) for name in Line._fields]
# The featured ones, and the newest others along the index of the lists, backwards.
FIRST = tuple(
    select(part.subquery("f"))
    for part in (
        public(SHOWN, _c.featured_rank.is_not(None))
        .order_by(_c.featured_rank)
        .limit(FEATURED),
        public(SHOWN, _c.featured_rank.is_(None))
        .order_by(_c.verified.desc(), _c.id.desc())
        .limit(NEWEST),
    )
)


def first(rows: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """The featured signatories, and the newest others, out of what FIRST selects.

    Among the newest the verified stand first: a name that only an address stands
    behind never stands above one that an organiser proved (peers, rule R2).
    """
    featured = [row for row in rows if row.featured_rank is not None]
    others = [row for row in rows if row.featured_rank is None]
    featured.sort(key=lambda row: row.featured_rank or 0)
    others.sort(key=lambda row: (not row.verified, -row.id))
    return featured, others


def line(row: Row[Any] | Any, settings: Settings, language: str) -> PublicLine:
    """One public line out of a row with the columns of a signature."""
    return PublicLine(
        id=row.public_id,
        name=row.name,
        title=_titles(row.titles).get(language) or row.title,
        affiliation=row.affiliation,
        identification_only=row.identification_only,
        sector_label=settings.sector_label(row.sector, language),
        country_label=country_label(row.country, language),
        statement=row.statement,
        verified=row.verified,
        featured=row.featured_rank is not None,
        origin=row.origin,
        confirmed_on=db.moment(row.confirmed_at).date() if row.confirmed_at else None,
        source_note=settings.source_note(row.collection_id, language)
        if row.origin == Origin.COLLECTED
        else None,
        signed_version=settings.outdated.get(row.text_version_id),
    )


def _titles(stored: dict[str, str] | str | None) -> dict[str, str]:
    titles = json.loads(stored) if isinstance(stored, str) else stored
    return dict(titles or {})


def country_label(code: str, language: str) -> str | None:
    """What a country is called in `language`; None where it was not said."""
    if code == NOT_SAID:
        return None
    return i18n.country_names(i18n.speaks(language)).get(code)
