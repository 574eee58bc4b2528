"""The PostgreSQL of the tests starts, answers, copies, recovers and leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers.postgres import Postgres, shared, stop_shared


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def test_it_answers_with_the_settings_that_the_application_demands(
    server: Postgres,
) -> None:
    assert _ask(server.url("postgres"), "SHOW server_version_num") >= "180000"  # type: ignore[operator]
    assert _ask(server.url("postgres"), "SHOW fsync") == "on"
    assert _ask(server.url("postgres"), "SHOW synchronous_commit") == "on"
    assert _ask(server.url("postgres"), "SELECT upper('žółć')") == "ŽÓŁĆ"


def test_a_template_is_prepared_once_and_its_copies_are_separate(
    server: Postgres,
) -> None:
    calls: list[str] = []

    def prepare(url: str) -> None:
        calls.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE word (id int)")

    server.make_template(prepare, "words")
    server.make_template(prepare, "words")
    first = server.create_from_template("words_1", "words")
    second = server.create_from_template("words_2", "words")
    with psycopg.connect(first) as connection:
        connection.execute("INSERT INTO word VALUES (1)")
    assert len(calls) == 1
    assert _ask(first, "SELECT count(*) FROM word") == 1
    assert _ask(second, "SELECT count(*) FROM word") == 0
    with psycopg.connect(second):
        server.drop("words_2")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(second)


def test_what_was_committed_survives_a_crash() -> None:
    with Postgres(durable=True, tcp=True, settings={"max_connections": "20"}) as server:
        url = server.create("kept")
        assert "127.0.0.1" in url
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE word AS SELECT 7 AS id")
        server.crash()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.resume()
        assert _ask(url, "SELECT id FROM word") == 7
        folder = server.folder
    assert not folder.exists()


def test_a_wrong_setting_tells_what_the_server_said() -> None:
    with (
        pytest.raises(RuntimeError, match="no_such_setting"),
        Postgres(settings={"no_such_setting": "1"}),
    ):
        raise AssertionError("it started")


def test_all_processes_of_a_run_share_one_server(tmp_path: Path) -> None:
    first = shared(tmp_path, owner=os.getpid())
    try:
        first.create("seen")
        asked = (
            "import os, pathlib, sys; from tests.servers.postgres import shared;"
            "server = shared(pathlib.Path(sys.argv[1]), owner=os.getppid());"
            "print(server.folder); server.drop('seen')"
        )
        done = subprocess.run(
            [sys.executable, "-c", asked, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == str(first.folder)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(first.url("seen"))
    finally:
        stop_shared(tmp_path)
    assert not first.folder.exists()
    stop_shared(tmp_path)


def _left_by_a_killed_run() -> Path:
    """The folder of a server whose run was ended with -9; the server lives on."""
    asked = (
        "import os, signal; from tests.servers.postgres import Postgres;"
        "print(Postgres().start().folder, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False
    )
    return Path(done.stdout.strip())


def _postmaster(folder: Path) -> int:
    note = folder / "run" / "data" / "postmaster.pid"
    return int(note.read_text().splitlines()[0])


def test_a_server_whose_run_was_killed_is_cleared_away() -> None:
    left = _left_by_a_killed_run()
    assert any(_listening(left))
    with Postgres():
        assert not left.exists()


def test_the_files_of_a_server_killed_with_its_run_are_cleared_away() -> None:
    """Whatever process bears its number by now is left alone."""
    left = _left_by_a_killed_run()
    os.kill(_postmaster(left), signal.SIGKILL)
    while any(_listening(left)):
        time.sleep(0.01)
    bystander = subprocess.Popen(["sleep", "60"])
    note = left / "run" / "data" / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
    with Postgres():
        assert not left.exists()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def _listening(folder: Path) -> Iterator[Path]:
    for path in (folder / "run").glob(".s.PGSQL.*[0-9]"):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                yield path
