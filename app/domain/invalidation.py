"""Cases: see how many signatures meet conditions, reject them in batches, undo that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from app import db
from app.db import Transaction
from app.domain import conditions as ask
from app.domain import corrections, jobs, lifecycle_bulk, names, record, standing, tally
from app.domain.conditions import Conditions
from app.domain.jobs import Claim, Kind, Progress, Step, Turn
from app.domain.lifecycle import ReasonMissing
from app.domain.lifecycle_bulk import Batch
from app.domain.names import NameProblem
from app.domain.tally import Entry
from app.domain.verbs import MOVES, Verb
from app.models import (
    Case,
    CorrectionCause,
    CorrectionKind,
    Facet,
    JobState,
    Measure,
    Signature,
)

RUN, UNDO = "case.run", "case.undo"
# A preview counts no further: the number is there to be recognised as too large.
CAP = 10_000
SAMPLE = 20
REASON_LIMIT = 200

_signature = db.table(Signature).c


class NothingAsked(ValueError):
    """Conditions that every signature meets are a slip of the hand."""


class ReasonUnfit(ValueError):
    """The reason cannot be published as it stands; `problem` says why."""

    def __init__(self, problem: NameProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class NotNow(Exception):
    """The case still runs, or was undone before."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a case would reject at this moment."""

    number: int
    # There are more than `number`: nobody counted on.
    capped: bool
    sample: Sequence[Row[*tuple[Any, ...]]]


def preview(session: Transaction, *, letter_id: int, wanted: Conditions) -> Preview:
    """How many signatures meet the conditions, up to a cap, and the newest of them.

    Raises NothingAsked.
    """
    if wanted.nothing_asked:
        raise NothingAsked
    theirs = (
        _signature.letter_id == letter_id,
        _signature.state.in_([state.value for state in MOVES[Verb.REJECT] if state]),
        *ask.clauses(session, letter_id=letter_id, wanted=wanted),
    )
    some = select(_signature.id).where(*theirs).limit(CAP + 1).subquery()
    number = session.scalar(select(func.count()).select_from(some)) or 0
    sample = session.execute(
        select(
            _signature.public_id,
            _signature.state,
            _signature.name,
            _signature.title,
            _signature.affiliation,
            _signature.verified,
            _signature.created_at,
        )
        .where(*theirs)
        .order_by(_signature.id.desc())
        .limit(SAMPLE)
    ).all()
    return Preview(min(number, CAP), number > CAP, sample)


def run(
    session: Transaction,
    *,
    letter_id: int,
    wanted: Conditions,
    reason: str,
    actor: str,
    now: datetime,
) -> str:
    """Begin to reject what meets the conditions; the public id of the case.

    What comes in after this moment is left alone. `reason` is one line that is
    published. Raises NothingAsked, ReasonMissing, ReasonUnfit.
    """
    if wanted.nothing_asked:
        raise NothingAsked
    reason = names.clean_line(reason)
    if not reason:
        raise ReasonMissing
    if problem := names.problem_with_text(reason, limit=REASON_LIMIT):
        raise ReasonUnfit(problem)
    first, last = session.execute(
        select(
            func.coalesce(func.min(_signature.id), 1),
            func.coalesce(func.max(_signature.id), 0),
        )
    ).one()
    public_id = standing.new_public_id()
    job = jobs.start(
        session,
        kind=RUN,
        letter_id=letter_id,
        arguments={"case": public_id, "last_id": last},
        position=first - 1,
        total=last - first + 1,
        actor=actor,
        now=now,
    )
    session.execute(
        insert(db.table(Case)),
        {
            "public_id": public_id,
            "letter_id": letter_id,
            "conditions": wanted.as_json(),
            "reason": reason,
            "job_id": job.id,
            "actor": actor,
            "created_at": now,
        },
    )
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="case.run",
        subject=public_id,
        reason=reason,
        at=now,
    )
    return public_id


