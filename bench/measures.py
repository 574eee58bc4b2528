"""What is measured, each with its goal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select

from app import urls
from app.models import Signature
from bench import bulk, client, holding, mails, organise, published
from bench.client import Client
from bench.first_view import first_view
from bench.people import People
from bench.report import Goal, Result
from bench.rounds import Runner, take_turns, times
from bench.stage import SLUG, Filled, Server, Stage, ask

# Few connections where CPU is measured: nobody shall wait for anybody.
_CONNECTIONS = 4
_CROWD = 16
_WRITING = 7


@dataclass(frozen=True, slots=True)
class Measure:
    """A name for ONLY=, and what it says about one database."""

    name: str
    take: Callable[[Stage, str], list[Result]]


def _tally(stage: Stage, kind: str) -> list[Result]:
    goal = Goal(times=1.25, growth=1.05)
    return [_from_memory("tally", urls.tally(SLUG), stage, kind, goal)]


def _letter(stage: Stage, kind: str) -> list[Result]:
    goal = Goal(times=1.5, growth=1.05)
    return [_from_memory("letter", urls.letter(SLUG), stage, kind, goal)]


def _from_memory(name: str, path: str, stage: Stage, kind: str, goal: Goal) -> Result:
    """An unchanged answer, against the same bytes from a bare WSGI function."""
    small, large = stage.filled(kind)
    ours = stage.ours(small)
    bare = stage.bare(small, ask(ours, path))
    servers = (ours, stage.ours(large), bare)
    runners = [_reading(server, path, 200) for server in servers]
    take_turns(runners, rounds=15, turns=15, connections=_CONNECTIONS)
    return _cpu(name, kind, runners, goal)


def _reading(server: Server, path: str, requests: int) -> Runner:
    request = client.get(path, server.host, gzip=True)
    return Runner(server, lambda number: [request] * number, requests=requests)


def _letter_anew(stage: Stage, kind: str) -> list[Result]:
    """The letter rendered for everyone who asks, against a bare Flask route."""
    small, large = stage.filled(kind)
    runners = [
        _reading(stage.ours(filled, memory=False), urls.letter(SLUG), 30)
        for filled in (small, large)
    ]
    runners.append(_reading(stage.flask(small), "/", 150))
    take_turns(runners, rounds=9, turns=10, connections=_CONNECTIONS)
    return [_cpu("letter-anew", kind, runners, Goal(times=8, growth=1.1))]


def _queue(stage: Stage, kind: str) -> list[Result]:
    """The desk's queue, its first page and one far down, against a bare Flask route."""
    filled = stage.filled(kind)
    first: list[Runner] = []
    deep: list[Runner] = []
    for one in filled:
        paths = organise.fill_desk(one, slug=SLUG)
        server, cookie = stage.organise(one), organise.cookie(one)
        for path, runners in zip(paths, (first, deep), strict=True):
            request = client.get(path, server.host, cookie=cookie)
            runners.append(_asking(server, request, 30))
    bare = _reading(stage.flask(filled[0]), "/", 150)
    take_turns([*first, *deep, bare], rounds=9, turns=10, connections=_CONNECTIONS)
    return [
        _cpu("queue", kind, [*first, bare], Goal(times=15, growth=1.2)),
        # Far down in the large one, against its own first page.
        _cpu("queue-deep", kind, [deep[1], deep[1], first[1]],
             Goal(times=1.2, of="the first")),
    ]  # fmt: skip


def _search(stage: Stage, kind: str) -> list[Result]:
    """What organisers look for, of whatever state, against a bare Flask route."""
    filled = stage.filled(kind)
    bare = _reading(stage.flask(filled[0]), "/", 150)
    results = []
    questions = [organise.questions(one, slug=SLUG) for one in filled]
    for name in questions[0]:
        runners = [
            _asking(
                stage.organise(one),
                client.get(
                    paths[name],
                    stage.organise(one).host,
                    cookie=organise.cookie(one),
                ),
                30,
            )
            for one, paths in zip(filled, questions, strict=True)
        ]
        bare.rounds.clear()
        take_turns([*runners, bare], rounds=7, turns=8, connections=_CONNECTIONS)
        results.append(
            _cpu(f"search-{name}", kind, [*runners, bare], Goal(times=10, growth=5))
        )
    return results


