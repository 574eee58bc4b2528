"""A mail server that takes everything: `python -m bench.sink SECONDS` prints its port.

It takes so many seconds for each mail, and ends with its input.
"""

from __future__ import annotations

import sys
from collections import deque

from tests.servers.behaviours import Behaviour, Step
from tests.servers.smtp import Sink


class _Slow(deque[Behaviour]):
    """A script that never ends: the same wait for every mail."""

    def __init__(self, wait: float) -> None:
        super().__init__([Behaviour(Step.DOT, wait=wait)])

    def popleft(self) -> Behaviour:
        return self[0]


if __name__ == "__main__":
    with Sink() as sink:
        if float(sys.argv[1]):
            sink.script = _Slow(float(sys.argv[1]))
        print(sink.port, flush=True)
        sys.stdin.read()
