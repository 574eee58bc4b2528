"""The whole house on a temporary instance: web, worker and inbox as real processes."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Self
from urllib.parse import urlencode, urlsplit

from app import instance
from app.dev_inbox import ReceivedMail, recent
from app.processes import (
    ROOT,
    House,
    flask_command,
    free_socket,
    inbox_command,
    prepare_command,
    web_command,
)
from app.run import READY_WITHIN, StartError, wait_until_ready
from tests.servers.smtp import Sink

LETTER = ROOT / "examples" / "deepfakes"


@dataclass(frozen=True)
class Answer:
    """What the web server said."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()

    @property
    def location(self) -> str:
        """Where it sends the browser, as a path."""
        parts = urlsplit(self.headers["Location"])
        return parts.path + (f"?{parts.query}" if parts.query else "")


class Live:
    """A running instance in `folder`, as a context.

    `database_url` names the database (a SQLite file in the folder unless given);
    `sink` takes its mails in place of the development inbox; `environment` holds
    further settings. On leaving everything is stopped.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        letter: Path = LETTER,
        sink: Sink | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.letter = letter
        self._reserved = reserve_port()
        self.port = int(self._reserved.getsockname()[1])
        self.base_url = f"http://localhost:{self.port}"
        self._inbox = None if sink else free_socket()
        mail_port = sink.port if sink else 0
        if self._inbox is not None:
            mail_port = self._inbox.getsockname()[1]
        given = {
            "BASE_URL": self.base_url,
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(mail_port),
            **({"DATABASE_URL": database_url} if database_url else {}),
            **(environment or {}),
        }
        instance.prepare(folder)
        self.environment = instance.environment(folder, {**_own(), **given})
        self.log = folder / "log"
        self.house = House(self.environment, log=self.log)

    def start(self) -> Self:
        """Migrate, load the letter, start all. Raises AssertionError with the log."""
        if self._inbox is not None:
            command = inbox_command(self.folder, self._inbox)
            self.house.start("inbox", command, inherit=self._inbox)
            self._inbox.close()
        if self.house.run("preparation", prepare_command(self.letter)):
            self.stop()
            raise AssertionError(self.log.read_text())
        self.start_web(wait=False)
        self.start_worker()
        self.wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop all of it politely."""
        self.house.__exit__(None, None, None)
        self._reserved.close()

    def start_web(self, *, wait: bool = True) -> None:
        """Start the web server (again), on the same port."""
        self.house.start("web", web_command(self.port, self.environment))
        if wait:
            self.wait_until_ready()

    def kill_web(self) -> None:
        """kill -9 the web server and its workers."""
        self.house.kill("web")

    def start_worker(self) -> None:
        """Start the worker (again)."""
        self.house.start("worker", flask_command("worker"))

    def kill_worker(self) -> None:
        """kill -9 the worker."""
        self.house.kill("worker")

    def wait_until_ready(self) -> None:
        """Until /readyz answers 200. Raises AssertionError with the log."""
        try:
            wait_until_ready(self.house, self.base_url, self.port, READY_WITHIN)
        except StartError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.log.read_text()}") from error

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET a path, as nobody in particular."""
        return self.request("GET", path, headers=headers)

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST a form, as a browser does that has it from the same site."""
        given = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Origin": self.base_url,
            **(headers or {}),
        }
        return self.request("POST", path, urlencode(fields).encode(), given)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        given = {"Host": urlsplit(self.base_url).netloc, **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(method, path, body, given)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def flask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of app/cli.py on this instance."""
        return subprocess.run(
            flask_command(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def mails(self, to: str | None = None) -> list[ReceivedMail]:
        """What the development inbox has taken (for one address), newest first."""
        mails = recent(self.folder / "inbox", limit=10_000)
        return [mail for mail in mails if to is None or to in mail.to.split(", ")]

    def wait_for_mail(
        self, to: str, *, count: int = 1, within: float = 15.0
    ) -> ReceivedMail:
        """The newest mail to an address, once there are `count`; else TimeoutError."""
        self.wait_until(lambda: len(self.mails(to)) >= count, within, f"mail to {to}")
        return self.mails(to)[0]

    def wait_until(
        self, true: Callable[[], bool], within: float = 15.0, what: str = "it"
    ) -> None:
        """Return as soon as `true` is. Raises TimeoutError with the log's end."""
        deadline = time.monotonic() + within
        while not true():
            if time.monotonic() > deadline:
                end = self.log.read_text()[-2000:]
                raise TimeoutError(f"No {what} within {within:g} s\n{end}")
            time.sleep(0.02)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _own() -> dict[str, str]:
    # Settings of whoever runs the tests are not those of the instance.
    names = ("PATH", "HOME", "TMPDIR", "LANG")
    return {name: os.environ[name] for name in names if name in os.environ}


def reserve_port() -> socket.socket:
    """A socket that keeps a port from everybody but the web server.

    The server shares its port (SO_REUSEPORT), so it can bind it as well; a socket that
    does not listen takes none of its connections. A port that was only found free
    would be somebody else's by the time the letter is loaded.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved
