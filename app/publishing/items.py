"""A public line as data, for the API and for files."""

from __future__ import annotations

from typing import Any

from app import db
from app.domain.tally import NOT_SAID


def item(row: Any) -> dict[str, Any]:
    """The fields of the file's COLUMNS out of a row of the list; keys, where pages show labels."""
    at = row.confirmed_at
    confirmed_on = db.moment(at).date().isoformat() if at else None
    return {
        "id": row.public_id,
        "name": row.name,
        "title": row.title,
        "affiliation": row.affiliation,
        "sector": row.sector,
        "country": None if row.country == NOT_SAID else row.country,
        "statement": row.statement,
        # The affiliation says where the person is, not for whom they speak.
        "identification_only": bool(row.identification_only),
        "verified": bool(row.verified),
        "featured": row.featured_rank is not None,
        "origin": row.origin,
        "confirmed_on": confirmed_on,
    }
