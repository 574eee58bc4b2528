"""The sessions of organisers: begun, looked up, listed, ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from app import db
from app.db import Database, Moment, Transaction
from app.models import Letter, Membership, Organiser, SignIn
from app.prepared import Question

LASTS = timedelta(days=7)
# Ends earlier where nobody has looked at a page for so long.
IDLE = timedelta(hours=24)
# How often it is noted that a session is in use: not at every page.
_NOTED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and by which session."""

    id: int
    email: str
    name: str
    sign_in_id: int
    seen_at: datetime
    has_factor: bool
    # On the letter that was asked for with the key, if they have a part in it.
    letter_id: int | None = None
    role: str | None = None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def begin(
    session: Transaction, *, organiser_id: int, browser: str, now: datetime
) -> str:
    """Begin a session; the key for the cookie, which nothing here can give again."""
    key = secrets.token_urlsafe(32)
    session.execute(
        db.table(SignIn).insert(),
        {
            "key": _hash(key),
            "organiser_id": organiser_id,
            "browser": browser[:80],
            "created_at": now,
            "seen_at": now,
            "expires_at": now + LASTS,
        },
    )
    return key


_o, _s, _p = db.table(Organiser).c, db.table(SignIn).c, db.table(Membership).c
_WHO = Question(
    lambda gathered: (
        select(
            _o.id,
            _o.email,
            _o.name,
            _s.id.label("sign_in_id"),
            _s.seen_at,
            _o.tf_primary_method.is_not(None),
            _p.letter_id,
            _p.role,
        )
        .join_from(db.table(SignIn), db.table(Organiser), _s.organiser_id == _o.id)
        .outerjoin(
            db.table(Membership),
            (_p.organiser_id == _o.id)
            & (
                _p.letter_id
                == select(Letter.id)
                .where(Letter.slug == bindparam("slug"))
                .scalar_subquery()
            ),
        )
        .where(
            _s.key == bindparam("key"),
            _s.ended_at.is_(None),
            _s.expires_at > bindparam("now", type_=Moment),
            _s.seen_at > bindparam("idle_since", type_=Moment),
            _o.active,
        )
    )
)


def find(
    database: Database, *, key: str, slug: str = "", now: datetime
) -> Person | None:
    """Who holds this key, unless the session has ended, and what part in a letter.

    One statement: it is asked at every request.
    """
    rows = database.ask(_WHO, key=_hash(key), slug=slug, now=now, idle_since=now - IDLE)
    if not rows:
        return None
    person = Person(*rows[0])
    return replace(
        person,
        # The truth of a column is 1 or 0 on SQLite, and its time a text.
        seen_at=db.moment(person.seen_at),
        has_factor=bool(person.has_factor),
    )


def is_stale(person: Person, *, now: datetime) -> bool:
    """Whether it should be noted that the session is in use."""
    return person.seen_at < now - _NOTED_EVERY


def note(session: Transaction, *, sign_in_id: int, now: datetime) -> None:
    """Note that a session is in use."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now))


def listed(session: Transaction, *, organiser_id: int, now: datetime) -> list[SignIn]:
    """The sessions that are open, newest first, as rows of `sign_in`."""
    rows = session.execute(
        select(db.table(SignIn))
        .where(
            SignIn.organiser_id == organiser_id,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            SignIn.seen_at > now - IDLE,
        )
        .order_by(SignIn.id.desc())
    )
    return [SignIn(**row._mapping) for row in rows]


def end(
    session: Transaction,
    *,
    organiser_id: int,
    sign_in_id: int | None = None,
    but: int | None = None,
    now: datetime,
) -> int:
    """End one session of an organiser, or all (but one); how many ended."""
    ending = update(SignIn).where(
        SignIn.organiser_id == organiser_id, SignIn.ended_at.is_(None)
    )
    if sign_in_id is not None:
        ending = ending.where(SignIn.id == sign_in_id)
    if but is not None:
        ending = ending.where(SignIn.id != but)
    ended = session.execute(ending.values(ended_at=now).returning(SignIn.id))
    return len(ended.all())
