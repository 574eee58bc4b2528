"""Names rejected as fake: held on their letter from then on, until the block is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from app import db
from app.db import Transaction, insert_for
from app.domain import name_keys, record
from app.models import BlockedName, Signature


@dataclass(frozen=True, slots=True)
class Blocked:
    """One blocked name; `spelling` is one in which it stands on the letter now."""

    key: str
    spelling: str | None
    blocked_at: datetime


class NotBlocked(LookupError):
    """The name is not blocked on this letter (any more)."""


def block(session: Transaction, *, signature_id: int, now: datetime) -> None:
    """Hold whoever signs the letter with this signature's name from now on."""
    name, key, letter_id = session.execute(
        select(Signature.name, Signature.name_key, Signature.letter_id).where(
            Signature.id == signature_id
        )
    ).one()
    if not key:
        return
    session.execute(
        insert_for(session)(db.table(BlockedName)).on_conflict_do_nothing(),
        [
            {
                "letter_id": letter_id,
                "name_key": spelt,
                "of_key": key,
                "created_at": now,
            }
            for spelt in dict.fromkeys([key, *name_keys.watched(name or "")])
        ],
    )


def page(
    session: Transaction, *, letter_id: int, after: str = "", size: int = 50
) -> Sequence[Blocked]:
    """The blocked names of a letter by their key, from the one after `after`."""
    rows = session.execute(
        select(BlockedName.name_key, BlockedName.created_at)
        .where(
            BlockedName.letter_id == letter_id,
            BlockedName.name_key == BlockedName.of_key,
            BlockedName.name_key > after,
        )
        .order_by(BlockedName.name_key)
        .limit(size)
    ).all()
    found = session.execute(
        select(Signature.name_key, Signature.name).where(
            Signature.letter_id == letter_id,
            Signature.name_key.in_([key for key, _ in rows]),
        )
    )
    spellings = {row.name_key: row.name for row in found}
    return [Blocked(key, spellings.get(key), at) for key, at in rows]


def lift(
    session: Transaction,
    *,
    letter_id: int,
    key: str,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Let people of this name sign again without being held for it.

    Raises ReasonMissing, and NotBlocked where there is nothing to lift. What is held
    already stays held: each of those is somebody's decision.
    """
    said = record.given(reason)
    gone = session.execute(
        delete(db.table(BlockedName)).where(
            db.table(BlockedName).c.letter_id == letter_id,
            db.table(BlockedName).c.of_key == key,
        )
    )
    if not gone.rowcount:  # type: ignore[attr-defined]
        raise NotBlocked(key)
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="blocked_name.lift",
        subject="blocked name",
        before="blocked",
        after="free",
        reason=said,
        at=now,
    )
