"""Jobs: work too long for a request, done by the worker batch by batch.

A worker takes a job by lease and does its batches one after the other, each in a
transaction of its own that also writes down how far the job is: a batch that is
killed never was, and another worker goes on where the last whole one ended.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, insert, select, update

from app import db
from app.db import Transaction
from app.domain.keyring import Keyring
from app.domain.shelf import Shelf
from app.domain.standing import new_public_id
from app.models import IS_UNENDED, Job, JobState


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker alone may work on until its lease ends."""

    id: int
    public_id: str
    kind: str
    letter_id: int
    actor: str
    arguments: Mapping[str, Any]
    position: int
    done: int
    result: Mapping[str, Any]
    stopping: bool
    token: str


@dataclass(frozen=True, slots=True)
class Step:
    """How far a batch has brought its job."""

    position: int
    done: int
    finished: bool
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tools:
    """What a batch may need besides its transaction."""

    keyring: Keyring
    shelf: Shelf = field(default_factory=Shelf)


@dataclass(frozen=True, slots=True)
class Turn:
    """One batch: whose it is, how large it should be, and what was made ready."""

    claim: Claim
    tools: Tools
    size: int
    now: datetime
    prepared: Any = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of one kind are done.

    `take` does a batch in a transaction. `prepare` does beforehand, in a snapshot,
    what needs no lock: SQLite has one writer, and people who sign wait for it.
    `ended` is told, in the transaction that ends the job, how it has ended.
    """

    take: Callable[[Transaction, Turn], Step]
    prepare: Callable[[Transaction, Turn], Any] | None = None
    ended: Callable[[Transaction, Claim, JobState, datetime], None] | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A job just asked for."""

    id: int
    public_id: str


def start(
    session: Transaction,
    *,
    kind: str,
    letter_id: int,
    arguments: Mapping[str, Any],
    position: int = 0,
    total: int | None = None,
    actor: str,
    now: datetime,
) -> Started:
    """Ask the worker for a piece of work; `arguments` hold nothing personal."""
    public_id = new_public_id()
    job_id = session.execute(
        insert(db.table(Job)).returning(Job.id),
        {
            "public_id": public_id,
            "kind": kind,
            "letter_id": letter_id,
            "state": JobState.READY.value,
            "arguments": dict(arguments),
            "position": position,
            "done": 0,
            "total": total,
            "result": {},
            "actor": actor,
            "due_at": now,
            "created_at": now,
        },
    ).scalar_one()
    return Started(job_id, public_id)


def stop(session: Transaction, *, job_id: int) -> bool:
    """Ask for the end of a job before its next batch; False when it has ended."""
    asked = session.execute(
        update(Job)
        .where(Job.id == job_id, IS_UNENDED)
        .values(state=JobState.STOPPING.value)
        .execution_options(synchronize_session=False)
    )
    return bool(asked.rowcount)  # type: ignore[attr-defined]


def stop_all(session: Transaction, *, letter_id: int, now: datetime) -> None:
    """End all jobs of a letter at once; a batch in hand finds its lease lost."""
    session.execute(
        update(db.table(Job))
        .where(Job.letter_id == letter_id, IS_UNENDED)
        .values(state=JobState.STOPPED.value, lease_token=None, ended_at=now)
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """A job as a page shows it."""

    public_id: str
    kind: str
    state: JobState
    done: int
    total: int | None
    result: Mapping[str, Any]
    problem: str | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def unended(self) -> bool:
        """Whether the worker has still to do with it."""
        return self.ended_at is None

    @property
    def percent(self) -> int:
        """How much of it is done, for the bar."""
        if self.state is JobState.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0


_SHOWN = (
    Job.public_id,
    Job.kind,
    Job.state,
    Job.done,
    Job.total,
    Job.result,
    Job.problem,
    Job.created_at,
    Job.ended_at,
)


def progress(session: Transaction, *, job_id: int | None) -> Progress | None:
    """How far a job is; None where there is no such job."""
    row = session.execute(select(*_SHOWN).where(Job.id == job_id)).first()
    if row is None:
        return None
    return Progress(**dict(row._mapping) | {"state": JobState(row.state)})


# -- The worker's side -----------------------------------------------------------


def claim(session: Transaction, *, now: datetime, lease: timedelta) -> Claim | None:
    """Take the job that has waited longest, if any waits."""
    token = secrets.token_hex(16)
    due = (
        select(Job.id)
        .where(IS_UNENDED, Job.due_at <= now)
        .order_by(Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.execute(
        update(Job)
        .where(Job.id.in_(due.scalar_subquery()))
        .values(lease_token=token, due_at=now + lease)
        .returning(*_CLAIMED)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    values = dict(row._mapping)
    stopping = values.pop("state") == JobState.STOPPING.value
    return Claim(**values, stopping=stopping, token=token)


_CLAIMED = (
    Job.id,
    Job.public_id,
    Job.kind,
    Job.letter_id,
    Job.actor,
    Job.arguments,
    Job.position,
    Job.done,
    Job.result,
    Job.state,
)


def advance(
    session: Transaction, claimed: Claim, step: Step, *, now: datetime, lease: timedelta
) -> Claim | None:
    """Write down a batch and keep the lease; None when the lease was lost.

    Whoever has lost it undoes the batch: another worker does the same one.
    """
    row = session.execute(
        update(Job)
        .where(Job.id == claimed.id, Job.lease_token == claimed.token, IS_UNENDED)
        .values(
            # Asked to stop meanwhile: that must not be forgotten.
            state=case(
                (Job.state == JobState.STOPPING.value, Job.state),
                else_=JobState.RUNNING.value,
            ),
            position=step.position,
            done=step.done,
            result=dict(step.result),
            due_at=now + lease,
        )
        .returning(Job.state)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    return replace(
        claimed,
        position=step.position,
        done=step.done,
        result=step.result,
        stopping=row.state == JobState.STOPPING.value,
    )


def give_back(session: Transaction, claimed: Claim, *, now: datetime) -> None:
    """Let others have their turn: the job is due again, behind those that wait."""
    _write(session, claimed, {"due_at": now})


def end(
    session: Transaction,
    claimed: Claim,
    *,
    state: JobState,
    problem: str | None = None,
    now: datetime,
) -> bool:
    """Finish a job; False when the lease was lost meanwhile."""
    ended = {"state": state.value, "problem": problem, "ended_at": now}
    return _write(session, claimed, ended)


def _write(session: Transaction, claimed: Claim, values: dict[str, Any]) -> bool:
    done = session.execute(
        update(Job)
        .where(Job.id == claimed.id, Job.lease_token == claimed.token)
        .values(lease_token=None, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]
