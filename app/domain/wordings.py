"""A letter's words over time: new ones, what they change, and asking people again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db import Transaction
from app.domain import corrections, editing, outgoing, wording
from app.domain.drafts import LIFETIME
from app.domain.wording import Difference
from app.models import (
    Change,
    CorrectionKind,
    Letter,
    Origin,
    OutboxKind,
    Signature,
    State,
    TextVersion,
)

# Signatures looked at in one turn.
BATCH = 500
# Links mailed before a change confirm for a while: their people are asked as well.
ASKED_FOR = LIFETIME + timedelta(days=1)


class ChangeMissing(ValueError):
    """The words of a published letter change: minor or material must be said."""


def add(
    session: Session,
    letter: Letter,
    *,
    language: str,
    source: str,
    change: Change | None,
    actor: str,
    now: datetime,
) -> TextVersion | None:
    """Make `source` the words of `letter` in a language; None if they are so already.

    Before publication a change is a draft. Afterwards it is `change`: a minor one
    shows its difference publicly, a material one asks everyone who signed earlier
    words in this language to keep or withdraw. Either is posted to the corrections.
    Raises ChangeMissing and WrongValue.
    """
    if not source.strip():
        raise editing.WrongValue("source", "empty")
    newest = session.scalars(
        select(TextVersion)
        .where(TextVersion.letter_id == letter.id, TextVersion.language == language)
        .order_by(TextVersion.number.desc())
        .limit(1)
    ).first()
    digest = wording.text_hash(source)
    if newest is not None and newest.hash == digest:
        return None
    if newest is None:
        change = Change.FIRST
    elif letter.published_at is None or letter.published_at > now:
        change = Change.DRAFT
    elif change not in (Change.MINOR, Change.MATERIAL):
        raise ChangeMissing
    added = TextVersion(
        letter_id=letter.id,
        language=language,
        number=newest.number + 1 if newest else 1,
        source=source,
        html=wording.render(source),
        hash=digest,
        change=change.value,
        asked_up_to=0 if change is Change.MATERIAL else None,
        created_at=now,
    )
    session.add(added)
    session.flush()
    if change in (Change.MINOR, Change.MATERIAL):
        corrections.add(
            session,
            letter_id=letter.id,
            kind=CorrectionKind.TEXT_CHANGED,
            number=1,
            note=None,
            now=now,
        )
    editing.revise(
        session,
        letter,
        verb="text.change",
        actor=actor,
        now=now,
        subject=f"{letter.slug} {language} {added.number}",
        before=newest.hash if newest else None,
        after=f"{change.value} {digest}",
    )
    return added


@dataclass(frozen=True, slots=True)
class Stage:
    """One wording and what it changed in the one before."""

    id: int
    language: str
    number: int
    change: Change
    hash: str
    created_at: datetime
    difference: list[Difference]


def stages(session: Transaction, *, letter_id: int, language: str) -> list[Stage]:
    """The wordings of a letter in a language that the public has seen, newest first.

    What was tried before publication is nobody's business: it is not among them.
    """
    rows = session.execute(
        select(
            TextVersion.id,
            TextVersion.number,
            TextVersion.change,
            TextVersion.hash,
            TextVersion.html,
            TextVersion.created_at,
        )
        .where(TextVersion.letter_id == letter_id, TextVersion.language == language)
        .order_by(TextVersion.number)
    ).all()
    seen = [
        row
        for row, later in zip(rows, [*rows[1:], None], strict=True)
        if later is None or later.change != Change.DRAFT
    ]
    return [
        Stage(
            id=row.id,
            language=language,
            number=row.number,
            change=Change(row.change),
            hash=row.hash,
            created_at=row.created_at,
            difference=wording.difference(former.html, row.html) if former else [],
        )
        for former, row in zip([None, *seen[:-1]], seen, strict=True)
    ][::-1]


def difference_since(
    session: Transaction, *, text_version_id: int | None
) -> list[Difference]:
    """What the newest wording in its language says otherwise than this one."""
    read = session.execute(
        select(
            TextVersion.letter_id,
            TextVersion.language,
            TextVersion.html,
        ).where(TextVersion.id == text_version_id)
    ).one()
    newest = session.scalars(
        select(TextVersion.html)
        .where(
            TextVersion.letter_id == read.letter_id,
            TextVersion.language == read.language,
        )
        .order_by(TextVersion.number.desc())
        .limit(1)
    ).one()
    return wording.difference(read.html, newest)


def ask_again(session: Session, *, now: datetime) -> int:
    """Ask a batch of those who signed before a material change; how many were seen.

    Several workers may do this at once. It goes on for as long as a link mailed
    before the change can still confirm, and goes on after a crash where it was.
    """
    asking = session.scalars(
        select(TextVersion)
        .where(TextVersion.asked_up_to.is_not(None))
        .order_by(TextVersion.id)
        .with_for_update(skip_locked=True)
    ).all()
    last = session.scalar(select(func.coalesce(func.max(Signature.id), 0))) or 0
    asked = 0
    for version in asking:
        cursor = version.asked_up_to or 0
        upto = min(cursor + BATCH, last)
        over = upto >= last and version.created_at + ASKED_FOR <= now
        if upto > cursor or over:
            # Ids become visible in another order than they are given out, so some
            # before the cursor are looked at again: asking twice writes nothing.
            for signature_id in session.scalars(_before(version, cursor - BATCH, upto)):
                outgoing.ask(
                    session,
                    kind=OutboxKind.TEXT_CHANGED,
                    signature_id=signature_id,
                    number=version.number,
                    now=now,
                )
            asked += upto - cursor
        version.asked_up_to = None if over else upto
    return asked


def is_asked(session: Transaction, *, signature_id: int) -> bool:
    """Whether a signature stands before a material change, and can still be kept."""
    signed = (
        select(TextVersion.letter_id, TextVersion.language, TextVersion.number)
        .join(Signature, Signature.text_version_id == TextVersion.id)
        .where(
            Signature.id == signature_id,
            Signature.state.in_([State.COUNTED.value, State.HELD.value]),
        )
        .subquery()
    )
    later = (
        select(TextVersion.id)
        .join(signed, TextVersion.letter_id == signed.c.letter_id)
        .where(
            TextVersion.language == signed.c.language,
            TextVersion.number > signed.c.number,
            TextVersion.change == Change.MATERIAL.value,
        )
        .limit(1)
    )
    return session.scalar(later) is not None


def _before(version: TextVersion, after: int, upto: int) -> Select[int]:
    """Who among these signed earlier words in the language, and can be asked."""
    earlier = select(TextVersion.id).where(
        TextVersion.letter_id == version.letter_id,
        TextVersion.language == version.language,
        TextVersion.number < version.number,
    )
    return (
        select(Signature.id)
        .where(
            Signature.id > after,
            Signature.id <= upto,
            Signature.letter_id == version.letter_id,
            Signature.origin == Origin.CONFIRMED.value,
            Signature.state.in_([State.COUNTED.value, State.HELD.value]),
            Signature.text_version_id.in_(earlier),
        )
        .order_by(Signature.id)
    )
