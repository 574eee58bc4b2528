"""Send an update off, make it wait, end it; who gets it is `mailing_walk`'s matter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import editing, mail_tests, mailings
from app.domain.mailings import NotNow
from app.models import (
    Letter,
    Mailing,
    MailingState,
    MailingText,
    OutboxKind,
    Signature,
)

# At most so many begin within a week: who wished for news did not wish for a stream.
MOST, WITHIN = 3, timedelta(days=7)
# How far ahead one can be planned.
AHEAD = timedelta(days=365)

_m = db.table(Mailing).c


def start(
    session: Session, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Begin to send a draft. Raises NotNow, ReadOnly and NoResultFound."""
    letter, mailing_id = _ready(session, letter_id, public_id, at=now, now=now)
    begin(session, letter, mailing_id, actor=actor, now=now)


def schedule(
    session: Session,
    *,
    letter_id: int,
    public_id: str,
    at: datetime,
    actor: str,
    now: datetime,
) -> None:
    """Let a draft begin at `at`. Raises WrongValue, NotNow, ReadOnly, NoResultFound."""
    if not now < at <= now + AHEAD:
        raise editing.WrongValue("at", "future")
    _, mailing_id = _ready(session, letter_id, public_id, at=at, now=now)
    _put(session, mailing_id, state=MailingState.SCHEDULED, due_at=at)
    mailings.note(session, letter_id, public_id, "schedule", actor=actor, now=now,
                  after=at.isoformat(timespec="minutes"))  # fmt: skip


def _ready(
    session: Session, letter_id: int, public_id: str, *, at: datetime, now: datetime
) -> tuple[Letter, int]:
    """The letter and its draft, if this may begin at `at`. Raises NotNow."""
    letter = editing.take(session, letter_id=letter_id)
    mailing_id = mailings.take(session, letter_id, public_id, MailingState.DRAFT)
    if not _may_write(letter, now):
        raise NotNow("unpublished")
    if session.get(MailingText, (mailing_id, letter.default_language)) is None:
        raise NotNow("text")
    if _too_many(session, letter_id, at):
        raise NotNow("week")
    return letter, mailing_id


def _may_write(letter: Letter, now: datetime) -> bool:
    return (
        letter.published_at is not None
        and letter.published_at <= now
        and not letter.rehearsal
    )


def _too_many(session: Transaction, letter_id: int, at: datetime) -> bool:
    """Whether one more at `at` would make more than MOST within some week."""
    begins = func.coalesce(_m.started_at, _m.due_at)
    times = session.scalars(
        select(begins.label("begins")).where(
            _m.letter_id == letter_id,
            _m.state != MailingState.DRAFT.value,
            begins > at - WITHIN,
            begins < at + WITHIN,
        )
    ).all()
    ordered = sorted([at, *times])
    return any(
        later - former < WITHIN
        for former, later in zip(ordered, ordered[MOST:], strict=False)
    )


def begin(
    session: Session, letter: Letter, mailing_id: int, *, actor: str, now: datetime
) -> None:
    """Let the mails of a mailing go out, to those who have signed by now.

    It shows on the letter's page from now on, so the letter has a new revision.
    """
    newest = session.scalar(select(func.coalesce(func.max(Signature.id), 0)))
    _put(
        session,
        mailing_id,
        state=MailingState.RUNNING,
        due_at=now,
        started_at=now,
        up_to=newest,
        total=mailings.readers(session, letter_id=letter.id),
    )
    public_id = session.scalar(select(_m.public_id).where(_m.id == mailing_id))
    editing.revise(session, letter, verb="update.start", actor=actor, now=now,
                   subject=public_id)  # fmt: skip


def take_back(
    session: Session, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Make a draft of one that is planned. Raises NotNow and NoResultFound."""
    mailing_id = mailings.take(session, letter_id, public_id, MailingState.SCHEDULED)
    _put(session, mailing_id, state=MailingState.DRAFT, due_at=None)
    mailings.note(session, letter_id, public_id, "take_back", actor=actor, now=now)


def pause(
    session: Session, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Let no further mail of it leave for now. Raises NotNow and NoResultFound."""
    mailing_id = mailings.take(session, letter_id, public_id, MailingState.RUNNING)
    _put(session, mailing_id, state=MailingState.PAUSED)
    mailings.note(session, letter_id, public_id, "pause", actor=actor, now=now)


def resume(
    session: Session, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Go on where it was paused. Raises NotNow, ReadOnly and NoResultFound."""
    editing.take(session, letter_id=letter_id)
    mailing_id = mailings.take(session, letter_id, public_id, MailingState.PAUSED)
    _put(session, mailing_id, state=MailingState.RUNNING, due_at=now)
    mailings.note(session, letter_id, public_id, "resume", actor=actor, now=now)


def stop(
    session: Session, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """End it for good: who has no mail of it by now gets none. Raises NotNow."""
    mailing_id = mailings.take(
        session, letter_id, public_id, MailingState.RUNNING, MailingState.PAUSED
    )
    _put(session, mailing_id, state=MailingState.STOPPED, ended_at=now)
    mailings.note(session, letter_id, public_id, "stop", actor=actor, now=now)


def test(
    session: Session,
    *,
    letter_id: int,
    public_id: str,
    language: str,
    organiser_id: int,
    actor: str,
    now: datetime,
) -> None:
    """Mail it to the organiser who asks, in one language; it reaches nobody else.

    Raises NotNow where it says nothing in that language, or they have had many tests
    within the hour, and NoResultFound.
    """
    found = mailings.find(session, letter_id=letter_id, public_id=public_id)
    if language not in found.texts:
        raise NotNow("text")
    line = mailings.note(session, letter_id, public_id, "test", actor=actor, now=now,
                         after=language)  # fmt: skip
    kind = OutboxKind(found.kind.value)
    mail_tests.ask(session, kind=kind, organiser_id=organiser_id, line=line, now=now)


def _put(session: Transaction, mailing_id: int, **values: Any) -> None:
    if "state" in values:
        values["state"] = values["state"].value
    session.execute(
        update(db.table(Mailing)).where(_m.id == mailing_id).values(**values)
    )
