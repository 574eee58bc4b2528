"""Imports: a file of signatures gathered elsewhere is checked, taken in, taken back.

What was uploaded stays sealed in the database for as long as the work needs it. What
of it becomes public is labelled as collected, with the note that says where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from app import db
from app.db import Transaction
from app.domain import import_rows, jobs, record
from app.domain.jobs import Progress
from app.domain.letters import Phase, Settings
from app.domain.tally import NOT_SAID
from app.domain.uploads import SourceTaken, find, set_values, wipe
from app.models import (
    Collection,
    Import,
    ImportProblem,
    JobState,
    Letter,
)

CHECK, RUN, UNDO = "import.check", "import.run", "import.undo"


class NotNow(Exception):
    """The import is at another point: it runs, has ended, or its rows are gone."""


class NobodyCanConfirm(Exception):
    """People would be asked to confirm on a letter that takes no signatures."""


def check(
    session: Transaction,
    *,
    letter_id: int,
    public_id: str,
    mapping: Mapping[str, int],
    columns: int,
    actor: str,
    now: datetime,
) -> None:
    """Say which column holds what, and begin to judge every row.

    It may be said anew for as long as nothing was taken in. Raises MappingProblem,
    NotNow.
    """
    mine = find(session, letter_id=letter_id, public_id=public_id)
    checked = jobs.progress(session, job_id=mine.check_job_id)
    if mine.wiped_at or mine.run_job_id or (checked and checked.unended):
        raise NotNow
    job = jobs.start(
        session,
        kind=CHECK,
        letter_id=letter_id,
        arguments={"import": public_id},
        total=mine.rows,
        actor=actor,
        now=now,
    )
    set_values(session, mine.id, check_job_id=job.id,
         mapping=import_rows.mapped(mapping, columns))  # fmt: skip
    record.write(session, letter_id=letter_id, actor=actor, verb="import.check",
                 subject=public_id, at=now)  # fmt: skip


def run(
    session: Transaction,
    *,
    settings: Settings,
    public_id: str,
    asks: bool,
    repeats: bool,
    actor: str,
    now: datetime,
) -> None:
    """Begin to take in the rows that are in order, as collected from the source.

    With `asks`, people with an address are asked to confirm instead: they count once
    they did. With `repeats`, rows that repeat another are taken in all the same.
    Raises NotNow, SourceTaken, NobodyCanConfirm.
    """
    mine = find(session, letter_id=settings.id, public_id=public_id)
    checked = jobs.progress(session, job_id=mine.check_job_id)
    ready = checked is not None and checked.state is JobState.DONE
    if mine.wiped_at or mine.run_job_id or not ready:
        raise NotNow
    if asks and not (settings.visible(now) and settings.phase(now) is Phase.OPEN):
        raise NobodyCanConfirm
    job = jobs.start(
        session,
        kind=RUN,
        letter_id=settings.id,
        arguments={"import": public_id},
        total=mine.rows,
        actor=actor,
        now=now,
    )
    collection_id = session.execute(
        db.insert_for(session)(db.table(Collection))
        .values(
            letter_id=settings.id,
            name=mine.source,
            source={settings.default_language: mine.source},
            without_names=0,
            collected_by=actor,
            without_names_sector=NOT_SAID,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Collection.id)
    ).scalar()
    if collection_id is None:
        raise SourceTaken
    # The note becomes public with the first name: a new public version.
    session.execute(
        update(db.table(Letter))
        .where(Letter.id == settings.id)
        .values(revision=Letter.revision + 1, revised_at=now)
    )
    set_values(session, mine.id, run_job_id=job.id, collection_id=collection_id, asks=asks,
         repeats=repeats)  # fmt: skip
    record.write(session, letter_id=settings.id, actor=actor, verb="import.run",
                 subject=public_id, after="asks" if asks else "collects",
                 reason=mine.source, at=now)  # fmt: skip


def stop(
    session: Transaction, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> bool:
    """End whatever runs before its next batch; False when nothing does."""
    mine = find(session, letter_id=letter_id, public_id=public_id)
    job_id = mine.undo_job_id or mine.run_job_id or mine.check_job_id
    if job_id is None or not jobs.stop(session, job_id=job_id):
        return False
    record.write(session, letter_id=letter_id, actor=actor, verb="import.stop",
                 subject=public_id, at=now)  # fmt: skip
    return True


def undo(
    session: Transaction, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Begin to take back what an import has brought in, and wipe it.

    Whoever has confirmed by now, and whoever was verified, stays; questions that were
    not answered yet become void. Raises NotNow.
    """
    mine = find(session, letter_id=letter_id, public_id=public_id)
    ran = jobs.progress(session, job_id=mine.run_job_id)
    undone = jobs.progress(session, job_id=mine.undo_job_id)
    if ran is None or ran.unended:
        raise NotNow
    if undone is not None and (undone.unended or undone.state is JobState.DONE):
        raise NotNow
    brought = ran.result.get("collected", 0) + ran.result.get("asked", 0)
    job = jobs.start(
        session,
        kind=UNDO,
        letter_id=letter_id,
        arguments={"import": public_id},
        total=brought,
        actor=actor,
        now=now,
    )
    set_values(session, mine.id, undo_job_id=job.id)
    record.write(session, letter_id=letter_id, actor=actor, verb="import.undo",
                 subject=public_id, at=now)  # fmt: skip


