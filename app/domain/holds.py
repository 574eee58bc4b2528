"""Which confirmed signatures wait for a person, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, literal, select, union_all

from app import db, prepared
from app.db import Transaction, insert_for
from app.domain import names, record
from app.models import BlockedName, WatchName
from app.prepared import Statement, Step


class HoldReason(StrEnum):
    """Why a signature is held (design: section 4, holds)."""

    # The name looks like one on the letter's watch-list or on the shared one.
    WATCH_LIST = "watch_list"
    # A name rejected as fake on this letter has come back.
    REJECTED_BEFORE = "rejected_before"
    # The signatory said that they are a public figure.
    PUBLIC_FIGURE = "public_figure"


_blocked, _watched = db.table(BlockedName).c, db.table(WatchName).c
# One statement however many rules look a name up; each part reads one index.
_LOOKED_UP = union_all(
    select(literal(HoldReason.REJECTED_BEFORE.value)).where(
        _blocked.letter_id == bindparam("letter"),
        _blocked.name_key == bindparam("name"),
    ),
    *(
        select(literal(HoldReason.WATCH_LIST.value)).where(
            _watched.name_key == bindparam("name"), on_the_list
        )
        for on_the_list in (
            _watched.letter_id == bindparam("letter"),
            _watched.letter_id.is_(None),
        )
    ),
)
_KNOWN = Statement(lambda _: _LOOKED_UP)


def decide(
    session: Transaction, *, letter_id: int, name_key: str, public_figure: bool
) -> list[HoldReason]:
    """The reasons to hold a signature with these facts; none: it is counted.

    `name_key` is the look-alike key of the name (`names.look_alike_key`).
    """
    rows = prepared.run(session, Step(_KNOWN, {"letter": letter_id, "name": name_key}))
    known = {row[0] for row in rows}
    reasons = [reason for reason in HoldReason if reason.value in known]
    if public_figure:
        reasons.append(HoldReason.PUBLIC_FIGURE)
    return reasons


def watch(
    session: Transaction,
    *,
    letter_id: int | None,
    names_to_watch: Iterable[str],
    actor: str,
    now: datetime,
) -> int:
    """Put names on a letter's watch-list (None: on the shared one); how many are new.

    A name without a letter in it has no key and is passed over.
    """
    rows = {}
    for name in names_to_watch:
        cleaned = names.clean_line(name)
        key = names.look_alike_key(cleaned)
        if key:
            rows[key] = cleaned
    added = 0
    for key, name in rows.items():
        inserted = session.execute(
            insert_for(session)(db.table(WatchName))
            .values(letter_id=letter_id, name_key=key, name=name, created_at=now)
            .on_conflict_do_nothing()
            .returning(_watched.id)
        )
        added += inserted.first() is not None
    if added:
        record.write(
            session,
            letter_id=letter_id,
            actor=actor,
            verb="watch_list.add",
            subject="watch-list",
            after=f"{added} names",
            at=now,
        )
    return added


def watched(session: Transaction, *, letter_id: int | None) -> list[str]:
    """The names on a letter's own watch-list, or on the shared one, by name."""
    return list(
        session.scalars(
            select(WatchName.name)
            .where(WatchName.letter_id == letter_id)
            .order_by(WatchName.name)
        )
    )
