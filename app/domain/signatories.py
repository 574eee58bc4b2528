"""The public lines of a letter, as they are read; nothing here can change one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, literal_column, select, union_all

from app import db, i18n
from app.db import Moment, Transaction
from app.domain.letters import Settings
from app.domain.tally import NOT_SAID
from app.domain.views import PublicLine
from app.models import Origin, Signature

NEWEST = 20

FEATURED = 200
# Nothing comes later: what a letter that is not frozen shows.
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)

_LINE = (
    "id", "public_id", "name", "title", "titles", "affiliation", "identification_only",
    "sector", "country", "statement", "verified", "featured_rank", "origin",
    "confirmed_at", "collection_id",
)  # fmt: skip
_c = db.table(Signature).c


def _public(columns: Sequence[Any], *conditions: Any) -> Select[Any]:
    """The SELECT of lines that may be shown: counted, listed, not frozen out."""
    return select(*columns).where(
        _c.letter_id == bindparam("letter"),
        # As literals, so that the partial index of the public lists fits.
        _c.state == literal_column("'counted'"),
        _c.listed,
        _c.created_at <= bindparam("shown_until", type_=Moment),
        *conditions,
    )


_SHOWN = [_c[name] for name in _LINE]
_FIRST = union_all(
    *(
        select(part.subquery())
        for part in (
            _public(_SHOWN, _c.featured_rank.is_not(None))
            .order_by(_c.featured_rank)
            .limit(FEATURED),
            *(
                _public(_SHOWN, _c.featured_rank.is_(None), verified)
                .order_by(_c.id.desc())
                .limit(NEWEST)
                for verified in (_c.verified, ~_c.verified)
            ),
        )
    )
)


def first(
    session: Transaction, *, settings: Settings, language: str
) -> tuple[list[PublicLine], list[PublicLine]]:
    """The featured signatories, and the newest others, in one statement.

    Among the newest the verified stand first: a name that only an address stands
    behind never stands above one that an organiser proved (peers, rule R2).
    """
    rows = session.execute(
        _FIRST,
        {"letter": settings.id, "shown_until": settings.frozen_at or FOR_EVER},
    ).all()
    featured = [row for row in rows if row.featured_rank is not None]
    others = [row for row in rows if row.featured_rank is None]
    featured.sort(key=lambda row: row.featured_rank)
    others.sort(key=lambda row: (not row.verified, -row.id))
    return (
        [line(row, settings, language) for row in featured],
        [line(row, settings, language) for row in others[:NEWEST]],
    )


def line(row: Row[Any] | Any, settings: Settings, language: str) -> PublicLine:
    """One public line out of a row with the columns of a signature."""
    return PublicLine(
        id=row.public_id,
        name=row.name,
        title=(row.titles or {}).get(language) or row.title,
        affiliation=row.affiliation,
        identification_only=row.identification_only,
        sector_label=settings.sector_label(row.sector, language),
        country_label=country_label(row.country, language),
        statement=row.statement,
        verified=row.verified,
        featured=row.featured_rank is not None,
        origin=row.origin,
        confirmed_on=row.confirmed_at.date() if row.confirmed_at else None,
        source_note=settings.source_note(row.collection_id, language)
        if row.origin == Origin.COLLECTED
        else None,
    )


def country_label(code: str, language: str) -> str | None:
    """What a country is called in `language`; None where it was not said."""
    if code == NOT_SAID:
        return None
    return i18n.country_names(i18n.speaks(language)).get(code)
