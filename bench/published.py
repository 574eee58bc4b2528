"""The counter in its forms: what most readers ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app import urls
from bench import client
from bench.report import Goal, Result
from bench.rounds import Runner, take_turns
from bench.stage import SLUG, Server, Stage, ask

_CONNECTIONS = 4
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


def behind_nginx(stage: Stage, kind: str, cpu: Judging) -> list[Result]:
    """What nginx keeps for its seconds, against nginx with the same bytes as a file.

    The CPU is told and not how many it could serve, since one client cannot ask so
    fast; 0.8 times as many are 1.25 times as much.
    """
    results = []
    for name, path in _BEHIND_NGINX.items():
        runners = []
        for filled in stage.filled(kind):
            ours = stage.ours(filled)
            kept, file = stage.proxied(ours, path)
            request = client.get(path, ours.host, gzip=True)
            runners.append(_repeating(kept, request))
        runners.append(_repeating(file, client.get("/file", file.host)))
        take_turns(runners, rounds=9, turns=15, connections=_CONNECTIONS)
        results.append(cpu(name, kind, runners, Goal(times=1.25, growth=1.05)))
        stage.stop_servers()
    return results


_BEHIND_NGINX = {
    "nginx-counter": FORMS["counter-json"],
    "nginx-letter": urls.letter(SLUG),
}


def _repeating(server: Server, request: bytes) -> Runner:
    # nginx ends a connection after a thousand requests: fewer stay in one round.
    return Runner(server, lambda number: [request] * number, requests=200)
