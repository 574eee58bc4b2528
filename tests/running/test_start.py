"""`make run` starts, or says in one sentence what to do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import run
from app.processes import House

LETTER = Path("examples/deepfakes")
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(60)"
    ),
]


def _start(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.run", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_web_server_takes_no_more_connections_than_it_may_open_files() -> None:
    ask = "from app.processes import web_command; print(*web_command(1, {}))"
    told = subprocess.run(
        ["sh", "-c", 'ulimit -n 300; exec "$0" -c "$1"', sys.executable, ask],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--backpressure 150 " in told.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_one_sentence(tmp_path: Path, host: str) -> None:
    with socket.create_server((host, 0)) as taken:
        port = taken.getsockname()[1]
        done = _start("--port", str(port), "--instance", str(tmp_path / "new"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} is taken. Choose another: make run PORT=" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty", "²"])
def test_a_port_that_is_none_is_one_sentence(port: str) -> None:
    with pytest.raises(run.StartError, match="PORT must be a number"):
        run.port_number(port)


def test_a_folder_without_a_letter_is_one_sentence(tmp_path: Path) -> None:
    done = _start("--letter", str(tmp_path), "--instance", str(tmp_path / "new"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "name a letter's folder" in done.stderr


def test_a_broken_letter_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "letter.toml").write_text("slug = 'x'\nlanguages = = 3\n")
    with pytest.raises(run.StartError, match=r"letter\.toml cannot be read.*line"):
        run.letter_slug(tmp_path)


def test_the_slug_of_the_example_is_read() -> None:
    assert run.letter_slug(LETTER) == "deepfakes"


def test_an_instance_runs_once_at_a_time(tmp_path: Path) -> None:
    with (
        run.lock(tmp_path),
        pytest.raises(run.StartError, match="runs already"),
        run.lock(tmp_path),
    ):
        raise AssertionError("it was locked twice")
    run.lock(tmp_path).close()


def test_leaving_the_house_ends_everyone_even_the_stubborn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.processes.PATIENCE", 0.5)
    log = tmp_path / "log"
    with House(os.environ, log=log) as house:
        house.start("polite", SLEEP)
        house.start("inbox", STUBBORN)
        pids = [house.pid("polite"), house.pid("inbox")]
        while "ready" not in log.read_text():
            time.sleep(0.01)
        before = time.monotonic()
    assert time.monotonic() - before < 5
    assert not any(_alive(pid) for pid in pids)


def test_killing_one_takes_its_children_with_it(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys, time;"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
        ".pid, flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    with House(os.environ, log=log) as house:
        house.start("web", [sys.executable, "-c", parent])
        while not log.read_text().endswith("\n"):
            time.sleep(0.01)
        child = int(log.read_text())
        house.kill("web")
        deadline = time.monotonic() + 5
        # Nobody may be there to reap it: a corpse counts as gone.
        while _alive(child) and not _corpse(child) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _alive(child) or _corpse(child)


def _corpse(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return state.strip().startswith("Z") or not state.strip()


def test_the_one_that_ends_by_itself_is_named() -> None:
    with House(os.environ) as house:
        house.start("web", SLEEP)
        house.start("worker", [sys.executable, "-c", "raise SystemExit(3)"])
        assert house.wait() == "worker"
        os.kill(house.pid("web"), signal.SIGKILL)
