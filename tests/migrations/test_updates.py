"""The migration of the updates with rows in the tables: taken back, and made again."""

from __future__ import annotations

from alembic import command
from sqlalchemy import NullPool, create_engine, text

from app.db_upgrade import alembic_config, driver, upgrade
from tests.house import House
from tests.mail.news import readers, started, turn

BEFORE = "20261127e"


def test_taking_it_back_leaves_every_other_mail(house: House) -> None:
    url = house.site.database.url.render_as_string(hide_password=False)
    readers(house, 3)
    started(house)
    assert turn(house) == 3
    assert house.sign(email="waits@example.org").status_code == 303
    engine = create_engine(driver(url), poolclass=NullPool)

    def kinds(more: str = "") -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            rows = connection.execute(text(f"SELECT kind{more} FROM outbox"))
            return sorted(map(tuple, rows))

    assert len(kinds(", priority")) == 4
    command.downgrade(alembic_config(url), BEFORE)
    assert kinds() == [("confirm",)]
    upgrade(url)
    assert kinds(", priority") == [("confirm", 0)]
