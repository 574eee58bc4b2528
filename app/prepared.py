"""Statements that run in every request: made and compiled once, run by the driver.

What SQLAlchemy does to make, compare and run a statement costs more than most of
these statements do. What comes back is what the driver makes of it: SQLite's times
are text (`db.moment` reads both) and its truth is 1 or 0.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from itertools import accumulate, chain
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Dialect,
    Table,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

# With LOG_LEVEL=DEBUG every text shows here; its values never do.
log = logging.getLogger("undersigned.statements")

Values = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
Bound = tuple[Any, ...]

# PostgreSQL's own way to number parameters. With names, psycopg reads each text for
# them and puts their values in order, time and again for one that is long.
_NUMBERED = {"postgresql": PGDialect_psycopg(paramstyle="numeric_dollar")}  # type: ignore[no-untyped-call]
INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class Statement:
    """One statement, compiled once for each kind of database.

    It holds no list of unknown length and leaves no column to a default of Python's.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        """`make` gets the database's INSERT, which knows ON CONFLICT."""
        self._made = {name: make(insert) for name, insert in INSERTS.items()}
        self._compiled: dict[
            tuple[str, frozenset[str]], tuple[str, Callable[[Values], Bound]]
        ] = {}
        # Asked of the statement, because asking psycopg's cursor costs a list of columns.
        self.gives_rows = all(
            made.is_select or bool(made.is_dml and made.returning_column_descriptions)
            for made in self._made.values()
        )

    def ready(self, dialect: Dialect, values: Values) -> tuple[str, Bound]:
        """The text and the parameters that the driver takes."""
        key = dialect.name, frozenset(values)
        if key not in self._compiled:
            self._compiled[key] = _compiled(self._made[dialect.name], dialect, values)
        text, bound = self._compiled[key]
        return text, bound(values)


class Question(Statement):
    """A SELECT that is a snapshot by itself: one statement sees one moment."""

    def __init__(self, make: Callable[[Callable[[Any], Any]], Any]) -> None:
        """`make` gets `gathered`: whole tables as single columns of JSON."""
        gather = {
            postgresql.insert: (func.json_agg, func.json_build_array),
            sqlite.insert: (func.json_group_array, func.json_array),
        }
        super().__init__(lambda insert: make(partial(_gathered, *gather[insert])))


class Step(NamedTuple):
    """A statement with its values, to be run in a transaction."""

    statement: Statement
    values: Values


def run(session: Session | Connection, *steps: Step) -> Rows:
    """Run steps in the transaction in hand; the rows that the last one gave.

    None may need what another one does, nor see it, and all but the last must write:
    PostgreSQL takes them as one statement, which spares it and us a way for each.
    SQLite has no INSERT within another statement, and no way to spare. Raises what
    SQLAlchemy raises.
    """
    if isinstance(session, Session):
        session.flush()
        session = session.connection()
    if not session.in_transaction():
        session.begin()
    dialect = session.dialect
    ready = [step.statement.ready(dialect, step.values) for step in steps]
    if dialect.name == "postgresql" and len(ready) > 1:
        ready = [_as_one(ready)]
    driver: Any = session.connection.driver_connection
    try:
        for text, bound in ready:
            cursor = execute(dialect, driver, text, bound)
        return cursor.fetchall() if steps[-1].statement.gives_rows else []
    except dialect.loaded_dbapi.Error as error:
        raise translated(error, dialect, *(text for text, _ in ready)) from error


@cache
def _into(table: Table) -> Statement:
    return Statement(lambda insert: insert(table).inline())


def insert_many(
    session: Session | Connection, table: Table, rows: Sequence[Values]
) -> None:
    """Insert rows of one table that all have the same columns, some thousands at once.

    PostgreSQL gets them as one value: of a statement with a parameter for each cell
    psycopg would read the text again every time. No column is one of bytes. SQLite's
    driver runs a statement many times faster than it is called many times.
    """
    columns = ", ".join(table.c[name].name for name in rows[0])
    if isinstance(session, Session):
        session.flush()
        session = session.connection()
    dialect = session.dialect
    if dialect.name == "sqlite":
        ready = [_into(table).ready(dialect, row) for row in rows]
        driver: Any = session.connection.driver_connection
        try:
            driver.executemany(ready[0][0], [bound for _, bound in ready])
        except dialect.loaded_dbapi.Error as error:
            raise translated(error, dialect, ready[0][0]) from error
        return
    given = f"json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
    session.execute(
        text(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {given}"),
        {"rows": json.dumps(list(rows), default=datetime.isoformat)},
    )


def execute(dialect: Dialect, driver: Any, text: str, bound: Bound) -> Any:
    """Let a connection run a statement that is ready; its cursor."""
    log.debug("%s", text)
    dbapi: Any = dialect.loaded_dbapi
    if dialect.name == "postgresql" and isinstance(driver, dbapi.Connection):
        return dbapi.RawCursor(driver).execute(text, bound)
    return driver.execute(text, bound)


def _as_one(ready: Sequence[tuple[str, Bound]]) -> tuple[str, Bound]:
    """The last statement, with those before it in front (PostgreSQL: WITH Queries)."""
    texts, bound = zip(*ready, strict=True)
    return _texts_as_one(texts, tuple(map(len, bound))), tuple(chain(*bound))


@lru_cache(maxsize=256)
def _texts_as_one(texts: tuple[str, ...], sizes: tuple[int, ...]) -> str:
    """The texts as one, the parameters of each numbered on from those before."""

    def numbered_on(text: str, before: int) -> str:
        return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + before}", text)

    *before, last = map(numbered_on, texts, accumulate(sizes, initial=0))
    named = ", ".join(f"step_{n} AS ({text})" for n, text in enumerate(before))
    return f"WITH {named} {last}"


def translated(error: Exception, dialect: Dialect, *texts: str) -> Exception:
    """What SQLAlchemy makes of a driver's error; no parameter is told with it."""
    return DBAPIError.instance(
        "; ".join(texts),
        (),
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        dialect=dialect,
    )


def _compiled(
    statement: Any, dialect: Dialect, values: Values
) -> tuple[str, Callable[[Values], Bound]]:
    written = _NUMBERED.get(dialect.name, dialect)
    compiled = statement.compile(dialect=written, column_keys=list(values))
    makers = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect)
        for name, bind in compiled.binds.items()
    }
    fixed = {
        name: make(bind.value) if (make := makers[name]) else bind.value
        for name, bind in compiled.binds.items()
        if not bind.required
    }
    if None in fixed.values():
        # What a column's default would be told, which nobody asks here.
        raise ValueError(f"a value is missing for {compiled.string}")
    made = [(name, make) for name, make in makers.items() if make and name not in fixed]
    order: Sequence[str] = compiled.positiontup

    def bound(values: Values) -> Bound:
        given = {**fixed, **values}
        for name, make in made:
            given[name] = make(given[name])
        return tuple(map(given.__getitem__, order))

    return compiled.string, bound


def _gathered(all_of: Any, one: Any, rows: Any) -> Any:
    """A column that holds all rows of a SELECT: a JSON array of arrays."""
    part = rows.subquery("g")
    return (
        select(func.coalesce(all_of(one(*part.c)), literal_column("'[]'")))
        .select_from(part)
        .scalar_subquery()
    )
