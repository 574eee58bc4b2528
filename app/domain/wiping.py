"""Take rows away together with all that hangs on them, whichever tables those are."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table, delete, or_, select

from app import db
from app.db import Transaction
from app.models import Base, SearchWord, Signature


def wipe(session: Transaction, doomed: Mapping[Table, ColumnElement[bool]]) -> int:
    """Delete what the conditions name, and every row that points there; how many.

    What hangs on what is read from the schema's foreign keys, so that a new table
    need not be remembered here: its rows go as well.
    """
    conditions = dict(doomed)
    for table in Base.metadata.sorted_tables:
        hanging = [
            key.parent.in_(select(key.column).where(conditions[key.column.table]))
            for key in table.foreign_keys
            if key.column.table in conditions and key.column.table is not table
        ]
        if hanging:
            own = [conditions[table]] if table in conditions else []
            conditions[table] = or_(*own, *hanging)
    gone = _words(session, conditions)
    for table in reversed(Base.metadata.sorted_tables):
        if table in conditions:
            done = session.execute(delete(table).where(conditions[table]))
            gone += done.rowcount  # type: ignore[attr-defined]
    return gone


def _words(
    session: Transaction, conditions: Mapping[Table, ColumnElement[bool]]
) -> int:
    """Delete the words by which doomed signatures are found: no foreign key says so."""
    words, signature = db.table(SearchWord), db.table(Signature)
    if signature not in conditions:
        return 0
    doomed = conditions[signature]
    done = session.execute(
        delete(words).where(
            # The rows lie by letter: without it all of the house would be looked at.
            words.c.letter_id.in_(select(signature.c.letter_id).where(doomed)),
            words.c.signature_id.in_(select(signature.c.id).where(doomed)),
        )
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
