"""What the pages and the API are given to show: plain values, nothing to change."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple


class StoredHtml(str):
    """HTML that was rendered and sanitised when it was stored; not escaped again."""

    __slots__ = ()

    def __html__(self) -> str:
        """What Jinja asks a value for that may stand as it is."""
        return str(self)


def data(about: dict[str, Any]) -> StoredHtml:
    """JSON-LD to stand in an element of a page: no sign in it can end that element."""
    text = json.dumps(about)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return StoredHtml(text)


class Choice(NamedTuple):
    """One option of a closed list."""

    key: str
    label: str


class Language(NamedTuple):
    """A language in which the letter can be read, and where."""

    code: str
    name: str
    path: str


class LogoView(NamedTuple):
    """The picture of a letter's organiser: its hash, and its size in CSS pixels."""

    hash: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter in one language, ready to be shown."""

    slug: str
    title: str
    addressee: str
    organiser: str
    contact: str
    postal: str
    locale: str
    language: str
    direction: str
    languages: tuple[Language, ...]
    html: StoredHtml
    summary: str
    text_hash: str
    version: int
    published_at: datetime | None
    phase: str
    opens_at: datetime | None
    closes_at: datetime | None
    frozen: bool
    asks_country: str
    allows_statement: bool
    is_example: bool
    collects: bool
    accent_css: StoredHtml
    sectors: tuple[Choice, ...]
    countries: tuple[Choice, ...]
    # Nothing that is done now counts: all of it is wiped before the launch.
    rehearsal: bool = False
    # The token of the private link by which the letter is looked at.
    preview: str = ""
    logo: LogoView | None = None
    # Whether there is a page of updates to read.
    has_updates: bool = False


class Bar(NamedTuple):
    """A part of a sector's bar, in per cent of the longest sector's."""

    measure: str
    start: float
    length: float


class SectorCount(NamedTuple):
    """The numbers of one sector, and the bar that pictures them."""

    key: str
    label: str
    confirmed: int
    verified: int
    collected: int
    # What the longest sector's bar stands for.
    longest: int

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The parts of the bar from its start on: verified, only confirmed, collected.

        Most of who ask for numbers draw none.
        """
        bars, start = [], 0
        for measure, number in (
            ("verified", self.verified),
            ("confirmed", self.confirmed - self.verified),
            ("collected", self.collected),
        ):
            if number:
                bars.append(
                    Bar(
                        measure,
                        round(100 * start / self.longest, 2),
                        round(100 * number / self.longest, 2),
                    )
                )
            start += number
        return tuple(bars)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The published numbers of a letter at one moment."""

    as_of: datetime
    confirmed: int
    verified: int
    collected: int
    headline: int
    headline_label: str
    collected_note: str | None
    sectors: tuple[SectorCount, ...]


class PublicLine(NamedTuple):
    """One line of the public list, or the preview of one."""

    id: str
    name: str
    title: str | None
    affiliation: str | None
    identification_only: bool
    sector_label: str
    country_label: str | None
    statement: str | None
    verified: bool
    featured: bool
    origin: str
    confirmed_on: date | None
    source_note: str | None = None
    # The number of the wording it stands under, where a material one came later.
    signed_version: int | None = None

    @property
    def description(self) -> str:
        """Title and affiliation as they stand after the name."""
        return ", ".join(part for part in (self.title, self.affiliation) if part)


@dataclass(slots=True)
class SignForm:
    """What was typed into a form, and what is wrong with it, by field."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(field, sentence) in the order in which the fields were judged."""
        return list(self.errors.items())
