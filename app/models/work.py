"""Tables of long work: jobs, cases, and the files of signatures being taken in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class JobState(StrEnum):
    """Where a long piece of work stands."""

    READY = "ready"
    RUNNING = "running"
    # Somebody wants it to end; the worker ends it before its next batch.
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """Work too long for a request: the worker does it batch by batch."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(one_of("state", JobState), "state"),
        CheckConstraint(
            "(state IN ('stopped', 'done', 'failed')) = (ended_at IS NOT NULL)", "ended"
        ),
        Index(
            "ix_job_due",
            "due_at",
            sqlite_where=text("state IN ('ready', 'running', 'stopping')"),
            postgresql_where=text("state IN ('ready', 'running', 'stopping')"),
        ),
        Index("ix_job_letter_id", "letter_id", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    state: Mapped[str] = mapped_column(String(8))
    # What it was asked to do: ids and switches, never anything personal.
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Where the next batch begins; each kind counts in its own way.
    position: Mapped[int] = mapped_column(RowId)
    # What the bar shows; a total that nobody knows yet is null.
    done: Mapped[int]
    total: Mapped[int | None]
    # The figures it has gathered so far.
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Why it failed: the name of the error, for the log has the rest.
    problem: Mapped[str | None] = mapped_column(String(80))
    actor: Mapped[str] = mapped_column(String(60))
    # Not before this: its next turn, or the end of a lease.
    due_at: Mapped[datetime] = mapped_column(Moment)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Case(Base):
    """Signatures rejected together because they meet the same conditions."""

    __tablename__ = "invalidation"
    __table_args__ = (
        Index("ix_invalidation_letter_id", "letter_id", "id"),
        CheckConstraint("reason <> ''", "reason"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)
    # One line, which the corrections of the letter show.
    reason: Mapped[str] = mapped_column(String(200))
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    undo_job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    actor: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Import(Base):
    """A file of signatures gathered elsewhere, on its way into a collection."""

    __tablename__ = "import"
    __table_args__ = (Index("ix_import_letter_id", "letter_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    # A keyed hash of the file, by which a second upload of it is noticed.
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    encoding: Mapped[str] = mapped_column(String(12))
    delimiter: Mapped[str] = mapped_column(String(1))
    rows: Mapped[int]
    # field -> number of the column; null until the organiser has said it.
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Where the signatures were gathered, as the public reads it.
    source: Mapped[str] = mapped_column(String(200))
    # Whether people with an address are asked to confirm instead of collected.
    asks: Mapped[bool]
    # Whether rows that repeat another are taken in all the same.
    repeats: Mapped[bool]
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"))
    check_job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    run_job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    undo_job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    actor: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Moment)
    # When the uploaded rows were wiped: after the work, at "drop", or by retention.
    wiped_at: Mapped[datetime | None] = mapped_column(Moment)


class ImportPart(Base):
    """Some rows of an uploaded file, sealed; part 0 is the line of column names."""

    __tablename__ = "import_part"

    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ImportProblem(Base):
    """What keeps one row out, or makes it doubtful; never what the row says."""

    __tablename__ = "import_problem"

    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[str] = mapped_column(String(12), primary_key=True)
    problem: Mapped[str] = mapped_column(String(16))


class ImportKey(Base):
    """A keyed hash of name and affiliation, by which a row repeats an earlier one."""

    __tablename__ = "import_key"

    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    row: Mapped[int]


class Asked(Base):
    """An address that an import has asked to confirm: a letter asks it only once."""

    __tablename__ = "asked"
    __table_args__ = (
        Index(
            "ix_asked_import_id",
            "import_id",
            sqlite_where=text("submission_id IS NOT NULL"),
            postgresql_where=text("submission_id IS NOT NULL"),
        ),
    )

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    address_key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import.id"))
    # Null once that form has ended and was cleared away.
    submission_id: Mapped[bytes | None] = mapped_column(LargeBinary(16))


# The condition of the index that the worker reads along, as literals (see IS_OPEN).
IS_UNENDED = Job.state.in_(
    [literal_column(f"'{state}'") for state in ("ready", "running", "stopping")]
)