def _asking(server: Server, request: bytes, requests: int) -> Runner:
    return Runner(server, lambda number: [request] * number, requests=requests)


def _sign(stage: Stage, kind: str) -> list[Result]:
    """A form sent, against a Flask route that does one INSERT and COMMIT."""
    filled = stage.filled(kind)
    people = [People(one) for one in filled]
    runners = [
        _signing(stage.ours(one), some, 30)
        for one, some in zip(filled, people, strict=True)
    ]
    runners.append(_inserting(stage.flask(filled[0]), people[0]))
    take_turns(runners, rounds=_WRITING, turns=10, connections=_CONNECTIONS)
    return [_cpu("sign", kind, runners, Goal(times=2, growth=1.3))]


def _confirm(stage: Stage, kind: str) -> list[Result]:
    """The button behind the link pressed, against the same."""
    filled = stage.filled(kind)
    people = [People(one) for one in filled]
    runners = []
    for one, some in zip(filled, people, strict=True):
        server = stage.ours(one)
        # One more round warms up.
        with Client(server.port, _CONNECTIONS) as sending:
            sending.load(some.sign(server, (_WRITING + 1) * 300), status=303)
        runners.append(_confirming(server, some, 30))
    runners.append(_inserting(stage.flask(filled[0]), people[0]))
    take_turns(runners, rounds=_WRITING, turns=10, connections=_CONNECTIONS)
    return [_cpu("confirm", kind, runners, Goal(times=3, growth=1.2))]


def _hold_decision(stage: Stage, kind: str) -> list[Result]:
    """The same with a watch-list of 20,000 names, against a letter that has none."""
    filled = stage.filled(kind)
    for one in filled:
        holding.watch(one)
    runners = []
    for one in (*filled, stage.other(kind)):
        server, people = stage.ours(one), People(one)
        with Client(server.port, _CONNECTIONS) as sending:
            sending.load(people.sign(server, (_WRITING + 1) * 300), status=303)
        runners.append(_confirming(server, people, 30))
    take_turns(runners, rounds=_WRITING, turns=10, connections=_CONNECTIONS)
    goal = Goal(times=1.15, growth=1.2, of="without")
    return [_cpu("hold-decision", kind, runners, goal)]


def _look_alikes(stage: Stage, kind: str) -> list[Result]:
    """How well names are told apart; the database has no part in it."""
    return holding.look_alikes() if kind == stage.databases[0] else []


def _signing(server: Server, people: People, requests: int) -> Runner:
    return Runner(server, lambda number: people.sign(server, number), 303, requests)


def _confirming(server: Server, people: People, requests: int) -> Runner:
    # The worker, which runs in life, folds about as often.
    return Runner(server, lambda number: people.confirm(server, number), 200, requests,
                  afterwards=server.filled.fold)  # fmt: skip


def _inserting(server: Server, people: People) -> Runner:
    # The same bytes arrive; nobody reads them.
    return Runner(server, lambda number: people.sign(server, number, path="/"), 200, 60)


def _cpu(name: str, kind: str, runners: Sequence[Runner], goal: Goal) -> Result:
    small, large, reference = runners
    return Result(
        name=name,
        database=kind,
        ours=small.middle("cpu"),
        reference=reference.middle("cpu"),
        unit="CPU ms",
        times=times(small, reference),
        growth=times(large, small),
        goal=goal,
        per_second=(small.middle("per_second"), reference.middle("per_second")),
    )


def _sign_p99(stage: Stage, kind: str) -> list[Result]:
    """How long the unluckiest of a crowd waits, against the one in the middle."""
    runners = [
        _signing(stage.ours(filled), People(filled), 800)
        for filled in stage.filled(kind)
    ]
    take_turns(runners, rounds=7, turns=1, connections=_CROWD)
    small, large = runners
    growths = zip(small.rounds, large.rounds, strict=True)
    return [
        Result(
            name="sign-p99",
            database=kind,
            ours=small.middle("p99"),
            reference=small.middle("p50"),
            unit="ms",
            times=median(one.p99 / one.p50 for one in small.rounds),
            growth=median(after.p99 / before.p99 for before, after in growths),
            goal=Goal(times=4, of="p50"),
            per_second=(small.middle("per_second"), None),
        )
    ]


