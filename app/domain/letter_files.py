"""A letter as files that people edit: read a folder, and say where it is wrong."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from app.domain import accent, addresses, names


class LetterFileError(ValueError):
    """A letter's file is wrong; the message names file, line and field."""


@dataclass(frozen=True, slots=True)
class CollectedLine:
    """One named signature gathered elsewhere."""

    name: str
    titles: dict[str, str]
    sector: str
    evidence: str
    featured: bool


@dataclass(frozen=True, slots=True)
class CollectedGroup:
    """Signatures of one source: some by name, the rest as a number."""

    source: dict[str, str]
    without_names: int
    without_names_sector: str
    lines: tuple[CollectedLine, ...]


@dataclass(frozen=True, slots=True)
class LanguageFile:
    """The letter's text in one language."""

    title: str
    addressee: str
    summary: str
    source: str


@dataclass(frozen=True, slots=True)
class LetterFiles:
    """All that a letter's folder says."""

    slug: str
    example: bool
    default_language: str
    accent: str
    published: datetime | None
    opens: datetime | None
    closes: datetime | None
    country: str
    statement: bool
    headline: str
    organiser: str
    contact: str
    postal: str
    languages: dict[str, LanguageFile]
    sectors: dict[str, dict[str, str]]
    collected: tuple[CollectedGroup, ...] = field(default=())


SLUG = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
KEY = r"[a-z][a-z0-9_]{0,31}"
RESERVED = {"other", "not_said"}


class _Reader:
    """Take values out of the parsed file; every complaint finds its line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "letter.toml"
        try:
            self.text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise LetterFileError(f"{self.path}: there is no such file") from None
        except UnicodeDecodeError as error:
            raise LetterFileError(f"{self.path}: not UTF-8: {error.reason}") from None
        try:
            self.root = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise LetterFileError(f"{self.path}: {error}") from None

    def fail(self, where: str, what: str) -> LetterFileError:
        """The error for the field `where`, such as "organiser.contact"."""
        table, _, key = where.rpartition(".")
        table, _, number = table.partition("#")
        line = self._line(table, int(number or 1), key)
        return LetterFileError(f"{self.path}, line {line}, {where}: {what}")

    def _line(self, table: str, number: int, key: str) -> int:
        """The line on which a key stands, or its table, or the first one."""
        start = 0
        if table:
            headers = [
                i
                for i, line in enumerate(self.text.splitlines())
                if re.match(rf"\s*\[+\s*{re.escape(table)}\s*\]+", line)
            ]
            start = headers[min(number, len(headers)) - 1] if headers else 0
        for i, line in enumerate(self.text.splitlines()[start:], start):
            if re.match(rf"\s*{re.escape(key)}\s*=", line):
                return i + 1
            if i > start and table and line.lstrip().startswith("["):
                break
        return start + 1

    def value(self, holder: Any, where: str, kind: type, default: Any = ...) -> Any:
        """The value at `where`, of the type `kind`; `...` makes it required."""
        if not isinstance(holder, dict):
            raise self.fail(where, f"must stand in {_KINDS[dict]}")
        found = holder.get(where.rpartition(".")[2], default)
        if found is ...:
            raise self.fail(where, "is missing")
        if found is default and default is not ...:
            return default
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self.fail(where, f"must be {_KINDS[kind]}")
        return found

    def line(
        self, holder: dict[str, Any], where: str, default: Any = ..., limit: int = 200
    ) -> str:
        """One line of text, cleaned."""
        text = names.clean_line(self.value(holder, where, str, default))
        if default is ... and not text:
            raise self.fail(where, "is empty")
        if len(text) > limit:
            raise self.fail(where, f"is longer than {limit} characters")
        return text

    def moment(self, where: str) -> datetime | None:
        """A time with its zone, or None when it is not given."""
        found = self.value(self.root, where, datetime, None)
        if found is not None and found.tzinfo is None:
            raise self.fail(where, "needs a time zone, as in 2024-02-21T09:00:00Z")
        return found.astimezone(UTC) if found else None

    def choice(self, where: str, options: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        found: str = self.value(self.root, where, str, default)
        if found not in options:
            raise self.fail(where, f"must be one of {', '.join(options)}")
        return found

    def labels(
        self, holder: dict[str, Any], where: str, languages: list[str]
    ) -> dict[str, str]:
        """A text in each of the letter's languages."""
        table = self.value(holder, where, dict)
        for language in languages:
            if not isinstance(table.get(language), str) or not table[language].strip():
                raise self.fail(where, f"has no text for {language}")
        return {key: names.clean_line(str(table[key])) for key in languages}


_KINDS = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
    datetime: "a time such as 2024-02-21T09:00:00Z",
}


