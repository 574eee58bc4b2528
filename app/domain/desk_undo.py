"""For 30 seconds what the desk did can be taken back, down to the last column."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from app import db
from app.db import Transaction
from app.domain import lifecycle, outgoing, piles, record, requests, standing
from app.domain.verbs import UNDO_FOR
from app.models import BlockedName, DeskEntry, DeskMove, Signature, State, Verification


class TooLate(Exception):
    """The time to undo is over, or the mail is on its way."""


class MovedOn(Exception):
    """Something happened to the signature since it was looked at."""

    def __init__(self, signature_id: int) -> None:
        super().__init__("the signature has moved on")
        self.signature_id = signature_id


_COLUMNS = ("rejected_from", "hold_reasons", "verified", "featured_rank")
_REVIEW = ("awaits_second", "second_by", "second_at")


def before(session: Transaction, *, signature_id: int) -> dict[str, Any]:
    """The columns that a decision may change, and the reviews that stand."""
    row = session.execute(
        select(
            Signature.letter_id,
            Signature.state,
            Signature.counted_at,
            *(getattr(Signature, name) for name in _COLUMNS),
        ).where(Signature.id == signature_id)
    ).one()
    reviews = session.execute(
        select(
            Verification.id, *(getattr(Verification, name) for name in _REVIEW)
        ).where(
            Verification.signature_id == signature_id, Verification.voided_at.is_(None)
        )
    ).all()
    waits_in = session.scalars(
        select(DeskEntry.pile).where(DeskEntry.signature_id == signature_id)
    ).all()
    return {
        "letter_id": row.letter_id,
        "state": row.state,
        **{name: getattr(row, name) for name in _COLUMNS},
        "counted_at": row.counted_at.isoformat() if row.counted_at else None,
        "prominent": piles.PROMINENT in waits_in,
        "reviews": json.loads(
            json.dumps([dict(review._mapping) for review in reviews], default=str)
        ),
    }


def keep(
    session: Transaction,
    *,
    batch: str,
    verb: str,
    signature_id: int,
    organiser_id: int,
    before: dict[str, Any],
    now: datetime,
) -> None:
    """Keep what it takes to undo what was just done."""
    session.execute(
        insert(db.table(DeskMove)),
        {
            "batch": batch,
            "letter_id": before["letter_id"],
            "signature_id": signature_id,
            "organiser_id": organiser_id,
            "verb": verb,
            "before": before,
            "after": standing.look(session, signature_id=signature_id),
            "at": now,
        },
    )


def undo(
    session: Transaction,
    *,
    letter_id: int,
    organiser_id: int,
    batch: str,
    now: datetime,
) -> int:
    """Take back what an organiser did a moment ago; how many signatures that was.

    Each goes back to the very state in which it was found, and the mails that were to
    go out are not sent. Raises TooLate, and MovedOn where somebody else, or its owner,
    has done something to a signature since. Doing it again changes nothing.
    """
    moves = session.execute(
        select(db.table(DeskMove))
        .where(
            DeskMove.batch == batch,
            DeskMove.letter_id == letter_id,
            DeskMove.organiser_id == organiser_id,
        )
        .order_by(DeskMove.id.desc())
        .with_for_update()
    ).all()
    if not moves or any(move.at <= now - UNDO_FOR for move in moves):
        raise TooLate
    standing_moves = [move for move in moves if move.undone_at is None]
    for move in standing_moves:
        if standing.look(session, signature_id=move.signature_id) != move.after:
            raise MovedOn(move.signature_id)
        if not outgoing.take_back(
            session, signature_id=move.signature_id, asked_at=move.at, now=now
        ):
            raise TooLate
        _restore(session, move, actor=record.organiser(organiser_id), now=now)
    session.execute(
        update(DeskMove)
        .where(DeskMove.batch == batch, DeskMove.undone_at.is_(None))
        .values(undone_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(standing_moves)


def _restore(session: Transaction, move: Any, *, actor: str, now: datetime) -> None:
    """Put a signature back to where `move` (a row of desk_move) found it."""
    before, counted_at = move.before, move.before["counted_at"]
    reviews = {review["id"]: review for review in before["reviews"]}
    for verification_id in session.scalars(
        select(Verification.id).where(Verification.signature_id == move.signature_id)
    ).all():
        review = reviews.get(verification_id)
        values: dict[str, Any] = {"voided_at": None}
        if review is None:
            values = {"voided_at": now}
        else:
            values |= {name: review[name] for name in _REVIEW}
            if values["second_at"] is not None:
                values["second_at"] = datetime.fromisoformat(values["second_at"])
        statement = update(Verification).where(Verification.id == verification_id)
        if review is None:
            statement = statement.where(Verification.voided_at.is_(None))
        session.execute(
            statement.values(values).execution_options(synchronize_session=False)
        )
    lifecycle.undo(
        session,
        signature_id=move.signature_id,
        to=State(before["state"]),
        changes={name: before[name] for name in _COLUMNS}
        | {"counted_at": datetime.fromisoformat(counted_at) if counted_at else None},
        actor=actor,
        now=now,
    )
    _unblock(session, move)
    requests.take_back(session, signature_id=move.signature_id, asked_at=move.at,
                       now=now)  # fmt: skip
    piles.settle(
        session, signature_ids=[move.signature_id], prominent=before["prominent"]
    )


def _unblock(session: Transaction, move: Any) -> None:
    """Take the name off the blocked ones, where this very rejection had put it."""
    session.execute(
        delete(BlockedName)
        .where(
            BlockedName.letter_id == move.letter_id,
            BlockedName.of_key
            == select(Signature.name_key)
            .where(Signature.id == move.signature_id)
            .scalar_subquery(),
            BlockedName.created_at == move.at,
        )
        .execution_options(synchronize_session=False)
    )


def told(
    session: Transaction, *, batch: str, organiser_id: int, now: datetime
) -> tuple[str, str, int] | None:
    """(verb, name, number) of what can still be undone, or None."""
    row = session.execute(
        select(
            func.min(DeskMove.verb), func.min(Signature.name), func.count(DeskMove.id)
        )
        .join(Signature, Signature.id == DeskMove.signature_id)
        .where(
            DeskMove.batch == batch,
            DeskMove.organiser_id == organiser_id,
            DeskMove.undone_at.is_(None),
            DeskMove.at > now - UNDO_FOR,
        )
    ).one()
    return (row[0], row[1] or "", row[2]) if row[2] else None


def of_batch(session: Transaction, *, batch: str) -> list[str]:
    """The public ids of the signatures that a batch moved."""
    return list(
        session.scalars(
            select(Signature.public_id)
            .join(DeskMove, DeskMove.signature_id == Signature.id)
            .where(DeskMove.batch == batch)
            .order_by(DeskMove.id)
        )
    )
