"""A letter's wordings as its organisers see them: all of them, and who is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.db import Transaction
from app.domain import wording
from app.domain.wording import Difference
from app.models import Change, Origin, Signature, State, TextVersion


@dataclass(frozen=True, slots=True)
class Kept:
    """One wording, drafts among them."""

    number: int
    change: Change
    hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """A material change whose people are being asked, and how far that is."""

    language: str
    number: int
    percent: int


def kept(session: Transaction, *, letter_id: int, language: str) -> list[Kept]:
    """Every wording of a letter in a language, newest first."""
    rows = session.execute(
        select(
            TextVersion.number,
            TextVersion.change,
            TextVersion.hash,
            TextVersion.created_at,
        )
        .where(TextVersion.letter_id == letter_id, TextVersion.language == language)
        .order_by(TextVersion.number.desc())
    )
    return [Kept(row.number, Change(row.change), row.hash, row.created_at)
            for row in rows]  # fmt: skip


def source(session: Transaction, *, letter_id: int, language: str) -> str:
    """The newest Markdown in a language; empty where there is none yet."""
    found = session.scalar(
        select(TextVersion.source)
        .where(TextVersion.letter_id == letter_id, TextVersion.language == language)
        .order_by(TextVersion.number.desc())
        .limit(1)
    )
    return found or ""


def between(
    session: Transaction, *, letter_id: int, language: str, former: int, later: int
) -> list[Difference]:
    """What one wording says otherwise than another. Raises NoResultFound."""
    html = [
        session.execute(
            select(TextVersion.html).where(
                TextVersion.letter_id == letter_id,
                TextVersion.language == language,
                TextVersion.number == number,
            )
        ).scalar_one()
        for number in (former, later)
    ]
    return wording.difference(*html)


def would_be_asked(session: Transaction, *, letter_id: int, language: str) -> int:
    """How many a material change in a language would ask now: a mail each."""
    versions = select(TextVersion.id).where(
        TextVersion.letter_id == letter_id, TextVersion.language == language
    )
    return (
        session.scalar(
            select(func.count()).where(
                Signature.letter_id == letter_id,
                Signature.origin == Origin.CONFIRMED.value,
                Signature.state.in_([State.COUNTED.value, State.HELD.value]),
                Signature.text_version_id.in_(versions),
            )
        )
        or 0
    )


def asking(session: Transaction, *, letter_id: int) -> list[Asking]:
    """The material changes of a letter that the worker still asks people about."""
    last = session.scalar(select(func.max(Signature.id))) or 0
    rows = session.execute(
        select(TextVersion.language, TextVersion.number, TextVersion.asked_up_to)
        .where(TextVersion.letter_id == letter_id, TextVersion.asked_up_to.is_not(None))
        .order_by(TextVersion.id)
    )
    return [
        Asking(
            language, number, 100 if (upto or 0) >= last else 100 * (upto or 0) // last
        )
        for language, number, upto in rows
    ]
