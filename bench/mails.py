"""Mails measured: what a worker takes for one, and what those who sign notice of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from sqlalchemy import text, update

from app import db
from app.models import Outbox, OutboxKind, OutboxState
from app.processes import ROOT, House, flask_command
from bench.bulk import done, labour
from bench.client import Client
from bench.cpu import Meter
from bench.people import People
from bench.report import Goal, Result
from bench.stage import Filled, Server, Stage, free_port

# As long as a server that is not on the same machine takes for a mail, and a slow one.
_AFAR, _SLOW = 0.01, 1.0
_ROUNDS = 3
_ONE = Goal(times=1 / 0.6, growth=1.2)
# What signs is measured in so many turns, of so many forms each.
_TURNS, _FORMS, _CONNECTIONS = 7, 150, 4


# A worker has begun and is at rest when it uses no more than this part of a core.
_PAUSE, _IDLE = 0.5, 0.1


@dataclass(frozen=True, slots=True)
class _Sink:
    """A mail server in a process of its own."""

    port: int
    pid: int


def mails(stage: Stage, kind: str) -> list[Result]:
    """One worker beside a raw loop, with few and with many mails waiting; then two.

    All of them speak to one server, which is a program of Python's as well; two workers
    to one that takes its time, for two cores are not enough for three programs. The
    times are what the mails took as things were; the CPU is what they would have taken
    on a machine of their own, since one waits for the other all along.
    """
    small, large = stage.filled(kind)
    _ask_for_all(large)
    with _server() as sink:
        pairs = [(_one(small, sink), _one(large, sink)) for _ in range(_ROUNDS)]
    with _server(_AFAR) as sink:
        crowds = [(_several(large, sink, 1), _several(large, sink, 2))
                  for _ in range(_ROUNDS)]  # fmt: skip
    for filled in (small, large):
        _send_all(filled)

    def of_one(unit: str, ours: str, raw: str, times: str) -> Result:
        return Result(
            name="mail",
            database=kind,
            ours=median(few[ours] for few, _ in pairs),
            reference=median(few[raw] for few, _ in pairs),
            unit=unit,
            times=median(few[times] for few, _ in pairs),
            # Each against the raw loop beside it, whatever the weather was.
            growth=median(many[times] / few[times] for few, many in pairs),
            goal=_ONE,
            per_second=(
                1000 / median(few[ours] for few, _ in pairs),
                1000 / median(few[raw] for few, _ in pairs),
            ),
        )

    return [
        of_one("ms", "ms", "raw_ms", "times"),
        of_one("CPU ms", "cpu", "raw_cpu", "cpu_times"),
        Result(
            name="mail-two-workers",
            database=kind,
            ours=median(two for _, two in crowds) * 1000,
            reference=median(one for one, _ in crowds) * 1000,
            unit="ms",
            times=median(two / one for one, two in crowds),
            growth=1.0,
            goal=Goal(times=1 / 1.7, of="one worker"),
            per_second=(
                1 / median(two for _, two in crowds),
                1 / median(one for one, _ in crowds),
            ),
        ),
    ]


def _one(filled: Filled, sink: _Sink) -> dict[str, float]:
    """What a mail takes one worker, and the raw loop beside it."""
    if filled.signatures <= 1000:
        _ask_for_all(filled)
    metered = " ".join(map(str, (sink.pid, *filled.roots)))
    return done(labour(filled, "mail", **_at(sink), BENCH_METERED=metered))


def _several(filled: Filled, sink: _Sink, workers: int) -> float:
    """Seconds from one mail to the next while so many workers are at it."""
    running = [labour(filled, "mail-alone", **_at(sink)) for _ in range(workers)]
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    took = [done(process) for process in running]
    return max(one["seconds"] for one in took) / sum(one["mails"] for one in took)


def _at(sink: _Sink) -> dict[str, str]:
    return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(sink.port)}


def _ask_for_all(filled: Filled) -> None:
    """Let all mails after confirming be due, whatever became of them."""
    _turn(filled, OutboxState.READY)


def _send_all(filled: Filled) -> None:
    """Let them be sent, as they were before."""
    _turn(filled, OutboxState.SENT)


def _turn(filled: Filled, wanted: OutboxState) -> None:
    table = db.table(Outbox)
    with filled.database.transaction() as session:
        if not filled.database.sqlite:
            # Half a million rows take longer than any statement of the house may.
            session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(
            update(table)
            .where(
                table.c.kind == OutboxKind.SIGNED.value, table.c.state != wanted.value
            )
            .values(
                state=wanted.value,
                lease_token=None,
                attempts=0,
                due_at=db.now() - timedelta(hours=1),
            )
        )
        session.commit()
    if not filled.database.sqlite:
        # As autovacuum does soon afterwards, and not while something is measured.
        with filled.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE outbox"))
            connection.invalidate()


def signing(stage: Stage, kind: str) -> list[Result]:
    """A form sent while the mail server is well, is slow, and is gone.

    A worker is at it each time. What counts is the worse of the two troubles, against
    the server that is well: how long half of the forms took at most, and the CPU of
    the web server.
    """
    filled = stage.other(kind)
    server, people = stage.ours(filled), People(filled)
    # Without the database's: the worker uses it as well, the more the better it goes.
    web = replace(server, meter=Meter(server.meter.roots - set(filled.roots)))
    found: dict[str, list[_Signed]] = {"well": [], "slow": [], "gone": []}
    with _server() as well, _server(_SLOW) as slow:
        ports = {"well": well.port, "slow": slow.port, "gone": free_port()}
        for turn in range(_TURNS + 1):
            # The first turn only warms up, and nobody is always the first.
            for name in (*ports, *ports)[turn % 3 : turn % 3 + 3]:
                with _worker(filled, ports[name]):
                    signed = _signed(web, people)
                if turn:
                    found[name].append(signed)

    def row(unit: str, figure: Callable[[_Signed], float]) -> Result:
        middle = {name: median(map(figure, of)) for name, of in found.items()}
        worse = max(("slow", "gone"), key=middle.__getitem__)
        return Result(
            name="sign-mail-trouble",
            database=kind,
            ours=middle[worse],
            reference=middle["well"],
            unit=unit,
            times=median(
                figure(bad) / figure(good)
                for bad, good in zip(found[worse], found["well"], strict=True)
            ),
            growth=1.0,
            goal=Goal(times=1.1, of="well"),
        )

    return [row("ms", lambda one: one.p50), row("CPU ms", lambda one: one.cpu)]


@dataclass(frozen=True, slots=True)
class _Signed:
    """What forms took in one turn, in ms."""

    p50: float
    cpu: float


def _signed(server: Server, people: People) -> _Signed:
    requests = people.sign(server, _FORMS)
    with Client(server.port, _CONNECTIONS) as client:
        before = server.meter.read()
        load = client.load(requests, status=303)
        cpu = server.meter.read() - before
    return _Signed(median(load.latencies) * 1000, cpu / _FORMS * 1000)


@contextmanager
def _worker(filled: Filled, port: int) -> Iterator[None]:
    """A worker that is at its work, with the mail server at this port."""
    environment = filled.environment | {
        "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    with House(environment, tied=True) as house:
        house.start("worker", flask_command("worker"))
        meter, used = Meter([house.pid("worker")]), 0.0
        # Importing the house takes it some seconds of a core, and the mails that still
        # wait take their time; then it looks about it a few times a second.
        while (now := meter.read()) < 1 or now - used > _IDLE * _PAUSE:
            used = now
            time.sleep(_PAUSE)
        yield


@contextmanager
def _server(wait: float = 0.0) -> Iterator[_Sink]:
    """A mail server in a process of its own, which takes so long for each mail."""
    command = [sys.executable, "-m", "bench.sink", str(wait)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield _Sink(int(process.stdout.readline()), process.pid)
        process.terminate()
