"""The benchmark's own parts: what it fills in adds up, and what it counts is all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

from app.db import Database
from app.domain import (
    tally,
    tally_check,
)
from app.models import Measure, Outbox, Signature, Submission, SubmissionState
from bench import report, seed
from bench.cpu import Meter
from bench.first_view import addresses
from bench.report import Goal, Result

SIGNATURES = 1_000


def test_seeded_signatures_add_up(database_url: str) -> None:
    seed.fill(database_url, slug="deepfakes", signatures=SIGNATURES)
    database = Database(database_url)
    with database.reading() as session:
        numbers = tally.read(session, letter_id=1)
        states = select(Signature.state, func.count()).group_by(Signature.state)
        counted = {state: number for state, number in session.execute(states)}
        waiting = select(func.count()).where(
            Submission.state == SubmissionState.OPEN.value
        )
        sent = session.scalar(select(func.count()).select_from(Outbox))
        assert counted["held"] == SIGNATURES // 100
        assert tally.total(numbers, Measure.CONFIRMED) == SIGNATURES * 99 // 100
        assert tally.total(numbers, Measure.VERIFIED) == SIGNATURES // 20
        assert session.scalar(waiting) == SIGNATURES // 10
        assert sent == SIGNATURES + SIGNATURES // 10
        assert tally_check.check(session) == []
    database.dispose()


def test_a_meter_reads_children_too() -> None:
    # The child works and is reaped; the parent then waits for its input to end.
    program = (
        "import subprocess, sys\n"
        "work = 'import time\\nwhile time.process_time() < 0.2: pass'\n"
        "subprocess.run([sys.executable, '-c', work])\n"
        "print('done', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        assert 0.2 <= Meter([process.pid]).read() < 5
        process.stdin.close()


def test_a_meter_reads_what_is_happening_now() -> None:
    meter = Meter([os.getpid()])
    before, began = meter.read(), time.process_time()
    while time.process_time() < began + 0.1:
        pass
    assert meter.read() - before >= 0.1


def test_a_first_view_fetches_all_that_a_page_names() -> None:
    page = """
      <link rel="stylesheet" href="/a.css"><link rel="canonical" href="/not-this">
      <link rel="icon" href="/b.svg"><img src="/c.png" srcset="/d.png 2x, /e.png 3x">
      <style>@import "/f.css"; p { background: url('/g.png') }</style>
      <script src="https://elsewhere.example/h.js"></script>
      <a href="/nor-this">link</a><p style="background: url(/i.png)">text</p>
      <style>.bar { fill: url(#hatch); }</style>
    """
    assert sorted(addresses(page, "text/html")) == [
        "/a.css", "/b.svg", "/c.png", "/d.png", "/e.png", "/f.css", "/g.png", "/i.png",
        "https://elsewhere.example/h.js",
    ]  # fmt: skip


def test_results_are_written_as_the_design_says(tmp_path: Path) -> None:
    result = Result(
        name="sign",
        database="SQLite",
        ours=2.0,
        reference=1.0,
        unit="CPU ms",
        times=2.0,
        growth=1.4,
        goal=Goal(times=2, growth=1.3),
    )
    report.write([result], tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text()) == [
        {
            "name": "sign",
            "database": "SQLite",
            "ours": 2.0,
            "reference": 1.0,
            "unit": "CPU ms",
            "ratio": 0.5,
            "growth": 1.4,
            "goal": "<= 2 x reference, growth <= 1.3",
            "met": False,
        }
    ]
    assert "sign  SQLite" in report.table([result])
