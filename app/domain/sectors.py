"""A letter's closed list of sectors: add, name, order, merge; the sum never moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.domain import corrections, editing, lifecycle_letter, names, tally
from app.domain.editing import WrongValue
from app.domain.letter_files import RESERVED
from app.domain.tally import NOT_SAID, OTHER, Entry
from app.models import (
    Collection,
    CorrectionKind,
    Facet,
    Letter,
    Measure,
    Sector,
    Signature,
)

# Signatures that one turn walks over.
BATCH = 2000
# Every process knows of a merge, and no transaction from before it is open, after this.
KNOWN = timedelta(seconds=10)


class SectorInUse(ValueError):
    """A sector cannot go while signatures stand under it; the message names it."""


def put(
    session: Session,
    *,
    letter_id: int,
    key: str,
    labels: dict[str, str],
    position: int | None = None,
    actor: str,
    now: datetime,
) -> bool:
    """Add a sector, or give one other labels or another place; False: as it was.

    Raises WrongValue (a key that is misspelt, reserved or merged; a label missing
    in the letter's first language) and ReadOnly.
    """
    letter = editing.take(session, letter_id=letter_id)
    row = session.get(Sector, (letter_id, editing.check_key(key)))
    if key in RESERVED or (row is not None and row.merged_into is not None):
        raise WrongValue("key", "taken")
    cleaned = {
        language: text
        for language, typed in labels.items()
        if (text := names.clean_line(typed))
    }
    if letter.default_language not in cleaned:
        raise WrongValue("label", "empty")
    if max(map(len, cleaned.values())) > 100:
        raise WrongValue("label", "long")
    if row is None:
        if position is None:
            last = select(func.coalesce(func.max(Sector.position), -1)).where(
                Sector.letter_id == letter_id
            )
            position = (session.scalar(last) or 0) + 1
        session.add(
            Sector(letter_id=letter_id, key=key, position=position, labels=cleaned)
        )
        verb = "sector.add"
    elif (row.labels, row.position) == (
        cleaned,
        row.position if position is None else position,
    ):
        return False
    else:
        row.labels = cleaned
        if position is not None:
            row.position = position
        verb = "sector.label"
    _revise(session, letter, verb, key, actor=actor, now=now)
    return True


def take_out(
    session: Session, *, letter_id: int, key: str, actor: str, now: datetime
) -> None:
    """Take a sector off the list that nobody chose. Raises SectorInUse, WrongValue.

    One that was chosen can be merged into another instead.
    """
    letter = editing.take(session, letter_id=letter_id)
    row = _open(session, letter_id, key)
    check_unused(session, letter_id=letter_id, key=key)
    session.delete(row)
    _revise(session, letter, "sector.out", key, actor=actor, now=now)


def check_unused(session: Session, *, letter_id: int, key: str) -> None:
    """Raise SectorInUse where a signature stands under `key`, or others went into it.

    Past hours speak of it then, and need its name.
    """
    used = session.scalar(
        select(Signature.id)
        .where(Signature.letter_id == letter_id, Signature.sector == key)
        .limit(1)
    )
    into = session.scalar(
        select(Sector.key).where(
            Sector.letter_id == letter_id, Sector.merged_into == key
        )
    )
    if used is not None or into is not None:
        raise SectorInUse(f"sector {key} has signatures: it cannot be taken out")


def merge(
    session: Session, *, letter_id: int, key: str, into: str, actor: str, now: datetime
) -> None:
    """Let a sector go up in another one; its signatures are recoded by the worker.

    The public numbers show the sum under `into` from the next revision on, and past
    hours stay as they are. The corrections say how many signatures it moves.
    Raises WrongValue and ReadOnly.
    """
    letter = editing.take(session, letter_id=letter_id)
    row = _open(session, letter_id, key)
    if into == key:
        raise WrongValue("into", "itself")
    if into not in (OTHER, NOT_SAID):
        _open(session, letter_id, into)
    counted = tally.read(session, letter_id=letter_id)
    went_up = select(Sector.key).where(
        Sector.letter_id == letter_id, Sector.merged_into == key
    )
    moved = sum(
        counted.get((old, measure), 0)
        for old in (key, *session.scalars(went_up))
        for measure in (Measure.CONFIRMED, Measure.COLLECTED)
    )
    if moved:
        corrections.add(
            session,
            letter_id=letter_id,
            kind=CorrectionKind.RECODED,
            number=moved,
            note=None,
            now=now,
        )
    # What went up in this one before goes on to where it goes.
    session.execute(
        update(Sector)
        .where(Sector.letter_id == letter_id, Sector.merged_into == key)
        .values(merged_into=into, merged_at=now, recoded_up_to=0)
        .execution_options(synchronize_session=False)
    )
    row.merged_into, row.merged_at, row.recoded_up_to = into, now, 0
    for collection in session.scalars(
        select(Collection).where(
            Collection.letter_id == letter_id, Collection.without_names_sector == key
        )
    ):
        collection.without_names_sector = into
        tally.post(
            session,
            letter_id=letter_id,
            entries=[
                Entry(Facet.SECTOR, sector, Measure.COLLECTED, number)
                for sector, number in (
                    (key, -collection.without_names),
                    (into, collection.without_names),
                )
                if number
            ],
            at=now,
        )
    _revise(session, letter, "sector.merge", key, actor=actor, now=now, after=into)


def recode(session: Session, *, now: datetime) -> int:
    """Recode a batch of the signatures of merged sectors; how many rows were walked.

    Each batch is exact by itself, so it may be stopped, and go on, at any time.
    """
    waiting = session.scalars(
        select(Sector)
        .where(Sector.recoded_up_to.is_not(None), Sector.merged_at <= now - KNOWN)
        .order_by(Sector.letter_id, Sector.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if waiting is None or waiting.merged_into is None:
        return 0
    after = waiting.recoded_up_to or 0
    last = lifecycle_letter.newest_id(session)
    upto = min(after + BATCH, last)
    lifecycle_letter.recode(
        session,
        letter_id=waiting.letter_id,
        old=waiting.key,
        new=waiting.merged_into,
        after=after,
        upto=upto,
        now=now,
    )
    waiting.recoded_up_to = None if upto >= last else upto
    return max(upto - after, 1)


def _open(session: Session, letter_id: int, key: str) -> Sector:
    row = session.get(Sector, (letter_id, key))
    if row is None or row.merged_into is not None:
        raise WrongValue("key", "unknown")
    return row


def _revise(
    session: Session,
    letter: Letter,
    verb: str,
    key: str,
    *,
    actor: str,
    now: datetime,
    after: str | None = None,
) -> None:
    editing.revise(
        session,
        letter,
        verb=verb,
        actor=actor,
        now=now,
        subject=f"{letter.slug} {key}",
        after=after,
    )
