"""The migration of the updates with rows in the tables: taken back, and made again."""

from __future__ import annotations

from alembic import command
from sqlalchemy import NullPool, create_engine, text

from app.db_upgrade import alembic_config, driver, upgrade
from tests.house import House
from tests.mail.news import readers, started, turn

BEFORE = "20261127e"
BEFORE_THEY_COME_BACK = "20261127l"


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


def test_what_has_come_back_is_told_from_what_was_sent(house: House) -> None:
    url = house.site.database.url.render_as_string(hide_password=False)
    readers(house, 3)
    started(house)
    turn(house)
    house.deliver()
    engine = create_engine(driver(url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE mailing SET sent = 2, bounced = 1"))
        connection.execute(
            text(
                "UPDATE outbox SET state = 'refused', answer = 'came back: 5.1.1' "
                "WHERE id = (SELECT min(id) FROM outbox WHERE kind = 'update')"
            )
        )

    def figures(columns: str) -> tuple[object, ...]:
        with engine.connect() as connection:
            return tuple(
                connection.execute(text(f"SELECT {columns} FROM mailing")).one()
            )

    command.downgrade(alembic_config(url), BEFORE_THEY_COME_BACK)
    assert figures("sent, refused") == (3, 0)
    upgrade(url)
    assert figures("sent, bounced, refused") == (2, 1, 0)
