"""The record: append-only, sealed into a hash chain by the worker, checkable."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app import db, prepared
from app.db import Transaction
from app.models import Reason, Record, Seal
from app.prepared import Statement, Step

# Who acts when no organiser does.
SIGNATORY = "signatory"
SYSTEM = "system"

_GENESIS = "0" * 64
_SEAL_LOCK = 7_241_001
_BATCH = 500

_WRITE = Statement(lambda insert: insert(db.table(Record)).inline())
_WRITE_KNOWN = Statement(
    lambda insert: insert(db.table(Record)).returning(db.table(Record).c.id)
)


class ReasonMissing(ValueError):
    """The act asks for a reason in words."""


def given(reason: str) -> str:
    """The reason, trimmed. Raises ReasonMissing when there is none."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def organiser(identifier: int) -> str:
    """The actor that stands for the organiser with this id."""
    return f"organiser:{identifier}"


def organiser_id(actor: str) -> int:
    """The id of the organiser for whom an actor stands. Raises ValueError."""
    kind, _, identifier = actor.partition(":")
    if kind != "organiser":
        raise ValueError(f"{actor} is no organiser")
    return int(identifier)


def write(
    session: Transaction,
    *,
    letter_id: int | None,
    actor: str,
    verb: str,
    subject: str,
    before: str | None = None,
    after: str | None = None,
    reason: str | None = None,
    at: datetime,
) -> int:
    """Write one line, in the transaction of what it speaks of; the line's id.

    `subject` names a thing by its public id, never a person by name.
    """
    written = step(
        letter_id=letter_id,
        actor=actor,
        verb=verb,
        subject=subject,
        before=before,
        after=after,
        at=at,
    )
    record_id: int
    if reason is None:
        known = Step(_WRITE_KNOWN, written.values)
        ((record_id,),) = prepared.run(session, known)
        return record_id
    line = dict(written.values)
    salt = secrets.token_bytes(16)
    line["reason_hash"] = hashlib.sha256(salt + reason.encode()).hexdigest()
    record_id = session.execute(
        insert(db.table(Record)).returning(Record.id), line
    ).scalar_one()
    session.execute(
        insert(db.table(Reason)),
        {"record_id": record_id, "salt": salt, "text": reason},
    )
    return record_id


def step(
    *,
    letter_id: int | None,
    actor: str,
    verb: str,
    subject: str,
    before: str | None = None,
    after: str | None = None,
    at: datetime,
) -> Step:
    """A line without a reason, to be run with other steps."""
    return Step(
        _WRITE,
        {
            "letter_id": letter_id,
            "actor": actor,
            "verb": verb,
            "subject": subject,
            "before": before,
            "after": after,
            "reason_hash": None,
            "at": at,
        },
    )


def _link(former: str, line: Record) -> str:
    """The hash of one link: SHA-256 over the former hash and the line as JSON."""
    content = json.dumps(
        [
            line.id,
            line.letter_id,
            line.actor,
            line.verb,
            line.subject,
            line.before,
            line.after,
            line.reason_hash,
            line.at.isoformat(),
        ],
        ensure_ascii=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(f"{former}\n{content}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, to be kept outside the database."""

    position: int
    hash: str


def head(session: Session) -> Head:
    """The newest link; position 0 before the first one."""
    seal = session.scalars(select(Seal).order_by(Seal.position.desc()).limit(1)).first()
    return Head(seal.position, seal.hash) if seal else Head(0, _GENESIS)


def seal(session: Session) -> Head:
    """Chain the lines that are not sealed yet; one sealer at a time.

    Lines become visible in another order than their ids, so the chain has an
    order of its own: the one in which they were sealed.
    """
    if db.dialect(session) == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_SEAL_LOCK})"))
    newest = head(session)
    position, former = newest.position, newest.hash
    unsealed = session.scalars(
        select(Record)
        .outerjoin(Seal, Seal.record_id == Record.id)
        .where(Seal.record_id.is_(None))
        .order_by(Record.id)
        .limit(_BATCH)
    ).all()
    links = []
    for line in unsealed:
        position += 1
        former = _link(former, line)
        links.append(
            {
                "position": position,
                "record_id": line.id,
                "hash": former,
                "sealed_at": db.now(),
            }
        )
    if links:
        session.execute(insert(Seal), links)
    return Head(position, former)


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where record and chain disagree."""

    position: int
    record_id: int | None
    what: str


def verify(session: Session, *, expected: Head | None = None) -> Break | None:
    """Walk the chain and return its first break, or None.

    `expected` is a head kept elsewhere: without it a cut-off tail cannot show.
    """
    position, former = 0, _GENESIS
    links = session.execute(
        select(Seal, Record)
        .outerjoin(Record, Record.id == Seal.record_id)
        .order_by(Seal.position)
        .execution_options(yield_per=1000)
    )
    # Closed whatever is found, for PostgreSQL keeps a cursor open behind it.
    with links as rows:
        for seal_row, line in rows:
            position += 1
            if seal_row.position != position:
                return Break(position, None, "a link is missing")
            if line is None:
                return Break(position, seal_row.record_id, "the line was deleted")
            former = _link(former, line)
            if former != seal_row.hash:
                return Break(position, line.id, "the line or its link was changed")
            if expected and position == expected.position and former != expected.hash:
                return Break(
                    position, line.id, "the chain is not the one that was kept"
                )
    if expected and position < expected.position:
        return Break(position + 1, None, "the chain was cut off")
    return None
