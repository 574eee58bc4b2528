"""The public list as one CSV file, read part by part and never held together."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
)

from app import db
from app.db import RowId
from app.domain import csv_safe
from app.domain.signatories import SHOWN, public
from app.domain.tally import NOT_SAID
from app.models import Signature

# In the order of the API's fields, which have the same names.
COLUMNS = (
    "id", "name", "title", "affiliation", "sector", "country", "statement",
    "identification_only", "verified", "featured", "origin", "confirmed_on",
)  # fmt: skip
_SIZE = 6_000
_LAST = 2**62
# What may begin a formula, in the bytes of a page: behind the quote that opens a cell.
# What it finds is looked at again. It begins with two plain signs, for those are found
# ten times as fast as a choice of them; the first cell of a line is an id, which can
# begin with no sign but a hyphen.
_SUSPECT = re.compile(rb",\"[ \"']*(?:[=+\-@\t\r\n\0]|\xef\xbc[\x8b\x8d\x9d\xa0])")
_SUSPECT_ID = re.compile(rb'\n"-')

_c = db.table(Signature).c


class Place(NamedTuple):
    """Where the next part begins: among the verified ones or the others, and before
    which row."""

    verified: bool = True
    before: int = _LAST


def head() -> bytes:
    """The first line."""
    return csv_safe.rows([COLUMNS])


def part(
    connection: Connection, *, letter_id: int, shown_until: datetime, place: Place
) -> tuple[bytes, Place | None]:
    """Some thousand lines from `place` on, verified ones first, the newest first among
    each (peers, rule R2); and where to go on, None at the end.

    No cell is a formula to any program (threats 36).
    """
    sqlite = connection.dialect.name == "sqlite"
    values = {"letter": letter_id, "shown_until": shown_until, "before": place.before}
    read = _from_sqlite if sqlite else _from_postgresql
    lines, last = read(connection, _rows(sqlite, place.verified), values)
    if len(lines) == _SIZE:
        following: Place | None = Place(place.verified, last)
    else:
        following = Place(verified=False) if place.verified else None
    return _guarded(lines), following


@cache
def _rows(sqlite: bool, verified: bool) -> Select[Any]:
    """The SELECT of a part, its cells as text; the row's id comes last."""
    shown = {column.name: column for column in SHOWN}
    day = (
        func.substr(cast(_c.confirmed_at, Text), 1, 10)
        if sqlite
        else func.to_char(func.timezone("UTC", _c.confirmed_at), "YYYY-MM-DD")
    )

    def truth(condition: Any) -> Any:
        return case(
            (condition, literal_column("'True'")), else_=literal_column("'False'")
        )

    cells = {
        "id": _c.public_id,
        "country": case((_c.country != NOT_SAID, _c.country)),
        "identification_only": truth(_c.identification_only),
        "verified": truth(_c.verified),
        "featured": truth(_c.featured_rank.is_not(None)),
        "confirmed_on": day,
    }
    columns = [
        func.coalesce(cells.get(name, shown.get(name)), literal_column("''"))
        for name in COLUMNS
    ]
    return (
        public(
            [*columns, _c.id],
            _c.verified if verified else ~_c.verified,
            _c.id < bindparam("before", type_=RowId),
        )
        .order_by(_c.id.desc())
        .limit(literal_column(str(_SIZE)))
    )


def _from_postgresql(
    connection: Connection, rows: Select[Any], values: dict[str, Any]
) -> tuple[list[bytes], int]:
    # COPY writes the CSV itself, and so several times as fast as rows are fetched.
    compiled = rows.compile(dialect=connection.dialect)
    driver: Any = connection.connection.driver_connection
    lines, row_id = [], b"0"
    with (
        driver.cursor() as cursor,
        cursor.copy(
            f"COPY ({compiled.string}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)",
            {**compiled.params, **values},
        ) as copy,
    ):
        for data in copy:
            line, _, row_id = bytes(data).rpartition(b",")
            lines.append(line + b"\r\n")
    return lines, int(row_id.strip(b'"\n'))


def _from_sqlite(
    connection: Connection, rows: Select[Any], values: dict[str, Any]
) -> tuple[list[bytes], int]:
    lines: list[bytes] = []
    write = csv.writer(_Lines(lines), quoting=csv.QUOTE_ALL).writerow
    found: Any = connection.execute(rows, values).cursor
    last = 0
    for row in found:
        write(row[:-1])
        last = row[-1]
    return lines, last


class _Lines:
    """What the csv module writes to: one call, one line."""

    def __init__(self, lines: list[bytes]) -> None:
        self._append = lines.append

    def write(self, line: str) -> None:
        self._append(line.encode(errors="replace"))


def _guarded(lines: list[bytes]) -> bytes:
    """The lines as one, those with a suspicious cell written anew.

    They are looked through as one, for asking each takes longer than reading it.
    """
    whole = b"".join(lines)
    found = [hit.start() for hit in _SUSPECT.finditer(whole)]
    # The line end before the first line stands where that line begins.
    found += [hit.start() for hit in _SUSPECT_ID.finditer(b"\n" + whole)]
    if not found:
        return whole
    ends = list(accumulate(map(len, lines)))
    for number in {bisect_right(ends, place) for place in found}:
        lines[number] = csv_safe.rows(csv.reader([lines[number].decode()]))
    return b"".join(lines)
