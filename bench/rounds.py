"""Rounds in which ours and the reference take turns, so that both meet one weather."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Literal

from bench.client import Client
from bench.stage import Server


@dataclass(frozen=True, slots=True)
class Round:
    """What one server did in one round."""

    # CPU milliseconds of one request, of the server and its database.
    cpu: float
    per_second: float
    # Of all its requests, how long the middle one and the unluckiest took, in ms.
    p50: float
    p99: float


@dataclass
class Runner:
    """One server with what it is asked, and its rounds so far."""

    server: Server
    make_requests: Callable[[int], Sequence[bytes]]
    status: int = 200
    # How many requests it gets in one turn.
    requests: int = 200
    # What is done after each turn, unmeasured.
    afterwards: Callable[[], None] = lambda: None
    rounds: list[Round] = field(default_factory=list)

    def middle(self, figure: Literal["cpu", "per_second", "p50", "p99"]) -> float:
        """The median of a figure over the rounds."""
        return float(median(getattr(one, figure) for one in self.rounds))


def take_turns(
    runners: Sequence[Runner], *, rounds: int, turns: int, connections: int
) -> None:
    """Measure all runners so many times, each round in so many turns.

    The turns are short, so that what else happens on the machine happens to all.
    Each round has new connections, which the workers share out among them by chance.
    The first round only warms up.
    """
    for number in range(rounds + 1):
        first = number % len(runners)
        order = [*runners[first:], *runners[:first]]
        played = _round(order, turns, connections)
        for runner, one in zip(order, played, strict=True):
            if number:
                runner.rounds.append(one)


def _round(runners: Sequence[Runner], turns: int, connections: int) -> list[Round]:
    cpu, seconds = [0.0] * len(runners), [0.0] * len(runners)
    latencies: list[list[float]] = [[] for _ in runners]
    with ExitStack() as stack:
        clients = [
            stack.enter_context(Client(runner.server.port, connections))
            for runner in runners
        ]
        for _ in range(turns):
            for index, runner in enumerate(runners):
                requests = runner.make_requests(runner.requests)
                before = runner.server.meter.read()
                load = clients[index].load(requests, status=runner.status)
                cpu[index] += runner.server.meter.read() - before
                seconds[index] += load.seconds
                latencies[index] += load.latencies
                runner.afterwards()
    return [
        Round(
            cpu=cpu[index] / len(of) * 1000,
            per_second=len(of) / seconds[index],
            p50=median(of) * 1000,
            p99=quantiles(of, n=100, method="inclusive")[98] * 1000,
        )
        for index, of in enumerate(latencies)
    ]


def times(ours: Runner, other: Runner) -> float:
    """How many times as much CPU ours takes: the median over the rounds.

    Each round is compared with itself: a machine that others use as well may become
    twice as slow between two rounds, but hardly between two turns.
    """
    pairs = zip(ours.rounds, other.rounds, strict=True)
    return median(a.cpu / b.cpu for a, b in pairs)
