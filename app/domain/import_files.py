"""Read a file of comma-separated values as people's programs write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

BYTES = 10 * 1024 * 1024
ROWS = 100_000
COLUMNS = 100
_DELIMITERS = ",;\t|"
_LINES_SNIFFED = 20


class FileFault(StrEnum):
    """Why a file cannot be read as rows; the edges translate it."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    # Excel's "Unicode text", which has two bytes to a letter.
    UTF_16 = "utf_16"
    # A spreadsheet or an archive: its letters are not those of a text.
    NOT_TEXT = "not_text"
    BROKEN = "broken"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"


class FileProblem(ValueError):
    """The file cannot be taken; `fault` says why and `row` where, if that is known."""

    def __init__(self, fault: FileFault, row: int | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.row = row


@dataclass(frozen=True, slots=True)
class Line:
    """A row with the number that a spreadsheet shows beside it."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read: how, the names of its columns, and its rows."""

    encoding: str
    delimiter: str
    columns: list[str]
    lines: list[Line]


def read(content: bytes) -> Sheet:
    """The rows of a file; the first one names the columns. Raises FileProblem.

    UTF-8 with or without its mark, else Windows-1252, which holds Latin-1. Whether
    each row has the right cells is for its judge to say: one odd row spoils no file.
    """
    if len(content) > BYTES:
        raise FileProblem(FileFault.TOO_LARGE)
    text, encoding = _decoded(content)
    if not text.strip():
        raise FileProblem(FileFault.EMPTY)
    delimiter = _delimiter(text)
    records = _records(text, delimiter)
    header = next(records, None)
    if header is None:
        raise FileProblem(FileFault.EMPTY)
    if len(header.cells) > COLUMNS:
        raise FileProblem(FileFault.TOO_MANY_COLUMNS)
    lines: list[Line] = []
    for line in records:
        if len(lines) == ROWS:
            raise FileProblem(FileFault.TOO_MANY_ROWS)
        lines.append(line)
    if not lines:
        raise FileProblem(FileFault.NO_ROWS)
    return Sheet(encoding, delimiter, header.cells, lines)


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileProblem(FileFault.UTF_16)
    if b"\0" in content or content.startswith(b"PK\x03\x04"):
        raise FileProblem(FileFault.NOT_TEXT)
    if content.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise FileProblem(FileFault.NOT_TEXT)


def _delimiter(text: str) -> str:
    """The sign that cuts the first lines into most cells, and equally many in each."""
    beginning = "".join(text.splitlines(keepends=True)[:_LINES_SNIFFED])
    best, delimiter = (0, 0), ""
    for candidate in _DELIMITERS:
        try:
            # The last line may end in the middle of a cell.
            widths = [len(line.cells) for line in _records(beginning, candidate)]
        except FileProblem:
            widths = [beginning.splitlines()[0].count(candidate) + 1]
        if not widths or widths[0] < 2:
            continue
        score = (sum(width == widths[0] for width in widths), widths[0])
        if score > best:
            best, delimiter = score, candidate
    # A single column of names is a fine file too.
    return delimiter or ","


def _records(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            # Spreadsheets write rows of empty cells below the last one.
            if any(cell.strip() for cell in cells):
                yield Line(number, cells)
    except csv.Error:
        raise FileProblem(FileFault.BROKEN, number + 1) from None
