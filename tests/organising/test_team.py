"""The team of a letter: invited by mail, changed, and never without an owner."""

from __future__ import annotations

import re

from sqlalchemy import select

from app import db
from app.domain import invitations
from app.domain.tokens import Purpose
from app.models import Membership, Organiser, Record
from tests.house import House, at_once, later
from tests.organising.people import PASSWORD, Signed
from tests.organising.test_signing_in import with_password

TEAM = "/organise/letters/deepfakes/team"


def invited(house: House, owner: Signed, email: str = "vera@example.org") -> str:
    """The path of the link in the mail that an invitation sends."""
    answer = owner.post(f"{TEAM}/invite", {"email": email, "role": "verifier"})
    assert answer.status_code == 303, answer.text
    mail = house.deliver()[-1]
    assert list(mail.recipients) == [email]
    found = re.search(r"/organise/invitation/[\w.-]+", mail.text)
    assert found is not None, mail.text
    return found[0]


def roles(house: House) -> dict[str, str]:
    """Who has which role, by address."""
    rows = house.ask(
        select(Organiser.email, Membership.role).join(
            Membership, Membership.organiser_id == Organiser.id
        )
    )
    return {email: role for email, role in rows}


def test_vera_joins_by_the_mailed_link_and_signs_in(house: House) -> None:
    owner = house.organiser("owner")
    path = invited(house, owner)
    vera = house.organiser(None, signed_in=False, email="somebody@example.org")
    vera.email = "vera@example.org"
    assert vera.get(path).status_code == 200
    assert "vera@example.org" not in roles(house), "opening it accepts nothing"
    assert vera.post(path, {"name": "Vera", "password": "short"}).status_code == 400
    answer = vera.post(path, {"name": "Vera", "password": PASSWORD})
    assert answer.headers["Location"] == "/organise/"
    assert roles(house)["vera@example.org"] == "verifier"
    assert vera.post(path, {"name": "Vera", "password": PASSWORD}).status_code == 410
    vera.post("/organise/sign-in", {"email": vera.email, "password": PASSWORD})
    assert "Verifier" in vera.get("/organise/").text


def test_somebody_elses_account_cannot_accept_an_invitation(house: House) -> None:
    """Threats 45."""
    owner = house.organiser("owner")
    path = invited(house, owner)
    mallory = house.organiser(None, email="mallory@example.org")
    assert mallory.get(path).status_code == 403
    assert mallory.post(path).status_code == 403
    assert "mallory@example.org" not in roles(house)


def test_whoever_has_an_account_signs_in_to_accept(house: House) -> None:
    """Whoever reads the mail of an account gets no new password for it by this."""
    vera = with_password(house, "viewer")
    path = invited(house, house.organiser("owner"), vera.email)
    answer = vera.post(path, {"password": "another password altogether"})
    assert answer.headers["Location"].startswith("/organise/sign-in?next=")
    vera.sign_in()
    assert vera.post(path).status_code == 303
    assert roles(house)[vera.email] == "viewer", "an offer takes nothing away"


def test_twenty_at_once_with_one_link_make_one_member(house: House) -> None:
    """Threats 45."""
    path = invited(house, house.organiser("owner"))
    identifier = house.site.tokens.read(Purpose.INVITATION, path.rpartition("/")[2])

    def accept(number: int) -> int:
        with house.site.database.transaction() as connection:
            joined = invitations.accept(
                connection,
                identifier=identifier,
                name=f"Vera {number}",
                hashed="h",
                now=db.now(),
            )
            connection.commit()
        return joined

    results = at_once(accept, 20)
    assert len([r for r in results if isinstance(r, int)]) == 1
    assert sorted(roles(house).values()) == ["owner", "verifier"]


def test_an_invitation_ends_after_72_hours_or_when_taken_back(house: House) -> None:
    owner = house.organiser("owner")
    path = invited(house, owner)
    owner.post(f"{TEAM}/revoke", {"email": "vera@example.org"})
    nobody = house.organiser(None, signed_in=False)
    assert nobody.get(path).status_code == 410
    other = invited(house, owner, "otto@example.org")
    later(hours=72, seconds=1)
    assert nobody.get(other).status_code == 410


def test_the_last_owner_cannot_leave_before_somebody_else_is_one(house: House) -> None:
    owner, editor = house.organiser("owner"), house.organiser("editor")
    leave = {"member": str(owner.id)}
    assert owner.post(f"{TEAM}/remove", leave).status_code == 409
    owner.post(f"{TEAM}/change", {"member": str(editor.id), "role": "owner"})
    assert owner.post(f"{TEAM}/remove", leave).status_code == 303
    assert roles(house) == {editor.email: "owner"}
    assert owner.get(TEAM).status_code == 404


def test_two_owners_who_remove_each_other_at_once_leave_one(house: House) -> None:
    pair = [house.organiser("owner", email=f"o{n}@example.org") for n in (0, 1)]
    for person in pair:
        assert person.token
    at_once(
        lambda n: pair[n].post(f"{TEAM}/remove", {"member": str(pair[1 - n].id)}), 2
    )
    assert list(roles(house).values()) == ["owner"]


def test_team_changes_ask_again_after_minutes(house: House) -> None:
    """Threats 44."""
    owner = house.organiser("owner")
    assert owner.token
    later(minutes=11)
    answer = owner.post(f"{TEAM}/invite", {"email": "v@example.org", "role": "viewer"})
    assert answer.headers["Location"].startswith("/organise/again?next=")
    assert house.deliver() == []


def test_the_record_tells_the_team_who_was_asked_and_who_joined(house: House) -> None:
    owner = house.organiser("owner")
    invited(house, owner)
    page = owner.get("/organise/letters/deepfakes/record").text
    assert "team.invite" in page
    assert "vera@example.org" not in page
    assert ("team.invite",) in house.ask(select(Record.verb))
    filtered = owner.get("/organise/letters/deepfakes/record?verb=no.such").text
    assert "team.invite" not in filtered