def drop(
    session: Transaction, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Wipe an upload that is not to be taken in. Raises NotNow once that has begun."""
    mine = find(session, letter_id=letter_id, public_id=public_id)
    if mine.run_job_id:
        raise NotNow
    if mine.check_job_id:
        jobs.stop(session, job_id=mine.check_job_id)
    if mine.wiped_at:
        return
    wipe(session, import_id=mine.id, now=now)
    record.write(session, letter_id=letter_id, actor=actor, verb="import.drop",
                 subject=public_id, at=now)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """An import as its page shows it."""

    row: Row[Any]
    checked: Progress | None
    ran: Progress | None
    undone: Progress | None
    # When the very same file was uploaded before and taken in, if it was.
    seen_at: datetime | None

    @property
    def unended(self) -> Progress | None:
        """The job that is at work, if one is."""
        jobs_of_it = (self.undone, self.ran, self.checked)
        return next((job for job in jobs_of_it if job and job.unended), None)

    @property
    def may_undo(self) -> bool:
        """Whether undoing it is possible now."""
        if self.ran is None or self.ran.unended:
            return False
        return self.undone is None or self.undone.state in (
            JobState.STOPPED,
            JobState.FAILED,
        )


def show(session: Transaction, *, letter_id: int, public_id: str) -> Shown:
    """One import. Raises NoResultFound where the letter has none of this id."""
    return _shown(session, find(session, letter_id=letter_id, public_id=public_id))


def listed(
    session: Transaction, *, letter_id: int, before: int | None = None, limit: int = 50
) -> list[Shown]:
    """The imports of a letter, newest first; `before` is the id of the last seen."""
    asked = select(db.table(Import)).where(Import.letter_id == letter_id)
    if before is not None:
        asked = asked.where(Import.id < before)
    rows = session.execute(asked.order_by(Import.id.desc()).limit(limit)).all()
    return [_shown(session, row) for row in rows]


def _shown(session: Transaction, row: Row[Any]) -> Shown:
    seen_at = session.scalar(
        select(func.max(Import.created_at)).where(
            Import.letter_id == row.letter_id,
            Import.digest == row.digest,
            Import.id < row.id,
            Import.run_job_id.is_not(None),
            Import.undo_job_id.is_(None),
        )
    )
    return Shown(
        row=row,
        checked=jobs.progress(session, job_id=row.check_job_id),
        ran=jobs.progress(session, job_id=row.run_job_id),
        undone=jobs.progress(session, job_id=row.undo_job_id),
        seen_at=seen_at,
    )


def problems(
    session: Transaction, *, import_id: int, after: int = 0, limit: int = 100
) -> list[tuple[int, str, str]]:
    """Row, field and problem, by row; `after` is the last row that was seen.

    At most `limit`, and never a part of what is wrong with a row.
    """
    rows = session.execute(
        select(ImportProblem.row, ImportProblem.field, ImportProblem.problem)
        .where(ImportProblem.import_id == import_id, ImportProblem.row > after)
        .order_by(ImportProblem.row, ImportProblem.field)
        .limit(limit)
    ).all()
    found = [(row.row, row.field, row.problem) for row in rows]
    if len(found) == limit:
        # There may be more about the last one: that comes with the next ones.
        found = [one for one in found if one[0] != found[-1][0]]
    return found
