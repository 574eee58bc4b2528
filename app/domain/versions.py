"""The public version of a letter: what memory and ETags are keyed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from app import db, prepared
from app.db import Transaction
from app.domain.letters import Phase, Settings, phase_at
from app.models import Fold, Ledger, Letter
from app.prepared import Question, Step


@dataclass(frozen=True, slots=True)
class Version:
    """The public version of a letter: whatever is shown is a function of it.

    `as_of` is the time of the newest change in the numbers.
    """

    letter_id: int
    slug: str
    revision: int
    visible: bool
    phase: Phase
    fold: int
    unfolded: int
    newest: int
    as_of: datetime

    @property
    def key(self) -> str:
        """The version as text, for ETags and memory."""
        return (
            f"{self.letter_id}.{self.revision}.{self.phase.value}"
            f".{self.fold}.{self.unfolded}.{self.newest}"
        )


_letter, _fold, _ledger = db.table(Letter).c, db.table(Fold).c, db.table(Ledger).c
# What a version is made of, for every letter; `made_of` makes it.
VERSION = select(
    _letter.id,
    _letter.slug,
    _letter.revision,
    _letter.created_at,
    _letter.published_at,
    _letter.opens_at,
    _letter.closes_at,
    _letter.paused,
    _fold.number,
    _fold.newest_at,
    select(func.count()).where(_ledger.letter_id == _letter.id).scalar_subquery(),
    select(func.max(_ledger.id))
    .where(_ledger.letter_id == _letter.id)
    .scalar_subquery(),
    select(func.max(_ledger.at))
    .where(_ledger.letter_id == _letter.id)
    .scalar_subquery(),
).select_from(db.table(Letter).outerjoin(db.table(Fold), _fold.letter_id == _letter.id))
_BY_SLUG = Question(lambda gathered: VERSION.where(_letter.slug == bindparam("slug")))
_BY_ID = Question(lambda gathered: VERSION.where(_letter.id == bindparam("id")))


def version(
    session: Transaction, *, now: datetime, slug: str | None = None, letter_id: int = 0
) -> Version | None:
    """The public version of a letter, by its slug or its id; None if there is none."""
    step = Step(_BY_SLUG, {"slug": slug}) if slug else Step(_BY_ID, {"id": letter_id})
    rows = prepared.run(session, step)
    return made_of(rows[0], now=now) if rows else None


def made_of(row: Sequence[Any], *, now: datetime) -> Version:
    """The public version of a letter out of a row of `VERSION`."""
    (
        letter_id, slug, revision, created, published, opens, closes, paused,
        fold, folded, unfolded, newest, newest_at,
    ) = row  # fmt: skip
    created_at = db.moment(created)
    published_at, opens_at, closes_at, folded_at, newest_at = (
        None if at is None else db.moment(at)
        for at in (published, opens, closes, folded, newest_at)
    )
    changes = [at for at in (folded_at, newest_at) if at is not None]
    return Version(
        letter_id=letter_id,
        slug=slug,
        revision=revision,
        visible=published_at is not None and published_at <= now,
        phase=phase_at(now, opens_at, closes_at, bool(paused)),
        fold=fold or 0,
        unfolded=unfolded,
        newest=newest or 0,
        as_of=max(changes, default=published_at or created_at),
    )


def version_of(
    settings: Settings,
    *,
    fold: int | None,
    unfolded: int,
    newest: int | None,
    changes: list[datetime],
    now: datetime,
) -> Version:
    """The public version of a letter whose settings are known.

    `changes` are the times of the newest changes in the numbers, folded and not.
    """
    return Version(
        letter_id=settings.id,
        slug=settings.slug,
        revision=settings.revision,
        visible=settings.visible(now),
        phase=settings.phase(now),
        fold=fold or 0,
        unfolded=unfolded,
        newest=newest or 0,
        as_of=max(changes, default=settings.published_at or settings.created_at),
    )
