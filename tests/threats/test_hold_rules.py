"""Threat 8: many signatures of one hand are held in silence; the numbers stay exact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from app import db
from app.domain import hold_rules, record, retention
from app.domain.hold_rules import HoldRules
from app.models import ClaimPolicy
from tests.house import House, link
from tests.organising.room import HERE, hidden


def from_network(house: House, address: str) -> None:
    """Let the browser of the house ask from this address from now on."""

    def front(environ: dict[str, Any], start: Any) -> Any:
        return house.front(environ | {"REMOTE_ADDR": address}, start)

    house.client = Client(front)


def sign_from(house: House, number: int, address: str, email: str) -> str:
    """Sign from a network and confirm; why it is held, if it is."""
    from_network(house, address)
    house.confirm(name=f"Person {number}", email=email)
    return house.signatures()[-1].hold_reasons or ""


def said(answer: TestResponse) -> tuple[Any, ...]:
    """All of an answer but its random reference, of which the length remains."""
    headers = dict(answer.headers)
    there, reference = headers.pop("Location").rsplit("/", 1)
    return answer.status_code, answer.data, there, len(reference), headers


def limit_network(house: House, limit: int, actor: str) -> None:
    """Hold who signs from one network beyond so many in an hour, and no domain."""
    rules = HoldRules(network_limit=limit, domain_limit=None)
    with house.writing() as session:
        hold_rules.save(session, letter_id=1, rules=rules, actor=actor, now=db.now())
    house.site.shelf._seen.clear()


# With its own rules a letter holds the 101st; a few show the same of the longer kind.
@pytest.mark.parametrize(
    ("network", "limit"), [("203.0.113.{}", None), ("2001:db8:1:2::{}", 10)]
)
def test_row_8_two_hundred_from_one_network_are_held_beyond_the_limit(
    house: House, network: str, limit: int | None
) -> None:
    if limit is not None:
        limit_network(house, limit, record.SYSTEM)
    let_in = limit or 100
    answers = []
    for n in range(2 * let_in):
        from_network(house, network.format(n % 250))
        fields = {"name": f"Person {n}", "email": f"p{n}@house{n}.example.org"}
        answers.append(said(house.sign(**fields)))
    for n, mail in enumerate(house.deliver()):
        from_network(house, network.format(n % 250))
        house.post(link(mail, "confirm"), {"action": "confirm"})
    house.deliver()
    reasons = [row.hold_reasons or "" for row in house.signatures()]
    assert reasons == [""] * let_in + ["network_speed"] * let_in
    assert answers == [answers[0]] * 2 * let_in, "who is held is told nothing else"
    assert house.numbers()["confirmed"] == let_in
    # One confirmation and one "signed" each: being held mails nobody anything else.
    assert len(house.sink.mails) <= 2 * 2 * let_in


def test_row_8_what_came_too_fast_is_let_in_and_taken_out_by_the_filter(
    house: House,
) -> None:
    """On the pages of the desk, the number first; the numbers stay exact."""
    ella = house.organiser("editor")
    bulk = f"{HERE}/desk/bulk"
    limit_network(house, 10, ella.actor)

    def stroke(verb: str, number: int) -> None:
        page = ella.get(f"{bulk}?verb={verb}&pile=network_speed").text
        assert f"<strong>{number}</strong>" in page
        fields = hidden(page, {"verb": verb, "pile": "network_speed"})
        typed = {"reason": "All of one hand", "number": str(number)}
        assert ella.post(bulk, fields | typed).status_code == 303

    for n in range(30):
        sign_from(house, n, "203.0.113.1", f"p{n}@house{n}.example.org")
    stroke("release", 20)
    assert house.numbers()["confirmed"] == 30
    for n in range(30, 60):
        sign_from(house, n, "203.0.113.2", f"p{n}@house{n}.example.org")
    stroke("reject", 30)
    assert house.numbers()["confirmed"] == 30
    states = [row.state for row in house.signatures()]
    assert states == ["counted"] * 30 + ["rejected"] * 30
    house.check()


def test_row_8_one_address_domain_is_held_beyond_the_limit_but_no_provider(
    house: House,
) -> None:
    with house.writing() as session:
        rules = HoldRules(network_limit=None, domain_limit=3)
        hold_rules.save(
            session, letter_id=1, rules=rules, actor="organiser:1", now=db.now()
        )
    house.site.shelf._seen.clear()
    reasons = [
        sign_from(house, n, "203.0.113.1", f"p{n}@catch-all.example.org")
        for n in range(5)
    ]
    assert reasons == ["", "", "", "domain_speed", "domain_speed"]
    for n in range(5):
        assert sign_from(house, n, "203.0.113.1", f"p{n}@gmail.com") == ""
    house.check()


def test_a_network_is_forgotten_after_a_week_and_of_held_ones_after_a_month(
    house: House,
) -> None:
    sign_from(house, 1, "203.0.113.1", "one@example.org")
    house.confirm(name="Two", email="two@example.org", public_figure="yes")

    def known(days: float) -> list[bool]:
        with house.writing() as session:
            retention.run(session, now=db.now() + timedelta(days=days))
        return [row.network_key is not None for row in house.signatures()]

    assert known(6.9) == [True, True]
    assert known(7.1) == [False, True]
    assert known(29.9) == [False, True]
    assert known(30.1) == [False, False]


def test_a_claim_that_the_address_contradicts_is_held_where_the_letter_asks(
    house: House,
) -> None:
    with house.writing() as session:
        hold_rules.save_institutions(
            session, letter_id=1, lines=["University of X = uni-x.example.org"],
            actor="organiser:1", now=db.now(),
        )  # fmt: skip
        hold_rules.save(
            session, letter_id=1, rules=HoldRules(claim=ClaimPolicy.OFFICE),
            actor="organiser:1", now=db.now(),
        )  # fmt: skip
    house.site.shelf._seen.clear()
    for email, affiliation, title, held in (
        ("a@example.org", "Physics, University of X", "", True),
        ("b@mail.uni-x.example.org", "Physics, University of X", "", False),
        ("c@example.org", "University of Y", "Rector", False),
        ("d@gmail.com", "University of Y", "Rector", True),
        ("e@gmail.com", "University of Y", "Lecturer", False),
    ):
        house.confirm(name="Ann", email=email, affiliation=affiliation, title=title)
        assert (house.signatures()[-1].hold_reasons == "claim") is held, email
    house.check()
