"""Long work in a process of its own, as in life: `python -m bench.labour WHAT`.

What it took is printed as JSON. The database and the keys come from the environment.
"""

from __future__ import annotations

import json
import os
import resource
import smtplib
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg
from sqlalchemy import make_url, select

import config
from app import create_public, db
from app.domain import exports, letters
from app.mail import messages
from app.mail.wire import Envelope, House
from app.models import IS_UNENDED, Job
from app.postman import Postman
from app.site import Site
from app.workbench import Workbench
from bench.cpu import Meter
from bench.stage import SLUG

# The columns of an export, as they stand in the table.
_COLUMNS = ", ".join((*exports.COLUMNS[1:-1], "public_id", "address_sealed"))
_PUBLIC = (
    "SELECT public_id, name, title, affiliation, sector, country, statement,"
    " identification_only, verified, featured_rank, origin, confirmed_at FROM signature"
    " WHERE letter_id = 1 AND state = 'counted' AND listed"
)
_ROWS = f"SELECT {_COLUMNS} FROM signature WHERE letter_id = 1"

# So many mails are handed over; the small letter has 500 of the kind.
_MAILS, _TURN = 400, 50


def export(site: Site) -> dict[str, float]:
    """Write the whole export to nowhere."""
    create_public(site)
    return _written(
        lambda: exports.as_csv(site.database, keyring=site.keyring, letter_id=1)
    )


def file(site: Site) -> dict[str, float]:
    """Write the public list to nowhere."""
    from app.publishing import signatories

    create_public(site)
    return _written(lambda: signatories.file_of(site, SLUG))


def _written(begin: Callable[[], Iterator[bytes]]) -> dict[str, float]:
    """How long it takes to write, how soon it begins, and with how much memory."""
    idle = _memory()
    began = time.perf_counter()
    first = 0.0
    with Path(os.devnull).open("wb") as nowhere:
        for data in begin():
            first = first or time.perf_counter() - began
            nowhere.write(data)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "first": first, "idle": idle, "peak": peak}


def raw_export(site: Site) -> dict[str, float]:
    """The same columns, raw."""
    return _raw(site, _ROWS)


def raw_file(site: Site) -> dict[str, float]:
    """The same columns of the public list, raw."""
    return _raw(site, _PUBLIC)


def _raw(site: Site, rows: str) -> dict[str, float]:
    """COPY them, or fetch them with the bare driver and write bytes."""
    began = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        if site.database.sqlite:
            connection = sqlite3.connect(str(site.database.url.database))
            nowhere.writelines(
                (",".join(map(str, row)) + "\n").encode()
                for row in connection.execute(rows)
            )
            connection.close()
        else:
            with (
                psycopg.connect(_url(site)) as session,
                session.cursor() as cursor,
                cursor.copy(f"COPY ({rows}) TO STDOUT") as copy,
            ):
                nowhere.writelines(copy)
    return {"seconds": time.perf_counter() - began}


def work(site: Site) -> dict[str, float]:
    """Do all jobs that wait, resting after each batch as the worker does."""
    began = time.perf_counter()
    bench = Workbench(site.config, site.database)
    waiting = select(Job.id).where(IS_UNENDED).limit(1)
    while True:
        while bench.work():
            pass
        with site.database.reading() as session:
            if session.scalar(waiting) is None:
                return {"seconds": time.perf_counter() - began}


def mail(site: Site) -> dict[str, float]:
    """Hand over mails that wait, and as many by smtplib alone, in short turns.

    What both did to the machine in that time is the same then. CPU is that of whoever
    had a part in it: this process, the mail server and the database.
    """
    postman, raw = Postman(site.config, site.database), _Raw(site)
    with create_public(site).app_context():
        _begin(postman)
        raw.send(_TURN)
        others = Meter(map(int, os.environ["BENCH_METERED"].split()))
        turns: list[tuple[_Cost, _Cost]] = []
        mails = 0
        while mails < _MAILS and (turn := _measured(others, postman.deliver)).mails:
            turns.append((turn, _measured(others, partial(raw.send, turn.mails))))
            mails += turn.mails
    return {
        "mails": mails,
        "ms": median(ours.ms for ours, _ in turns),
        "raw_ms": median(bare.ms for _, bare in turns),
        "times": median(ours.ms / bare.ms for ours, bare in turns),
        "cpu": median(ours.cpu for ours, _ in turns),
        "raw_cpu": median(bare.cpu for _, bare in turns),
        "cpu_times": median(ours.cpu / bare.cpu for ours, bare in turns),
    }


def mail_alone(site: Site) -> dict[str, float]:
    """Hand over mails that wait, from the moment on that we are told to."""
    postman = Postman(site.config, site.database)
    with create_public(site).app_context():
        _begin(postman)
        print(flush=True)
        sys.stdin.readline()
        began, mails = time.perf_counter(), 0
        while mails < _MAILS and (handled := postman.deliver()):
            mails += handled
        return {"seconds": time.perf_counter() - began, "mails": mails}


def _begin(postman: Postman) -> None:
    """The connection, the first mail and small batches are not what is measured."""
    for _ in range(3):
        postman.deliver()


class _Cost(NamedTuple):
    """What a mail took in one turn, in ms."""

    mails: int
    ms: float
    cpu: float


def _measured(others: Meter, send: Callable[[], int]) -> _Cost:
    metered, cpu, began = others.read(), time.process_time(), time.perf_counter()
    mails = send()
    seconds = time.perf_counter() - began
    used = time.process_time() - cpu + others.read() - metered
    each = 1000 / max(mails, 1)
    return _Cost(mails, seconds * each, used * each)


class _Raw:
    """One mail time and again over one connection, with smtplib alone."""

    def __init__(self, site: Site) -> None:
        with site.database.reading() as session:
            settings = letters.load(session, letter_id=1)
        now = db.now()
        self._content = messages.signed(
            House(site.config.base_url, site.config.mail_from),
            Envelope("person@example.org", "0" * 32, now),
            letters.view(settings, language="en", now=now),
            manage="0" * 64,
            number=1000,
        )
        self._sender = site.config.mail_from
        self._server = smtplib.SMTP(site.config.mail_server, site.config.mail_port)

    def send(self, number: int) -> int:
        """Send so many; how many those were."""
        for one in range(number):
            to = [f"person{one}@example.org"]
            self._server.sendmail(self._sender, to, self._content)
        return number


def _url(site: Site) -> str:
    url = make_url(site.config.database_url).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _memory() -> int:
    """What this process holds now, in kB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


WHAT: dict[str, Callable[[Site], dict[str, float]]] = {
    "export": export,
    "raw-export": raw_export,
    "list-file": file,
    "raw-list-file": raw_file,
    "work": work,
    "mail": mail,
    "mail-alone": mail_alone,
}

if __name__ == "__main__":
    print(json.dumps(WHAT[sys.argv[1]](Site.open(config.load(os.environ)))))
