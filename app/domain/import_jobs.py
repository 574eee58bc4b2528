"""The worker's side of imports: check a part, take a part in, take it all back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from app import db
from app.db import Transaction
from app.domain import (
    import_asking,
    import_parts,
    import_rows,
    imports,
    lifecycle_bulk,
    standing,
    uploads,
)
from app.domain.import_asking import Question
from app.domain.import_parts import Part
from app.domain.import_rows import DOUBTS, RowProblem
from app.domain.jobs import Claim, Kind, Step, Turn
from app.domain.tally import NOT_SAID
from app.models import ImportKey, ImportPart, ImportProblem, JobState

# -- Checking --------------------------------------------------------------------


def _check(session: Transaction, turn: Turn) -> Step:
    part, claim = turn.prepared, turn.claim
    if part.judged is None:
        return Step(claim.position, claim.done, True, claim.result)
    import_id = part.mine.id
    if claim.position == 0:
        # The columns may have been told otherwise before.
        for model in (ImportProblem, ImportKey):
            session.execute(delete(db.table(model)).where(model.import_id == import_id))
    first = import_parts.first_of_their_kind(session, import_id, part.keys)
    wrong = []
    for one in part.judged:
        found = dict(one.problems)
        if one.row is not None and one.number in part.already:
            found[import_rows.WHOLE] = RowProblem.ALREADY.value
        elif one.row is not None and one.number not in first:
            found[import_rows.WHOLE] = RowProblem.TWICE.value
        wrong += [
            {"import_id": import_id, "row": one.number, "field": field, "problem": what}
            for field, what in found.items()
        ]
    if wrong:
        session.execute(insert(db.table(ImportProblem)), wrong)
    doubtful = {one["row"] for one in wrong if one["problem"] in DOUBTS}
    held = [row for row in part.rows if part.reasons.get(row.name)]
    result = _added(
        claim,
        good=len(part.rows) - len(doubtful),
        bad=len(part.judged) - len(part.rows),
        repeats=len(doubtful),
        held=len(held),
        addresses=sum(bool(row.email) for row in part.rows),
    )
    return _onwards(part, claim, result)


def _added(claim: Claim, **numbers: int) -> dict[str, int]:
    return {
        name: claim.result.get(name, 0) + number for name, number in numbers.items()
    }


def _onwards(part: Part, claim: Claim, result: dict[str, int]) -> Step:
    position = claim.position + 1
    return Step(
        position=position,
        done=claim.done + len(part.judged or ()),
        finished=position >= uploads.parts(part.mine.rows),
        result=result,
    )


# -- Taking in -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ready:
    """A part with everything made that needs no lock."""

    part: Part
    collected: dict[int, dict[str, Any]]
    questions: dict[int, Question]


def _prepare_run(session: Transaction, turn: Turn) -> _Ready:
    # The check has found what is wrong with the texts: those rows are left out.
    part = import_parts.prepare(session, turn, judged_before=True)
    collected, questions = {}, {}
    for row in part.rows:
        if part.mine.asks and row.email:
            questions[row.number] = import_asking.question(turn, part.settings, row)
        else:
            collected[row.number] = _signature_of(part, row)
    return _Ready(part, collected, questions)


def _signature_of(part: Part, row: import_rows.Row) -> dict[str, Any]:
    return {
        "public_id": standing.new_public_id(),
        "name": row.name,
        "name_key": row.name_key,
        "title": row.title or None,
        "affiliation": row.affiliation or None,
        "sector": row.sector,
        "country": row.country or NOT_SAID,
        "statement": row.statement or None,
        "listed": True,
        "public_figure": False,
        "identification_only": False,
        "wants_updates": False,
        "may_contact": False,
        "language": part.settings.default_language,
        "hold_reasons": " ".join(part.reasons.get(row.name, ())) or None,
    }


def _run(session: Transaction, turn: Turn) -> Step:
    ready, claim = turn.prepared, turn.claim
    part = ready.part
    if part.judged is None:
        return Step(claim.position, claim.done, True, claim.result)
    left_out = _left_out(session, part)
    collected = lifecycle_bulk.collect(
        session,
        letter_id=claim.letter_id,
        collection_id=part.mine.collection_id,
        rows=[row for number, row in ready.collected.items() if number not in left_out],
        subject=part.mine.public_id,
        actor=claim.actor,
        now=turn.now,
    )
    asked = [one for number, one in ready.questions.items() if number not in left_out]
    import_asking.ask(session, part.mine, asked, turn)
    session.execute(
        delete(db.table(ImportPart)).where(
            ImportPart.import_id == part.mine.id,
            ImportPart.number == claim.position + 1,
        )
    )
    result = _added(
        claim,
        collected=collected,
        asked=len(asked),
        left_out=len(part.judged) - collected - len(asked),
    )
    return _onwards(part, claim, result)


def _left_out(session: Transaction, part: Part) -> set[int]:
    """The rows that the check found wrong or, unless they are wanted, doubtful."""
    numbers = [one.number for one in part.judged or ()]
    found = session.execute(
        select(ImportProblem.row, ImportProblem.problem).where(
            ImportProblem.import_id == part.mine.id,
            ImportProblem.row.between(numbers[0], numbers[-1]),
        )
    )
    return {
        row.row for row in found if row.problem not in DOUBTS or not part.mine.repeats
    }


def _ended(session: Transaction, claim: Claim, state: JobState, now: datetime) -> None:
    mine = uploads.find(
        session, letter_id=claim.letter_id, public_id=claim.arguments["import"]
    )
    uploads.wipe(session, import_id=mine.id, now=now)


# -- Taking back -----------------------------------------------------------------


def _undo(session: Transaction, turn: Turn) -> Step:
    claim = turn.claim
    mine = uploads.find(
        session, letter_id=claim.letter_id, public_id=claim.arguments["import"]
    )
    batch = lifecycle_bulk.take_back(
        session,
        letter_id=claim.letter_id,
        collection_id=mine.collection_id,
        after=claim.position,
        size=turn.size,
        subject=mine.public_id,
        actor=claim.actor,
        now=turn.now,
    )
    if batch is not None:
        result = _added(claim, withdrawn=batch.number, voided=0)
        return Step(batch.last_id, claim.done + batch.number, False, result)
    asked, voided = import_asking.void(
        session, letter_id=claim.letter_id, import_id=mine.id, size=turn.size
    )
    if not asked:
        return Step(claim.position, claim.done, True, claim.result)
    result = _added(claim, withdrawn=0, voided=voided)
    return Step(claim.position, claim.done + asked, False, result)


KINDS = {
    imports.CHECK: Kind(take=_check, prepare=import_parts.prepare),
    imports.RUN: Kind(take=_run, prepare=_prepare_run, ended=_ended),
    imports.UNDO: Kind(take=_undo),
}
