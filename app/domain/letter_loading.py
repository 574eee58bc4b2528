"""Bring a letter's files into the database; the same folder twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain import (
    editing,
    lifecycle,
    names,
    sectors,
    standing,
    tally,
    verification,
    wordings,
)
from app.domain.keyring import Keyring
from app.domain.letter_files import CollectedGroup, LetterFiles
from app.models import (
    Change,
    Collection,
    Facet,
    Letter,
    LetterLanguage,
    Measure,
    Sector,
    Signature,
    State,
    VerificationMethod,
)

# The kinds of changes that those who signed are told of.
_SAID = (Change.MINOR.value, Change.MATERIAL.value)


class SectorMerged(ValueError):
    """A sector that went up in another cannot come back; the message names it."""


@dataclass(slots=True)
class Loaded:
    """What loading a folder changed, as short lines for the person who did it."""

    slug: str
    created: bool = False
    changes: list[str] = field(default_factory=list)


def load(
    session: Session,
    *,
    keyring: Keyring,
    files: LetterFiles,
    actor: str,
    now: datetime,
    minor: bool = False,
) -> Loaded:
    """Create or update the letter that `files` describes.

    Every change of a wording becomes a new text version: once the letter is
    published a material one, about which everyone who signed is asked, unless the
    person who loads it says that all of them are minor. Raises SectorInUse,
    SectorMerged and ReadOnly.
    """
    done = Loaded(files.slug)
    found = session.scalar(select(Letter.id).where(Letter.slug == files.slug))
    letter = editing.take(session, letter_id=found) if found else None
    # What the wording is to those who signed is judged by how the letter stands
    # before this folder changes when it is published.
    change = Change.MINOR if minor else Change.MATERIAL
    if letter is None:
        letter = _create(session, keyring, files, now)
        done.created = True
        done.changes.append("created")
    _languages(session, letter, files, done, change, actor, now)
    _settings(letter, files, done)
    _sectors(session, letter, files, done)
    session.flush()
    for group in files.collected:
        _collection(session, letter, group, files, done, actor, now)
    if done.changes:
        editing.revise(
            session,
            letter,
            verb="letter.load",
            actor=actor,
            now=now,
            after=f"revision {letter.revision + 1}",
        )
    session.flush()
    return done


def _create(
    session: Session, keyring: Keyring, files: LetterFiles, now: datetime
) -> Letter:
    letter = Letter(
        slug=files.slug,
        default_language=files.default_language,
        organiser=files.organiser,
        contact=files.contact,
        postal=files.postal,
        accent=files.accent,
        country_policy=files.country,
        allows_statement=files.statement,
        headline=files.headline,
        is_example=files.example,
        published_at=files.published,
        opens_at=files.opens,
        closes_at=files.closes,
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
    return letter


def _settings(letter: Letter, files: LetterFiles, done: Loaded) -> None:
    wanted: dict[str, Any] = {
        "default_language": files.default_language,
        "organiser": files.organiser,
        "contact": files.contact,
        "postal": files.postal,
        "accent": files.accent,
        "country_policy": files.country,
        "allows_statement": files.statement,
        "headline": files.headline,
        "is_example": files.example,
        "published_at": files.published,
        "opens_at": files.opens,
        "closes_at": files.closes,
    }
    for name, value in wanted.items():
        if getattr(letter, name) != value:
            setattr(letter, name, value)
            done.changes.append(name)


def _languages(
    session: Session,
    letter: Letter,
    files: LetterFiles,
    done: Loaded,
    change: Change,
    actor: str,
    now: datetime,
) -> None:
    present = {
        row.language: row
        for row in session.scalars(
            select(LetterLanguage).where(LetterLanguage.letter_id == letter.id)
        )
    }
    for language in present.keys() - files.languages.keys():
        # Its text versions stay: signatures are bound to them.
        session.delete(present[language])
        done.changes.append(f"{language} taken out")
    for position, (language, file) in enumerate(files.languages.items()):
        row = present.get(language)
        wanted = {
            "position": position,
            "title": file.title,
            "addressee": file.addressee,
            "summary": file.summary,
        }
        if row is None:
            session.add(
                LetterLanguage(letter_id=letter.id, language=language, **wanted)
            )
            done.changes.append(f"{language} added")
        elif any(getattr(row, name) != value for name, value in wanted.items()):
            for name, value in wanted.items():
                setattr(row, name, value)
            done.changes.append(f"{language} heading")
        added = wordings.add(
            session,
            letter,
            language=language,
            source=file.source,
            change=change,
            actor=actor,
            now=now,
        )
        if added is not None:
            said = f" ({added.change})" if added.change in _SAID else ""
            done.changes.append(f"{language} text version {added.number}{said}")


def _sectors(
    session: Session, letter: Letter, files: LetterFiles, done: Loaded
) -> None:
    present = {
        row.key: row
        for row in session.scalars(select(Sector).where(Sector.letter_id == letter.id))
    }
    merged = {key for key, row in present.items() if row.merged_into}
    if again := sorted(merged & files.sectors.keys()):
        into = present[again[0]].merged_into
        raise SectorMerged(f"sector {again[0]} went up in {into}: it cannot come back")
    for key in present.keys() - files.sectors.keys() - merged:
        sectors.check_unused(session, letter_id=letter.id, key=key)
        session.delete(present[key])
        done.changes.append(f"sector {key} taken out")
    for position, (key, labels) in enumerate(files.sectors.items()):
        row = present.get(key)
        if row is None:
            session.add(
                Sector(letter_id=letter.id, key=key, position=position, labels=labels)
            )
            done.changes.append(f"sector {key}")
        elif (row.position, row.labels) != (position, labels):
            row.position, row.labels = position, labels
            done.changes.append(f"sector {key} label")


def _collection(
    session: Session,
    letter: Letter,
    group: CollectedGroup,
    files: LetterFiles,
    done: Loaded,
    actor: str,
    now: datetime,
) -> None:
    name = group.source[files.default_language]
    collection = session.scalar(
        select(Collection).where(
            Collection.letter_id == letter.id, Collection.name == name
        )
    )
    if collection is None:
        collection = Collection(
            letter_id=letter.id,
            name=name,
            source=group.source,
            without_names=0,
            without_names_sector=group.without_names_sector,
            collected_by=actor,
            created_at=now,
        )
        session.add(collection)
        session.flush()
        done.changes.append(f"collected: {name}")
    elif collection.source != group.source:
        collection.source = group.source
        done.changes.append(f"collected: {name}, source")
    _without_names(session, letter, collection, group, done, now)
    known = set(
        session.scalars(
            select(Signature.name_key).where(
                Signature.collection_id == collection.id,
                Signature.state != State.WITHDRAWN.value,
            )
        )
    )
    rank = session.scalar(
        select(func.coalesce(func.max(Signature.featured_rank), 0)).where(
            Signature.letter_id == letter.id
        )
    )
    for line in group.lines:
        name_key = names.look_alike_key(line.name)
        if name_key in known:
            continue
        entered = lifecycle.collect(
            session,
            letter_id=letter.id,
            collection_id=collection.id,
            values={
                "public_id": standing.new_public_id(),
                "name": line.name,
                "name_key": name_key,
                "title": line.titles.get(files.default_language),
                "titles": line.titles,
                "sector": line.sector,
                "country": tally.NOT_SAID,
                "listed": True,
                "public_figure": False,
                "identification_only": False,
                "wants_updates": False,
                "may_contact": False,
                "language": files.default_language,
            },
            actor=actor,
            now=now,
        )
        done.changes.append(f"collected: {line.name}")
        if line.evidence:
            verification.verify(
                session,
                signature_id=entered.id,
                method=VerificationMethod.PUBLIC_RECORD,
                evidence=line.evidence,
                note=name,
                actor=actor,
                now=now,
            )
        if line.featured:
            rank = (rank or 0) + 1
            lifecycle.feature(
                session, signature_id=entered.id, rank=rank, actor=actor, now=now
            )


def _without_names(
    session: Session,
    letter: Letter,
    collection: Collection,
    group: CollectedGroup,
    done: Loaded,
    now: datetime,
) -> None:
    """Bring the number without names, and its sector, to what the file says."""
    before = (collection.without_names, collection.without_names_sector)
    after = (group.without_names, group.without_names_sector)
    if before == after:
        return
    entries = []
    for (number, sector), sign in ((before, -1), (after, 1)):
        if number:
            for facet, key in (
                (Facet.SECTOR, sector),
                (Facet.COUNTRY, tally.NOT_SAID),
            ):
                entries.append(
                    tally.Entry(facet, key, Measure.COLLECTED, sign * number)
                )
    tally.post(session, letter_id=letter.id, entries=entries, at=now)
    collection.without_names, collection.without_names_sector = after
    done.changes.append(f"collected without names: {group.without_names}")
