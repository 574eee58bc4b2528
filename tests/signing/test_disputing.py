""" "I did not sign this" over HTTP: the same answer whatever is behind."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import db
from app.domain import disputes, verification
from app.models import Dispute, VerificationMethod
from tests.house import SLUG, House, later, link

LIST = f"/letters/{SLUG}/signatories"
SAY = {"action": "say", "kind": "not_me", "words": "", "contact": ""}


def _line(house: House, name: str, *, verified: bool = False) -> str:
    """Where one objects to the line of somebody who has just signed."""
    house.confirm(name=name, email=f"{name.split()[0].lower()}@example.org")
    row = house.signatures()[-1]
    if verified:
        with house.writing() as session:
            verification.verify(
                session,
                signature_id=row.id,
                method=VerificationMethod.CALL,
                evidence="called",
                actor="organiser:1",
                now=db.now(),
            )
    return f"{LIST}/{row.public_id}/dispute"


def test_it_stands_at_every_public_line(house: House) -> None:
    path = _line(house, "Ada Ordinary")
    for page in (f"/letters/{SLUG}", LIST, path.removesuffix("/dispute")):
        assert f'href="{path}' in house.fresh(page).text


def test_opening_the_page_changes_nothing(house: House) -> None:
    path = _line(house, "Ada Verified", verified=True)
    with house.statements() as said:
        for _ in range(3):
            assert house.get(path).status_code == 200
    assert not any(one.startswith(("INSERT", "UPDATE", "DELETE")) for one in said)
    assert house.signatures()[-1].state == "counted"


def test_the_answer_is_the_same_whatever_it_sets_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {
        "noted": _line(house, "Ada Ordinary"),
        "held": _line(house, "Ben Verified", verified=True),
        "spared": _line(house, "Cy Verified", verified=True),
    }
    ordinary = paths["noted"]
    answers = [house.post(paths["noted"], SAY), house.post(paths["held"], SAY)]
    monkeypatch.setattr(disputes, "MOST_HELD", 1)
    answers.append(house.post(paths["spared"], SAY))
    answers.append(house.post(ordinary, {"action": "prove"}))
    answers.append(house.post(ordinary, {"action": "prove"}))
    monkeypatch.setattr(disputes, "MOST_OF_NETWORK", 1)
    answers.append(house.post(ordinary, SAY))
    assert len({(a.status, a.data, str(a.headers)) for a in answers}) == 1
    assert answers[0].status_code == 303
    thanks = house.get(answers[0].headers["Location"])
    assert thanks.status_code == 200
    assert "it will be looked at" in thanks.text
    states = [row.state for row in house.signatures()]
    assert states == ["counted", "held", "counted"]
    assert len(house.ask(select(Dispute.id))) == 3


def test_a_held_line_leaves_every_page_within_the_second(house: House) -> None:
    path = _line(house, "Zacharias Disputed", verified=True)
    house.post(path, SAY)
    line = path.removesuffix("/dispute")
    for page in (f"/letters/{SLUG}", LIST, f"/api/v1{LIST}", f"{LIST}.csv"):
        assert "Zacharias" not in house.fresh(page).text
    for gone in (line, path):
        assert house.fresh(gone).status_code == 404
    assert house.post(path, SAY).status_code == 404
    house.check()


def test_whoever_has_the_address_takes_it_down_alone(house: House) -> None:
    """However many objected before: the mailed link always works."""
    path = _line(house, "Ada Forged")
    house.deliver()
    later(minutes=2)
    house.post(path, {"action": "prove"})
    (mail,) = house.deliver()
    assert mail.recipients == ("ada@example.org",)
    assert "If you never signed it" in mail.text
    manage = link(mail, "manage")
    house.post(manage, {"action": "erase", "sure": "yes"})
    row = house.signatures()[-1]
    assert (row.state, row.name) == ("withdrawn", None)


def test_nobody_is_flooded_with_links(house: House) -> None:
    path = _line(house, "Ada Forged")
    house.deliver()
    mails = 0
    for minutes in range(2, 32):
        later(minutes=minutes)
        house.post(path, {"action": "prove"})
        mails += len(house.deliver())
    # With the mail that confirmed: three for one address and letter in a week.
    assert mails == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "other"}, 400), ({}, 400), ({"action": "say"}, 400),
        ({**SAY, "kind": "envy"}, 400), ({**SAY, "words": "x" * 1001}, 400),
        ({**SAY, "contact": "nobody@"}, 400), ({**SAY, "words": "x" * 1000}, 303),
        ({**SAY, "contact": "me@example.org"}, 303), ({**SAY, "kind": "content"}, 303),
    ],
)  # fmt: skip
def test_what_is_typed_is_judged(
    house: House, fields: dict[str, str], status: int
) -> None:
    path = _line(house, "Ada Ordinary")
    answer = house.post(path, fields)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_another_sites_page_objects_to_nothing(house: House) -> None:
    path = _line(house, "Ada Verified", verified=True)
    assert house.post(path, SAY, Sec_Fetch_Site="cross-site").status_code == 403
    assert house.signatures()[-1].state == "counted"


def test_what_is_not_public_cannot_be_objected_to(house: House) -> None:
    house.confirm(name="Held Person", public_figure="yes")
    path = f"{LIST}/{house.signatures()[-1].public_id}/dispute"
    nowhere = f"{LIST}/{'A' * 22}/dispute"
    for ask in (house.get, lambda p: house.post(p, SAY)):
        held, unknown = ask(path), ask(nowhere)
        assert held.status_code == unknown.status_code == 404
        assert held.data == unknown.data


def test_search_engines_are_a_choice_on_ones_own_page(house: House) -> None:
    manage = house.confirm(name="Ada Ordinary")
    for action, stands in (("noindex", True), ("noindex", True), ("index", False)):
        assert house.post(manage, {"action": action}).status_code == 303
        assert house.signatures()[-1].noindex is stands
    house.post(manage, {"action": "withdraw", "sure": "yes"})
    assert house.post(manage, {"action": "noindex"}).status_code == 303
