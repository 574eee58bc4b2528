"""Fill a prepared database with signatures by the thousand or the million.

`python -m bench.seed URL SLUG NUMBER` does it to the letter called SLUG.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import func, insert, make_url, select
from sqlalchemy.orm import Session

import config
from app import db
from app.db import Database
from app.domain import (
    letters,
    tally,
    tally_check,
    versions,
)
from app.domain.keyring import Keyring
from app.models import Ledger, Signature
from bench import rows
from bench.rows import COLUMNS, Batch, Changes, Place

_SIZE = 20_000


class Wrong(Exception):
    """The numbers are not what the seeded signatures add up to."""


def fill(
    url: str, *, slug: str, signatures: int, keyring: Keyring | None = None
) -> None:
    """Add so many signatures to the letter, with the rest of what they leave behind.

    Each has its used submission, one sent mail and its line of the record (unsealed);
    on ten of them comes a form, with its mail, that waits to be confirmed. The numbers
    are folded as by the worker, and checked: raises Wrong when they differ. Nobody
    else may use the database meanwhile.
    """
    with _open(url) as database, database.writing() as session:
        place = _place(session, slug, keyring)
    changes = (_sqlite if database.sqlite else _postgresql)(url, place, signatures)
    with _open(url) as database:
        with database.writing() as session:
            _count(session, place.letter_id, changes)
            session.commit()
        with database.reading() as session:
            if differences := tally_check.check(session):
                raise Wrong(differences)


@contextmanager
def _open(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def _place(session: Session, slug: str, keyring: Keyring | None) -> Place:
    now = db.now()
    version = versions.version(session, slug=slug, now=now)
    assert version is not None
    settings = letters.load(session, letter_id=version.letter_id)
    return Place(
        letter_id=settings.id,
        text_version_id=settings.wording("en").text_version_id,
        sectors=tuple(settings.sector_keys),
        first_id=(session.scalar(select(func.max(Signature.id))) or 0) + 1,
        now=now,
        keyring=keyring,
    )


def _count(session: Session, letter_id: int, changes: Changes) -> None:
    """Post what the signatures change, hour by hour, and fold it as the worker does."""
    session.execute(
        insert(Ledger),
        [
            {
                "letter_id": letter_id,
                "facet": facet,
                "key": key,
                "measure": measure,
                "delta": number,
                "at": hour,
            }
            for (hour, facet, key, measure), number in sorted(changes.items())
        ],
    )
    while tally.fold(session):
        pass


# A power cut may spoil the file: then it is made anew. What is made up here obeys
# every CHECK; asking again costs a fifth of the time.
_SQLITE_SETTINGS = (
    "journal_mode=OFF",
    "synchronous=OFF",
    "cache_size=-1000000",
    "ignore_check_constraints=ON",
)
# An index is made much faster at once than row by row; those of UNIQUE must stay.
_SQLITE_INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"
)


def _sqlite(url: str, place: Place, signatures: int) -> Changes:
    changes: Changes = Changes()
    path = make_url(url).database
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in _SQLITE_SETTINGS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        indexes = connection.execute(_SQLITE_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for batch in _gathered(place, signatures, changes, moment=_as_text):
            for table, columns in COLUMNS.items():
                names = columns.split()
                connection.executemany(
                    f"INSERT INTO {table} ({', '.join(names)})"
                    f" VALUES ({', '.join('?' * len(names))})",
                    batch.rows[table],
                )
        for _, statement in indexes:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    return changes


def _as_text(at: datetime) -> str:
    """A time as app.db.Moment has it on SQLite."""
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")


_POSTGRESQL_INDEXES = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                  pg_get_constraintdef(oid))
    FROM pg_constraint WHERE contype = 'u' AND conrelid::regclass::text = ANY(%(tables)s)
    UNION ALL
    SELECT format('DROP INDEX %%I', indexname), indexdef
    FROM pg_indexes
    WHERE tablename = ANY(%(tables)s)
      AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def _postgresql(url: str, place: Place, signatures: int) -> Changes:
    changes: Changes = Changes()
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.transaction(), connection.cursor() as cursor:
            # Foreign keys hold by the way the rows are made; asking takes minutes.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            cursor.execute(_POSTGRESQL_INDEXES, {"tables": list(COLUMNS)})
            indexes = cursor.fetchall()
            for drop, _ in indexes:
                cursor.execute(drop)
            for batch in _gathered(
                place, signatures, changes, moment=datetime.isoformat
            ):
                for table, columns in COLUMNS.items():
                    names = ", ".join(columns.split())
                    _copy(cursor, f"COPY {table} ({names}) FROM STDIN", batch, table)
            for _, make in indexes:
                cursor.execute(make)
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('signature', 'id'), max(id))"
                " FROM signature"
            )
        # As autovacuum leaves it soon afterwards, and nothing left to be written out.
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return changes


def _copy(
    cursor: psycopg.Cursor[Any], statement: str, batch: Batch, table: str
) -> None:
    with cursor.copy(statement.encode()) as copy:
        for row in batch.rows[table]:
            copy.write_row(row)


def _gathered(
    place: Place,
    signatures: int,
    changes: Changes,
    *,
    moment: Callable[[datetime], str],
) -> Iterator[Batch]:
    for batch in rows.batches(place, signatures, size=_SIZE, moment=moment):
        changes.update(batch.changes)
        yield batch


if __name__ == "__main__":
    fill(
        sys.argv[1],
        slug=sys.argv[2],
        signatures=int(sys.argv[3]),
        keyring=Keyring(config.load(os.environ).secret_keys),
    )
