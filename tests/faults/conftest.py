"""Houses whose web server has little patience, started once for all tests of a kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import KEYS
from tests.servers.live import Live
from tests.servers.postgres import Postgres

# Tests wait for it to end, so it is shorter than anybody would choose.
PATIENCE = {"SECRET_KEYS": KEYS, "WEB_PATIENCE": "4"}


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house on SQLite whose server has little patience."""
    folder = tmp_path_factory.mktemp("web") / "instance"
    with Live(folder, environment=PATIENCE) as live:
        yield live


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL to be crashed, which keeps its data on a disk."""
    with Postgres(durable=True) as server:
        yield server


@pytest.fixture(scope="session")
def web_on_postgres(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """The same house on PostgreSQL."""
    folder = tmp_path_factory.mktemp("web") / "instance"
    url = postgres_server.create("web")
    with Live(folder, database_url=url, environment=PATIENCE) as live:
        yield live


@pytest.fixture(params=["web", "web_on_postgres"])
def each_web(request: pytest.FixtureRequest) -> Live:
    """Each of the two."""
    live: Live = request.getfixturevalue(request.param)
    return live
