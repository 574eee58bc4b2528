"""Exports: a letter's signatures as rows, read page by page and never held together.

Each page is a snapshot of its own. One over the whole export would last as long as
the slowest client, and meanwhile keep PostgreSQL from clearing up and SQLite's
journal from being put back; so a signature stands in it once, as it was when its
page was read.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, func, select

from app.db import Database, Transaction
from app.domain import record, workbooks
from app.domain.drafts import address_context
from app.domain.keyring import Keyring, Unopenable
from app.models import Signature

# Ids, and so at most as many rows, of one page.
_PAGE = 2000


class Format(StrEnum):
    """As what an export is given out."""

    CSV = "csv"
    XLSX = "xlsx"


# What is exported under which name, and how: as the column, or the kind of another
# way to write it. The address comes last, and is opened here.
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "public_id"),
    ("state", ""),
    ("origin", ""),
    ("name", ""),
    ("title", ""),
    ("affiliation", ""),
    ("sector", ""),
    ("country", ""),
    ("statement", ""),
    ("listed", "bool"),
    ("identification_only", "bool"),
    ("public_figure", "bool"),
    ("verified", "bool"),
    ("featured_rank", ""),
    ("hold_reasons", ""),
    ("language", ""),
    ("confirmed_at", "time"),
    ("created_at", "time"),
    ("wants_updates", "bool"),
    ("may_contact", "bool"),
)
COLUMNS = (*(name for name, _ in _COLUMNS), "email")

_TIMES = {
    "postgresql": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    "sqlite": "replace(substr({0}, 1, 19), ' ', 'T') || 'Z'",
}
# Who has not said yes to being written to has no address here.
_ADDRESS = "CASE WHEN wants_updates OR may_contact THEN address_sealed END"


def begin(
    session: Transaction, *, letter_id: int, as_: Format, actor: str, now: datetime
) -> None:
    """Write down that somebody takes the signatures along; the whole team reads it.

    Committed before the first byte leaves, so that there is no export without it.
    """
    record.write(session, letter_id=letter_id, actor=actor, verb="export.run",
                 subject="signatures", after=as_.value, at=now)  # fmt: skip


def as_csv(database: Database, *, keyring: Keyring, letter_id: int) -> Iterator[bytes]:
    """The export as CSV (RFC 4180) in UTF-8, the first line at once.

    It begins with the mark by which Excel knows UTF-8, and no cell of it is a formula
    to any program, however that cuts it into cells.
    """
    yield "\ufeff".encode() + ",".join(COLUMNS).encode() + b"\r\n"
    for page in pages(database, keyring=keyring, letter_id=letter_id):
        yield _guarded(page)


def pages(
    database: Database, *, keyring: Keyring, letter_id: int
) -> Iterator[list[bytes]]:
    """The rows as lines of plain CSV, unguarded, some thousands at a time.

    Withdrawn signatures are not in it: they were taken back.
    """
    with database.snapshot() as connection:
        first, last = connection.execute(
            select(func.min(Signature.id), func.max(Signature.id)).where(
                Signature.letter_id == letter_id
            )
        ).one()
    if first is None:
        return
    read = _read_sqlite if database.sqlite else _read_postgresql
    for start in range(first - 1, last, _PAGE):
        with database.snapshot() as connection:
            page = read(connection, keyring, letter_id, start, start + _PAGE)
        yield page


def _select(dialect: str, letter_id: int, after: int, until: int) -> str:
    """The query of one page. Nothing in it but these numbers comes from outside."""
    columns = []
    for name, kind in _COLUMNS:
        if kind == "bool":
            columns.append(f"CASE WHEN {name} THEN 'yes' ELSE '' END")
        elif kind == "time":
            columns.append(_TIMES[dialect].format(name))
        else:
            columns.append(kind or name)
    return (
        f"SELECT {', '.join(columns)}, {{address}} FROM signature"
        # The sum keeps the planner on the range of ids (see lifecycle_bulk).
        f" WHERE id > {after:d} AND id <= {until:d} AND letter_id + 0 = {letter_id:d}"
        " AND state <> 'withdrawn' ORDER BY id"
    )


def _read_postgresql(
    connection: Connection, keyring: Keyring, letter_id: int, after: int, until: int
) -> list[bytes]:
    # COPY writes the CSV itself, and so several times as fast as rows are fetched.
    query = _select("postgresql", letter_id, after, until).format(
        address=f"encode({_ADDRESS}, 'hex')"
    )
    driver: Any = connection.connection.driver_connection
    lines = []
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy,
    ):
        for data in copy:
            line, _, sealed = bytes(data).rpartition(b",")
            address = b""
            if sealed != b"\n":
                public_id = line.partition(b",")[0]
                address = _address(keyring, public_id, bytes.fromhex(sealed.decode()))
            lines.append(line + b"," + address + b"\r\n")
    return lines


def _read_sqlite(
    connection: Connection, keyring: Keyring, letter_id: int, after: int, until: int
) -> list[bytes]:
    query = _select("sqlite", letter_id, after, until).format(address=_ADDRESS)
    lines: list[bytes] = []
    write = csv.writer(_Lines(lines)).writerow
    rows: Any = connection.exec_driver_sql(query).cursor
    for *cells, sealed in rows:
        address = _address(keyring, cells[0].encode(), sealed) if sealed else b""
        cells.append(address.decode())
        write(cells)
    return lines


class _Lines:
    """What the csv module writes to: one call, one line."""

    def __init__(self, lines: list[bytes]) -> None:
        self._append = lines.append

    def write(self, line: str) -> None:
        self._append(line.encode(errors="replace"))


def _address(keyring: Keyring, public_id: bytes, sealed: bytes) -> bytes:
    try:
        return keyring.open(sealed, context=address_context(public_id.decode()))
    except Unopenable:
        # Its key is gone. One address less is better than an export that breaks off.
        return b""


def as_workbook(
    database: Database, *, keyring: Keyring, letter_id: int
) -> Iterator[bytes]:
    """The export as a workbook; its cells are text, so nothing in it is guarded."""
    rows = pages(database, keyring=keyring, letter_id=letter_id)
    return workbooks.written("signatures", COLUMNS, map(cells_of, rows))


# -- Formulas (threats 36) -------------------------------------------------------

# What begins a formula in one program or another, and what may stand before it.
_STARTS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_BEFORE = " \u00a0\u3000'\"\u201c\u201d\u2018\u2019"
_FORMULA = re.compile(
    f"^([{_BEFORE}]*)(?=[{_STARTS}\t\r\n\0])|([,;|\t\r\n][{_BEFORE}]*)(?=[{_STARTS}])"
)
# The same in the bytes of a whole page, and rather too often than too seldom: what it
# finds is looked at again. It begins with a class, for those are found fast.
_SUSPECT = re.compile(
    rb"[,;|\t\r\n\0][ '\"\xc2\xa0\xe2\x80\x9c\x9d\x98\x99\xe3\x81]*"
    rb"(?:[=+\-@\t\0]|\xef\xbc[\x8b\x8d\x9d\xa0]|(?<=[ '\"\xa0\x80\x81-\x9d])[\r\n])"
)


def guard(text: str) -> str:
    """`text` so that no spreadsheet takes any part of it for a formula.

    An apostrophe is put before whatever could begin one, at the start of the text and
    after each sign at which some program would cut it into cells or lines: one that is
    set to another country cuts at a semicolon. Nothing is taken away.
    """
    return _FORMULA.sub(r"\g<0>'", text)


def _guarded(lines: list[bytes]) -> bytes:
    """The lines of a page, guarded where they need it: that is hardly ever."""
    # The first line has something before it, as all the others have.
    page = b"\n" + b"".join(lines)
    ends = list(accumulate(map(len, lines), initial=1))
    for number in {
        bisect_right(ends, hit.end() - 1) - 1 for hit in _SUSPECT.finditer(page)
    }:
        (cells,) = cells_of([lines[number]])
        guarded = io.StringIO()
        csv.writer(guarded).writerow([guard(cell) for cell in cells])
        lines[number] = guarded.getvalue().encode(errors="replace")
    return b"".join(lines)


def cells_of(lines: Iterable[bytes]) -> Iterator[list[str]]:
    """The cells of lines of plain CSV."""
    for line in lines:
        # One line is one row, whatever line ends stand inside of its cells.
        yield next(csv.reader([line.decode()]), [])
