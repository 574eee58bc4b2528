"""A notable is invited at a known address, signs, and is verified by confirming."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.domain import inviting, retention, watch_lists
from app.domain.addresses import AddressProblem
from app.domain.inviting import AlreadyInvited, NotAName
from app.domain.verification import EvidenceMissing, OwnWork
from app.models import SignInvitation, Verification
from tests.house import FIELDS, House, later, link
from tests.organisers import letter_id, organiser, pile
from tests.servers.behaviours import NO_SUCH_USER

NAME, ADDRESS = "Yoshua Bengio", "yoshua@institute.example.org"
EVIDENCE = "from the page of his institute"


def invite(house: House, organiser_id: int, **how: Any) -> str:
    """An invitation by mail; its public id."""
    given = {
        "name": NAME, "address": ADDRESS, "evidence": EVIDENCE, "language": "en",
    } | how  # fmt: skip
    with house.writing() as session:
        found = house.site.shelf.of(session, letter_id=letter_id(house), now=db.now())
        return inviting.invite(
            session, keyring=house.site.keyring, settings=found,
            organiser_id=organiser_id, now=db.now(), **given,
        )  # fmt: skip


def path(house: House) -> str:
    """The path of the personal link in the mail that comes."""
    (mail,) = house.deliver()
    assert mail.recipients == (ADDRESS,)
    return link(mail, "invited")


def fill_in(house: House, at: str, **fields: str) -> str:
    """Sign through the link, and the path of the confirmation link that is mailed."""
    typed = {k: v for k, v in FIELDS.items() if k != "email"} | {"name": NAME}
    answer = house.post(at, typed | fields)
    assert answer.status_code == 303, answer.text
    later(minutes=2)
    (mail,) = house.deliver()
    assert mail.recipients == (ADDRESS,), "the address is fixed"
    return link(mail, "confirm")


def watch(house: House) -> None:
    with house.writing() as session:
        watch_lists.add(session, letter_id=letter_id(house), lines=[NAME],
                    actor="organiser:1", now=db.now())  # fmt: skip


def test_who_was_invited_is_verified_by_confirming(house: House) -> None:
    watch(house)
    olga = organiser(house)
    invite(house, olga)
    at = path(house)
    page = house.get(at)
    assert page.status_code == 200
    assert ADDRESS in page.text
    assert re.search(r'name="email"', page.text) is None
    confirm = fill_in(house, at, email="somebody@else.example.org")
    assert house.signatures() == [], "nothing is public before the address is confirmed"
    assert house.post(confirm, {"action": "confirm"}).status_code == 200
    (row,) = house.signatures()
    assert (row.state, row.verified, row.name) == ("counted", True, NAME)
    (account,) = house.ask(
        select(Verification.__table__).where(Verification.signature_id == row.id)
    )
    assert (account.method, account.evidence, account.verified_by) == (
        "independent_reply", EVIDENCE, f"organiser:{olga}",
    )  # fmt: skip
    assert house.get(at).status_code == 404, "a link works once"
    house.check()


def test_another_name_or_another_address_proves_nothing(house: House) -> None:
    watch(house)
    olga = organiser(house)
    invite(house, olga)
    at = path(house)
    confirm = fill_in(house, at, name="Sam Altman")
    house.post(confirm, {"action": "confirm"})
    (row,) = house.signatures()
    assert (row.name, row.verified) == ("Sam Altman", False)
    assert house.get(at).status_code == 200, "the invited person may still sign"


def test_a_forwarded_form_for_another_address_proves_nothing(house: House) -> None:
    watch(house)
    invite(house, organiser(house))
    at = path(house)
    typed = {k: v for k, v in FIELDS.items() if k != "email"} | {"name": NAME}
    inbox = house.post(at, typed).headers["Location"]
    house.sink.refused[ADDRESS] = NO_SUCH_USER
    later(minutes=2)
    house.deliver()
    moved = house.post(inbox, {"action": "address", "email": "mallory@example.org"})
    assert moved.status_code == 303
    later(minutes=4)
    confirm = link(house.deliver()[-1], "confirm")
    house.post(confirm, {"action": "confirm"})
    (row,) = house.signatures()
    assert (row.state, row.verified) == ("held", False)


def test_where_two_are_asked_for_an_invitation_is_the_first_review(
    house: House,
) -> None:
    watch(house)
    house.set_letter(second_reviewer=True)
    invite(house, organiser(house))
    house.post(fill_in(house, path(house)), {"action": "confirm"})
    (row,) = house.signatures()
    assert (row.state, row.verified) == ("held", False)
    assert pile(house, "second") == [NAME]


def test_a_revoked_one_is_dead_and_forgets_the_address(house: House) -> None:
    olga = organiser(house)
    public_id = invite(house, olga)
    at = path(house)
    with house.writing() as session:
        given: dict[str, Any] = {
            "letter_id": letter_id(house), "public_id": public_id,
            "organiser_id": olga, "now": db.now(),
        }  # fmt: skip
        assert inviting.revoke(session, **given)
        assert not inviting.revoke(session, **given)
    assert house.get(at).status_code == 404
    assert house.post(at, FIELDS).status_code == 404
    assert house.ask(select(SignInvitation.address_sealed)) == [(None,)]


def test_a_revoked_one_that_was_not_mailed_yet_never_is(house: House) -> None:
    olga = organiser(house)
    public_id = invite(house, olga)
    with house.writing() as session:
        inviting.revoke(
            session, letter_id=letter_id(house), public_id=public_id,
            organiser_id=olga, now=db.now(),
        )  # fmt: skip
    assert house.deliver() == []


def test_after_thirty_days_it_is_over_and_later_forgotten(house: House) -> None:
    invite(house, organiser(house))
    at = path(house)
    later(days=30, minutes=1)
    assert house.get(at).status_code == 404
    with house.writing() as session:
        retention.run(session, now=db.now())
    (row,) = house.ask(select(SignInvitation.__table__))
    assert (row.address_sealed, row.name) == (None, NAME)
    later(days=61)
    with house.writing() as session:
        retention.run(session, now=db.now())
    (row,) = house.ask(select(SignInvitation.__table__))
    assert row.name is None


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"address": "nobody"}, AddressProblem),
        ({"name": "http://x.example"}, NotAName),
        ({"evidence": " "}, EvidenceMissing),
        ({"address": "Olga+x@organisers.example.org"}, OwnWork),
    ],
)
def test_what_cannot_be_invited(
    house: House, how: dict[str, str], problem: type[Exception]
) -> None:
    olga = organiser(house)
    with pytest.raises(problem):
        invite(house, olga, **how)
    assert house.ask(select(SignInvitation.id)) == []


def test_one_open_link_for_one_address(house: House) -> None:
    olga = organiser(house)
    invite(house, olga)
    with pytest.raises(AlreadyInvited):
        invite(house, olga, address=ADDRESS.upper())


def test_a_token_for_something_else_opens_nothing(house: House) -> None:
    invite(house, organiser(house))
    at = path(house)
    token = at.rpartition("/")[2]
    for room in ("confirm", "manage"):
        assert house.get(f"/{room}/{token}").status_code == 404
    assert house.get(f"/invited/{token[:-1]}").status_code == 404
