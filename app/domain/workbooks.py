"""Workbooks (XLSX) written while they are sent: nothing is kept but the page in hand.

The known writers put the whole book together in a file and give it out at the end,
so that the first byte comes with the last row. What is needed here of the format
(ECMA-376, part 1) is a zip of a few small files and one large one, in any order.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

# More than this no program opens in one sheet; the rows go on in another one.
ROWS = 1_048_576
# What a cell may hold.
_LONGEST = 32_767
# XML has no way to write these.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Style 1 is text for ever: not even typing in the cell makes a formula of it.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/>'
    '<xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


class _Pipe:
    """What the zip is written to: bytes wait here to be sent, and are gone then."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is behind it."""

    def take(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data


def written(
    title: str,
    columns: Sequence[str],
    pages: Iterable[Iterable[Sequence[str]]],
    *,
    rows: int = ROWS,
) -> Iterator[bytes]:
    """The bytes of a workbook with these rows, all of them text, page by page.

    `rows` are the most that a sheet takes, the names of the columns among them.
    """
    pipe = _Pipe()
    sheets = 0
    waiting = iter(pages)
    page: list[Sequence[str]] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:  # type: ignore[call-overload]
        more = True
        while more:
            sheets += 1
            left, more = rows - 1, False
            with book.open(f"xl/worksheets/sheet{sheets}.xml", "w",
                           force_zip64=True) as sheet:  # fmt: skip
                sheet.write(_opened(columns).encode())
                yield pipe.take()
                while page or (page := list(next(waiting, ()))):
                    taken, page = page[:left], page[left:]
                    sheet.write("".join(map(_row, taken)).encode())
                    left -= len(taken)
                    yield pipe.take()
                    if not left:
                        more = bool(page) or bool(page := list(next(waiting, ())))
                        break
                sheet.write(b"</sheetData></worksheet>")
        for name, content in _rest(title, sheets).items():
            book.writestr(name, content)
    yield pipe.take()


def _opened(columns: Sequence[str]) -> str:
    """The beginning of a sheet: the names of the columns stay in view."""
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
        f"<sheetData>{_row(columns)}"
    )


def _row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    plain = _UNWRITABLE.sub("", text[:_LONGEST])
    return f'<c s="1" t="inlineStr"><is><t xml:space="preserve">{escape(plain)}</t></is></c>'


def _rest(title: str, sheets: int) -> dict[str, str]:
    """The small files that make sheets a book."""
    numbers = range(1, sheets + 1)
    names = "".join(
        f'<sheet name="{title} {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers
    )
    parts = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet"'
        f' Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml"'
        f' ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    related = f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    return {
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{names}</sheets></workbook>",
        "xl/styles.xml": _STYLES,
        "xl/_rels/workbook.xml.rels": f"{related}{parts}"
        f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>",
        "_rels/.rels": f'{related}<Relationship Id="book"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f"{kinds}</Types>",
    }