def stop(
    session: Transaction, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> bool:
    """End a case, or its undoing, before its next batch; False when it has ended.

    What was moved by then stays moved; the case can be undone.
    """
    case = _case(session, letter_id=letter_id, public_id=public_id)
    stopped = jobs.stop(session, job_id=case.undo_job_id or case.job_id)
    if stopped:
        record.write(session, letter_id=letter_id, actor=actor, verb="case.stop",
                     subject=public_id, at=now)  # fmt: skip
    return stopped


def undo(
    session: Transaction, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Begin to put back what a case has rejected to where each came from.

    Only what is still as the case left it: a signature that was moved by hand since,
    or redacted by its owner, stays. Raises NotNow.
    """
    case = _case(session, letter_id=letter_id, public_id=public_id)
    ran = jobs.progress(session, job_id=case.job_id)
    undone = jobs.progress(session, job_id=case.undo_job_id)
    if ran is None or ran.unended:
        raise NotNow
    if undone is not None and (undone.unended or undone.state is JobState.DONE):
        raise NotNow
    job = jobs.start(
        session,
        kind=UNDO,
        letter_id=letter_id,
        arguments={"case": public_id},
        total=ran.result.get("moved", 0),
        actor=actor,
        now=now,
    )
    session.execute(
        update(db.table(Case)).where(Case.id == case.id).values(undo_job_id=job.id)
    )
    record.write(session, letter_id=letter_id, actor=actor, verb="case.undo",
                 subject=public_id, at=now)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as its page shows it."""

    id: int
    public_id: str
    conditions: Conditions
    reason: str
    actor: str
    created_at: datetime
    ran: Progress
    undone: Progress | None

    @property
    def moved(self) -> int:
        """How many it has rejected so far."""
        return int(self.ran.result.get("moved", 0))

    @property
    def may_undo(self) -> bool:
        """Whether undoing it is possible now."""
        stands = self.undone is None or self.undone.state in (
            JobState.STOPPED,
            JobState.FAILED,
        )
        return not self.ran.unended and stands and self.moved > 0


def listed(
    session: Transaction, *, letter_id: int, before: int | None = None, limit: int = 50
) -> list[Shown]:
    """The cases of a letter, newest first; `before` is the id of the last one seen."""
    asked = select(db.table(Case)).where(Case.letter_id == letter_id)
    if before is not None:
        asked = asked.where(Case.id < before)
    rows = session.execute(asked.order_by(Case.id.desc()).limit(limit)).all()
    return [_shown(session, row) for row in rows]


def show(session: Transaction, *, letter_id: int, public_id: str) -> Shown:
    """One case. Raises NoResultFound where the letter has none of this id."""
    return _shown(session, _case(session, letter_id=letter_id, public_id=public_id))


def _shown(session: Transaction, row: Row[Any]) -> Shown:
    ran = jobs.progress(session, job_id=row.job_id)
    assert ran is not None, "a case has its job"
    return Shown(
        id=row.id,
        public_id=row.public_id,
        conditions=Conditions.from_json(row.conditions),
        reason=row.reason,
        actor=row.actor,
        created_at=row.created_at,
        ran=ran,
        undone=jobs.progress(session, job_id=row.undo_job_id),
    )


def _case(session: Transaction, *, letter_id: int, public_id: str) -> Row[Any]:
    return session.execute(
        select(db.table(Case)).where(
            Case.letter_id == letter_id, Case.public_id == public_id
        )
    ).one()


# -- The worker's side -----------------------------------------------------------


def _run(session: Transaction, turn: Turn) -> Step:
    claim = turn.claim
    case = _case(session, letter_id=claim.letter_id, public_id=claim.arguments["case"])
    wanted = Conditions.from_json(case.conditions)
    end = min(claim.position + turn.size, claim.arguments["last_id"])
    batch = lifecycle_bulk.reject(
        session,
        letter_id=claim.letter_id,
        conditions=ask.clauses(session, letter_id=claim.letter_id, wanted=wanted),
        after=claim.position,
        last_id=end,
        case_id=case.id,
        subject=case.public_id,
        actor=claim.actor,
        now=turn.now,
    )
    return Step(
        position=end,
        done=claim.done + end - claim.position,
        finished=end >= claim.arguments["last_id"],
        result=_summed(claim, batch),
    )


def _undo(session: Transaction, turn: Turn) -> Step:
    claim = turn.claim
    case = _case(session, letter_id=claim.letter_id, public_id=claim.arguments["case"])
    batch = lifecycle_bulk.reinstate(
        session,
        letter_id=claim.letter_id,
        case_id=case.id,
        after=claim.position,
        size=turn.size,
        subject=case.public_id,
        actor=claim.actor,
        now=turn.now,
    )
    if batch is None:
        return Step(claim.position, claim.done, True, claim.result)
    result = _summed(claim, batch)
    return Step(batch.last_id, result["moved"], False, result)


def _summed(claim: Claim, batch: Batch) -> dict[str, int]:
    return {
        "moved": claim.result.get("moved", 0) + batch.number,
        "public": claim.result.get("public", 0) + batch.public,
    }


def _tell(session: Transaction, claim: Claim, _state: JobState, now: datetime) -> None:
    """Say in public how many left or came back, however far the work got.

    Those that were held are not told of: nobody outside has seen them.
    """
    number, removed = claim.result.get("public", 0), claim.kind == RUN
    if not number:
        return
    case = _case(session, letter_id=claim.letter_id, public_id=claim.arguments["case"])
    corrections.add(
        session,
        letter_id=claim.letter_id,
        kind=CorrectionKind.REMOVED if removed else CorrectionKind.RESTORED,
        number=number,
        # The reason speaks of why they went, not of why they are back.
        note=case.reason if removed else None,
        cause=CorrectionCause.ORGANISER,
        now=now,
    )
    # The last batch may be folded by now: this is what makes a new public version.
    still = Entry(Facet.SECTOR, tally.NOT_SAID, Measure.CONFIRMED, 0)
    tally.post(session, letter_id=claim.letter_id, entries=[still], at=now)


KINDS = {RUN: Kind(take=_run, ended=_tell), UNDO: Kind(take=_undo, ended=_tell)}
