"""Mails measured: how many a second a worker hands over, against a loop of smtplib."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

from sqlalchemy import update

from app import db
from app.models import Outbox, OutboxKind, OutboxState
from app.processes import ROOT
from bench.bulk import done, labour
from bench.report import Goal, Result
from bench.stage import Filled, Stage

# As long as a server that is not on the same machine takes for a mail.
_AFAR = 0.01
_ROUNDS = 3


def mails(stage: Stage, kind: str) -> list[Result]:
    """One worker beside a raw loop, with few and with many mails waiting; then two.

    All of them speak to one server, which is a program of Python's as well; two workers
    to one that takes its time, for two cores are not enough for three programs.
    """
    small, large = stage.filled(kind)
    ours, raw = [], []
    with _server() as port:
        for _ in range(_ROUNDS):
            ours.append((_one(small, port), _one(large, port)))
            raw.append(_seconds(small, "raw-mail", port))
    with _server(_AFAR) as port:
        pairs = [(_one(large, port), _two(large, port)) for _ in range(_ROUNDS)]
    for filled in (small, large):
        _turn(filled, OutboxState.READY, OutboxState.SENT)
    return [
        Result(
            name="mail",
            database=kind,
            ours=median(few for few, _ in ours) * 1000,
            reference=median(raw) * 1000,
            unit="ms",
            times=median(few / bare for (few, _), bare in zip(ours, raw, strict=True)),
            growth=median(many / few for few, many in ours),
            goal=Goal(times=1 / 0.6, growth=1.2),
        ),
        Result(
            name="mail-two-workers",
            database=kind,
            ours=median(two for _, two in pairs) * 1000,
            reference=median(one for one, _ in pairs) * 1000,
            unit="ms",
            times=median(two / one for one, two in pairs),
            growth=1.0,
            goal=Goal(times=1 / 1.7, of="one worker"),
        ),
    ]


def _one(filled: Filled, port: int) -> float:
    """Seconds that a mail takes one worker."""
    _turn(filled, OutboxState.SENT, OutboxState.READY)
    return _seconds(filled, "mail", port)


def _two(filled: Filled, port: int) -> float:
    """Seconds from one mail to the next while two workers are at it."""
    _turn(filled, OutboxState.SENT, OutboxState.READY)
    running = [_begin(filled, "mail", port) for _ in range(2)]
    took = [done(process) for process in running]
    return max(one["seconds"] for one in took) / sum(one["mails"] for one in took)


def _seconds(filled: Filled, what: str, port: int) -> float:
    took = done(_begin(filled, what, port))
    return took["seconds"] / took["mails"]


def _begin(filled: Filled, what: str, port: int) -> subprocess.Popen[bytes]:
    return labour(filled, what, MAIL_SERVER="127.0.0.1", MAIL_PORT=str(port))


def _turn(filled: Filled, given: OutboxState, wanted: OutboxState) -> None:
    """Let the mails after confirming be asked for, or be sent."""
    with filled.database.transaction() as session:
        session.execute(
            update(db.table(Outbox))
            .where(
                Outbox.kind == OutboxKind.SIGNED.value,
                Outbox.state.in_([given.value, OutboxState.LEASED.value]),
            )
            .values(
                state=wanted.value,
                lease_token=None,
                attempts=0,
                due_at=db.now() - timedelta(hours=1),
            )
        )
        session.commit()


@contextmanager
def _server(wait: float = 0.0) -> Iterator[int]:
    """A mail server in a process of its own; its port."""
    command = [sys.executable, "-m", "bench.sink", str(wait)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()
