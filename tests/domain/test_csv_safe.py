"""Threats F, row 36: a spreadsheet shows what people typed and computes none of it."""

from __future__ import annotations

import csv
import io

import pytest

from app.domain import csv_safe

PREFIXES = ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("prefix", PREFIXES, ids=repr)
@pytest.mark.parametrize("before", ["", " ", "  ", '"', " '"], ids=repr)
def test_row_36_a_formula_becomes_text(prefix: str, before: str) -> None:
    typed = f"{before}{prefix}cmd|' /C calc'!A0"
    assert csv_safe.cell(typed) == f"'{typed}"


@pytest.mark.parametrize(
    "plain", ["Ada", "O’Neill", "a=b", "7", "", " Ada", "Jean-Luc", "50 % -", '"A" B']
)
def test_row_36_other_text_stays_as_it_is(plain: str) -> None:
    assert csv_safe.cell(plain) == plain


def test_row_36_separators_in_a_cell_make_no_cell() -> None:
    typed = [";=cmd", '","=1+1', "a,b", "x\r\ny", None, 7]
    written = csv_safe.rows([typed]).decode()
    (read,) = csv.reader(io.StringIO(written, newline=""))
    assert read == [";=cmd", '","=1+1', "a,b", "x\r\ny", "", "7"]
