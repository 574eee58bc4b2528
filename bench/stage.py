"""What is measured, running: filled databases, our servers and the reference ones."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import config
from app import instance
from app.db import Database
from app.domain import letters, tally
from app.domain.letters import Settings
from app.processes import ROOT, House, prepare_command, web_command
from bench.cpu import Meter
from tests.servers.nginx import Nginx
from tests.servers.postgres import Postgres

SLUG = "deepfakes"
_READY_WITHIN = 60.0
# A server has started when all its processes together use no more than this.
_IDLE_SECONDS, _IDLE_CPU = 0.25, 0.002
_OTHER = "other"


class Failed(Exception):
    """Something did not start; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with the example letter and so many signatures on it."""

    kind: str
    signatures: int
    environment: dict[str, str]
    # The processes of the database itself; SQLite has none of its own.
    roots: tuple[int, ...]
    database: Database

    def fold(self) -> None:
        """Fold the ledger, as the worker does about once a second."""
        with self.database.writing() as session:
            while tally.fold(session):
                pass
            session.commit()

    def settings(self) -> Settings:
        """The letter as the application reads it."""
        with self.database.reading() as session:
            return letters.load(session, letter_id=1)

    def config(self) -> config.Config:
        """The settings under which the application runs on it."""
        return config.load(self.environment)


@dataclass(frozen=True, slots=True)
class Server:
    """A web server with two workers, on one database."""

    port: int
    meter: Meter
    filled: Filled

    @property
    def host(self) -> str:
        """Its Host header."""
        return f"localhost:{self.port}"

    @property
    def base_url(self) -> str:
        """Under what name it knows itself."""
        return f"http://{self.host}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to a GET."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Stage:
    """Everything that a run of the benchmark starts; leaving it ends and removes it.

    With a million signatures the databases take some 6 GB of the temporary folder.
    """

    def __init__(self, sizes: tuple[int, int], databases: Sequence[str]) -> None:
        self.sizes = sizes
        self.databases = databases
        self._filled: dict[tuple[str, str], Filled] = {}
        self._servers: dict[tuple[str, ...], Server] = {}
        self._running = ExitStack()
        self._kept = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as kept:
            made = tempfile.TemporaryDirectory(prefix="undersigned-bench-")
            self._folder = Path(kept.enter_context(made))
            for kind in self.databases:
                # PostgreSQL flushes to a disk, as SQLite does.
                server = Postgres(durable=True) if kind == "PostgreSQL" else None
                if server is not None:
                    kept.enter_context(server)
                names = (*(str(size) for size in self.sizes), _OTHER)
                for name, size in zip(names, (*self.sizes, self.sizes[0]), strict=True):
                    filled = self._prepared(kind, name, size, server)
                    kept.callback(filled.database.dispose)
                    self._filled[kind, name] = filled
            self._fill()
            self._kept = kept.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_servers()
        self._kept.close()

    def filled(self, kind: str) -> tuple[Filled, Filled]:
        """The database of this kind with few signatures, and the one with many."""
        small, large = (str(size) for size in self.sizes)
        return self._filled[kind, small], self._filled[kind, large]

    def other(self, kind: str) -> Filled:
        """One more with few signatures: what is changed in the one stays out of it."""
        return self._filled[kind, _OTHER]

    def _prepared(
        self, kind: str, name: str, signatures: int, server: Postgres | None
    ) -> Filled:
        """An instance with the schema and the letter, as `make run` makes it."""
        folder = self._folder / f"{kind}-{name}"
        instance.prepare(folder)
        url = f"sqlite:///{folder}/undersigned.sqlite3"
        roots: tuple[int, ...] = ()
        if server is not None:
            url = server.create(f"letters_{name}")
            note = server.folder / "run" / "data" / "postmaster.pid"
            roots = (int(note.read_text().split()[0]),)
        own = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        environment = instance.environment(
            folder,
            {
                **own,
                "DATABASE_URL": url,
                "LOG_LEVEL": "WARNING",
                "WEB_WORKERS": "2",
                "TRUSTED_PROXIES": "1",
            },
        )
        log = folder / "log"
        command = prepare_command(ROOT / "examples" / SLUG)
        if House(environment, log=log).run("preparation", command):
            raise Failed(log.read_text())
        return Filled(kind, signatures, environment, roots, Database(url))

    def _fill(self) -> None:
        """Fill all databases at once: there are as many cores as large ones."""
        running = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "bench.seed"),
                    *(filled.environment["DATABASE_URL"], SLUG, str(filled.signatures)),
                ],
                cwd=ROOT,
                env=filled.environment,
            )
            for filled in self._filled.values()
        ]
        try:
            statuses = [process.wait() for process in running]
        finally:
            for process in running:
                process.kill()
                process.wait()
        if any(statuses):
            raise Failed("A database could not be filled; the lines above say why.")

    def ours(self, filled: Filled, *, memory: bool = True) -> Server:
        """Our application on this database, with or without the front's memory."""
        settings = {"MEMORY": "1" if memory else "0"}
        return self._server(filled, "wsgi:application", settings)

    def organise(self, filled: Filled) -> Server:
        """The organisers' application on this database."""
        return self._server(filled, "bench.organise:application", {})

    def bare(self, filled: Filled, answer: Answer) -> Server:
        """The bare WSGI function, which gives out this answer."""
        return self._server(filled, "bench.reference:bare", self._giving(answer))

    def flask(self, filled: Filled) -> Server:
        """The bare Flask routes, on the same database."""
        settings = self._giving(Answer(200, [], b""))
        log = self._folder / "log-table"
        # Beforehand, since two workers would make the same table at once.
        command = [sys.executable, "-m", "bench.reference"]
        if House(filled.environment | settings, log=log).run("table", command):
            raise Failed(log.read_text())
        return self._server(filled, "bench.reference:flask", settings)

    def _giving(self, answer: Answer) -> dict[str, str]:
        lines = [f"{name}: {value}\n" for name, value in answer.headers]
        content = "".join(lines).encode() + b"\n" + answer.body
        path = self._folder / f"answer-{hashlib.sha256(content).hexdigest()}"
        path.write_bytes(content)
        return {"BENCH_ANSWER": str(path)}

    def _server(
        self, filled: Filled, application: str, settings: dict[str, str]
    ) -> Server:
        """Such a server with two workers; one that runs already serves again."""
        key = (filled.environment["DATABASE_URL"], application, *settings.values())
        if key not in self._servers:
            self._servers[key] = self._start(filled, application, settings)
        return self._servers[key]

    def proxied(self, server: Server, path: str) -> tuple[Server, Server]:
        """The nginx of deploy/ before a server, and one that has `path` as a file.

        The first one's CPU is nginx's and the server's together.
        """
        folder, port = self._folder / f"nginx-{server.port}", free_port()
        files = folder / "files"
        files.mkdir(parents=True)
        (files / "file").write_bytes(ask(server, path).body)
        beside = (
            f"server {{ listen 127.0.0.1:{port}; root {files};"
            f" access_log {folder}/files.log combined; }}"
        )
        nginx = self._running.enter_context(Nginx(folder, server, beside=beside))
        both = Meter([nginx.pid, *server.meter.roots])
        return (
            Server(nginx.port, both, server.filled),
            Server(port, Meter([nginx.pid]), server.filled),
        )

    def _start(
        self, filled: Filled, application: str, settings: dict[str, str]
    ) -> Server:
        port = free_port()
        environment = filled.environment | settings
        environment["BASE_URL"] = f"http://localhost:{port}"
        log = self._folder / f"log-{port}"
        self._running.callback(_show, log)
        house = self._running.enter_context(House(environment, tied=True, log=log))
        *command, _ = web_command(port, environment)
        house.start("web", [*command, application])
        server = Server(port, Meter([house.pid("web"), *filled.roots]), filled)
        if not _started(server, house, Meter([house.pid("web")])):
            raise Failed(f"{application} does not start.")
        return server

    def stop_servers(self) -> None:
        """End the servers, so that they do not disturb what comes next."""
        self._running.close()
        self._servers.clear()


def _show(log: Path) -> None:
    """Show what a server had to say; one that is well says nothing."""
    if log.exists():
        sys.stderr.write(log.read_text())


def ask(server: Server, path: str, *, gzip: bool = True) -> Answer:
    """GET a path; without the headers that the server adds to every answer."""
    given = {"Host": server.host, **({"Accept-Encoding": "gzip"} if gzip else {})}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with closing(connection):
        connection.request("GET", path, headers=given)
        response = connection.getresponse()
        headers = [
            (name, value)
            for name, value in response.getheaders()
            if name.lower() not in ("date", "server", "connection")
        ]
        return Answer(response.status, headers, response.read())


def _started(server: Server, house: House, meter: Meter) -> bool:
    """Wait until it answers and its workers have come to rest."""
    deadline = time.monotonic() + _READY_WITHIN
    answered, before = False, meter.read()
    while time.monotonic() < deadline and not house.ended():
        time.sleep(_IDLE_SECONDS)
        if not answered:
            try:
                ask(server, "/")
                answered = True
            except OSError:
                continue
        now = meter.read()
        if now - before < _IDLE_CPU:
            return True
        before = now
    return False


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
