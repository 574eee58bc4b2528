"""Ask a signatory for evidence, in the house's own words, and keep what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from app import db
from app.db import Transaction
from app.domain import outgoing, piles, record
from app.domain.verbs import UNDO_FOR
from app.models import (
    EvidenceRequest,
    Organiser,
    OutboxKind,
    RequestAnswer,
    RequestKind,
    Signature,
    State,
)

# How long a signatory may be given, and how often one is asked at all.
DAYS = (3, 7, 14)
MOST = 3


class MayNotAsk(Exception):
    """The signatory allowed no questions, or has had as many as there may be."""


class AlreadyAsked(Exception):
    """A question is open: its answer comes first."""


def may_ask(session: Transaction, *, signature_id: int) -> bool:
    """Whether a signatory may be asked now.

    Only who is held, and so waits for us, or allowed to be asked; and no more than
    MOST times.
    """
    row = session.execute(
        select(
            Signature.state,
            Signature.may_contact,
            Signature.address_sealed.is_not(None),
        ).where(Signature.id == signature_id)
    ).one()
    state, may_contact, has_address = row
    live = state == State.HELD or (state == State.COUNTED and may_contact)
    asked = select(func.count()).where(
        EvidenceRequest.signature_id == signature_id,
        EvidenceRequest.taken_back_at.is_(None),
    )
    return has_address and live and (session.scalar(asked) or 0) < MOST


def ask(
    session: Transaction,
    *,
    signature_id: int,
    kind: RequestKind,
    days: int,
    organiser_id: int,
    now: datetime,
) -> None:
    """Mail a canned request, with the day until which an answer is awaited.

    Raises MayNotAsk and AlreadyAsked.
    """
    if open_request(session, signature_id=signature_id) is not None:
        raise AlreadyAsked
    if not may_ask(session, signature_id=signature_id):
        raise MayNotAsk
    session.execute(
        insert(db.table(EvidenceRequest)),
        {
            "signature_id": signature_id,
            "kind": kind.value,
            "asked_by": organiser_id,
            "asked_at": now,
            "deadline": now + timedelta(days=days),
        },
    )
    _write(session, signature_id, "evidence.ask", kind.value, organiser_id, now)
    outgoing.ask_anew(session, kind=OutboxKind.EVIDENCE, signature_id=signature_id,
                      due_at=now + UNDO_FOR, now=now)  # fmt: skip
    piles.settle(session, signature_ids=[signature_id])


def answer(
    session: Transaction,
    *,
    signature_id: int,
    answer: RequestAnswer,
    note: str,
    organiser_id: int,
    now: datetime,
) -> bool:
    """Keep what came of the open request; False when none is open."""
    answered = session.execute(
        update(EvidenceRequest)
        .where(
            EvidenceRequest.signature_id == signature_id,
            EvidenceRequest.answer.is_(None),
            EvidenceRequest.taken_back_at.is_(None),
        )
        .values(answer=answer.value, note=note.strip() or None, answered_at=now)
        .execution_options(synchronize_session=False)
    )
    if not answered.rowcount:  # type: ignore[attr-defined]
        return False
    _write(session, signature_id, "evidence.answer", answer.value, organiser_id, now)
    piles.settle(session, signature_ids=[signature_id])
    return True


def take_back(
    session: Transaction, *, signature_id: int, asked_at: datetime, now: datetime
) -> None:
    """Undo the request that was made at `asked_at`: its mail has not left."""
    session.execute(
        update(EvidenceRequest)
        .where(
            EvidenceRequest.signature_id == signature_id,
            EvidenceRequest.asked_at == asked_at,
            EvidenceRequest.answer.is_(None),
        )
        .values(taken_back_at=now)
        .execution_options(synchronize_session=False)
    )


def open_request(session: Transaction, *, signature_id: int) -> Any | None:
    """The question that awaits its answer, if there is one."""
    return session.execute(
        select(db.table(EvidenceRequest)).where(
            EvidenceRequest.signature_id == signature_id,
            EvidenceRequest.answer.is_(None),
            EvidenceRequest.taken_back_at.is_(None),
        )
    ).first()


def history(session: Transaction, *, signature_id: int) -> list[Any]:
    """All that was asked of a signatory, newest first, with who asked."""
    return list(
        session.execute(
            select(db.table(EvidenceRequest), Organiser.name.label("asker"))
            .join(Organiser, Organiser.id == EvidenceRequest.asked_by)
            .where(
                EvidenceRequest.signature_id == signature_id,
                EvidenceRequest.taken_back_at.is_(None),
            )
            .order_by(EvidenceRequest.id.desc())
        )
    )


def _write(
    session: Transaction,
    signature_id: int,
    verb: str,
    after: str,
    organiser_id: int,
    now: datetime,
) -> None:
    row = session.execute(
        select(Signature.letter_id, Signature.public_id).where(
            Signature.id == signature_id
        )
    ).one()
    record.write(
        session,
        letter_id=row.letter_id,
        actor=record.organiser(organiser_id),
        verb=verb,
        subject=row.public_id,
        after=after,
        at=now,
    )
