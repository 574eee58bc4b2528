"""A database whose machine vanishes without a goodbye is given up (threat 58)."""

from __future__ import annotations

from psycopg import Connection

from app.db import Database
from tests.servers.postgres import Postgres


def test_row_58_a_silent_connection_is_given_up_within_seconds(
    postgres: Postgres,
) -> None:
    database = Database(postgres.url("postgres"))
    with database.snapshot() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, Connection)
        given = driver.info.get_parameters()
    database.dispose()
    idle, pause, count = (
        int(given[f"keepalives_{name}"]) for name in ("idle", "interval", "count")
    )
    assert idle + pause * count <= 15
    assert 0 < int(given["tcp_user_timeout"]) <= 15_000
