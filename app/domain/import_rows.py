"""Judge the rows of a file by the rules of the form, and say what is wrong where."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app import i18n
from app.domain import addresses, name_keys, names
from app.domain.addresses import AddressProblem
from app.domain.import_files import Line
from app.domain.letters import Settings
from app.domain.names import NameProblem
from app.domain.tally import NOT_SAID

# The form's own limits, in characters as a reader counts them.
LINE_LIMIT = 200
STATEMENT_LIMIT = 280
_LONGEST_STORED = 400

# What a row can say, and under which names columns are recognised.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "vollständiger name", "nom", "nom complet"),
    "title": ("title", "titel", "titre", "role", "position", "funktion", "fonction"),
    "affiliation": (
        "affiliation", "organisation", "organization", "institution", "employer",
        "university", "universität", "université", "company", "arbeitgeber",
    ),
    "sector": ("sector", "sektor", "secteur", "field", "bereich", "domaine"),
    "country": ("country", "land", "pays", "country code"),
    "statement": ("statement", "comment", "kommentar", "commentaire", "aussage"),
    "email": (
        "email", "e-mail", "mail", "email address", "e-mail-adresse", "adresse e-mail",
        "courriel",
    ),
}  # fmt: skip


class RowProblem(StrEnum):
    """What else can be wrong with a row than names.py and addresses.py say."""

    COLUMNS = "columns"
    UNKNOWN = "unknown"
    NOT_TAKEN = "not_taken"
    # The next two are doubts: the organiser may take such rows in all the same.
    TWICE = "twice"
    ALREADY = "already"


DOUBTS = frozenset({RowProblem.TWICE.value, RowProblem.ALREADY.value})
# The field under which a problem of the whole row is written down.
WHOLE = "row"

Mapped = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it would be published; its address, if any, is personal data."""

    number: int
    name: str
    # Under which it is looked for (name_keys.asked); the first is its look-alike key.
    keys: tuple[str, ...]
    title: str
    affiliation: str
    sector: str
    country: str
    statement: str
    email: str

    @property
    def name_key(self) -> str:
        """Its look-alike key; a name without letters has none."""
        return self.keys[0] if self.keys else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One row: what it says, or by field why it cannot be taken."""

    number: int
    row: Row | None
    problems: Mapping[str, str] = field(default_factory=dict)


def guess(columns: Sequence[str]) -> dict[str, int]:
    """Which column holds which field, as far as their names tell."""
    plain = [" ".join(column.lower().replace("_", " ").split()) for column in columns]
    found: dict[str, int] = {}
    for name, known in FIELDS.items():
        for index, column in enumerate(plain):
            if column in known and index not in found.values():
                found[name] = index
                break
    return found


class MappingProblem(ValueError):
    """No column holds the name, one is out of range, or one serves twice."""


def mapped(given: Mapping[str, int], columns: int) -> dict[str, int]:
    """The mapping, if rows can be read by it. Raises MappingProblem."""
    used = list(given.values())
    fine = (
        "name" in given
        and given.keys() <= FIELDS.keys()
        and len(set(used)) == len(used)
        and all(0 <= index < columns for index in used)
    )
    if not fine:
        raise MappingProblem
    return dict(given)


class Judge:
    """Judges the rows of one file for one letter."""

    def __init__(
        self,
        settings: Settings,
        mapping: Mapped,
        columns: int,
        *,
        judged_before: bool = False,
    ) -> None:
        """`judged_before`: what lies in the texts alone is known and not asked again.

        Whoever says so leaves out the rows in which something was found then.
        """
        self._texts_judged = judged_before
        self._mapping = mapping
        self._columns = columns
        self._statements = settings.allows_statement
        self._countries_asked = settings.country_policy != "no"
        # A merged key has the label of the one that it went up in, and means that one.
        self._sectors = {key.casefold(): key for key in settings.sector_keys}
        self._sectors |= {old.casefold(): new for old, new in settings.merged.items()}
        self._countries: dict[str, str] = {}
        for language in settings.wordings:
            labels = settings.sector_labels(language)
            self._sectors |= {
                label.casefold(): settings.merged.get(key, key)
                for key, label in labels.items()
            }
            for code, name in i18n.country_names(i18n.speaks(language)).items():
                self._countries |= {code.casefold(): code, name.casefold(): code}

    def judge(self, line: Line) -> Judged:
        """What one row says, or all that is wrong with it."""
        if len(line.cells) > self._columns and any(line.cells[self._columns :]):
            return Judged(line.number, None, {WHOLE: RowProblem.COLUMNS.value})
        typed = {
            name: line.cells[index] if index < len(line.cells) else ""
            for name, index in self._mapping.items()
        }
        problems: dict[str, str] = {}
        name = names.clean_line(typed.get("name", ""))
        if not self._texts_judged and (problem := names.problem_with_name(name)):
            problems["name"] = problem.value
        row = Row(
            number=line.number,
            name=name,
            keys=() if problems else tuple(name_keys.asked(name)),
            title=self._line("title", typed, problems),
            affiliation=self._line("affiliation", typed, problems),
            sector=self._sector(typed, problems),
            country=self._country(typed, problems),
            statement=self._statement(typed, problems),
            email=self._email(typed, problems),
        )
        return Judged(line.number, None if problems else row, problems)

    def _line(
        self, name: str, typed: Mapping[str, str], problems: dict[str, str]
    ) -> str:
        cleaned = names.clean_line(typed.get(name, ""))
        if self._texts_judged:
            return cleaned
        problem = names.problem_with_text(
            cleaned, limit=LINE_LIMIT, organisation=name == "affiliation"
        )
        if problem is None and len(cleaned) > _LONGEST_STORED:
            problem = NameProblem.TOO_LONG
        if problem:
            problems[name] = problem.value
        return cleaned

    def _statement(self, typed: Mapping[str, str], problems: dict[str, str]) -> str:
        cleaned = names.clean_text(typed.get("statement", ""))
        if cleaned and not self._statements:
            problems["statement"] = RowProblem.NOT_TAKEN.value
        elif self._texts_judged:
            return cleaned
        elif problem := names.problem_with_text(cleaned, limit=STATEMENT_LIMIT):
            problems["statement"] = problem.value
        return cleaned

    def _sector(self, typed: Mapping[str, str], problems: dict[str, str]) -> str:
        said = names.clean_line(typed.get("sector", ""))
        if said and said.casefold() not in self._sectors:
            problems["sector"] = RowProblem.UNKNOWN.value
        return self._sectors.get(said.casefold(), NOT_SAID)

    def _country(self, typed: Mapping[str, str], problems: dict[str, str]) -> str:
        said = names.clean_line(typed.get("country", ""))
        if not said or not self._countries_asked:
            return ""
        if said.casefold() not in self._countries:
            problems["country"] = RowProblem.UNKNOWN.value
        return self._countries.get(said.casefold(), "")

    def _email(self, typed: Mapping[str, str], problems: dict[str, str]) -> str:
        said = typed.get("email", "")
        if not said.strip():
            return ""
        try:
            return addresses.parse(said)
        except AddressProblem as problem:
            problems["email"] = problem.kind.value
            return ""


def repeat_key(pepper: bytes, row: Row) -> bytes:
    """Under what a row with the same name and affiliation is found again."""
    said = f"{row.name_key}\0{row.affiliation.casefold()}".encode()
    return hmac.digest(pepper, b"import-row-v1\0" + said, "sha256")[:16]
