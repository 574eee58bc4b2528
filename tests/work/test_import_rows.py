"""Rows are judged by the rules of the form, and every problem is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain import import_rows, letters
from app.domain.import_files import Line
from app.domain.import_rows import Judge, MappingProblem, guess, mapped
from app.signing import forms
from tests.house import House
from tests.work.labour import letter_id

COLUMNS = ["Name", "E-Mail", "Affiliation", "Title", "Sektor", "Country", "Comment"]


@pytest.fixture
def settings(house: House) -> letters.Settings:
    with house.site.database.reading() as session:
        return letters.load(session, letter_id=letter_id(house))


def judged(settings: letters.Settings, *cells: str) -> import_rows.Judged:
    return Judge(settings, guess(COLUMNS), len(COLUMNS)).judge(Line(7, list(cells)))


def test_columns_are_recognised_by_their_names() -> None:
    assert guess(COLUMNS) == {
        "name": 0, "email": 1, "affiliation": 2, "title": 3, "sector": 4, "country": 5,
        "statement": 6,
    }  # fmt: skip
    assert (
        guess(["nom complet", "Name", " E_Mail ", "shoe size"])
        == {
            "name": 0,
        }
        | {}
    )
    assert guess(["x", "y"]) == {}


@pytest.mark.parametrize(
    "given",
    [{}, {"title": 0}, {"name": 0, "title": 0}, {"name": 7}, {"name": -1},
     {"name": 0, "shoe": 1}],
)  # fmt: skip
def test_a_mapping_by_which_no_row_can_be_read_is_refused(
    given: dict[str, int],
) -> None:
    with pytest.raises(MappingProblem):
        mapped(given, 7)


def test_a_row_is_cleaned_and_its_words_are_understood(
    settings: letters.Settings,
) -> None:
    label = settings.sector_label("academia", "de")
    one = judged(
        settings, " Zoë\u200b  Müller ", "ZOE@Example.org", "Change.org", "Prof.",
        label.upper(), "germany", "",
    )  # fmt: skip
    assert one.problems == {}
    assert one.row is not None
    row = one.row
    assert (row.number, row.name, row.affiliation) == (7, "Zoë Müller", "Change.org")
    assert (row.sector, row.country) == ("academia", "DE")
    assert row.email == "ZOE@example.org"
    short = judged(settings, "Zoë Müller")
    assert short.row is not None, "spreadsheets leave empty cells at the end away"
    assert (short.row.sector, short.row.country) == ("not_said", "")


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        (("",), {"name": "empty"}),
        (("=1+1",), {"name": "not_a_name"}),
        (("x" * 101,), {"name": "too_long"}),
        (("a@b.example",), {"name": "address"}),
        (("Jane", "a@b.example, c@d.example"), {"email": "several"}),
        (("Jane", "", "see http://x.example"), {"affiliation": "link"}),
        (("Jane", "", "", "x" * 201), {"title": "too_long"}),
        (("Jane", "", "", "", "astrology"), {"sector": "unknown"}),
        (("Jane", "", "", "", "", "Atlantis"), {"country": "unknown"}),
        (("Jane", "", "", "", "", "", "<b>"), {"statement": "markup"}),
        (("Jane", *[""] * 6, "more"), {"row": "columns"}),
        (
            ("<b>", "nobody", "", "", "astrology"),
            {"name": "markup", "email": "malformed", "sector": "unknown"},
        ),
    ],
)
def test_every_problem_of_a_row_is_named(
    settings: letters.Settings, cells: tuple[str, ...], problems: dict[str, str]
) -> None:
    settings = replace(settings, allows_statement=True, country_policy="optional")
    one = judged(settings, *cells)
    assert (one.row, one.number, one.problems) == (None, 7, problems)


def test_what_the_letter_does_not_take_is_said_or_left_away(
    settings: letters.Settings,
) -> None:
    settings = replace(settings, allows_statement=False, country_policy="no")
    one = judged(settings, "Jane", "", "", "", "", "Atlantis", "Bravo")
    assert one.problems == {"statement": "not_taken"}
    without = judged(settings, "Jane", "", "", "", "", "Atlantis", "")
    assert without.row is not None
    assert without.row.country == ""


def test_the_limits_are_those_of_the_form() -> None:
    assert import_rows.LINE_LIMIT == forms.LINE_LIMIT
    assert import_rows.STATEMENT_LIMIT == forms.STATEMENT_LIMIT
