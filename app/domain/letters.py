"""Letters as they are read: settings, wordings, phase, public version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app import i18n, urls
from app.db import Transaction
from app.domain import accent, hold_rules
from app.domain.hold_rules import HoldRules
from app.domain.tally import NOT_SAID, OTHER
from app.domain.views import Choice, Language, LetterView, LogoView, StoredHtml
from app.i18n import marked as _
from app.models import (
    Change,
    Collection,
    Letter,
    LetterLanguage,
    Logo,
    Mailing,
    Sector,
    TextVersion,
)

CONSENT_VERSION = "2026-11"
# The kinds of wordings under which signatures of the one before go on standing.
KEEPS = (Change.DRAFT.value, Change.MINOR.value)


class Phase(StrEnum):
    """Whether a letter takes signatures at a given time."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


def phase_at(
    now: datetime, opens_at: datetime | None, closes_at: datetime | None, paused: bool
) -> Phase:
    """The phase that a letter with these settings is in at `now`."""
    if closes_at is not None and closes_at <= now:
        return Phase.CLOSED
    if opens_at is not None and opens_at > now:
        return Phase.NOT_OPEN
    return Phase.PAUSED if paused else Phase.OPEN


@dataclass(frozen=True, slots=True)
class Wording:
    """A letter in one language, with its newest text version."""

    language: str
    title: str
    addressee: str
    summary: str
    text_version_id: int
    number: int
    hash: str
    html: StoredHtml
    # hash -> id of the wordings that one may still sign under: no material change
    # came after them.
    standing: dict[str, int]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about a letter that only its organisers change."""

    id: int
    slug: str
    default_language: str
    organiser: str
    contact: str
    postal: str
    accent: str
    country_policy: str
    allows_statement: bool
    headline: str
    smallest_cell: int
    bounce_policy: str
    is_example: bool
    published_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    paused: bool
    second_reviewer: bool
    frozen_at: datetime | None
    rehearsal: bool
    archived_at: datetime | None
    deleted_at: datetime | None
    revision: int
    pepper: bytes
    created_at: datetime
    wordings: dict[str, Wording]
    sectors: dict[str, dict[str, str]]
    sources: dict[int, dict[str, str]]
    # Sectors that went up in others: the old key and the one that it counts under.
    merged: dict[str, str]
    # id -> number of the wordings after which a material one came.
    outdated: dict[int | None, int]
    hold_rules: HoldRules
    logo: LogoView | None
    # Whether its organisers have written anything to its signatories for all to read.
    has_updates: bool
    # What has been made of it for showing, by what it was made for: a letter is
    # looked at often, and all of this stands for as long as its revision does.
    views: dict[tuple[str, Phase], LetterView] = field(
        default_factory=dict, compare=False
    )
    labels: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)
    sheets: dict[tuple[str, ...], list[str]] = field(
        default_factory=dict, compare=False
    )
    pieces: dict[tuple[str, str, str], dict[Any, StoredHtml]] = field(
        default_factory=dict, compare=False
    )

    def visible(self, now: datetime) -> bool:
        """Whether the public may see the letter: published, and no embargo on it."""
        return self.published_at is not None and self.published_at <= now

    def walkable(self, now: datetime) -> bool:
        """Whether links that were mailed work: for everyone, or in a rehearsal."""
        return self.visible(now) or self.rehearsal

    def phase(self, now: datetime) -> Phase:
        """Whether signatures are taken at `now`."""
        return phase_at(now, self.opens_at, self.closes_at, self.paused)

    def wording(self, language: str | None) -> Wording:
        """The wording in `language`, or in the letter's first language."""
        if language is not None and language in self.wordings:
            return self.wordings[language]
        return self.wordings[self.default_language]

    @property
    def sector_keys(self) -> list[str]:
        """The closed list: the letter's keys in its order, then the two of all."""
        return [*self.sectors, OTHER, NOT_SAID]

    def sector_label(self, key: str, language: str) -> str:
        """What a sector is called in `language`."""
        return self.sector_labels(language)[key]

    def sector_labels(self, language: str) -> dict[str, str]:
        """What all sectors are called in `language`, in the letter's order."""
        if language not in self.labels:
            translate = i18n.translator(i18n.counts_in(language))
            self.labels[language] = {
                key: of.get(language) or of[self.default_language]
                for key, of in self.sectors.items()
            } | {OTHER: translate(_("Other")), NOT_SAID: translate(_("Rather not say"))}
            # Until a merged key's signatures are recoded, they are called so already.
            for old, new in self.merged.items():
                self.labels[language][old] = self.labels[language][new]
        return self.labels[language]

    def source_note(self, collection_id: int, language: str) -> str:
        """Where a collection comes from, in `language`."""
        source = self.sources[collection_id]
        return source.get(language) or source[self.default_language]


def slugs(session: Transaction) -> list[str]:
    """The slugs of all letters that are not deleted, newest first."""
    return list(
        session.scalars(
            select(Letter.slug)
            .where(Letter.deleted_at.is_(None))
            .order_by(Letter.id.desc())
        )
    )


