"""Long work measured: exports, imports and cases, and those who sign beside them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import delete, insert, text

from app import db
from app.db import Database
from app.domain import imports, invalidation, standing, uploads
from app.domain.conditions import Conditions
from app.domain.keyring import Keyring
from app.models import Signature
from app.processes import ROOT
from app.workbench import Workbench
from bench.client import Client
from bench.people import People
from bench.report import Goal, Result
from bench.rows import name_of
from bench.stage import Failed, Filled, Stage

_ROUNDS = 3
_ACTOR = "organiser:1"
# Of a large letter a file of this many rows; of a small one in a quick run fewer.
_ROWS, _FEW_ROWS = 100_000, 5_000
_CONNECTIONS = 2
_HEAD = "Name,Affiliation,Sector,Country\n"
_WANTED = Conditions(name="Ada *")


def labour(filled: Filled, what: str, **settings: str) -> subprocess.Popen[bytes]:
    """Begin a piece of work in a process of its own, with further settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.labour", what],
        cwd=ROOT,
        env=filled.environment | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def done(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """What it took, once it has ended."""
    said, _ = process.communicate()
    if process.returncode:
        raise Failed("The work has failed; the lines above say why.")
    found: dict[str, float] = json.loads(said)
    return found


# -- Exports ---------------------------------------------------------------------


def export(stage: Stage, kind: str) -> list[Result]:
    """All signatures with their addresses, against the raw rows."""
    return _written(stage, kind, "export", Goal(times=6))


def file(stage: Stage, kind: str) -> list[Result]:
    """The public list as CSV, against the raw rows of the same columns."""
    return _written(stage, kind, "list-file", Goal(times=3))


def _written(stage: Stage, kind: str, name: str, goal: Goal) -> list[Result]:
    """How long writing takes, with how much memory, and how soon it begins."""
    ours, raw = [], []
    small, large = stage.filled(kind)
    for _ in range(_ROUNDS):
        ours.append((done(labour(small, name)), done(labour(large, name))))
        raw.append(done(labour(large, f"raw-{name}")))
    seconds = median(one["seconds"] for _, one in ours)
    rows = large.signatures / small.signatures
    return [
        Result(
            name=name,
            database=kind,
            ours=seconds,
            reference=median(one["seconds"] for one in raw),
            unit="s",
            times=median(
                one["seconds"] / bare["seconds"]
                for (_, one), bare in zip(ours, raw, strict=True)
            ),
            growth=median(b["seconds"] / a["seconds"] / rows for a, b in ours),
            goal=goal,
        ),
        Result(
            name=name,
            database=kind,
            ours=median(one["peak"] for _, one in ours) / 1024,
            reference=median(one["idle"] for _, one in ours) / 1024,
            unit="MB",
            times=median(one["peak"] / one["idle"] for _, one in ours),
            growth=median(b["peak"] / a["peak"] for a, b in ours),
            goal=Goal(times=1.2, growth=1.05, of="idle"),
        ),
        Result(
            name=name,
            database=kind,
            ours=median(one["first"] for _, one in ours) * 1000,
            reference=None,
            unit="ms",
            times=None,
            growth=median(b["first"] / a["first"] for a, b in ours),
            goal=Goal(most=200),
        ),
    ]


# -- Imports ---------------------------------------------------------------------


def take_in(stage: Stage, kind: str) -> list[Result]:
    """A file of rows taken in, against one bulk insert of the same rows."""
    return _beside(stage, kind, "import", _import_on)


def _import_on(filled: Filled) -> tuple[float, Callable[[], None]]:
    """Check a file and ask for it to be taken in; the reference, and the undoing."""
    number = _ROWS if filled.signatures > _ROWS else _FEW_ROWS
    keyring = Keyring(filled.config().secret_keys)
    lines = [f"{name_of(n)[0]},Society {n},academia,DE" for n in range(number)]
    settings = filled.settings()
    reference = _bulk_insert(filled.database, settings.id, number)
    with filled.database.writing() as session:
        public_id = uploads.upload(
            session, keyring=keyring, settings=settings, file_name="rows.csv",
            content=(_HEAD + "\n".join(lines)).encode(), source=f"At {time.time()}",
            actor=_ACTOR, now=db.now(),
        )  # fmt: skip
        imports.check(
            session, letter_id=settings.id, public_id=public_id, columns=4,
            mapping={"name": 0, "affiliation": 1, "sector": 2, "country": 3},
            actor=_ACTOR, now=db.now(),
        )  # fmt: skip
        session.commit()
    _finish(filled)
    with filled.database.writing() as session:
        imports.run(
            session, settings=settings, public_id=public_id, asks=False, repeats=True,
            actor=_ACTOR, now=db.now(),
        )  # fmt: skip
        session.commit()

    def undo() -> None:
        with filled.database.writing() as session:
            imports.undo(session, letter_id=settings.id, public_id=public_id,
                         actor=_ACTOR, now=db.now())  # fmt: skip
            session.commit()
        _finish(filled)

    return reference, undo


def _bulk_insert(database: Database, letter_id: int, number: int) -> float:
    """Seconds that one INSERT of so many finished rows takes, in one transaction."""
    now = db.now()
    with database.transaction() as session:
        collection_id = session.execute(
            text("SELECT min(id) FROM collection WHERE letter_id = :letter"),
            {"letter": letter_id},
        ).scalar_one()
        rows = [
            {
                "public_id": standing.new_public_id(), "letter_id": letter_id,
                "origin": "collected", "state": "counted", "name": name_of(n)[0],
                "name_key": name_of(n)[1], "affiliation": f"Society {n}",
                "sector": "academia", "country": "DE", "listed": True,
                "public_figure": False, "identification_only": False,
                "wants_updates": False, "may_contact": False, "language": "en",
                "collection_id": collection_id, "verified": False, "created_at": now,
            }
            for n in range(number)
        ]  # fmt: skip
        began = time.perf_counter()
        session.execute(insert(db.table(Signature)), rows)
        session.commit()
        seconds = time.perf_counter() - began
    with database.transaction() as session:
        if not database.sqlite:
            # Nothing points at these rows yet. PostgreSQL would look through every
            # table that could, row by row.
            session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            delete(db.table(Signature)).where(
                Signature.collection_id == collection_id, Signature.created_at == now
            )
        )
        session.commit()
    return seconds


