"""What the tests of mail may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.postman import Postman
from tests.house import House, settings
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
