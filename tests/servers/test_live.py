"""The house that the tests start is the one that `make run` starts, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.live import Live
from tests.servers.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/live.sqlite3"
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.create("test_live")
    server.drop("test_live")


def test_each_part_can_be_killed_and_started_again(
    tmp_path: Path, database_url: str
) -> None:
    with Live(tmp_path / "instance", database_url=database_url) as live:
        assert live.get("/letters/deepfakes").status == 200
        live.kill_web()
        with pytest.raises(ConnectionError):
            live.get("/letters/deepfakes")
        live.start_web()
        assert live.get("/letters/deepfakes").status == 200
        live.kill_worker()
        live.start_worker()
        live.wait_until_ready()
        checked = live.flask("tally", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert live.get("/letters/deepfakes", {"Host": "elsewhere"}).status == 421
        assert live.mails() == []


def test_a_house_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    settings = {"MAIL_PORT": "many"}
    with (
        pytest.raises(AssertionError, match="MAIL_PORT"),
        Live(tmp_path / "instance", environment=settings),
    ):
        raise AssertionError("it started")
