"""Olga moves what a filter shows in one stroke, and only what she was shown."""

from __future__ import annotations

from typing import Any

import pytest

from app import db
from app.domain import desk_bulk, desk_undo, known
from app.domain.desk_bulk import NumberMissing, OtherNow
from app.domain.lifecycle import ReasonMissing
from app.models import State
from tests.house import FIELDS, House, later, link
from tests.letters import another_letter
from tests.organisers import hand, letter_id, organiser, pile, row_of, signed


def given(house: House, organiser_id: int, verb: str = "release") -> dict[str, Any]:
    return {
        "letter_id": letter_id(house), "pile": "waiting", "verb": verb,
        "organiser_id": organiser_id, "now": db.now(),
    }  # fmt: skip


def look(house: House, organiser_id: int, verb: str = "release") -> desk_bulk.Stroke:
    with house.site.database.reading() as session:
        return desk_bulk.look(session, **given(house, organiser_id, verb))


def run(house: House, organiser_id: int, verb: str = "release", **how: Any) -> str:
    asked: dict[str, Any] = {
        "mark": look(house, organiser_id, verb).mark, "typed": "", "reason": "",
        "fake": False,
    } | how  # fmt: skip
    with house.writing() as session:
        batch, _ = desk_bulk.run(session, **given(house, organiser_id, verb), **asked)
    return batch


def several(house: House, number: int) -> list[Any]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [
        signed(house, f"Paula {letters[n // 26]}{letters[n % 26].lower()}",
               email=f"paula{n}@example.org", public_figure="yes")
        for n in range(number)
    ]  # fmt: skip


def test_just_those_that_were_shown_are_let_in_and_all_can_be_undone(
    house: House,
) -> None:
    rows, olga = several(house, 4), organiser(house)
    hand(house, rows[0], organiser(house, "Otto"))
    stroke = look(house, olga)
    assert (stroke.number, stroke.more) == (3, False)
    batch = run(house, olga)
    assert [row_of(house, row).state for row in rows] == ["held"] + ["counted"] * 3
    house.check()
    with house.writing() as session:
        desk_undo.undo(session, letter_id=letter_id(house), organiser_id=olga,
                       batch=batch, now=db.now())  # fmt: skip
    assert len(pile(house)) == 4
    house.check()


def test_a_newcomer_is_not_moved_unseen(house: House) -> None:
    rows, olga = several(house, 2), organiser(house)
    mark = look(house, olga).mark
    signed(house, "Late Comer", public_figure="yes")
    with pytest.raises(OtherNow):
        run(house, olga, mark=mark)
    assert {row_of(house, row).state for row in rows} == {"held"}


def test_a_rejection_asks_for_its_reason_and_tells_it_to_each(house: House) -> None:
    rows, olga = several(house, 2), organiser(house)
    house.deliver()
    with pytest.raises(ReasonMissing):
        run(house, olga, "reject", reason=" ")
    run(house, olga, "reject", reason="Nobody of that name works there.", fake=True)
    assert {row_of(house, row).state for row in rows} == {State.REJECTED}
    later(seconds=31)
    mails = house.deliver()
    assert [mail.recipients for mail in mails] == [
        ("paula0@example.org",), ("paula1@example.org",),
    ]  # fmt: skip
    assert all("Nobody of that name works there." in mail.text for mail in mails)


def test_more_than_fifty_are_moved_by_who_types_the_number(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_bulk, "UNTYPED", 2)
    several(house, 3)
    olga = organiser(house)
    assert look(house, olga).asks_for_number
    for typed in ("", "2", "all"):
        with pytest.raises(NumberMissing):
            run(house, olga, typed=typed)
    run(house, olga, typed=" 3 ")
    assert pile(house) == []


def test_a_stroke_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_bulk, "BATCH", 2)
    several(house, 3)
    olga = organiser(house)
    stroke = look(house, olga)
    assert (stroke.number, stroke.more) == (2, True)
    run(house, olga)
    assert len(pile(house)) == 1


# -- What is known of one signature ----------------------------------------------


@pytest.mark.parametrize(
    ("domain", "affiliation", "expected"),
    [
        (None, "University of X", "none"),
        ("gmail.com", "Google", "free"),
        ("ox.ac.uk", "University of Oxford", "other"),
        ("cs.oxford.ac.uk", "University of Oxford", "theirs"),
        ("mit.edu", "Massachusetts Institute of Technology", "theirs"),
        ("mila.quebec", "Mila", "theirs"),
        ("evil.example", "University of Oxford", "other"),
        ("example.org", None, "other"),
    ],
)
def test_domain_and_affiliation(
    domain: str | None, affiliation: str | None, expected: str
) -> None:
    assert known.domain_is(domain, affiliation) == expected


def test_namesakes_are_shown_where_the_organiser_has_a_part(house: House) -> None:
    olga = organiser(house)
    for slug in ("second", "third"):
        another_letter(house, slug)
        house.site.shelf._seen.clear()
    organiser(house, slug="second")
    first = signed(house, "Paula Prominent")
    again = signed(house, "PAULA PROMINENT", email="other@example.org")
    for slug in ("second", "third"):
        later(minutes=2 if slug == "second" else 4)
        form = FIELDS | {"name": "Paula Prominent", "email": f"{slug}@example.org"}
        assert house.post(f"/letters/{slug}/signatures", form).status_code == 303
        confirm = link(house.deliver()[-1], "confirm")
        assert house.post(confirm, {"action": "confirm"}).status_code == 200
    with house.site.database.reading() as session:
        found = known.about(
            session, keyring=house.site.keyring, signature_id=first.id,
            organiser_id=olga,
        )  # fmt: skip
    assert [one.public_id for one in found.here] == [again.public_id]
    assert [one.letter for one in found.elsewhere] == [
        "Three laws against harmful deepfakes"
    ]
    assert (found.unseen, found.domain, found.blocked) == (1, "example.org", False)
