"""The table of routes holds: every route, every role, every method (threats 46)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.models import Membership
from tests.house import House, copy_sqlite
from tests.organising.people import Signed
from tests.organising.routes import METHODS, ROWS, WHO, Row
from tests.servers.smtp import Sink


@pytest.fixture(scope="module")
def team(
    filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Signed]]:
    """One of each, on one house: what they send changes nothing that others need."""
    folder = tmp_path_factory.mktemp("team")
    with Sink() as sink:
        house = House(copy_sqlite(filled_sqlite, folder / "db"), folder, sink)
        people = {
            role: house.organiser(role)
            for role in ("viewer", "verifier", "editor", "owner")
        }
        people["nobody"] = house.organiser(None, signed_in=False)
        people["stranger"] = house.organiser(None, email="stranger@example.org")
        former = people["former"] = house.organiser("owner", email="former@example.org")
        with house.writing() as session:
            session.execute(
                delete(Membership).where(Membership.organiser_id == former.id)
            )
        yield people
        house.close()


def test_every_route_is_in_the_table(team: dict[str, Signed]) -> None:
    rules = team["owner"].house.organise.url_map.iter_rules()
    assert {rule.endpoint for rule in rules} == ROWS.keys()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_each_route_answers_each_role_as_the_table_says(
    team: dict[str, Signed], row: Row, who: str
) -> None:
    person = team[who]
    for method in METHODS:
        path = f"/organise{row.path}"
        answer = person.get(path) if method == "GET" else person.send(method, path)
        expected = row.expected(who, method)
        assert answer.status_code == expected, (method, who, answer.text[:2000])
        # Some of these end the session; the next row begins with one.
        if who != "nobody" and "Set-Cookie" in answer.headers:
            person.sign_in()
