"""What several tests of threats ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House, copy_sqlite
from tests.servers.smtp import Sink


@pytest.fixture
def house_on_sqlite(
    filled_sqlite: Path, tmp_path: Path, smtp_sink: Sink
) -> Iterator[House]:
    """For what never reaches the database, so that one kind of it is enough."""
    running = House(copy_sqlite(filled_sqlite, tmp_path / "db"), tmp_path, smtp_sink)
    yield running
    running.close()