def read(folder: Path) -> LetterFiles:
    """Read `letter.toml` and the texts it names.

    Raises LetterFileError with file, line and field for the first thing wrong.
    """
    reader = _Reader(folder)
    root = reader.root
    slug = reader.line(root, "slug")
    if not re.fullmatch(SLUG, slug):
        raise reader.fail("slug", "may hold a to z, 0 to 9 and hyphens between them")
    colour = reader.value(root, "accent", str, "#1f3a5f")
    if wrong := accent.problem_with(colour):
        raise reader.fail("accent", wrong)
    languages = _languages(reader)
    default = reader.line(root, "default_language", next(iter(languages)))
    if default not in languages:
        raise reader.fail("default_language", f"there is no [languages.{default}]")
    organiser = reader.value(root, "organiser", dict)
    contact = reader.line(organiser, "organiser.contact")
    try:
        addresses.parse(contact)
    except addresses.AddressProblem:
        raise reader.fail("organiser.contact", "is not a mail address") from None
    opens, closes = reader.moment("opens"), reader.moment("closes")
    if opens and closes and closes <= opens:
        raise reader.fail("closes", "lies before the opening")
    sectors = _sectors(reader, list(languages))
    return LetterFiles(
        slug=slug,
        example=reader.value(root, "example", bool, False),
        default_language=default,
        accent=colour,
        published=reader.moment("published"),
        opens=opens,
        closes=closes,
        country=reader.choice("country", ("no", "optional", "required"), "no"),
        statement=reader.value(root, "statement", bool, True),
        headline=reader.choice(
            "headline",
            ("confirmed", "verified", "confirmed_and_collected"),
            "confirmed",
        ),
        organiser=reader.line(organiser, "organiser.name"),
        contact=contact,
        postal=reader.line(organiser, "organiser.postal", limit=400),
        languages=languages,
        sectors=sectors,
        collected=_collected(reader, list(languages), set(sectors) | RESERVED),
    )


def _languages(reader: _Reader) -> dict[str, LanguageFile]:
    languages = {}
    for code, holder in reader.value(reader.root, "languages", dict).items():
        where = f"languages.{code}"
        try:
            Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            raise reader.fail(f"{where}.title", f"{code} is no language code") from None
        file = reader.line(holder, f"{where}.file", f"{code}.md")
        path = reader.folder / file
        if path.resolve().parent != reader.folder.resolve():
            raise reader.fail(f"{where}.file", "must lie in the letter's own folder")
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise reader.fail(f"{where}.file", f"cannot read {file} as UTF-8") from None
        if not source.strip():
            raise LetterFileError(f"{path}, line 1: the text is empty")
        languages[code] = LanguageFile(
            title=reader.line(holder, f"{where}.title"),
            addressee=reader.line(holder, f"{where}.addressee"),
            summary=reader.line(holder, f"{where}.summary", limit=500),
            source=source,
        )
    if not languages:
        raise reader.fail("languages", "names no language")
    return languages


def _sectors(reader: _Reader, languages: list[str]) -> dict[str, dict[str, str]]:
    sectors: dict[str, dict[str, str]] = {}
    for number, holder in enumerate(reader.value(reader.root, "sectors", list, []), 1):
        where = f"sectors#{number}"
        key = reader.line(holder, f"{where}.key")
        if not re.fullmatch(KEY, key) or key in RESERVED or key in sectors:
            raise reader.fail(f"{where}.key", f"{key} is reserved, doubled or misspelt")
        sectors[key] = reader.labels(holder, f"{where}.labels", languages)
    return sectors


def _collected(
    reader: _Reader, languages: list[str], sectors: set[str]
) -> tuple[CollectedGroup, ...]:
    groups = []
    for number, holder in enumerate(
        reader.value(reader.root, "collected", list, []), 1
    ):
        where = f"collected#{number}"
        lines = []
        for i, entry in enumerate(
            reader.value(holder, f"{where}.signatories", list, []), 1
        ):
            at = f"collected.signatories#{i}"
            line = CollectedLine(
                name=reader.line(entry, f"{at}.name"),
                titles=_titles(reader, entry, f"{at}.title", languages),
                sector=reader.line(entry, f"{at}.sector", "not_said"),
                evidence=reader.line(entry, f"{at}.evidence", ""),
                featured=reader.value(entry, f"{at}.featured", bool, False),
            )
            if names.problem_with_name(line.name):
                raise reader.fail(f"{at}.name", f"{line.name!r} is not a name")
            if line.sector not in sectors:
                raise reader.fail(f"{at}.sector", f"there is no sector {line.sector}")
            if line.featured and not line.evidence:
                raise reader.fail(f"{at}.featured", "only with evidence: who says so?")
            lines.append(line)
        without_names = reader.value(holder, f"{where}.without_names", int, 0)
        sector = reader.line(holder, f"{where}.without_names_sector", "not_said")
        if without_names < 0:
            raise reader.fail(f"{where}.without_names", "cannot be less than 0")
        if sector not in sectors:
            raise reader.fail(f"{where}.without_names_sector", f"no sector {sector}")
        groups.append(
            CollectedGroup(
                source=reader.labels(holder, f"{where}.source", languages),
                without_names=without_names,
                without_names_sector=sector,
                lines=tuple(lines),
            )
        )
    return tuple(groups)


def _titles(
    reader: _Reader, entry: dict[str, Any], where: str, languages: list[str]
) -> dict[str, str]:
    """A description for all languages, or one in each."""
    if isinstance(entry.get("title"), dict):
        return reader.labels(entry, where, languages)
    title = reader.line(entry, where, "")
    return dict.fromkeys(languages, title) if title else {}
