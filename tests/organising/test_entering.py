"""The link that opens once: the first way in, which skips nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import db
from app.domain import entries, organisers, passwords, record
from app.domain.passwords import PasswordProblem
from app.domain.tokens import Purpose
from app.models import LinkPurpose, Record, Role
from tests.house import SLUG, House, at_once, later
from tests.organising.people import PASSWORD, Signed


def link_for(house: House, person: Signed) -> str:
    """A link as `make run` prints it."""
    with house.writing() as session:
        made = entries.make(
            session, organiser_id=person.id, purpose=LinkPurpose.FIRST, now=db.now()
        )
    return f"/organise/enter/{house.site.tokens.make(Purpose.ENTER, made)}"


def test_vera_sets_a_password_by_her_link_once_and_signs_in(house: House) -> None:
    vera = house.organiser("owner", signed_in=False)
    path = link_for(house, vera)
    assert vera.get(path).status_code == 200
    assert vera.get(path).status_code == 200, "opening it uses nothing up"
    assert vera.post(path, {"password": "too short"}).status_code == 400
    answer = vera.post(path, {"password": PASSWORD})
    assert answer.headers["Location"] == "/organise/sign-in"
    assert vera.get("/organise/").status_code == 303, "she has to sign in with it"
    assert vera.get(path).status_code == 410
    assert vera.post(path, {"password": PASSWORD}).status_code == 410
    vera.post("/organise/sign-in", {"email": vera.email, "password": PASSWORD})
    assert vera.get("/organise/").status_code == 200
    assert ("organiser.password",) in house.ask(select(Record.verb))


def test_of_twenty_at_once_with_one_link_one_gets_through(house: House) -> None:
    vera = house.organiser("owner", signed_in=False)
    identifier = house.site.tokens.read(
        Purpose.ENTER, link_for(house, vera).rpartition("/")[2]
    )

    def use(number: int) -> int:
        with house.site.database.transaction() as connection:
            used = entries.use(
                connection, identifier=identifier, hashed=f"h{number}", now=db.now()
            )
            connection.commit()
        return used

    results = at_once(use, 20)
    assert [r for r in results if not isinstance(r, entries.LinkOver)] == [vera.id]


def test_a_link_is_over_after_a_week(house: House) -> None:
    vera = house.organiser("owner", signed_in=False)
    path = link_for(house, vera)
    later(days=7, seconds=1)
    assert vera.get(path).status_code == 410


def test_a_new_password_ends_every_session(house: House) -> None:
    """Threats 44."""
    vera = house.organiser("owner")
    stolen = house.organiser("owner")
    other = house.organiser(None, signed_in=False, email="other@example.org")
    other.post(link_for(house, vera), {"password": PASSWORD})
    assert vera.get("/organise/").status_code == 303
    assert stolen.get("/organise/").status_code == 303


def test_the_first_link_is_made_until_somebody_can_sign_in(house: House) -> None:
    with house.writing() as session:
        organisers.join(
            session,
            email="organiser@example.org",
            name="First organiser",
            slug=SLUG,
            role=Role.OWNER,
            actor=record.SYSTEM,
            now=db.now(),
        )
    with house.writing() as session:
        former = entries.first(session, slug=SLUG, now=db.now())
        newer = entries.first(session, slug=SLUG, now=db.now())
        assert former is not None
        assert newer is not None
        with pytest.raises(entries.LinkOver):
            entries.find(session, identifier=former, now=db.now())
        entries.use(session, identifier=newer, hashed="h", now=db.now())
        assert entries.first(session, slug=SLUG, now=db.now()) is None


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("eleven char", PasswordProblem.SHORT),
        ("passwordpassword1", PasswordProblem.COMMON),
        ("aaaaaaaaaaaaaaaa", PasswordProblem.COMMON),
        ("1234567890123456", PasswordProblem.COMMON),
        ("vera@example.org1", PasswordProblem.OWN),
        (PASSWORD, None),
        ("пароль на удачу", None),
    ],
)
def test_long_passwords_are_taken_and_common_ones_are_not(
    password: str, wrong: PasswordProblem | None
) -> None:
    assert passwords.problem(password, email="vera@example.org") == wrong
