"""Keep an instance: the folder with one database, its secrets and its mails.

`python -m app.instance FOLDER ARGUMENTS` runs a `flask` command on it.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

SECRETS = "secrets.env"
# Where and how it ran last, so that a command from another terminal finds the same
# database and writes the same links.
LAST_RUN = "last-run.env"

_WARNING = (
    "# Made once, at the first start. Without this file no address in the database\n"
    "# can be read again; with it, all can: keep it, apart from the database, secret.\n"
)


class InstanceError(Exception):
    """The folder cannot be used; the message is one sentence that says what to do."""


def prepare(folder: Path) -> None:
    """Make the folder and its secrets where they are missing; overwrite neither.

    Raises InstanceError for a folder that cannot be made or written to.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / SECRETS).exists():
            with tempfile.TemporaryFile(dir=folder):
                return
        keys = {"SECRET_KEYS": secrets.token_urlsafe(48)}
        _write(folder / SECRETS, keys, comment=_WARNING)
    except OSError as error:
        raise InstanceError(
            f"The folder {folder} cannot be written to ({error.strerror}): choose "
            "another with make run INSTANCE=some/folder."
        ) from error


def environment(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The settings of this instance: what is `given` wins over what it remembers.

    Raises InstanceError where there is no instance.
    """
    if not (folder / SECRETS).exists():
        raise InstanceError(
            f"There is no instance in {folder}: make run INSTANCE={folder} makes one."
        )
    return {
        "DEVELOPMENT": "1",
        "DATABASE_URL": f"sqlite:///{folder.resolve()}/undersigned.sqlite3",
        "BASE_URL": "http://localhost:8000",
        **_read(folder / LAST_RUN),
        **_read(folder / SECRETS),
        **{name: value for name, value in given.items() if value},
        "INSTANCE": str(folder.resolve()),
    }


def remember(folder: Path, settings: Mapping[str, str]) -> None:
    """Keep the `settings` of this run for commands from another terminal."""
    _write(folder / LAST_RUN, settings)


def _write(path: Path, values: Mapping[str, str], *, comment: str = "") -> None:
    # Written aside and moved, so that a half-written key is never taken for one.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(comment)
        file.writelines(f"{name}={value}\n" for name, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line[:1] not in ("#", ""))
    return {name: value for name, value in pairs}


def main(arguments: list[str]) -> int:
    """Become `flask` with the settings of the instance named first."""
    folder, *command = arguments
    try:
        settings = environment(Path(folder), os.environ)
    except InstanceError as error:
        print(error, file=sys.stderr)
        return 1
    flask = [sys.executable, "-m", "flask", "--app", "wsgi:public", *command]
    os.execve(sys.executable, flask, {**os.environ, **settings})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
