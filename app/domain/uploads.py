"""Files of signatures as they lie in the database: sealed, in parts, and not for long."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from app import db
from app.db import Transaction
from app.domain import import_files, names, record, standing
from app.domain.import_files import Line
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.domain.names import NameProblem
from app.models import Collection, Import, ImportKey, ImportPart

# How many rows are judged and taken in at once.
PART = 500
SOURCE_LIMIT = 200
# An upload that nobody goes on with is wiped.
FORGOTTEN = timedelta(days=1)


class SourceUnfit(ValueError):
    """The note on the source cannot be published as it stands; `problem` says why."""

    def __init__(self, problem: NameProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class SourceTaken(ValueError):
    """The letter has a collection with this note: it must say what differs."""


def upload(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    file_name: str,
    content: bytes,
    source: str,
    actor: str,
    now: datetime,
) -> str:
    """Keep a file, sealed, to be mapped and checked; the public id of its import.

    Nothing is published by it. Raises FileProblem, SourceUnfit, SourceTaken.
    """
    source = names.clean_line(source)
    if not source:
        raise SourceUnfit(NameProblem.EMPTY)
    if problem := names.problem_with_text(source, limit=SOURCE_LIMIT):
        raise SourceUnfit(problem)
    taken = select(Collection.id).where(
        Collection.letter_id == settings.id, Collection.name == source
    )
    if session.scalar(taken) is not None:
        raise SourceTaken
    sheet = import_files.read(content)
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    public_id = standing.new_public_id()
    import_id = session.execute(
        insert(db.table(Import)).returning(Import.id),
        {
            "public_id": public_id,
            "letter_id": settings.id,
            "file_name": names.clean_line(file_name)[:200],
            "digest": hmac.digest(pepper, b"import-file-v1\0" + content, "sha256"),
            "encoding": sheet.encoding,
            "delimiter": sheet.delimiter,
            "rows": len(sheet.lines),
            "mapping": None,
            "source": source,
            "asks": False,
            "repeats": False,
            "actor": actor,
            "created_at": now,
        },
    ).scalar_one()
    pieces = [
        sheet.lines[start : start + PART] for start in range(0, len(sheet.lines), PART)
    ]
    session.execute(
        insert(db.table(ImportPart)),
        [
            {"import_id": import_id, "number": number, "sealed": keyring.seal(
                _packed(lines), context=_context(import_id, number))}
            for number, lines in enumerate([[Line(1, sheet.columns)], *pieces])
        ],
    )  # fmt: skip
    record.write(session, letter_id=settings.id, actor=actor, verb="import.upload",
                 subject=public_id, after=f"{len(sheet.lines)} rows",
                 at=now)  # fmt: skip
    return public_id


def _packed(lines: Sequence[Line]) -> bytes:
    rows = [[line.number, line.cells] for line in lines]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _context(import_id: int, number: int) -> bytes:
    return b"import:%d:%d" % (import_id, number)


def part(
    session: Transaction, *, keyring: Keyring, import_id: int, number: int
) -> list[Line] | None:
    """The rows of one part of a file; None where it is wiped or there is none."""
    sealed = session.scalar(
        select(ImportPart.sealed).where(
            ImportPart.import_id == import_id, ImportPart.number == number
        )
    )
    if sealed is None:
        return None
    opened = keyring.open(sealed, context=_context(import_id, number))
    return [Line(number, cells) for number, cells in json.loads(opened)]


def parts(rows: int) -> int:
    """How many parts a file of so many rows has, without that of its columns."""
    return -(-rows // PART)


def wipe(session: Transaction, *, import_id: int, now: datetime) -> None:
    """Delete what was uploaded; what was wrong with which row stays."""
    for model in (ImportPart, ImportKey):
        session.execute(delete(db.table(model)).where(model.import_id == import_id))
    set_values(session, import_id, wiped_at=now)


def forget(session: Transaction, *, now: datetime) -> int:
    """Wipe the uploads that nobody has gone on with; how many those were."""
    old = session.scalars(
        select(Import.id).where(
            Import.wiped_at.is_(None),
            Import.run_job_id.is_(None),
            Import.created_at <= now - FORGOTTEN,
        )
    ).all()
    for import_id in old:
        wipe(session, import_id=import_id, now=now)
    return len(old)


def set_values(session: Transaction, import_id: int, **values: Any) -> None:
    session.execute(
        update(db.table(Import)).where(Import.id == import_id).values(values)
    )


def find(session: Transaction, *, letter_id: int, public_id: str) -> Row[Any]:
    """The row of one import. Raises NoResultFound where the letter has none such."""
    return session.execute(
        select(db.table(Import)).where(
            Import.letter_id == letter_id, Import.public_id == public_id
        )
    ).one()
