"""The end of a letter: archived it is read only, deleted it is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.domain import editing, record, wiping
from app.models import Base, Letter, Reason, Record


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
) -> int:
    """Destroy a letter and everything about its people for good; how many rows.

    Its pepper goes first of all, so no address could be found again even from a
    copy of the rows. What stays is its slug, which nobody can take again, and the
    record, which holds no personal data. Raises NotTyped.
    """
    letter = session.get_one(Letter, letter_id, with_for_update=True)
    if typed.strip() != letter.slug:
        raise NotTyped
    if letter.deleted_at is not None:
        return 0
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
    return wiping.wipe(session, doomed)
