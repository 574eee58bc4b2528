"""Press snapshots: the verified signatories at one moment, immutable from then on.

Numbers, ids and hash never change. What a line says is shown for as long as the
person stands in the count; a person erased since leaves the id and the hash.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import editing, figures, standing, tally
from app.domain.letters import Settings, load
from app.models import (
    IS_COUNTED,
    Signature,
    Snapshot,
    SnapshotLine,
    State,
)

# What a line says, in the order in which it is hashed and printed.
SAID = ("name", "title", "affiliation", "sector")
# First characters by which a spreadsheet takes a text for a formula (threats 36).
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a snapshot; without `said` the person has withdrawn since."""

    position: int
    id: str
    hash: str
    said: dict[str, str] | None
    salt: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A snapshot as it is read now."""

    id: str
    letter_id: int
    at: datetime
    numbers: dict[str, Any]
    hash: str
    lines: list[Line]


def take(session: Session, *, letter_id: int, actor: str, now: datetime) -> str:
    """Fix the verified, listed signatories and the numbers of now; its public id.

    Featured names stand first in their order, then the others in the order in which
    they signed. Only verified ones, ever (peers, rule R9). Raises ReadOnly.
    """
    letter = editing.take(session, letter_id=letter_id)
    settings = load(session, letter_id=letter_id)
    language = settings.default_language
    rows = session.execute(
        select(
            Signature.id,
            Signature.public_id,
            Signature.name,
            Signature.title,
            Signature.affiliation,
            Signature.sector,
            Signature.titles,
        )
        .where(
            Signature.letter_id == letter_id,
            IS_COUNTED,
            Signature.listed,
            Signature.verified,
        )
        .order_by(
            Signature.featured_rank.is_(None), Signature.featured_rank, Signature.id
        )
    ).all()
    lines = []
    for position, row in enumerate(rows, 1):
        title = (row.titles or {}).get(language) or row.title
        values = (row.name, title, row.affiliation, row.sector)
        said = {name: value or "" for name, value in zip(SAID, values, strict=True)} | {
            "sector": settings.sector_label(row.sector, language)
        }
        salt = secrets.token_bytes(16)
        lines.append(
            {
                "position": position,
                "signature_id": row.id,
                "public_id": row.public_id,
                "said": said,
                "salt": salt,
                "hash": line_hash(row.public_id, said, salt),
            }
        )
    numbers = _numbers(session, settings)
    public_id = standing.new_public_id()
    snapshot = Snapshot(
        public_id=public_id,
        letter_id=letter_id,
        at=now,
        numbers=numbers,
        lines=len(lines),
        hash=whole_hash(now, numbers, [(x["public_id"], x["hash"]) for x in lines]),
        created_by=actor,
    )
    session.add(snapshot)
    session.flush()
    if lines:
        session.execute(
            insert(db.table(SnapshotLine)),
            [line | {"snapshot_id": snapshot.id} for line in lines],
        )
    editing.revise(
        session,
        letter,
        verb="snapshot.take",
        actor=actor,
        now=now,
        subject=public_id,
        after=snapshot.hash,
    )
    return public_id


def read(session: Transaction, *, public_id: str) -> Shown | None:
    """A snapshot with its lines; None where there is none with this id."""
    found = session.execute(
        select(
            Snapshot.id,
            Snapshot.letter_id,
            Snapshot.at,
            Snapshot.numbers,
            Snapshot.hash,
        ).where(Snapshot.public_id == public_id)
    ).first()
    if found is None:
        return None
    rows = session.execute(
        select(
            SnapshotLine.position,
            SnapshotLine.public_id,
            SnapshotLine.hash,
            SnapshotLine.said,
            SnapshotLine.salt,
            Signature.state,
        )
        .join(Signature, Signature.id == SnapshotLine.signature_id)
        .where(SnapshotLine.snapshot_id == found.id)
        .order_by(SnapshotLine.position)
    )
    return Shown(
        id=public_id,
        letter_id=found.letter_id,
        at=found.at,
        numbers=found.numbers,
        hash=found.hash,
        lines=[
            Line(
                position=row.position,
                id=row.public_id,
                hash=row.hash,
                said=row.said if row.state == State.COUNTED else None,
                salt=row.salt.hex()
                if row.salt and row.state == State.COUNTED
                else None,
            )
            for row in rows
        ],
    )


def of_letter(
    session: Transaction, *, letter_id: int
) -> list[tuple[str, datetime, int]]:
    """(id, time, number of lines) of a letter's snapshots, newest first."""
    rows = session.execute(
        select(Snapshot.public_id, Snapshot.at, Snapshot.lines)
        .where(Snapshot.letter_id == letter_id)
        .order_by(Snapshot.id.desc())
    )
    return [(public_id, at, lines) for public_id, at, lines in rows]


def line_hash(public_id: str, said: dict[str, str], salt: bytes) -> str:
    """SHA-256 over the salt and the line as JSON: id, then SAID in its order."""
    content = _json([public_id, *(said[name] for name in SAID)])
    return hashlib.sha256(salt + content).hexdigest()


def whole_hash(
    at: datetime, numbers: dict[str, Any], lines: list[tuple[str, str]]
) -> str:
    """SHA-256 over time, numbers, and the ids and hashes of the lines, as JSON."""
    return hashlib.sha256(_json([at.isoformat(), numbers, lines])).hexdigest()


def as_csv(shown: Shown, *, gone: str) -> str:
    """The lines as CSV (RFC 4180), safe against formulas; `gone` stands for the
    name of whoever has withdrawn since."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["position", "id", *SAID, "salt", "sha256"])
    for line in shown.lines:
        said = [line.said[name] for name in SAID] if line.said else [gone, "", "", ""]
        writer.writerow(
            [line.position, *map(_safe, [line.id, *said]), line.salt or "", line.hash]
        )
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip(" \"'").startswith(_FORMULAS) else text


def _json(value: Any) -> bytes:
    return json.dumps(
        value, ensure_ascii=True, separators=(",", ":"), sort_keys=True
    ).encode()


def _numbers(session: Transaction, settings: Settings) -> dict[str, Any]:
    counted = tally.read(session, letter_id=settings.id)
    shown = figures.numbers(
        counted,
        settings=settings,
        as_of=settings.created_at,
        language=settings.default_language,
    )
    return {
        "confirmed": shown.confirmed,
        "verified": shown.verified,
        "collected": shown.collected,
        "sectors": [
            [item.key, item.label, item.confirmed, item.verified, item.collected]
            for item in shown.sectors
        ],
    }
