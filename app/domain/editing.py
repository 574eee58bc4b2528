"""Make a letter and change it: every change is a new revision and a line of record."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import i18n
from app.domain import accent, addresses, names, record
from app.domain.keyring import Keyring
from app.domain.letter_files import KEY, SLUG
from app.models import Letter, LetterLanguage, Membership, Role, Sector, TextVersion

HEADLINES = ("confirmed", "verified", "confirmed_and_collected")
COUNTRY_POLICIES = ("no", "optional", "required")
DEFAULT_ACCENT = "#1f3a5f"
# What an organiser may set, and how many characters each may have.
_LIMITS = {"organiser": 200, "contact": 254, "postal": 400}
_HEADING_LIMITS = {"title": 200, "addressee": 200, "summary": 500}
_PLAIN = frozenset(
    {
        *_LIMITS,
        "accent",
        "country_policy",
        "allows_statement",
        "headline",
        "smallest_cell",
        "second_reviewer",
    }
)


# What a letter that is made after another takes from it.
_COPIED = (
    "accent",
    "country_policy",
    "allows_statement",
    "headline",
    "smallest_cell",
    "second_reviewer",
)
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


def create(
    session: Session,
    *,
    keyring: Keyring,
    slug: str,
    language: str,
    heading: dict[str, str],
    organiser: str,
    contact: str,
    postal: str,
    owner_id: int | None,
    actor: str,
    now: datetime,
) -> Letter:
    """A new letter as a draft, which shows nowhere; its maker is its owner.

    It has no text yet: `wordings.add` brings the first. Raises WrongValue.
    """
    if not re.fullmatch(SLUG, slug):
        raise WrongValue("slug", "spelling")
    if session.scalar(select(Letter.id).where(Letter.slug == slug)) is not None:
        raise WrongValue("slug", "taken")
    letter = Letter(
        slug=slug,
        default_language=_language(language),
        organiser=_line("organiser", organiser, 200),
        contact=_contact(contact),
        postal=_line("postal", postal, 400),
        accent=DEFAULT_ACCENT,
        country_policy="no",
        allows_statement=True,
        headline="confirmed",
        is_example=False,
        published_at=None,
        opens_at=None,
        closes_at=None,
        paused=False,
        frozen_at=None,
        revision=0,
        revised_at=now,
        pepper=b"",
        created_at=now,
    )
    session.add(letter)
    session.flush()
    letter.pepper = keyring.wrap_pepper(letter.id, keyring.new_pepper())
    _put_heading(session, letter, language, heading)
    if owner_id is not None:
        session.add(
            Membership(
                letter_id=letter.id,
                organiser_id=owner_id,
                role=Role.OWNER.value,
                created_at=now,
            )
        )
    revise(session, letter, verb="letter.create", actor=actor, now=now, after="draft")
    return letter


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
    _language(language)
    if not _put_heading(session, letter, language, heading):
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


def duplicate(
    session: Session,
    *,
    keyring: Keyring,
    letter_id: int,
    slug: str,
    owner_id: int | None,
    actor: str,
    now: datetime,
) -> Letter:
    """A new draft with the words, sectors and settings of a letter, and no person.

    An archived letter can be duplicated, a deleted one cannot. Raises WrongValue.
    """
    former = session.get_one(Letter, letter_id)
    if former.deleted_at is not None:
        raise ReadOnly
    languages = session.scalars(
        select(LetterLanguage)
        .where(LetterLanguage.letter_id == letter_id)
        .order_by(LetterLanguage.position)
    ).all()
    heading = {
        row.language: {name: getattr(row, name) for name in _HEADING_LIMITS}
        for row in languages
    }
    letter = create(
        session,
        keyring=keyring,
        slug=slug,
        language=former.default_language,
        heading=heading[former.default_language],
        organiser=former.organiser,
        contact=former.contact,
        postal=former.postal,
        owner_id=owner_id,
        actor=actor,
        now=now,
    )
    for name in _COPIED:
        setattr(letter, name, getattr(former, name))
    for row in languages:
        _put_heading(session, letter, row.language, heading[row.language])
        newest = session.scalars(
            select(TextVersion)
            .where(
                TextVersion.letter_id == letter_id,
                TextVersion.language == row.language,
            )
            .order_by(TextVersion.number.desc())
            .limit(1)
        ).first()
        if newest is not None:
            session.add(
                TextVersion(
                    letter_id=letter.id,
                    language=row.language,
                    number=1,
                    source=newest.source,
                    html=newest.html,
                    hash=newest.hash,
                    created_at=now,
                )
            )
    for sector in session.scalars(
        select(Sector).where(
            Sector.letter_id == letter_id, Sector.merged_into.is_(None)
        )
    ):
        session.add(
            Sector(
                letter_id=letter.id,
                key=sector.key,
                position=sector.position,
                labels=sector.labels,
            )
        )
    session.flush()
    return letter


def _put_heading(
    session: Session, letter: Letter, language: str, heading: dict[str, str]
) -> bool:
    cleaned = {
        name: _line(name, heading.get(name, ""), limit)
        for name, limit in _HEADING_LIMITS.items()
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
        return _contact(typed)
    if name in _LIMITS:
        return _line(name, typed, _LIMITS[name])
    if name == "smallest_cell":
        if not re.fullmatch(r"\d{1,3}", str(typed)) or int(typed) > LARGEST_CELL:
            raise WrongValue(name, "cell")
        return int(typed)
    if name == "accent":
        if accent.problem_with(typed):
            raise WrongValue(name, "colour")
        return typed
    if typed not in (HEADLINES if name == "headline" else COUNTRY_POLICIES):
        raise WrongValue(name, "choice")
    return typed


def _line(field: str, typed: str, limit: int) -> str:
    text = names.clean_line(typed)
    if not text:
        raise WrongValue(field, "empty")
    if len(text) > limit:
        raise WrongValue(field, "long")
    return text


def _contact(typed: str) -> str:
    text = _line("contact", typed, 254)
    try:
        addresses.parse(text)
    except addresses.AddressProblem:
        raise WrongValue("contact", "address") from None
    return text


def _language(code: str) -> str:
    if not i18n.is_language(code):
        raise WrongValue("language", "unknown")
    return code


def check_key(key: str) -> str:
    """A new sector's key as it may stand. Raises WrongValue."""
    if not re.fullmatch(KEY, key):
        raise WrongValue("key", "spelling")
    return key
