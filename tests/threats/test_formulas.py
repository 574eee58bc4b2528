"""Threat 36: no cell of an export is a formula, to whatever program opens it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import openpyxl
import pytest

from app.domain import exports
from tests.house import House
from tests.work.labour import letter_id, people

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
PAYLOADS = [
    *(f"{start}cmd|' /C calc'!A0" for start in STARTS if start != "\0"),
    *(f" {start}1" for start in "=+-@"),
    *(f'"{start}1' for start in "=+-@"),
    *(f"'{start}1" for start in "=+-@"),
    ";=cmd",
    '","=1+1',
    "a;=HYPERLINK(1)",
    'a;"@SUM(1)',
    "a\t=1",
    "a|-1",
    "\u00a0=1",
    "“=1",
    "a\r\n=1",
]
FIELDS = ("name", "title", "affiliation", "statement")
HARMLESS = ["O'Neill, José", "a-b", "a = b", "me@example.org", "Jean-Luc", "50 + 1"]

# As a program that cuts at this sign and knows nothing of quotes would see it.
DELIMITERS = ",;|\t"
FORMULA = re.compile("[\\s'\"“”‘’\u00a0]*[=+\\-@\t\r\0＝＋－＠]")


@pytest.fixture
def exported(house: House) -> str:
    for field in FIELDS:
        people(house, len(PAYLOADS), **{field: lambda n: PAYLOADS[n]})
    people(house, len(HARMLESS), affiliation=lambda n: HARMLESS[n])
    content = exports.as_csv(
        house.site.database, keyring=house.site.keyring, letter_id=letter_id(house)
    )
    return b"".join(content).decode("utf-8-sig")


def test_no_cell_is_a_formula_and_no_text_is_lost(exported: str) -> None:
    rows = list(csv.DictReader(io.StringIO(exported, newline="")))
    for field in FIELDS:
        seen = [row[field] for row in rows]
        for payload in PAYLOADS:
            guarded = exports.guard(payload)
            assert guarded in seen, payload
            assert guarded.replace("'", "") == payload.replace("'", "")
    for row in rows:
        for cell in row.values():
            assert not starts_a_formula(cell), cell
    assert {row["affiliation"] for row in rows} >= set(HARMLESS)


def starts_a_formula(cell: str) -> bool:
    """Whether a program might: an apostrophe in front says that it is text."""
    plain = cell.lstrip(' "“”‘’\u00a0\u3000')
    return plain[:1] in STARTS if plain else False


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_no_program_that_cuts_elsewhere_finds_one(
    exported: str, delimiter: str
) -> None:
    for row in csv.reader(io.StringIO(exported, newline="")):
        for cell in row:
            for piece in re.split(f"[{re.escape(delimiter)}]", cell):
                assert not starts_a_formula(piece), (cell, piece)
    for line in exported.split("\r\n"):
        for piece in line.split(delimiter):
            assert not starts_a_formula(piece), (line, piece)


@pytest.mark.parametrize("start", STARTS)
def test_each_of_the_twelve_is_guarded(start: str) -> None:
    assert exports.guard(f"{start}1") == f"'{start}1"
    assert exports.guard(f'  "{start}1') == f"  \"'{start}1"


def test_what_only_looks_like_one_is_left_alone() -> None:
    for text in HARMLESS:
        assert exports.guard(text) == text


def test_a_workbook_holds_text_and_no_formula(house: House) -> None:
    people(house, len(PAYLOADS), name=lambda n: PAYLOADS[n])
    content = b"".join(
        exports.as_workbook(
            house.site.database, keyring=house.site.keyring, letter_id=letter_id(house)
        )
    )
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    names = []
    for cells in sheet.iter_rows(min_row=2):
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        assert all(cell.quotePrefix for cell in cells if cell.value is not None)
        names.append(cells[3].value)
    # What XML cannot carry as it is, a carriage return, is read as a line end.
    for payload in PAYLOADS:
        assert payload.replace("\r\n", "\n").replace("\r", "\n") in names
