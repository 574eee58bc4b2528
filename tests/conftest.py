"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import memory
from tests.house import House, copy_sqlite, fill
from tests.servers.postgres import Postgres
from tests.servers.smtp import Sink

pytest_plugins = ["tests.servers.fixtures"]


def pytest_configure() -> None:
    """Let all that the tests write lie in memory: SQLite flushes each commit, too."""
    if place := memory.folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and the example letter, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    fill(f"sqlite:///{folder}/undersigned.sqlite3", folder)
    return folder / "undersigned.sqlite3"


@pytest.fixture(scope="session")
def filled_postgres(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Postgres:
    """The run's PostgreSQL with a template of the same."""
    folder = tmp_path_factory.mktemp("filled")
    postgres.make_template(lambda url: fill(url, folder))
    return postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the test's own with the example letter: once on each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("filled_sqlite")
        yield copy_sqlite(template, tmp_path / "database")
        return
    server: Postgres = request.getfixturevalue("filled_postgres")
    name = f"test_{uuid4().hex}"
    yield server.create_from_template(name)
    server.drop(name)


@pytest.fixture
def house(database_url: str, tmp_path: Path, smtp_sink: Sink) -> Iterator[House]:
    """A house with the example letter on it, on SQLite and on PostgreSQL."""
    running = House(database_url, tmp_path, smtp_sink)
    yield running
    running.close()


@pytest.fixture
def house_on_sqlite(
    filled_sqlite: Path, tmp_path: Path, smtp_sink: Sink
) -> Iterator[House]:
    """For what never reaches the database, or is shown the same way by both kinds."""
    running = House(
        copy_sqlite(filled_sqlite, tmp_path / "database"), tmp_path, smtp_sink
    )
    yield running
    running.close()
