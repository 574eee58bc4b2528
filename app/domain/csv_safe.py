"""CSV that a spreadsheet shows and never computes (threats 36)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so, behind spaces or quotes, is a formula to some program.
_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")


def cell(value: object) -> str:
    """A value as text; what a program could take for a formula begins with a quote."""
    if value is None:
        return ""
    text = str(value)
    begins = text.lstrip(" \"'")[:1] or text[:1]
    return f"'{text}" if begins in _FORMULA and begins else text


def rows(lines: Iterable[Sequence[object]]) -> bytes:
    """Lines of a CSV file as UTF-8 (RFC 4180: quotes doubled, lines ended by CRLF).

    Every cell is quoted: where commas are decimal, programs part at semicolons.
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerows([[cell(value) for value in line] for line in lines])
    return written.getvalue().encode()
