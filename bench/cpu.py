"""CPU time of whole process trees: what a request costs, however busy the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Meter:
    """Reads the CPU seconds that some processes and all their children have used."""

    def __init__(self, roots: Iterable[int]) -> None:
        self.roots = frozenset(roots)

    def read(self) -> float:
        """CPU seconds since the roots started, of the living and of the reaped."""
        children: dict[int, list[int]] = {}
        reaped: dict[int, int] = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                line = (folder / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            # Fields from the third on: proc_pid_stat(5). Names may hold brackets.
            fields = line[line.rindex(")") + 2 :].split()
            pid = int(folder.name)
            children.setdefault(int(fields[1]), []).append(pid)
            reaped[pid] = int(fields[13]) + int(fields[14])
        seconds = 0.0
        waiting = [pid for pid in self.roots if pid in reaped]
        while waiting:
            pid = waiting.pop()
            waiting += children.get(pid, [])
            seconds += _living(pid) + reaped[pid] * _TICK
        return seconds


def _living(pid: int) -> float:
    """User and system time of one process; /proc knows it in ticks of 10 ms only.

    The clock of another process (clock_getcpuclockid(3)) is exact to the nanosecond,
    and this is how its number is made.
    """
    try:
        return time.clock_gettime_ns((~pid << 3) | 2) / 1e9
    except OSError:
        return 0.0
