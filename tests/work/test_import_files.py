"""Files as people's programs write them, and files that are none."""

from __future__ import annotations

import contextlib
import random

import pytest

from app.domain import import_files
from app.domain.import_files import FileFault, FileProblem, Sheet, read

TEXT = "Name,Affiliation\nZoë Müller,Universität Köln\n"


def rows(sheet: Sheet) -> list[list[str]]:
    return [line.cells for line in sheet.lines]


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("latin-1", "cp1252")],
)
def test_the_encoding_is_found_and_told(encoding: str, told: str) -> None:
    sheet = read(TEXT.encode(encoding))
    assert (sheet.encoding, sheet.columns) == (told, ["Name", "Affiliation"])
    assert rows(sheet) == [["Zoë Müller", "Universität Köln"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_whatever_stands_in_the_cells(delimiter: str) -> None:
    lines = [
        ["Name", "Affiliation", "Sector"],
        ["Doe, Jane", "A; B | C", ""],
        ["Smith", "X, Y, Z", "a"],
    ]
    text = "\r\n".join(
        delimiter.join(f'"{c}"' if set(c) & set(",;|") else c for c in line)
        for line in lines
    )
    sheet = read(text.encode())
    assert (sheet.delimiter, [sheet.columns, *rows(sheet)]) == (delimiter, lines)


def test_rows_have_the_numbers_of_a_spreadsheet() -> None:
    sheet = read(b'Name,Note\n"A\nB",x\n\n,\nC,"y ""z"" "\n')
    assert [(line.number, line.cells) for line in sheet.lines] == [
        (2, ["A\nB", "x"]),
        (5, ["C", 'y "z" ']),
    ]


def test_a_single_column_of_names_is_a_file_too() -> None:
    sheet = read(b"Name\nJane Doe\nJohn\n")
    assert (sheet.columns, rows(sheet)) == (["Name"], [["Jane Doe"], ["John"]])


@pytest.mark.parametrize(
    ("content", "fault", "row"),
    [
        (b"", FileFault.EMPTY, None),
        (b"\xef\xbb\xbf \r\n\r\n", FileFault.EMPTY, None),
        (b",,,\n,,\n", FileFault.EMPTY, None),
        (b"Name,Affiliation\n", FileFault.NO_ROWS, None),
        (b"Name\nA\0B\n", FileFault.NOT_TEXT, None),
        (b"PK\x03\x04rest of a spreadsheet", FileFault.NOT_TEXT, None),
        (b"\xef\xbb\xbfName\n\xff\xfe\n", FileFault.NOT_TEXT, None),
        (b"Name\n\x81\x8d\n", FileFault.NOT_TEXT, None),
        (TEXT.encode("utf-16"), FileFault.UTF_16, None),
        (b'Name,B\nx,y\n"open,z\n', FileFault.BROKEN, 3),
        (b'Name,B\n"x"y,z\n', FileFault.BROKEN, 2),
        (b"Name\n" + b'"' + b"x" * 200_000 + b'"\n', FileFault.BROKEN, 2),
        (b"x," * 100 + b"x\na\n", FileFault.TOO_MANY_COLUMNS, None),
        (b"Name\n" + b"A\n" * 100_001, FileFault.TOO_MANY_ROWS, None),
        (b"Name\n" + b"A" * import_files.BYTES, FileFault.TOO_LARGE, None),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    content: bytes, fault: FileFault, row: int | None
) -> None:
    with pytest.raises(FileProblem) as refused:
        read(content)
    assert (refused.value.fault, refused.value.row) == (fault, row)


def test_the_largest_file_is_read() -> None:
    content = b"Name\n" + b"Jane Doe\n" * 100_000
    assert len(read(content).lines) == 100_000


def test_no_noise_is_anything_but_rows_or_a_refusal() -> None:
    chance = random.Random(7)
    for length in range(400):
        noise = bytes(chance.choices(b',;\t|"\n\r\xff\xc3\xa4ab=', k=length))
        with contextlib.suppress(FileProblem):
            assert read(noise).lines
