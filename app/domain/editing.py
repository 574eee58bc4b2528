"""Change a letter: every change is a new revision and a line of the record."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import i18n
from app.domain import accent, addresses, names, record
from app.domain.letter_files import KEY
from app.models import BouncePolicy, Letter, LetterLanguage

HEADLINES = ("confirmed", "verified", "confirmed_and_collected")
COUNTRY_POLICIES = ("no", "optional", "required")
BOUNCE_POLICIES = tuple(policy.value for policy in BouncePolicy)
_CHOICES = {
    "headline": HEADLINES,
    "country_policy": COUNTRY_POLICIES,
    "bounce_policy": BOUNCE_POLICIES,
}
# What an organiser may set, and how many characters each may have.
_LIMITS = {"organiser": 200, "contact": 254, "postal": 400}
HEADING_LIMITS = {"title": 200, "addressee": 200, "summary": 500}
# And what of it a letter takes along that is made after another.
COPIED = frozenset(
    {
        "accent",
        "bounce_policy",
        "country_policy",
        "allows_statement",
        "headline",
        "smallest_cell",
        "second_reviewer",
    }
)
_PLAIN = COPIED | _LIMITS.keys()


LARGEST_CELL = 100


class WrongValue(ValueError):
    """What was typed cannot stand; `field` says where, `problem` why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ReadOnly(Exception):
    """The letter is archived or deleted: nothing about it changes any more."""


def take(session: Session, *, letter_id: int) -> Letter:
    """The letter, kept for this transaction, so that revisions follow one another.

    Raises NoResultFound, and ReadOnly for one that is archived or deleted.
    """
    letter = session.get_one(Letter, letter_id, with_for_update=True)
    if letter.archived_at is not None or letter.deleted_at is not None:
        raise ReadOnly
    return letter


def revise(
    session: Session,
    letter: Letter,
    *,
    verb: str,
    actor: str,
    now: datetime,
    subject: str | None = None,
    before: str | None = None,
    after: str | None = None,
    reason: str | None = None,
) -> None:
    """Make a change of `letter` a new revision, and write it down."""
    letter.revision += 1
    letter.revised_at = now
    record.write(
        session,
        letter_id=letter.id,
        actor=actor,
        verb=verb,
        # The line names the letter anyway: what tells apart stands at the end.
        subject=(subject or letter.slug)[-80:],
        before=before,
        after=after,
        reason=reason,
        at=now,
    )
    session.flush()


def change_settings(
    session: Session,
    *,
    letter_id: int,
    wanted: dict[str, Any],
    actor: str,
    now: datetime,
) -> list[str]:
    """Set what is not a switch of its own; the names of what that changed.

    Raises WrongValue for the first value that cannot stand, and ReadOnly.
    """
    if unknown := wanted.keys() - _PLAIN:
        raise WrongValue(min(unknown), "unknown")
    letter = take(session, letter_id=letter_id)
    changed = []
    for name, typed in wanted.items():
        value = _judged(name, typed)
        if getattr(letter, name) != value:
            setattr(letter, name, value)
            changed.append(name)
    # A line each: all of their names would be longer than a line of record may be.
    for name in changed:
        revise(session, letter, verb="letter.change", actor=actor, now=now, after=name)
    return changed


def put_heading(
    session: Session,
    *,
    letter_id: int,
    language: str,
    heading: dict[str, str],
    actor: str,
    now: datetime,
) -> bool:
    """Title, addressee and summary in a language, which may be a new one.

    A translation has the letter's one count. Raises WrongValue and ReadOnly.
    """
    letter = take(session, letter_id=letter_id)
    language_of(language)
    if not set_heading(session, letter, language, heading):
        return False
    revise(
        session,
        letter,
        verb="letter.heading",
        actor=actor,
        now=now,
        subject=f"{letter.slug} {language}",
    )
    return True


def take_language_out(
    session: Session, *, letter_id: int, language: str, actor: str, now: datetime
) -> None:
    """Show the letter in a language no more; its text versions and names stay.

    Raises WrongValue for the letter's first language and for one it does not have.
    """
    letter = take(session, letter_id=letter_id)
    row = session.get(LetterLanguage, (letter_id, language))
    if row is None or language == letter.default_language:
        raise WrongValue("language", "needed" if row else "unknown")
    session.delete(row)
    revise(
        session,
        letter,
        verb="letter.language_out",
        actor=actor,
        now=now,
        subject=f"{letter.slug} {language}",
    )


def set_heading(
    session: Session, letter: Letter, language: str, heading: dict[str, str]
) -> bool:
    cleaned = {
        name: line_of(name, heading.get(name, ""), limit)
        for name, limit in HEADING_LIMITS.items()
    }
    row = session.get(LetterLanguage, (letter.id, language))
    if row is None:
        position = session.scalar(
            select(func.coalesce(func.max(LetterLanguage.position) + 1, 0)).where(
                LetterLanguage.letter_id == letter.id
            )
        )
        session.add(
            LetterLanguage(
                letter_id=letter.id, language=language, position=position, **cleaned
            )
        )
        session.flush()
        return True
    changed = any(getattr(row, name) != value for name, value in cleaned.items())
    for name, value in cleaned.items():
        setattr(row, name, value)
    return changed


def _judged(name: str, typed: Any) -> Any:
    """The value of a setting as it may stand. Raises WrongValue."""
    if name in ("allows_statement", "second_reviewer"):
        return bool(typed)
    if name == "contact":
        return contact_of(typed)
    if name in _LIMITS:
        return line_of(name, typed, _LIMITS[name])
    if name == "smallest_cell":
        figure = str(typed).strip() or "0"
        if not re.fullmatch(r"[0-9]{1,3}", figure) or int(figure) > LARGEST_CELL:
            raise WrongValue(name, "cell")
        return int(figure)
    if name == "accent":
        if accent.problem_with(typed):
            raise WrongValue(name, "colour")
        return typed
    if name == "bounce_policy":
        typed = typed or BouncePolicy.COUNT.value
    if typed not in _CHOICES[name]:
        raise WrongValue(name, "choice")
    return typed


def line_of(field: str, typed: str, limit: int) -> str:
    """A line as it may stand. Raises WrongValue."""
    text = names.clean_line(typed)
    if not text:
        raise WrongValue(field, "empty")
    if len(text) > limit:
        raise WrongValue(field, "long")
    return text


def contact_of(typed: str) -> str:
    """A contact address as it may stand. Raises WrongValue."""
    text = line_of("contact", typed, 254)
    try:
        addresses.parse(text)
    except addresses.AddressProblem:
        raise WrongValue("contact", "address") from None
    return text


def language_of(code: str) -> str:
    """A language's code, if it is one. Raises WrongValue."""
    if not i18n.is_language(code):
        raise WrongValue("language", "unknown")
    return code


def check_key(key: str) -> str:
    """A new sector's key as it may stand. Raises WrongValue."""
    if not re.fullmatch(KEY, key):
        raise WrongValue("key", "spelling")
    return key
