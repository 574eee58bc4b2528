"""Tables of the numbers: the ledger and what it is folded into."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId


class Facet(StrEnum):
    """By what the signatures are broken down; each facet sums to the total."""

    SECTOR = "sector"
    COUNTRY = "country"


class Measure(StrEnum):
    """What is counted: VERIFIED is a part of CONFIRMED, COLLECTED stands beside."""

    CONFIRMED = "confirmed"
    VERIFIED = "verified"
    COLLECTED = "collected"


class Ledger(Base):
    """One change of one number, written in the transaction that causes it.

    A public change that moves no number leaves a row of 0.
    """

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_letter_id_id", "letter_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    facet: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(32))
    measure: Mapped[str] = mapped_column(String(9))
    delta: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)


class Tally(Base):
    """The folded numbers; read together with the ledger rows not folded yet."""

    # No CHECK against negative numbers here: of two folders at once one may fold
    # a -1 before the other folds its +1; only tally and ledger together are true.
    __tablename__ = "tally"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    facet: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    measure: Mapped[str] = mapped_column(String(9), primary_key=True)
    number: Mapped[int]


class History(Base):
    """How much each number rose and fell within one hour (UTC)."""

    __tablename__ = "history"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    facet: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    measure: Mapped[str] = mapped_column(String(9), primary_key=True)
    added: Mapped[int]
    removed: Mapped[int]


class Fold(Base):
    """How often a letter's ledger was folded, and the newest row folded so far."""

    __tablename__ = "fold"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    number: Mapped[int]
    newest_at: Mapped[datetime] = mapped_column(Moment)
    # How many of the rows folded so far took something away or changed it: only of
    # what adds nothing else may a printed list know nothing yet.
    altered: Mapped[int] = mapped_column(RowId, server_default="0")
    # The hours before this one may be quoted: nothing is ever written into them again.
    closed_until: Mapped[datetime | None] = mapped_column(Moment)