def _first_view(stage: Stage, kind: str) -> list[Result]:
    """What a browser fetches for the letter when it has never been here."""
    small, large = (
        first_view(stage.ours(filled), urls.letter(SLUG))
        for filled in stage.filled(kind)
    )
    figures = (
        ("requests", small.requests, large.requests, Goal(most=3, growth=1.05)),
        ("kB", small.kilobytes, large.kilobytes, Goal(most=20, growth=1.05)),
        ("elsewhere", len(small.elsewhere), len(large.elsewhere), Goal(most=0)),
    )
    return [
        Result(
            name="first-view",
            database=kind,
            ours=ours,
            reference=None,
            unit=unit,
            times=None,
            growth=grown / ours if ours else 1.0,
            goal=goal,
        )
        for unit, ours, grown, goal in figures
    ]


# What is asked of the list: a page of 50 lines each, made anew for whoever asks.
_QUESTIONS = {
    "list-name": "?q=mei",
    "list-affiliation": "?q=exampletown",
    "list-two-words": "?q=haddad+university",
    "list-miss": "?q=nobody+university",
    "list-filter": "?sector=academia&country=DE&q=of",
}


def _list(stage: Stage, kind: str) -> list[Result]:
    """The list from its beginning and from deep inside, against a bare Flask route."""
    filled = stage.filled(kind)
    goal = Goal(times=10, growth=1.2)
    first, deep = (
        [_of_list(stage, one, f"?q=&after={_line(one, share)}") for one in filled]
        for share in (0.0, 0.8)
    )
    bare = _reading(stage.flask(filled[0]), "/", 150)
    take_turns([*first, *deep, bare], rounds=9, turns=10, connections=_CONNECTIONS)
    results = [
        _cpu("list", kind, [*first, bare], goal),
        _cpu("list-deep", kind, [*deep, first[0]], Goal(times=1.2, growth=1.2)),
    ]
    for name, query in _QUESTIONS.items():
        runners = [*(_of_list(stage, one, query) for one in filled), bare]
        bare.rounds.clear()
        take_turns(runners, rounds=9, turns=10, connections=_CONNECTIONS)
        results.append(_cpu(name, kind, runners, goal))
    return results


def _of_list(stage: Stage, filled: Filled, query: str) -> Runner:
    return _reading(stage.ours(filled), f"{urls.signatories(SLUG)}{query}", 30)


def _line(filled: Filled, share: float) -> str:
    """The public id of a line that stands so far down the unverified ones."""
    with filled.database.reading() as session:
        lines = select(Signature.public_id).where(~Signature.verified)
        skipped = int(share * filled.signatures)
        newest = lines.order_by(Signature.id.desc()).offset(skipped).limit(1)
        return str(session.scalar(newest))


MEASURES = (
    Measure("tally", _tally),
    Measure("letter", _letter),
    Measure("letter-anew", _letter_anew),
    Measure("queue", _queue),
    Measure("search", _search),
    Measure("sign", _sign),
    Measure("confirm", _confirm),
    Measure("sign-p99", _sign_p99),
    Measure("first-view", _first_view),
    Measure("export", bulk.export),
    Measure("import", bulk.take_in),
    Measure("case", bulk.case),
    Measure("list", _list),
    Measure("list-file", bulk.file),
    Measure(
        "counter", lambda stage, kind: published.counters(stage, kind, _reading, _cpu)
    ),
    Measure("nginx", lambda stage, kind: published.behind_nginx(stage, kind, _cpu)),
    # They come last: lists that are long from now on.
    Measure("hold-decision", _hold_decision),
    Measure("look-alikes", _look_alikes),
    # And outboxes in which half of all rows have just been written anew.
    Measure("sign-mail-trouble", mails.signing),
    Measure("mail", mails.mails),
)