def load(session: Session, *, letter_id: int) -> Settings:
    """Read everything about a letter from the database."""
    letter = session.get_one(Letter, letter_id)
    languages = session.scalars(
        select(LetterLanguage)
        .where(LetterLanguage.letter_id == letter_id)
        .order_by(LetterLanguage.position)
    ).all()
    newest: dict[str, TextVersion] = {}
    standing: dict[str, dict[str, int]] = {}
    numbers: dict[int | None, int] = {}
    for text_version in session.scalars(
        select(TextVersion)
        .where(TextVersion.letter_id == letter_id)
        .order_by(TextVersion.number)
    ):
        newest[text_version.language] = text_version
        if text_version.change not in KEEPS:
            standing[text_version.language] = {}
        standing[text_version.language][text_version.hash] = text_version.id
        numbers[text_version.id] = text_version.number
    stand = {key for of in standing.values() for key in of.values()}
    sectors = session.scalars(
        select(Sector).where(Sector.letter_id == letter_id).order_by(Sector.position)
    ).all()
    collections = session.scalars(
        select(Collection).where(Collection.letter_id == letter_id)
    ).all()
    return Settings(
        id=letter.id,
        slug=letter.slug,
        default_language=letter.default_language,
        organiser=letter.organiser,
        contact=letter.contact,
        postal=letter.postal,
        accent=letter.accent,
        country_policy=letter.country_policy,
        allows_statement=letter.allows_statement,
        headline=letter.headline,
        smallest_cell=letter.smallest_cell,
        bounce_policy=letter.bounce_policy,
        is_example=letter.is_example,
        published_at=letter.published_at,
        opens_at=letter.opens_at,
        closes_at=letter.closes_at,
        paused=letter.paused,
        second_reviewer=letter.second_reviewer,
        frozen_at=letter.frozen_at,
        rehearsal=letter.rehearsal,
        archived_at=letter.archived_at,
        deleted_at=letter.deleted_at,
        revision=letter.revision,
        pepper=letter.pepper,
        created_at=letter.created_at,
        wordings={
            row.language: Wording(
                language=row.language,
                title=row.title,
                addressee=row.addressee,
                summary=row.summary,
                text_version_id=newest[row.language].id,
                number=newest[row.language].number,
                hash=newest[row.language].hash,
                html=StoredHtml(newest[row.language].html),
                standing=standing[row.language],
            )
            for row in languages
        },
        sectors={row.key: row.labels for row in sectors if not row.merged_into},
        sources={row.id: row.source for row in collections},
        merged={row.key: row.merged_into for row in sectors if row.merged_into},
        outdated={key: number for key, number in numbers.items() if key not in stand},
        hold_rules=hold_rules.load(session, letter_id=letter_id),
        logo=_logo(session, letter_id),
        has_updates=_has_updates(session, letter_id),
    )


def _has_updates(session: Session, letter_id: int) -> bool:
    found = exists().where(
        Mailing.letter_id == letter_id, Mailing.public, Mailing.started_at.is_not(None)
    )
    return bool(session.scalar(select(found)))


def _logo(session: Session, letter_id: int) -> LogoView | None:
    row = session.execute(
        select(Logo.hash, Logo.width, Logo.height).where(Logo.letter_id == letter_id)
    ).first()
    # It is twice as large as it is shown, for screens that show it sharp.
    return LogoView(row.hash, row.width // 2, row.height // 2) if row else None


def view(settings: Settings, *, language: str | None, now: datetime) -> LetterView:
    """The letter in one language, as pages show it at `now`."""
    wording = settings.wording(language)
    phase = settings.phase(now)
    kept = settings.views.get((wording.language, phase))
    if kept is None:
        kept = _view(settings, wording, phase)
        settings.views[wording.language, phase] = kept
    return kept


def _view(settings: Settings, wording: Wording, phase: Phase) -> LetterView:
    locale = i18n.speaks(wording.language)
    return LetterView(
        slug=settings.slug,
        title=wording.title,
        addressee=wording.addressee,
        organiser=settings.organiser,
        contact=settings.contact,
        postal=settings.postal,
        locale=locale,
        language=wording.language,
        direction=i18n.direction(wording.language),
        languages=tuple(
            Language(code, i18n.language_name(code), urls.letter(settings.slug, code))
            for code in settings.wordings
        ),
        html=wording.html,
        summary=wording.summary,
        text_hash=wording.hash,
        version=wording.number,
        published_at=settings.published_at,
        phase=phase.value,
        opens_at=settings.opens_at,
        closes_at=settings.closes_at,
        frozen=settings.frozen_at is not None,
        asks_country=settings.country_policy,
        allows_statement=settings.allows_statement,
        is_example=settings.is_example,
        rehearsal=settings.rehearsal,
        logo=settings.logo,
        has_updates=settings.has_updates,
        collects=bool(settings.sources),
        accent_css=accent.css(settings.accent),
        sectors=tuple(
            Choice(key, settings.sector_label(key, wording.language))
            for key in settings.sector_keys
        ),
        countries=()
        if settings.country_policy == "no"
        else tuple(Choice(*country) for country in i18n.countries(locale)),
    )
