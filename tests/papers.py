"""A letter's PDF as the tests read it back: its words, its fonts, its signs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream, TextStringObject

from app.printer import Printer
from tests.house import SLUG, House

PDF = f"/letters/{SLUG}/letter.pdf"
# What sets the direction of a piece of text, and is not seen.
_UNSEEN = re.compile("[\u2066-\u2069]")


def printer(house: House) -> Printer:
    """The worker's hand on what is to be printed."""
    return Printer(house.site.config, house.site.database)


def printed(house: House, path: str = PDF) -> PdfReader:
    """What is given out once the worker has made what somebody asks for."""
    house.fresh(path)
    printer(house).work()
    answer = house.fresh(path)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    return PdfReader(io.BytesIO(answer.data))


def words(paper: PdfReader) -> str:
    """All its text, with single spaces."""
    text = " ".join(page.extract_text() for page in paper.pages)
    return " ".join(_UNSEEN.sub("", text).split())


def fonts(paper: PdfReader) -> dict[str, bool]:
    """The fonts of its pages, and whether the file has them in it."""
    found = {}
    for page in paper.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            one = font.get_object()
            inner = one["/DescendantFonts"][0].get_object()
            about = inner["/FontDescriptor"].get_object()
            found[str(one["/BaseFont"])] = any(
                name in about for name in ("/FontFile2", "/FontFile3")
            )
    return found


def signs(paper: PdfReader) -> Iterator[bytes]:
    """The number of each glyph that is painted, as two bytes; 0 is the empty box."""
    for page in paper.pages:
        for operands, operator in ContentStream(page.get_contents(), paper).operations:
            if operator not in (b"Tj", b"TJ"):
                continue
            parts: Any = operands[0] if operator == b"TJ" else operands
            for part in parts:
                if isinstance(part, TextStringObject | bytes):
                    raw = part if isinstance(part, bytes) else part.original_bytes
                    yield from (raw[at : at + 2] for at in range(0, len(raw), 2))


def links(paper: PdfReader) -> set[str]:
    """Where its links lead."""
    return {
        str(note.get_object()["/A"]["/URI"])
        for page in paper.pages
        for note in page.get("/Annots", [])
    }
