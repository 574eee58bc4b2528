"""Run one instance for development: migrate, load a letter, keep its processes.

This is what `make run` starts. It ends everything when told to, and when a part ends.
"""

from __future__ import annotations

import argparse
import fcntl
import http.client
import os
import signal
import socket
import sys
import time
import tomllib
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn
from urllib.parse import urlsplit

from app import instance
from app.processes import (
    House,
    flask_command,
    free_socket,
    inbox_command,
    prepare_command,
    web_command,
)

READY_WITHIN = 60.0


class StartError(Exception):
    """It cannot start; the message is one sentence that says what to do."""


def port_number(text: str) -> int:
    """The port that was typed. Raises StartError where it cannot be one."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise StartError(f"PORT must be a number from 1 to 65535, not {text!r}.")


def check_port(port: int) -> None:
    """Raise StartError where something else listens on `port` of this machine."""
    taken = StartError(
        f"Port {port} is taken. Choose another: make run PORT={_another(port)}"
    )
    with socket.socket() as probe:
        # Connections of a run that has just ended may linger; they are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise StartError(
                f"Port {port} needs more rights than you have. "
                "Choose another: make run PORT=8000"
            ) from error
        except OSError as error:
            raise taken from error
    # A browser that is told "localhost" may try IPv6 first and meet a stranger.
    try:
        socket.create_connection(("::1", port), timeout=1).close()
    except OSError:
        return
    raise taken


def _another(port: int) -> int:
    return port + 100 if port + 100 < 65536 else 8000


def letter_slug(folder: Path) -> str:
    """The slug in the folder's letter.toml. Raises StartError where there is none."""
    try:
        settings = tomllib.loads((folder / "letter.toml").read_text(encoding="utf-8"))
        return str(settings["slug"])
    except FileNotFoundError as error:
        raise StartError(
            f"There is no {folder}/letter.toml: name a letter's folder with "
            "make run LETTER=some/folder (examples/deepfakes is one)."
        ) from error
    except (KeyError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"{folder}/letter.toml cannot be read: {error}.") from error


def lock(folder: Path) -> IO[bytes]:
    """Hold the instance until the returned file is closed.

    Raises StartError while another `make run` holds it: two workers and two
    development inboxes on one instance would take each other's mail.
    """
    file = (folder / "run.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise StartError(
            f"The instance {folder} runs already: stop it first, or start another "
            "one with make run PORT=8100 INSTANCE=some/folder."
        ) from error
    return file


def wait_until_ready(house: House, base_url: str, port: int, within: float) -> None:
    """Return as soon as /readyz answers 200. Raises StartError when it does not."""
    deadline = time.monotonic() + within
    answer = "no answer"
    while time.monotonic() < deadline:
        if ended := house.ended():
            raise StartError(f"The {ended} ended before everything was ready.")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": _host(base_url)})
            response = connection.getresponse()
            answer = f"{response.status} {response.read().decode(errors='replace')}"
            if response.status == 200:
                return
        except (OSError, http.client.HTTPException) as error:
            answer = str(error)
        finally:
            connection.close()
        time.sleep(0.05)
    raise StartError(f"Not ready after {within:.0f} seconds: /readyz says {answer}.")


def _host(base_url: str) -> str:
    return urlsplit(base_url).netloc


def run(port: int, folder: Path, letter: Path) -> int:
    """Start everything, say where to look, wait; the exit status when it has ended."""
    slug = letter_slug(letter)
    check_port(port)
    instance.prepare(folder)
    with lock(folder):
        settings = {
            "BASE_URL": os.environ.get("BASE_URL") or f"http://localhost:{port}",
            "DATABASE_URL": os.environ.get("DATABASE_URL")
            or f"sqlite:///{folder.resolve()}/undersigned.sqlite3",
        }
        inbox = None if os.environ.get("MAIL_SERVER") else free_socket()
        if inbox is not None:
            settings["MAIL_SERVER"], mail_port = inbox.getsockname()
            settings["MAIL_PORT"] = str(mail_port)
        instance.remember(folder, settings)
        given = instance.environment(folder, os.environ)
        with House({**os.environ, **given}, tied=True) as house:
            if inbox is not None:
                house.start("inbox", inbox_command(folder, inbox), inherit=inbox)
                inbox.close()
            if house.run("preparation", prepare_command(letter)):
                raise StartError("It did not start; the lines above say why.")
            house.start("web", web_command(port, house.environment))
            house.start("worker", flask_command("worker"))
            wait_until_ready(house, settings["BASE_URL"], port, READY_WITHIN)
            _say_where(settings["BASE_URL"], slug, folder, inbox=inbox is not None)
            ended = house.wait()
        print(
            f"The {ended} ended by itself, so everything is stopped.", file=sys.stderr
        )
        return 1


def _say_where(base_url: str, slug: str, folder: Path, *, inbox: bool) -> None:
    lines = [("The letter", f"{base_url}/letters/{slug}")]
    if inbox:
        lines.append(("Its mails", f"{base_url}/dev/inbox (none leaves this machine)"))
    lines += [
        ("Kept in", f"{folder}/ (database, secrets, mails)"),
        ("To stop", "Ctrl-C; the next make run continues where this one stopped"),
    ]
    print("\nUndersigned is running.\n", flush=True)
    for name, value in lines:
        print(f"  {name:<11} {value}", flush=True)
    print(flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    """Read the arguments and run; every expected failure is one sentence and a 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--instance", type=Path, default=Path("instance"))
    parser.add_argument("--letter", type=Path, default=Path("examples/deepfakes"))
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        port = port_number(arguments.port)
        return run(port, arguments.instance, arguments.letter)
    except (StartError, instance.InstanceError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())
