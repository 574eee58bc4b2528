"""A SELECT that is asked at every look at a page, made ready once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Dialect, func, literal_column, select


class Question:
    """A SELECT asked at every look at a page: compiled once, and a snapshot by itself.

    One statement sees one moment, so it needs no transaction; `gathered` puts whole
    tables of an answer into single columns of it, as JSON. What comes back is what
    the driver makes of it: SQLite's times are text and its truth is 1 or 0.
    """

    def __init__(self, make: Callable[[Callable[[Any], Any]], Any]) -> None:
        """`make` gets `gathered`, and returns the statement."""
        self._statements = {
            "sqlite": make(partial(_gathered, func.json_group_array, func.json_array)),
            "postgresql": make(
                partial(_gathered, func.json_agg, func.json_build_array)
            ),
        }
        self._compiled: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {}

    def compiled(
        self, dialect: Dialect
    ) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
        """The text for a driver, and what makes its parameters out of values."""
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = self._compile(dialect)
        return self._compiled[dialect.name]

    def _compile(
        self, dialect: Dialect
    ) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
        compiled = self._statements[dialect.name].compile(dialect=dialect)
        binds = compiled.binds.items()
        fixed = {name: bind.value for name, bind in binds if not bind.required}
        asked = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in binds
            if bind.required
        }

        def bound(values: Mapping[str, Any]) -> Any:
            given = fixed | {
                name: make(values[name]) if make else values[name]
                for name, make in asked.items()
            }
            order = compiled.positiontup
            return tuple(given[name] for name in order) if order else given

        return compiled.string, bound


def _gathered(all_of: Any, one: Any, rows: Any) -> Any:
    """A column that holds all rows of a SELECT: a JSON array of arrays."""
    part = rows.subquery()
    return (
        select(func.coalesce(all_of(one(*part.c)), literal_column("'[]'")))
        .select_from(part)
        .scalar_subquery()
    )
