"""A lost second factor: ended by an owner after a day, kept by whoever still has it."""

from __future__ import annotations

import re

import pytest
from click.testing import Result
from sqlalchemy import delete, select

from app import db
from app.domain import chores
from app.models import FactorReset, Membership, Organiser, Record
from tests.house import House, later
from tests.organising.people import PASSWORD, Signed
from tests.organising.test_factors import set_up
from tests.organising.test_signing_in import enter

TEAM = "/organise/letters/deepfakes/team"


def the_worker_tends(house: House) -> None:
    """What the worker does each second."""
    with house.writing() as session:
        if chores.waiting(session, now=db.now()):
            chores.do(session, now=db.now())


def has_factor(house: House, who: Signed) -> bool:
    """Whether a second factor is asked of an organiser."""
    ((method, secret, codes),) = house.ask(
        select(
            Organiser.tf_primary_method,
            Organiser.tf_totp_secret,
            Organiser.mf_recovery_codes,
        ).where(Organiser.id == who.id)
    )
    assert (method is None) == (secret is None)
    assert method is not None or codes is None
    return method is not None


def verbs(house: House) -> list[str]:
    """What the record says of factors."""
    found = house.ask(select(Record.verb).order_by(Record.id))
    return [verb for (verb,) in found if verb.startswith(("factor.", "organiser."))]


def test_a_lost_factor_ends_a_day_after_an_owner_asked(house: House) -> None:
    vera, _ = set_up(house)
    house.deliver()
    vera.sign_in()
    owner = house.organiser("owner", email="olga@example.org")
    assert "Lost second factor" in owner.get(TEAM).text
    for _again in range(2):
        asked = owner.post(f"{TEAM}/factor", {"member": vera.id})
        assert asked.status_code == 303
    (told,) = house.deliver()
    assert told.recipients == (vera.email,)
    assert "says that you have lost your second factor" in told.text
    assert "The second factor ends on" in owner.get(TEAM).text
    later(hours=23, minutes=59)
    the_worker_tends(house)
    assert has_factor(house, vera)
    later(hours=24, minutes=1)
    the_worker_tends(house)
    assert not has_factor(house, vera)
    assert "The second factor was taken away." in house.deliver()[0].text
    assert vera.get("/organise/account").status_code == 303, "every session has ended"
    vera._token = ""
    assert enter(vera, "a guess at the password").status_code == 400
    enter(vera)
    assert vera.get("/organise/account").status_code == 200
    assert verbs(house) == ["organiser.factor", "factor.ask", "organiser.factor_off"]


def test_whoever_still_has_the_factor_keeps_it_by_signing_in(house: House) -> None:
    vera, app = set_up(house)
    owner = house.organiser("owner", email="olga@example.org")
    owner.post(f"{TEAM}/factor", {"member": vera.id})
    enter(vera)
    assert len(house.ask(select(FactorReset.due_at))) == 1, "half a sign-in is none"
    answer = vera.post("/organise/code", {"code": app.generate().token})
    assert answer.status_code == 302
    assert house.ask(select(FactorReset.due_at)) == []
    later(hours=25)
    the_worker_tends(house)
    assert has_factor(house, vera)
    assert verbs(house)[-1] == "factor.keep"


def test_the_owner_takes_it_back_and_the_mail_not_yet_sent_is_not_sent(
    house: House,
) -> None:
    vera, _ = set_up(house)
    house.deliver()
    owner = house.organiser("owner", email="olga@example.org")
    owner.post(f"{TEAM}/factor", {"member": vera.id})
    owner.post(f"{TEAM}/factor", {"member": vera.id, "keep": "yes"})
    assert house.deliver() == []
    assert house.ask(select(FactorReset.due_at)) == []
    assert verbs(house)[1:] == ["factor.ask", "factor.keep"]


def test_who_left_the_team_meanwhile_keeps_it(house: House) -> None:
    vera, _ = set_up(house)
    owner = house.organiser("owner", email="olga@example.org")
    owner.post(f"{TEAM}/factor", {"member": vera.id})
    owner.post(f"{TEAM}/remove", {"member": vera.id})
    later(hours=25)
    the_worker_tends(house)
    assert has_factor(house, vera)


@pytest.mark.parametrize("whose", ["own", "stranger", "without", "nobody"])
def test_nobody_ends_a_factor_that_is_not_theirs_to_end(
    house: House, whose: str
) -> None:
    """Of one's own account neither: a session that was stolen could do it."""
    vera, _ = set_up(house)
    vera.sign_in()
    asking, member = vera, vera.id
    if whose == "stranger":
        asking = house.organiser("owner", email="o@example.org", slug="deepfakes")
        with house.writing() as session:
            session.execute(
                delete(db.table(Membership)).where(Membership.organiser_id == vera.id)
            )
    elif whose == "without":
        member = house.organiser("viewer", email="v@example.org").id
    elif whose == "nobody":
        member = 0
    answer = asking.post(f"{TEAM}/factor", {"member": member})
    assert answer.status_code == 409
    assert house.ask(select(FactorReset.due_at)) == []
    assert re.search("quicker|moved on", answer.text)


def let_in(house: House, *words: str) -> Result:
    """Run the command."""
    runner = house.app.test_cli_runner()
    return runner.invoke(args=["organiser", "let-in", *words])


def test_the_operator_lets_in_who_has_lost_everything(house: House) -> None:
    """The last way in, for whoever can type at the machine."""
    vera, _ = set_up(house)
    answer = let_in(house, vera.email, "--without-factor")
    assert answer.exit_code == 0, answer.output
    path = re.search(r"/organise/enter/[\w.-]+", answer.output)
    assert path is not None
    assert not has_factor(house, vera)
    vera._token = ""
    new = "five other words which do not rhyme"
    assert vera.post(path[0], {"password": new}).status_code == 303
    vera._token = ""
    assert enter(vera, PASSWORD).status_code == 400
    assert enter(vera, new).status_code == 302
    assert vera.get("/organise/account").status_code == 200
    missing = let_in(house, "nobody@example.org")
    assert missing.exit_code == 1
    assert "nobody@example.org" in missing.output
