"""The worker's hand on long work: batch by batch, with room for those who sign."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from time import monotonic, sleep

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from app import db
from app.db import Database
from app.domain import jobs
from app.domain.jobs import Claim, Kind, Step, Tools, Turn
from app.domain.keyring import Keyring
from app.domain.work import KINDS
from app.models import JobState
from config import Config

log = logging.getLogger("undersigned.worker")

# How long a batch should hold the database: on SQLite whoever signs waits for it.
TARGET = 0.02
# After a batch it rests for so many times what the batch took.
REST = 0.25
# So long a job keeps its worker before another one has its turn.
SLICE = 2.0
SMALLEST, LARGEST, FIRST = 20, 20_000, 200
# The row or the statement is wrong: another try would end the same way. Whatever
# else a database says may be otherwise in a moment.
_HOPELESS = (IntegrityError, DataError, ProgrammingError)


class _Lost(Exception):
    """Another worker has taken the job: what this one has just done is undone."""


class Workbench:
    """Does the jobs that wait, each for a while in turn."""

    def __init__(
        self,
        config: Config,
        database: Database,
        *,
        kinds: Mapping[str, Kind] = KINDS,
        rest: float = REST,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`stopped` says whether the worker is to end after the batch in hand."""
        self._lease = config.lease
        self._database = database
        self._tools = Tools(Keyring(config.secret_keys))
        self._kinds = kinds
        self._rest = rest
        self._stopped = stopped
        self._sizes: dict[int, int] = {}

    def work(self) -> int:
        """Give one job its turn; return how many batches that were."""
        with self._database.transaction() as session:
            claim = jobs.claim(session, now=db.now(), lease=self._lease)
            session.commit()
        if claim is None:
            return 0
        try:
            return self._turn(claim)
        except _Lost:
            log.warning("job %s: the lease was lost", claim.public_id)
        except DBAPIError as error:
            if not isinstance(error, _HOPELESS):
                # The lease ends by itself, and somebody goes on from there.
                raise
            self._fail(claim, error)
        except Exception as error:  # noqa: BLE001 - a broken job must not stop others
            self._fail(claim, error)
        return 1

    def _turn(self, claim: Claim) -> int:
        until, batches = monotonic() + SLICE, 0
        while not claim.stopping:
            following = self._batch(claim)
            batches += 1
            if following is None:
                return batches
            claim = following
            if monotonic() >= until or self._stopped():
                with self._database.transaction() as session:
                    jobs.give_back(session, claim, now=db.now())
                    session.commit()
                return batches
        with self._database.transaction() as session:
            self._end(session, claim, JobState.STOPPED)
            session.commit()
        return batches + 1

    def _batch(self, claim: Claim) -> Claim | None:
        """Do one batch; the claim as it then stands, or None at the end of the job."""
        kind = self._kinds[claim.kind]
        size = self._sizes.get(claim.id, FIRST)
        turn = Turn(claim, self._tools, size, db.now())
        if kind.prepare is not None:
            with self._database.snapshot() as session:
                turn = Turn(claim, self._tools, size, turn.now,
                            kind.prepare(session, turn))  # fmt: skip
        with self._database.transaction() as session:
            began = monotonic()
            step = kind.take(session, turn)
            following = jobs.advance(
                session, claim, step, now=db.now(), lease=self._lease
            )
            if following is None:
                raise _Lost
            if step.finished:
                self._end(session, following, JobState.DONE)
            session.commit()
            held = monotonic() - began
        self._resize(claim, size, held, step)
        sleep(held * self._rest)
        return None if step.finished else following

    def _resize(self, claim: Claim, size: int, held: float, step: Step) -> None:
        """Fit the next batch to the time that this one took."""
        if step.finished:
            self._sizes.pop(claim.id, None)
            return
        factor = min(max(TARGET / max(held, 0.0001), 0.5), 2.0)
        self._sizes[claim.id] = min(max(int(size * factor), SMALLEST), LARGEST)

    def _end(self, session: db.Transaction, claim: Claim, state: JobState) -> None:
        now = db.now()
        kind = self._kinds[claim.kind]
        if kind.ended is not None:
            kind.ended(session, claim, state, now)
        if not jobs.end(session, claim, state=state, now=now):
            raise _Lost
        log.info("job %s (%s): %s", claim.public_id, claim.kind, state.value)

    def _fail(self, claim: Claim, error: Exception) -> None:
        log.exception("job %s (%s) failed", claim.public_id, claim.kind)
        with self._database.transaction() as session:
            jobs.end(session, claim, state=JobState.FAILED,
                     problem=type(error).__name__, now=db.now())  # fmt: skip
            session.commit()
