"""One switch each: opening, closing, embargo, pause, freeze. Pages say how they stand.

Every switch is quiet when it stands so already, and raises ReadOnly for a letter that
is archived or deleted.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import editing, rehearsal
from app.domain.editing import WrongValue
from app.models import Letter, LetterLanguage, TextVersion


class NotReady(ValueError):
    """The letter cannot be published: it has no text in the languages named."""

    def __init__(self, languages: list[str]) -> None:
        super().__init__(", ".join(languages))
        self.languages = languages


class InRehearsal(Exception):
    """The rehearsal must end first, some seconds before the letter is published."""


class AlreadyPublic(Exception):
    """The public has seen the letter: it can be closed or archived, not hidden."""


def set_times(
    session: Session,
    *,
    letter_id: int,
    opens_at: datetime | None,
    closes_at: datetime | None,
    actor: str,
    now: datetime,
) -> bool:
    """From when to when signatures are taken; None is "at once" and "for ever".

    Raises WrongValue where the closing does not lie behind the opening.
    """
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise WrongValue("closes_at", "order")
    letter = editing.take(session, letter_id=letter_id)
    before = (letter.opens_at, letter.closes_at)
    if before == (opens_at, closes_at):
        return False
    letter.opens_at, letter.closes_at = opens_at, closes_at
    _revise(
        session,
        letter,
        "letter.times",
        actor,
        now,
        before=" ".join(map(_said, before)),
        after=f"{_said(opens_at)} {_said(closes_at)}",
    )
    return True


def publish(
    session: Session, *, letter_id: int, at: datetime, actor: str, now: datetime
) -> bool:
    """Let the public see the letter from `at` on; a time ahead is an embargo.

    An embargo can be moved until it has passed. Raises NotReady, InRehearsal, and
    AlreadyPublic once the letter shows.
    """
    letter = editing.take(session, letter_id=letter_id)
    ended = letter.rehearsed_until
    if letter.rehearsal or (ended is not None and now < ended + rehearsal.SETTLED):
        raise InRehearsal
    if letter.published_at is not None and letter.published_at <= now:
        raise AlreadyPublic
    if missing := without_text(session, letter_id=letter_id):
        raise NotReady(missing)
    at = max(at, now)
    if letter.published_at == at:
        return False
    if ended is not None:
        # What was on its way when the rehearsal ended has arrived by now.
        rehearsal.wipe(session, letter_id=letter_id)
        letter.rehearsed_until = None
    before = _said(letter.published_at)
    letter.published_at = at
    verb = "letter.publish" if at == now else "letter.embargo"
    _revise(session, letter, verb, actor, now, before=before, after=_said(at))
    return True


def back_to_draft(
    session: Session, *, letter_id: int, actor: str, now: datetime
) -> bool:
    """Take an embargo's time away. Raises AlreadyPublic once the letter shows."""
    letter = editing.take(session, letter_id=letter_id)
    if letter.published_at is None:
        return False
    if letter.published_at <= now:
        raise AlreadyPublic
    before, letter.published_at = _said(letter.published_at), None
    _revise(session, letter, "letter.draft", actor, now, before=before, after="draft")
    return True


def pause(
    session: Session, *, letter_id: int, paused: bool, actor: str, now: datetime
) -> bool:
    """Take no new forms for the moment, or take them again; links go on confirming."""
    letter = editing.take(session, letter_id=letter_id)
    if letter.paused == paused:
        return False
    letter.paused = paused
    _revise(session, letter, "letter.pause" if paused else "letter.go_on", actor, now)
    return True


def freeze(
    session: Session, *, letter_id: int, frozen: bool, actor: str, now: datetime
) -> bool:
    """Show no new names while signing, confirming and counting go on; or show them.

    Unfrozen, the names that came meanwhile stand in the list in their order.
    """
    letter = editing.take(session, letter_id=letter_id)
    if (letter.frozen_at is not None) == frozen:
        return False
    letter.frozen_at = now if frozen else None
    verb = "letter.freeze" if frozen else "letter.unfreeze"
    _revise(session, letter, verb, actor, now)
    return True


def without_text(session: Session, *, letter_id: int) -> list[str]:
    """The languages of a letter that have a heading and no text yet."""
    return list(
        session.scalars(
            select(LetterLanguage.language)
            .where(
                LetterLanguage.letter_id == letter_id,
                ~select(TextVersion.id)
                .where(
                    TextVersion.letter_id == letter_id,
                    TextVersion.language == LetterLanguage.language,
                )
                .exists(),
            )
            .order_by(LetterLanguage.position)
        )
    )


def _said(at: datetime | None) -> str:
    return at.isoformat() if at else "-"


def _revise(
    session: Session,
    letter: Letter,
    verb: str,
    actor: str,
    now: datetime,
    *,
    before: str | None = None,
    after: str | None = None,
) -> None:
    editing.revise(
        session, letter, verb=verb, actor=actor, now=now, before=before, after=after
    )
