"""The engine, the two kinds of session, column types and the one clock."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    any_,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Session

from app import prepared
from app.asking import Asker
from app.prepared import Question

# Without names SQLite's batch mode cannot drop a constraint (Alembic manual).
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_clock_offset = timedelta(seconds=float(os.environ.get("CLOCK_OFFSET", "0")))


def now() -> datetime:
    """The one clock of the house: aware, UTC."""
    return datetime.now(UTC) + _clock_offset


def move_clock(offset: timedelta) -> None:
    """Set how far `now` runs ahead of the machine's clock. For tests alone."""
    global _clock_offset
    _clock_offset = offset


class Moment(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which knows no zones, keeps it as UTC text."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return None if value is None else moment(value)


def moment(stored: datetime | str) -> datetime:
    """An aware UTC time out of what a driver or JSON has for a `Moment`."""
    at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


# SQLite numbers rows by itself only where the column is a plain INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The declarative base that every table of the house hangs on."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class _Turn:
    """Let one writer of a SQLite file in at a time, over threads and processes.

    SQLite's own waiting sleeps in growing steps, so under load a writer may be
    overtaken for seconds; a lock that the kernel hands on keeps the queue fair.
    """

    def __init__(self, path: str) -> None:
        self._thread = threading.Lock()
        # Held open for as long as the engine lives: closing it would give the turn up.
        self._file = Path(f"{path}.turn").open("w")  # noqa: SIM115

    def __enter__(self) -> None:
        self._thread.acquire()
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._thread.release()

    def close(self) -> None:
        self._file.close()


class Database:
    """One database, with a session that reads and a session that writes.

    `url` names SQLite or PostgreSQL (psycopg 3). Nothing connects before the
    first use, so an object may be made before the server is there.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._turn: _Turn | None = None
        if self.sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise ValueError("SQLite needs a file")
            self._turn = _Turn(self.url.database)
            self.engine = _sqlite_engine(self.url, pool_size, "BEGIN IMMEDIATE")
            self._readers = _sqlite_engine(self.url, pool_size, "BEGIN")
            self._asked = self._readers
        else:
            self.engine = _postgresql_engine(self.url, pool_size)
            # One snapshot for a whole page: numbers and names of one moment.
            self._readers = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            # Connections of their own, for changing a connection's ways at every
            # turn costs more than most questions do.
            self._asked = _postgresql_engine(
                self.url,
                pool_size,
                # Planning such a question takes three times as long as answering it.
                "-c plan_cache_mode=force_generic_plan",
                isolation_level="AUTOCOMMIT",
                # Each question is a transaction of its own: none is left to undo.
                pool_reset_on_return=None,
            )
        self._asker = Asker(self._asked)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that sees one moment: what every page is read from."""
        with self._readers.connect() as connection:
            yield connection
            # There is nothing to keep, but psycopg forgets all prepared statements
            # of a connection that is rolled back, and every page would plan anew.
            connection.commit()

    @contextmanager
    def glances(self) -> Iterator[Connection]:
        """A connection on which each statement sees a moment of its own.

        For pages of which no part must be of the same moment as another: it spares
        PostgreSQL a way for the beginning and one for the end.
        """
        with self._asked.connect() as connection:
            yield connection
            connection.commit()

    def ask(self, question: Question, **values: Any) -> prepared.Rows:
        """The rows of the answer to a question; each sees a moment of its own."""
        return self._asker.ask(question, values)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection for one transaction; what its user does not commit is undone.

        Requests take this one: a `Session` costs more than most statements do.
        """
        with self._turn or nullcontext(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one snapshot and cannot commit anything."""
        with Session(self._readers, autoflush=False) as session:
            yield session

    @property
    def readers(self) -> Engine:
        """The engine behind `reading`, for a session that chooses by itself."""
        return self._readers

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for one transaction; what its user does not commit is undone."""
        with self._turn or nullcontext(), Session(self.engine) as session:
            yield session

    def unsafe_setting(self) -> str | None:
        """Name the PostgreSQL setting under which an answer could be lost, if any."""
        if self.sqlite:
            return None
        with self.engine.connect() as connection:
            for name in ("fsync", "synchronous_commit"):
                if connection.scalar(text(f"SHOW {name}")) == "off":
                    return name
        return None

    def dispose(self) -> None:
        """Close every connection."""
        self._asker.close()
        for engine in (self.engine, self._readers, self._asked):
            engine.dispose()
        if self._turn is not None:
            self._turn.close()


def table(model: type[Base]) -> Table:
    """The table behind a model, for statements that need no objects made of it."""
    return cast(Table, model.__table__)


# A transaction in hand: domain functions take either and commit neither.
Transaction = Session | Connection


def dialect(session: Transaction) -> str:
    """The kind of database that a transaction is on: "sqlite" or "postgresql"."""
    if isinstance(session, Connection):
        return session.dialect.name
    return session.get_bind().dialect.name


def among(
    session: Transaction, column: ColumnElement[str], values: Collection[str]
) -> ColumnElement[bool]:
    """Whether a column has one of many values, which come as one parameter.

    With a parameter for each, making the statement takes longer than running it.
    """
    if dialect(session) == "sqlite":
        given = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(literal(list(values), postgresql.ARRAY(String)))


def insert_for(session: Transaction) -> Any:
    """The INSERT of this transaction's database, which knows ON CONFLICT."""
    return prepared.INSERTS[dialect(session)]


def _sqlite_engine(url: Any, pool_size: int, begin: str) -> Engine:
    # What is bound may be personal, so no error message shows it.
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=20, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        # Python's own transaction handling is off, so that BEGIN is ours.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout=5000",
            "journal_mode=WAL",
            # NORMAL loses acknowledged commits when the power goes (SQLite manual).
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.connection.driver_connection.execute(begin)

    return engine


def _postgresql_engine(
    url: Any, pool_size: int, options: str = "", **ways: Any
) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        **ways,
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=5,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            # A machine that vanishes says no goodbye: without these its requests
            # would hold their hands for two hours, which is what TCP grants.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": "-c statement_timeout=5000"
            f" -c idle_in_transaction_session_timeout=10000 -c timezone=UTC {options}",
        },
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _: object) -> None:
        # A prepared statement spares PostgreSQL the parsing and planning.
        connection.prepare_threshold = 1

    return engine
