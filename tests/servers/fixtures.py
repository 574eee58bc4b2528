"""The servers as pytest fixtures: one of each a run, started when first asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.browser import Browser
from tests.servers.live import Live
from tests.servers.postgres import Postgres, shared, stop_shared
from tests.servers.smtp import Sink

# Where the processes of one run (pytest-xdist) find each other, and whose run it is.
_FOLDER = pytest.StashKey[Path]()
_OWNER = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, or take over the one that the controller has made."""
    given = getattr(config, "workerinput", None)
    if given is None:
        folder, owner = Path(tempfile.mkdtemp(prefix="undersigned-run-")), os.getpid()
    else:
        folder, owner = Path(given["servers_folder"]), given["servers_owner"]
    config.stash[_FOLDER], config.stash[_OWNER] = folder, owner


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker of pytest-xdist where the run's folder is."""
    stash = node.config.stash  # type: ignore[attr-defined]
    given = node.workerinput  # type: ignore[attr-defined]
    given["servers_folder"] = str(stash[_FOLDER])
    given["servers_owner"] = stash[_OWNER]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the run has started; only the controller does, when all are done."""
    if config.stash.get(_OWNER, None) == os.getpid():
        stop_shared(config.stash[_FOLDER])
        shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Postgres:
    """The PostgreSQL of this run; all its processes share it."""
    return shared(pytestconfig.stash[_FOLDER], owner=pytestconfig.stash[_OWNER])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this process."""
    with Browser() as running:
        yield running


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The whole house on SQLite, for tests that leave it as they found it."""
    with Live(tmp_path_factory.mktemp("live") / "instance") as running:
        yield running


@pytest.fixture
def smtp_sink() -> Iterator[Sink]:
    """An SMTP server of the test's own, well behaved until told otherwise."""
    with Sink() as running:
        yield running
