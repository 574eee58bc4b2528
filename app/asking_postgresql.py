"""A connection to PostgreSQL on which nothing runs but what it has prepared."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from app.prepared import Bound, Rows


class Prepared:
    """The calls of libpq that it takes (its manual, 32.3), and psycopg's way with values.

    What a cursor of psycopg's does around them takes as long as PostgreSQL's answer.
    """

    def __init__(self, driver: Connection[Any]) -> None:
        self._driver = driver
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self.close = driver.close

    def execute(self, text: str, bound: Bound) -> Fetched:
        """Run a statement that gives rows; raises what psycopg raises."""
        server, values = self._driver.pgconn, Transformer(self._driver)
        given: Any = values.dump_sequence(bound, [PyFormat.AUTO] * len(bound))
        # PostgreSQL prepares for the types of what is bound, as psycopg finds them.
        key = text, values.types or ()
        name = self._names.get(key)
        if name is None:
            name = b"question_%d" % len(self._names)
            self._checked(server.prepare(name, text.encode(), values.types))
            self._names[key] = name
        result = self._checked(server.exec_prepared(name, given, values.formats))
        values.set_pgresult(result)
        return Fetched(values.load_rows(0, result.ntuples, tuple))

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            return result
        if result.error_field(DiagnosticField.SQLSTATE) is None:
            # It is not the server that says so: there is no way to it any more.
            raise OperationalError(result.get_error_message())
        raise error_from_result(result)


class Fetched(NamedTuple):
    """All rows, for whoever asks as one asks a cursor."""

    rows: Rows

    def fetchall(self) -> Rows:
        """The rows."""
        return self.rows
