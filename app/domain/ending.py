"""The end of a letter: archived it is read only, deleted it is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, select, tuple_, update
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import editing, jobs, record, wiping
from app.models import (
    Base,
    Ledger,
    Letter,
    Membership,
    Reason,
    Record,
    SearchWord,
    Signature,
    Submission,
)


class NotTyped(ValueError):
    """To delete a letter its slug is typed, letter by letter."""


def archive(
    session: Session, *, letter_id: int, public: bool, actor: str, now: datetime
) -> None:
    """Take no more signatures and change nothing any more; `public`: it stays to read.

    Signatories can still withdraw and erase. Raises ReadOnly.
    """
    letter = editing.take(session, letter_id=letter_id)
    letter.archived_at = now
    letter.rehearsal = False
    if letter.closes_at is None or letter.closes_at > now:
        if letter.opens_at is not None and letter.opens_at >= now:
            letter.opens_at = None
        letter.closes_at = now
    before = "public" if letter.published_at else "draft"
    if not public:
        letter.published_at = None
    editing.revise(
        session,
        letter,
        verb="letter.archive",
        actor=actor,
        now=now,
        before=before,
        after="public" if letter.published_at else "hidden",
    )


def delete(
    session: Session, *, letter_id: int, typed: str, actor: str, now: datetime
) -> None:
    """Destroy a letter and everything about its people for good.

    Its pepper goes first of all, so no address could be found again even from a
    copy of the rows, and its team loses it at once. The rows follow: some thousands
    here, which for most letters is all, and the others batch by batch in the worker's
    hands (`wipe_deleted`). What stays is its slug, which nobody can take again, and
    the record, which holds no personal data. Raises NotTyped.
    """
    letter = session.get_one(Letter, letter_id, with_for_update=True)
    if typed.strip() != letter.slug:
        raise NotTyped
    if letter.deleted_at is not None:
        return
    record.write(
        session,
        letter_id=letter.id,
        actor=actor,
        verb="letter.delete",
        subject=letter.slug,
        at=now,
    )
    letter.pepper = b""
    letter.deleted_at = now
    letter.archived_at = letter.archived_at or now
    letter.rehearsal = False
    letter.published_at = None
    letter.organiser = letter.contact = letter.postal = ""
    letter.revision += 1
    letter.revised_at = now
    session.flush()
    memberships = db.table(Membership)
    wiping.wipe(session, {memberships: memberships.c.letter_id == letter_id})
    jobs.stop_all(session, letter_id=letter_id, now=now)
    _wipe(session, letter_id, now)


def unwiped() -> ColumnElement[bool]:
    """Whether rows of a deleted letter are left, as a condition to select."""
    return select(Letter.id).where(*_UNWIPED).exists()


def wipe_deleted(session: Transaction, *, now: datetime) -> int:
    """Wipe one more batch of one deleted letter; how many rows that were."""
    letter_id = session.execute(
        select(Letter.id).where(*_UNWIPED).order_by(Letter.id).limit(1)
    ).scalar()
    return _wipe(session, letter_id, now) if letter_id is not None else 0


_UNWIPED = (Letter.deleted_at.is_not(None), Letter.wiped_at.is_(None))
# What a letter has by the million, in the order in which it goes: the words first,
# because they lie by letter, and nothing else of a signature is looked for in them.
_BY_THE_MILLION = (SearchWord, Submission, Signature, Ledger)
# Rows of each in one batch: people of other letters who sign wait for it on SQLite.
_BATCH = 2000


def _wipe(session: Transaction, letter_id: int, now: datetime) -> int:
    gone = 0
    for table in map(db.table, _BY_THE_MILLION):
        theirs = table.c.letter_id == letter_id
        keys = [key for key in table.primary_key if key.name != "letter_id"]
        some = select(*keys).where(theirs).order_by(*keys).limit(_BATCH)
        batch = session.execute(some).all()
        if not batch:
            continue
        # A range and not "one of the keys": for those SQLite would look at every row
        # that is left. Its first column with both ends: of "up to the last" PostgreSQL
        # believes that it were all that has gone already, and reads the whole table.
        last = tuple_(*map(literal, batch[-1], (key.type for key in keys)))
        range_ = keys[0].between(batch[0][0], batch[-1][0])
        if len(keys) == len(table.primary_key):
            # The sum keeps the planner on that range (see lifecycle_bulk).
            theirs = table.c.letter_id + 0 == letter_id
        gone += wiping.wipe(
            session, {table: and_(theirs, range_, tuple_(*keys) <= last)}
        )
        if gone >= _BATCH:
            return gone
    lines = db.table(Record)
    doomed = {
        table: table.c.letter_id == letter_id
        for table in Base.metadata.sorted_tables
        if "letter_id" in table.c and table not in (db.table(Letter), lines)
    }
    # Reasons were written in words and may speak of people; the chain has their hash.
    doomed[db.table(Reason)] = db.table(Reason).c.record_id.in_(
        select(lines.c.id).where(lines.c.letter_id == letter_id)
    )
    gone += wiping.wipe(session, doomed)
    session.execute(
        update(db.table(Letter)).where(Letter.id == letter_id).values(wiped_at=now)
    )
    return gone
