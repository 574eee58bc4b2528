"""The public lines of a letter, as they are read; nothing here can change one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, literal, select, union_all
from sqlalchemy.orm import Session

from app import i18n
from app.domain.letters import Settings
from app.domain.tally import NOT_SAID
from app.domain.views import PublicLine
from app.models import IS_COUNTED, Origin, Signature

NEWEST = 20

_COLUMNS = (
    Signature.id,
    Signature.public_id,
    Signature.name,
    Signature.title,
    Signature.titles,
    Signature.affiliation,
    Signature.identification_only,
    Signature.sector,
    Signature.country,
    Signature.statement,
    Signature.verified,
    Signature.featured_rank,
    Signature.origin,
    Signature.confirmed_at,
    Signature.collection_id,
)


def public(settings: Settings) -> Select[Any]:
    """The SELECT of all lines that may be shown: counted, listed, not frozen out."""
    statement = select(*_COLUMNS).where(
        Signature.letter_id == settings.id,
        IS_COUNTED,
        Signature.listed,
    )
    if settings.frozen_at is not None:
        statement = statement.where(Signature.created_at <= settings.frozen_at)
    return statement


def first(
    session: Session, *, settings: Settings, language: str
) -> tuple[list[PublicLine], list[PublicLine]]:
    """The featured signatories, and the newest others, in one statement.

    Among the newest the verified stand first: a name that only an address stands
    behind never stands above one that an organiser proved (peers, rule R2).
    """
    featured = public(settings).where(Signature.featured_rank.is_not(None))
    parts: list[Select[Any]] = [featured.order_by(Signature.featured_rank).limit(200)]
    for verified in (True, False):
        group = public(settings).where(
            Signature.verified == literal(verified), Signature.featured_rank.is_(None)
        )
        parts.append(group.order_by(Signature.id.desc()).limit(NEWEST))
    rows = session.execute(
        union_all(*(select(part.subquery()) for part in parts))
    ).all()
    lines = [(row.featured_rank, row.verified, -row.id, row) for row in rows]
    ordered = sorted(lines, key=lambda part: (part[0] or 0, not part[1], part[2]))
    shown = [(rank, line(row, settings, language)) for rank, _, _, row in ordered]
    return (
        [public_line for rank, public_line in shown if rank is not None],
        [public_line for rank, public_line in shown if rank is None][:NEWEST],
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
    return dict(i18n.countries(i18n.speaks(language))).get(code)
