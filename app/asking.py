"""Questions to the database one by one: the shortest way there and back."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine

from app import prepared
from app.prepared import Question, Rows, Values


class Asker:
    """Connections that stay open between questions, as many as are asked at once.

    Each question is a transaction of its own, so there is nothing to begin, to end or to
    undo: what a pool does for that costs as much as many a question itself.
    """

    def __init__(self, engine: Engine) -> None:
        """`engine` makes the connections; PostgreSQL's have to commit by themselves."""
        self._engine = engine
        self._idle: deque[Any] = deque()

    def ask(self, question: Question, values: Values) -> Rows:
        """The rows of the answer. Raises what SQLAlchemy raises."""
        dialect = self._engine.dialect
        text, bound = question.ready(dialect, values)
        connection = None
        try:
            connection = self._taken()
            rows: Rows = prepared.execute(dialect, connection, text, bound).fetchall()
        except dialect.loaded_dbapi.Error as error:
            # Whether it has died or not: the next one is a fresh one.
            if connection is not None:
                connection.close()
            self.close()
            raise prepared.translated(error, dialect, text) from error
        self._idle.append(connection)
        return rows

    def _taken(self) -> Any:
        """A connection that nobody uses just now, or else a new one."""
        with suppress(IndexError):
            return self._idle.pop()
        made = self._engine.raw_connection()
        driver: Any = made.driver_connection
        # From here on it is ours, and the pool's no more.
        made.detach()
        if self._engine.dialect.name == "sqlite":
            return driver
        # Who has SQLite needs none of it.
        from app.asking_postgresql import Prepared

        return Prepared(driver)

    def close(self) -> None:
        """Close every connection that is not in use."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
