"""Start, watch and end the processes of one instance: web, worker, inbox."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

# What a process may take to finish its last request or mail before it is killed.
PATIENCE = 5.0
# Where wsgi.py lies, whatever folder the caller stands in.
ROOT = Path(__file__).parent.parent
_PR_SET_PDEATHSIG = 1
# Each request has a thread while its body comes; app/gate.py says how many are worked
# on at once. So 500 clients that dawdle over their forms keep nobody else waiting, not
# even while one process has to bear them all.
_MOST_REQUESTS = 1024
# A connection between two requests costs little, and browsers keep them open. Each is
# an open file, though, and Granian spins where it is not allowed to open any more.
_MOST_CONNECTIONS = 4096
_LONGEST_HEAD = 32 * 1024


def free_socket() -> socket.socket:
    """A socket on a free port of this machine, bound, so that nobody else gets it."""
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen(128)
    return found


def _most_connections() -> int:
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if files < 0 else min(_MOST_CONNECTIONS, files // 2)


def web_command(port: int, environment: Mapping[str, str]) -> list[str]:
    """The web server: WEB_WORKERS processes, each works on WEB_THREADS requests.

    WEB_PATIENCE is how many seconds a client may take for the head of a request.
    """
    patience = float(environment.get("WEB_PATIENCE") or "15")
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--http", "1", "--no-ws"),
        *("--workers", environment.get("WEB_WORKERS") or "2"),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(int(PATIENCE - 1))),
        *("--blocking-threads", str(_MOST_REQUESTS)),
        *("--backpressure", str(_most_connections()), "--backlog", "2048"),
        *("--http1-header-read-timeout", str(int(patience * 1000))),
        *("--http1-buffer-size", str(_LONGEST_HEAD), "--log-level", "error"),
        "wsgi:application",
    ]


def flask_command(*arguments: str) -> list[str]:
    """A command of app/cli.py, such as `worker`."""
    return [sys.executable, "-m", "flask", "--app", "wsgi:public", *arguments]


def prepare_command(letter: Path) -> list[str]:
    """Migrate, then load the letter, in one process: importing us is what takes time."""
    return [sys.executable, "-m", "app.prepare", str(letter.resolve())]


def inbox_command(folder: Path, listener: socket.socket) -> list[str]:
    """The development inbox, on a socket that it inherits."""
    descriptor = str(listener.fileno())
    mails = str(folder.resolve() / "inbox")
    return [sys.executable, "-m", "app.dev_inbox", mails, "--descriptor", descriptor]


class House:
    """The running processes of one instance; leaving the context ends them all.

    Each has its own process group, so that Ctrl-C reaches only whoever started
    them, and ending one takes the processes with it that it has started itself.
    `tied` ones also end when whoever started them is killed (on Linux, and only for
    a caller without threads). What they say goes to the file `log`, else where the
    caller's own output goes.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        tied: bool = False,
        log: Path | None = None,
    ) -> None:
        self.environment = dict(environment)
        self._before = _end_with_parent if tied and sys.platform == "linux" else None
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: list[str], *, inherit: socket.socket | None = None
    ) -> None:
        """Start one process under a name; `inherit` is a socket it is given."""
        with self._output() as output:
            self._running[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=[inherit.fileno()] if inherit is not None else [],
                preexec_fn=self._before,  # noqa: PLW1509 - see `tied`
            )

    def run(self, name: str, command: list[str]) -> int:
        """Run one process to its end; its exit status."""
        self.start(name, command)
        status = self._running[name].wait()
        del self._running[name]
        return status

    def _output(self) -> AbstractContextManager[IO[bytes] | None]:
        return self._log.open("ab") if self._log else contextlib.nullcontext()

    def pid(self, name: str) -> int:
        """The process id, which is its group's too."""
        return self._running[name].pid

    def ended(self) -> str | None:
        """The name of a process that has ended by itself, if one has."""
        for name, process in self._running.items():
            if process.poll() is not None:
                return name
        return None

    def wait(self) -> str:
        """Wait until a process ends by itself; its name."""
        while not (ended := self.ended()):
            time.sleep(0.2)
        return ended

    def kill(self, name: str) -> None:
        """End one process and its children as a power cut would, and reap it."""
        process = self._running.pop(name)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """End one process politely; whoever does not listen is killed."""
        self._stop([self._running.pop(name)])

    def _stop(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            # What a process leaves behind in its group ends with it.
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second Ctrl-C must not leave half of them running.
        before = {
            number: signal.signal(number, signal.SIG_IGN)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        # The inbox last: the worker may be handing over a mail.
        last = [self._running.pop("inbox")] if "inbox" in self._running else []
        self._stop(list(self._running.values()))
        self._stop(last)
        self._running.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers "not permitted" for a group of which only a corpse is left.
        return


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
