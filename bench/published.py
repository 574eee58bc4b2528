"""The counter in its forms and the list as a file: what most readers ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from app import urls
from bench import bulk
from bench.report import Goal, Result
from bench.rounds import Runner, take_turns
from bench.stage import SLUG, Server, Stage, ask

_CONNECTIONS = 4
_ROUNDS = 3
# An unchanged answer comes out of memory, whatever it shows.
FORMS = {
    "counter-json": f"/embed/{SLUG}/counter.json",
    "counter-frame": urls.embed(SLUG),
    "counter-svg": urls.badge(SLUG, "svg"),
    "counter-png": urls.badge(SLUG, "png"),
    "card": urls.card(SLUG),
    "api-letter": f"/api/v1/letters/{SLUG}",
    "api-history": urls.api(SLUG, "history"),
}


Reading = Callable[[Server, str, int], Runner]
Judging = Callable[[str, str, Sequence[Runner], Goal], Result]


def counters(stage: Stage, kind: str, reading: Reading, cpu: Judging) -> list[Result]:
    """Each form against the same bytes from a bare WSGI function; then one anew."""
    small, large = stage.filled(kind)
    results = []
    for name, path in FORMS.items():
        servers = (stage.ours(small), stage.ours(large))
        bare = stage.bare(small, ask(servers[0], path))
        runners = [reading(server, path, 200) for server in (*servers, bare)]
        take_turns(runners, rounds=9, turns=15, connections=_CONNECTIONS)
        results.append(cpu(name, kind, runners, Goal(times=1.25, growth=1.05)))
    runners = [
        reading(stage.ours(filled, memory=False), urls.tally(SLUG), 60)
        for filled in (small, large)
    ]
    runners.append(reading(stage.flask(small), "/", 150))
    take_turns(runners, rounds=9, turns=10, connections=_CONNECTIONS)
    results.append(cpu("tally-anew", kind, runners, Goal(times=3, growth=1.1)))
    return results


def file(stage: Stage, kind: str) -> list[Result]:
    """The public list as CSV, against the raw rows of the same columns."""
    small, large = stage.filled(kind)
    ours, raw = [], []
    for _ in range(_ROUNDS):
        ours.append(
            (
                bulk.done(bulk.labour(small, "file")),
                bulk.done(bulk.labour(large, "file")),
            )
        )
        raw.append(bulk.done(bulk.labour(large, "raw-file")))
    rows = large.signatures / small.signatures
    return [
        Result(
            name="list-file",
            database=kind,
            ours=median(one["seconds"] for _, one in ours),
            reference=median(one["seconds"] for one in raw),
            unit="s",
            times=median(
                one["seconds"] / bare["seconds"]
                for (_, one), bare in zip(ours, raw, strict=True)
            ),
            growth=median(b["seconds"] / a["seconds"] / rows for a, b in ours),
            goal=Goal(times=3),
        ),
        Result(
            name="list-file",
            database=kind,
            ours=median(one["peak"] for _, one in ours) / 1024,
            reference=median(one["idle"] for _, one in ours) / 1024,
            unit="MB",
            times=median(one["peak"] / one["idle"] for _, one in ours),
            growth=median(b["peak"] / a["peak"] for a, b in ours),
            goal=Goal(times=1.2, growth=1.05, of="idle"),
        ),
        Result(
            name="list-file",
            database=kind,
            ours=median(one["first"] for _, one in ours) * 1000,
            reference=None,
            unit="ms",
            times=None,
            growth=median(b["first"] / a["first"] for a, b in ours),
            goal=Goal(most=200),
        ),
    ]
