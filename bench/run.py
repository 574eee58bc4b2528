"""Measure the house against the plainest programs of the same kind: `make bench`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import report
from bench.measures import MEASURES, Measure
from bench.report import Result
from bench.stage import Failed, Stage

_FULL, _QUICK = (1_000, 1_000_000), (1_000, 20_000)
_DATABASES = ("SQLite", "PostgreSQL")
_REFERENCE = Path(__file__).with_name("reference.py")


def main() -> int:
    """Read the arguments, measure, print the table and write the results."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    known = {measure.name: measure for measure in MEASURES}
    parser.add_argument("--only", choices=known, help="measure this one alone")
    parser.add_argument("--quick", action="store_true", help="grow to 20,000 only")
    arguments = parser.parse_args()
    if sys.platform != "linux":
        print("CPU times are read as Linux shows them: measure there.", file=sys.stderr)
        return 1
    wanted = [known[arguments.only]] if arguments.only else list(MEASURES)
    sizes = _QUICK if arguments.quick else _FULL
    # To be told to end is to clear up first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    print(f"The reference programs:\n\n{_REFERENCE.read_text()}")
    try:
        results = _measured(wanted, sizes, started)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    if not arguments.quick:
        report.write(results)
    small, large = sizes
    seconds, load = time.monotonic() - started, os.getloadavg()[0]
    print(f"""
{report.table(results)}

ours and reference: with {small:,} signatures; growth: with {large:,} over {small:,}.
CPU ms: of the server's processes and the database, for one request, the median of the
rounds; "ours is" and growth: the median of what each round says when compared with
itself, ours and the reference having taken turns within it. sign-p99: what 1 of 100
waits longer than, beside what half of them do.
{seconds:.0f} s on {os.cpu_count()} cores; load at the end: {load:.1f}.""")
    return 0


def _measured(
    measures: Sequence[Measure], sizes: tuple[int, int], started: float
) -> list[Result]:
    """All figures of one measure stand together, whatever order they are taken in."""
    results: dict[str, list[Result]] = {measure.name: [] for measure in measures}
    _say(f"filling databases with {sizes[0]:,} and {sizes[1]:,} signatures", started)
    with Stage(sizes, _DATABASES) as stage:
        for kind in stage.databases:
            for measure in measures:
                _say(f"{measure.name} on {kind}", started)
                for result in measure.take(stage, kind):
                    _say(f"  {report.line(result)}", started)
                    results[measure.name].append(result)
            stage.stop_servers()
        _say("clearing up", started)
    return [result for taken in results.values() for result in taken]


def _say(what: str, started: float) -> None:
    print(f"{time.monotonic() - started:5.0f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
