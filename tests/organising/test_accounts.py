"""An organiser's own account: a forgotten password, a new one, and what is told of it."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.models import EntryLink, Organiser, Outbox, Record
from tests.house import House, later
from tests.organising.people import PASSWORD, Signed
from tests.organising.test_signing_in import with_password

FORGOTTEN = "/organise/forgotten"
NEW = "four other words that do not rhyme"


def asked(house: House, email: str) -> str:
    """Ask for a new password as nobody in particular; the page that answers."""
    nobody = house.organiser(None, signed_in=False, email="nobody@example.org")
    answer = nobody.post(FORGOTTEN, {"email": email})
    assert answer.status_code == 200
    return re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


def sign_in(who: Signed, password: str) -> int:
    # The token went with the session that ended.
    who._token = ""
    who.post("/organise/sign-in", {"email": who.email, "password": password})
    return who.get("/organise/account").status_code


def test_vera_forgot_her_password_and_sets_a_new_one_by_mail(house: House) -> None:
    vera = with_password(house, "verifier")
    asked(house, f" {vera.email.upper()} ")
    (mail,) = house.deliver()
    assert mail.recipients == (vera.email,)
    path = re.search(r"/organise/enter/[\w.-]+", mail.text)
    assert path is not None
    assert vera.get(path[0]).status_code == 200
    vera.sign_in()
    assert vera.post(path[0], {"password": NEW}).status_code == 303
    assert vera.get("/organise/account").status_code == 303, "every session has ended"
    assert sign_in(vera, PASSWORD) == 303
    assert sign_in(vera, NEW) == 200
    (told,) = house.deliver()
    assert told.recipients == (vera.email,)
    assert "A new password was set." in told.text
    assert NEW not in told.text
    vera._token = ""
    assert vera.post(path[0], {"password": NEW}).status_code == 410
    verbs = [verb for (verb,) in house.ask(select(Record.verb))]
    assert verbs.count("organiser.password") == 1


def test_a_mailed_link_is_over_after_an_hour(house: House) -> None:
    vera = with_password(house, "verifier")
    asked(house, vera.email)
    path = re.search(r"/organise/enter/[\w.-]+", house.deliver()[0].text)
    assert path is not None
    later(hours=1, seconds=1)
    assert vera.get(path[0]).status_code == 410
    assert vera.post(path[0], {"password": NEW}).status_code == 410


def test_nobody_learns_whether_there_is_an_account_nor_floods_it(house: House) -> None:
    vera = with_password(house, "verifier")
    passkey_alone = house.organiser("viewer", email="keys@example.org")
    nobody = house.organiser(None, signed_in=False, email="nobody@example.org")
    assert nobody.token
    pages, statements = [], []
    for email in (vera.email, "no-such@example.org", passkey_alone.email, "\0", "x"):
        with house.statements() as said:
            answer = nobody.post(FORGOTTEN, {"email": email})
        pages.append(answer.data)
        statements.append(said)
    assert len(set(pages)) == 1
    assert all(said == statements[0] for said in statements)
    # Whoever signs in by a passkey alone gets no password by mail.
    assert [mail.recipients for mail in house.deliver()] == [(vera.email,)]
    for _ in range(3):
        asked(house, vera.email)
    assert house.deliver() == []
    for turn in range(1, 9):
        later(minutes=16 * turn)
        asked(house, vera.email)
        house.deliver()
    resets = house.ask(select(Outbox.id).where(Outbox.kind == "reset"))
    assert len(resets) == 5
    open_links = house.ask(select(EntryLink.id).where(EntryLink.used_at.is_(None)))
    assert len(open_links) == 1, "a new link ends the former ones"


def test_a_password_is_changed_by_whoever_has_just_proved_who_they_are(
    house: House,
) -> None:
    vera = with_password(house, "verifier")
    vera.sign_in()
    elsewhere = Signed(house, None, email=vera.email)
    path = "/organise/account/password"
    weak = vera.post(path, {"password": "password1234"})
    assert weak.status_code == 400
    assert "first to be guessed" in weak.text
    assert vera.post(path, {"password": NEW}).status_code == 303
    assert vera.get("/organise/account").status_code == 200
    assert elsewhere.get("/organise/account").status_code == 303
    assert "A new password was set." in house.deliver()[0].text
    later(minutes=11)
    answer = vera.post(path, {"password": PASSWORD})
    assert answer.status_code == 303
    assert "/organise/again" in answer.headers["Location"]
    stored = house.ask(select(Organiser.password).where(Organiser.id == vera.id))
    later(minutes=0)
    assert sign_in(vera, NEW) == 200
    assert stored[0][0].startswith("$argon2")