# -- Cases -----------------------------------------------------------------------


def case(stage: Stage, kind: str) -> list[Result]:
    """One name in 13 rejected, against one bulk update of the same rows."""
    return _beside(stage, kind, "case", _case_on)


def _case_on(filled: Filled) -> tuple[float, Callable[[], None]]:
    reference = _bulk_update(filled.database)
    with filled.database.writing() as session:
        public_id = invalidation.run(
            session, letter_id=1, wanted=_WANTED, reason="Measured", actor=_ACTOR,
            now=db.now(),
        )  # fmt: skip
        session.commit()

    def undo() -> None:
        with filled.database.writing() as session:
            invalidation.undo(session, letter_id=1, public_id=public_id, actor=_ACTOR,
                              now=db.now())  # fmt: skip
            session.commit()
        _finish(filled)

    return reference, undo


def _bulk_update(database: Database) -> float:
    """Seconds that one UPDATE of the same rows takes; another takes it back."""
    like = "name GLOB '[Aa]da *'" if database.sqlite else "name ~ '^[Aa][Dd][Aa] .*$'"
    reject = (
        "UPDATE signature SET state = 'rejected', rejected_from = state,"
        " featured_rank = NULL WHERE letter_id = 1 AND NOT verified"
        f" AND state IN ('counted', 'held') AND {like}"
    )
    take_back = (
        "UPDATE signature SET state = rejected_from, rejected_from = NULL"
        " WHERE letter_id = 1 AND state = 'rejected'"
    )
    seconds = _took(database, reject)
    _took(database, take_back)
    return seconds


def _took(database: Database, statement: str) -> float:
    with database.transaction() as session:
        if not database.sqlite:
            session.exec_driver_sql("SET LOCAL statement_timeout = 0")
        began = time.perf_counter()
        session.exec_driver_sql(statement)
        session.commit()
        return time.perf_counter() - began


# -- Beside those who sign -------------------------------------------------------


def _finish(filled: Filled) -> None:
    """Do what waits without rest, unmeasured."""
    bench = Workbench(filled.config(), filled.database, rest=0)
    while bench.work():
        pass
    filled.fold()


def _beside(
    stage: Stage,
    kind: str,
    name: str,
    begin: Callable[[Filled], tuple[float, Callable[[], None]]],
) -> list[Result]:
    """The work alone, on a small and a large letter; then once more beside people."""
    took: list[tuple[float, float]] = []
    for filled in stage.filled(kind):
        reference, undo = begin(filled)
        took.append((done(labour(filled, "work"))["seconds"], reference))
        undo()
    _, large = stage.filled(kind)
    alone, beside = _signing(large, stage, begin)
    (small_ours, small_raw), (ours, raw) = took
    return [
        Result(
            name=name,
            database=kind,
            ours=ours,
            reference=raw,
            unit="s",
            times=ours / raw,
            growth=(ours / raw) / (small_ours / small_raw),
            goal=Goal(times=1 / 0.3, of="bulk"),
        ),
        Result(
            name=name,
            database=kind,
            ours=beside,
            reference=alone,
            unit="ms p50",
            times=beside / alone,
            growth=1.0,
            goal=Goal(times=3, of="alone"),
        ),
    ]


def _signing(
    large: Filled,
    stage: Stage,
    begin: Callable[[Filled], tuple[float, Callable[[], None]]],
) -> tuple[float, float]:
    """How long the middle one waits who signs alone, and while the work is done."""
    people, server = People(large), stage.ours(large)
    _, undo = begin(large)
    with Client(server.port, _CONNECTIONS) as client:
        client.load(people.sign(server, 100), status=303)
        alone = client.load(people.sign(server, 400), status=303).latencies
        process = labour(large, "work")
        beside: list[float] = []
        while process.poll() is None:
            beside += client.load(people.sign(server, 20), status=303).latencies
        done(process)
    undo()
    return median(alone) * 1000, median(beside) * 1000
