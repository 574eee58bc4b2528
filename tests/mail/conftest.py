"""What the tests of mail may ask for."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from app.postman import Postman
from app.worker import Worker
from tests.house import House, settings
from tests.mail.reports import ADDRESS, Office, free_port
from tests.mail.work import Hire


@pytest.fixture
def hire(house: House, database_url: str, tmp_path: Path) -> Iterator[Hire]:
    """Makes workers of the same house with other settings of the mail server."""
    hired = []

    def make(**given: str) -> Postman:
        given.setdefault("MAIL_PORT", str(house.sink.port))
        postman = Postman(
            settings(database_url, tmp_path, **given), house.site.database
        )
        hired.append(postman)
        return postman

    yield make
    for postman in hired:
        postman.close()


@pytest.fixture
def office(house: House, database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The house's worker, with its door open."""
    port = free_port()
    config = settings(database_url, tmp_path, MAIL_PORT=str(house.sink.port),
                      MAIL_BOUNCES=ADDRESS, MAIL_BOUNCES_PORT=str(port))  # fmt: skip
    worker = Worker(config, house.site.database)
    assert worker.receiver is not None
    worker.receiver.start()
    until = monotonic() + 10
    while monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            sleep(0.02)
    yield Office(house, worker, port)
    worker.receiver.stop()
    worker.postman.close()
