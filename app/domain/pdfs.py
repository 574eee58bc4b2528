"""A letter as a file to print: asked for, made by the worker, kept, given out.

A kept file is given out only while nothing that stands in it was taken back or
changed. That is so while the letter has the revision, and its ledger as many rows
that alter something, as when the file was read; rows that only add leave it true,
as of its time. Whatever may have become untrue is wiped by the worker.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update

from app import db
from app.db import Transaction, insert_for
from app.domain.versions import Version
from app.models import Fold, Ledger, Letter, Pdf

# A letter is made anew at most so often in one language, however often it changes.
EVERY = timedelta(minutes=2)
# Sooner where there is none to be given out, because a name in it was taken back.
SOON = timedelta(seconds=20)

_pdf, _letter = db.table(Pdf), db.table(Letter).c


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it stands: `hash` is None where there is none to be given out.

    `due_at` is when the worker may make the next, None where nobody wants one; it has
    that one in its hands already where `in_hand`.
    """

    hash: str | None
    newest: bool
    due_at: datetime | None
    in_hand: bool


_NONE = Kept(None, newest=False, due_at=None, in_hand=False)


def altered(letter_id: ColumnElement[int]) -> ColumnElement[int]:
    """How many rows of a letter's ledger, folded or not, did not only add.

    One statement, so one moment: a row is never counted twice or not at all.
    """
    folded, unfolded = db.table(Fold).c, db.table(Ledger).c
    return func.coalesce(
        select(folded.altered).where(folded.letter_id == letter_id).scalar_subquery(),
        0,
    ) + (
        select(func.count())
        .where(unfolded.letter_id == letter_id, unfolded.delta <= 0)
        .scalar_subquery()
    )


_UNTRUE = or_(
    _pdf.c.revision != _letter.revision, _pdf.c.altered != altered(_letter.id)
)


def kept(session: Transaction, *, version: Version, language: str) -> Kept:
    """What there is of a letter in a language, at the moment of `version`."""
    row = session.execute(
        select(
            _pdf.c.hash,
            _pdf.c.version,
            _pdf.c.due_at,
            _pdf.c.lease_token,
            _UNTRUE.label("untrue"),
        )
        .join_from(_pdf, db.table(Letter), _letter.id == _pdf.c.letter_id)
        .where(_pdf.c.letter_id == version.letter_id, _pdf.c.language == language)
    ).first()
    if row is None:
        return _NONE
    return Kept(
        hash=None if row.untrue else row.hash,
        newest=row.version == version.key,
        due_at=row.due_at,
        in_hand=row.lease_token is not None,
    )


def body(session: Transaction, *, letter_id: int, language: str, hash: str) -> bytes:
    """The file with this hash as gzip, in the transaction in which `kept` named it."""
    found: bytes = session.execute(
        select(_pdf.c.body).where(
            _pdf.c.letter_id == letter_id,
            _pdf.c.language == language,
            _pdf.c.hash == hash,
        )
    ).scalar_one()
    return found


def ask(
    session: Transaction,
    *,
    letter_id: int,
    language: str,
    given_out: bool,
    now: datetime,
) -> datetime:
    """Let the worker make a letter anew; when it may, or has it in its hands until.

    `given_out` says whether there is one meanwhile. Asking again changes nothing.
    """
    insert = insert_for(session)(_pdf).values(
        letter_id=letter_id,
        language=language,
        due_at=now,
        revision=-1,
        altered=-1,
        version="",
    )
    session.execute(insert.on_conflict_do_nothing())
    mine = and_(_pdf.c.letter_id == letter_id, _pdf.c.language == language)
    row = session.execute(
        select(_pdf.c.due_at, _pdf.c.tried_at, _pdf.c.lease_token).where(mine)
    ).one()
    set_before: datetime | None = row.due_at
    if set_before is not None and row.lease_token is not None:
        return set_before
    pause = EVERY if given_out else SOON
    due_at = max(now, row.tried_at + pause) if row.tried_at else now
    if set_before is not None and set_before <= due_at:
        return set_before
    session.execute(
        update(_pdf).where(mine, _pdf.c.lease_token.is_(None)).values(due_at=due_at)
    )
    return due_at


# -- The worker's side -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this worker alone may make until its lease ends."""

    letter_id: int
    language: str
    token: str


def waiting(session: Transaction, *, now: datetime) -> bool:
    """Whether one is to be made; reads only."""
    due = select(_pdf.c.letter_id).where(_pdf.c.due_at <= now)
    return session.execute(due.limit(1)).first() is not None


def claim(session: Transaction, *, now: datetime, lease: timedelta) -> Claim | None:
    """Take in hand what has waited longest, if anything waits."""
    token = secrets.token_hex(16)
    due = (
        select(_pdf.c.letter_id, _pdf.c.language)
        .where(_pdf.c.due_at <= now)
        .order_by(_pdf.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    key = session.execute(due).first()
    if key is None:
        return None
    session.execute(
        update(_pdf)
        .where(_pdf.c.letter_id == key.letter_id, _pdf.c.language == key.language)
        .values(lease_token=token, due_at=now + lease, tried_at=now)
    )
    return Claim(key.letter_id, key.language, token)


def keep(
    session: Transaction,
    claimed: Claim,
    made: bytes | None,
    *,
    version: Version | None,
    altered: int,
) -> bool:
    """Put a file in the place of the one before; False when the lease was lost.

    `made` is None where it could not be made: it is tried again when somebody asks.
    `version` and `altered` are those of the moment that it was read at.
    """
    values: dict[str, Any] = {"lease_token": None, "due_at": None}
    if made is not None and version is not None:
        values |= {
            "revision": version.revision,
            "altered": altered,
            "version": version.key,
            "hash": hashlib.sha256(made).hexdigest()[:32],
            "body": made,
        }
    done = session.execute(
        update(_pdf)
        .where(
            _pdf.c.letter_id == claimed.letter_id,
            _pdf.c.language == claimed.language,
            _pdf.c.lease_token == claimed.token,
        )
        .values(values)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def untrue() -> ColumnElement[bool]:
    """Whether files are kept that must not be given out, as a condition to select."""
    found: ColumnElement[bool] = _untrue_ones().exists()
    return found


def wipe_untrue(session: Transaction, *, now: datetime) -> int:
    """Wipe the files in which something may have been taken back; how many."""
    doomed = session.execute(_untrue_ones()).all()
    if not doomed:
        return 0
    session.execute(
        update(_pdf).where(tuple_(*_WHICH).in_(doomed)).values(hash=None, body=None)
    )
    return len(doomed)


# With its hash, for a newer one may just have come in its place.
_WHICH = (_pdf.c.letter_id, _pdf.c.language, _pdf.c.hash)


def _untrue_ones() -> Any:
    return (
        select(*_WHICH)
        .join_from(_pdf, db.table(Letter), _letter.id == _pdf.c.letter_id)
        .where(_pdf.c.hash.is_not(None), _UNTRUE)
    )
