"""One part of a file, read and judged before anybody has to wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app import db
from app.db import Transaction, insert_for
from app.domain import holds, import_rows, uploads
from app.domain.import_rows import Judge, Judged
from app.domain.jobs import Turn
from app.domain.letters import Settings
from app.models import ImportKey, Signature, State

_signature = db.table(Signature).c


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the file, judged; `judged` is None where it is wiped."""

    mine: Any
    settings: Settings
    judged: list[Judged] | None
    keys: dict[int, bytes]
    already: frozenset[int]
    reasons: dict[str, list[str]]

    @property
    def rows(self) -> list[import_rows.Row]:
        """The rows with which nothing is wrong by themselves."""
        return [one.row for one in self.judged or () if one.row is not None]


def prepare(session: Transaction, turn: Turn, *, judged_before: bool = False) -> Part:
    """Read and judge one part before anybody has to wait for it."""
    claim, keyring = turn.claim, turn.tools.keyring
    mine = uploads.find(
        session, letter_id=claim.letter_id, public_id=claim.arguments["import"]
    )
    settings = turn.tools.shelf.of(session, letter_id=claim.letter_id, now=turn.now)
    header = uploads.part(session, keyring=keyring, import_id=mine.id, number=0)
    lines = uploads.part(
        session, keyring=keyring, import_id=mine.id, number=claim.position + 1
    )
    if header is None or lines is None:
        return Part(mine, settings, None, {}, frozenset(), {})
    judge = Judge(
        settings, mine.mapping, len(header[0].cells), judged_before=judged_before
    )
    judged = [judge.judge(line) for line in lines]
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    rows = [one.row for one in judged if one.row is not None]
    return Part(
        mine=mine,
        settings=settings,
        judged=judged,
        keys={row.number: import_rows.repeat_key(pepper, row) for row in rows},
        already=_already(session, settings.id, rows),
        reasons=holds.decide_many(
            session,
            letter_id=settings.id,
            rules=settings.hold_rules,
            asked={row.name: row.keys for row in rows},
        ),
    )


def _already(
    session: Transaction, letter_id: int, rows: Sequence[import_rows.Row]
) -> frozenset[int]:
    """The rows whose name and affiliation stand on the letter."""
    standing_now = {
        (row.name_key, (row.affiliation or "").casefold())
        for row in session.execute(
            select(_signature.name_key, _signature.affiliation).where(
                _signature.letter_id == letter_id,
                db.among(session, _signature.name_key, {row.name_key for row in rows}),
                _signature.state != State.WITHDRAWN.value,
            )
        )
    }
    return frozenset(
        row.number
        for row in rows
        if (row.name_key, row.affiliation.casefold()) in standing_now
    )


def first_of_their_kind(
    session: Transaction, import_id: int, keys: dict[int, bytes]
) -> set[int]:
    """The rows that repeat no earlier one; their keys are kept for the later ones."""
    fresh: dict[bytes, int] = {}
    for number, key in keys.items():
        fresh.setdefault(key, number)
    if not fresh:
        return set()
    rows = session.execute(
        insert_for(session)(db.table(ImportKey))
        .on_conflict_do_nothing()
        .returning(ImportKey.row),
        [
            {"import_id": import_id, "key": key, "row": number}
            for key, number in fresh.items()
        ],
    )
    return set(rows.scalars())
