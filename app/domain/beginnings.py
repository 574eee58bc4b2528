"""The beginning of a letter: a new draft, or one like another."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from app import db
from app.domain import editing
from app.domain.editing import HEADING_LIMITS, ReadOnly, WrongValue
from app.domain.keyring import Keyring
from app.domain.letter_files import SLUG
from app.models import (
    Letter,
    LetterLanguage,
    Logo,
    Membership,
    Role,
    Sector,
    TextVersion,
)

DEFAULT_ACCENT = "#1f3a5f"


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
        default_language=editing.language_of(language),
        organiser=editing.line_of("organiser", organiser, 200),
        contact=editing.contact_of(contact),
        postal=editing.line_of("postal", postal, 400),
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
    editing.set_heading(session, letter, language, heading)
    if owner_id is not None:
        session.add(
            Membership(
                letter_id=letter.id,
                organiser_id=owner_id,
                role=Role.OWNER.value,
                created_at=now,
            )
        )
    editing.revise(
        session, letter, verb="letter.create", actor=actor, now=now, after="draft"
    )
    return letter


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
        row.language: {name: getattr(row, name) for name in HEADING_LIMITS}
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
    for name in editing.COPIED:
        setattr(letter, name, getattr(former, name))
    for row in languages:
        editing.set_heading(session, letter, row.language, heading[row.language])
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
    logo = db.table(Logo).c
    kept = [logo.hash, logo.content, logo.width, logo.height]
    session.execute(
        insert(db.table(Logo)).from_select(
            ["letter_id", *(column.name for column in kept)],
            select(literal(letter.id), *kept).where(logo.letter_id == letter_id),
        )
    )
    session.flush()
    return letter
