"""What the public is told of changes: categories and times, never a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app import db
from app.domain import corrections, lifecycle, record, showing, verification
from app.domain.showing import Part
from app.models import Correction, CorrectionKind, VerificationMethod
from tests.house import House

BY: dict[str, Any] = {"actor": "organiser:1"}


def _posted(house: House) -> list[tuple[str, str | None, int]]:
    rows = house.ask(select(db.table(Correction)).order_by(Correction.id))
    return [(row.kind, row.cause, row.number) for row in rows]


def _id(house: House) -> int:
    return int(house.signatures()[-1].id)


def _do(house: House, verb: Any, **arguments: Any) -> None:
    with house.writing() as session:
        verb(session, signature_id=_id(house), now=db.now(), **(BY | arguments))


def _verify(house: House) -> None:
    _do(house, verification.verify, method=VerificationMethod.CALL, evidence="called")


def _correct(house: House, **changes: str) -> None:
    _do(
        house,
        lifecycle.correct,
        changes=changes,
        claim_changed=True,
        hold_reasons=[],
        actor=record.SIGNATORY,
    )


def test_a_confirmation_posts_nothing_and_asks_nothing(house: House) -> None:
    path = house.confirm_link()
    with house.statements() as said:
        house.post(path, {"action": "confirm"})
    assert [one for one in said if "correction" in one] == []
    assert _posted(house) == []


def test_what_readers_saw_go_is_told(house: House) -> None:
    house.confirm()
    _do(house, lifecycle.reject, reason="not the person", fake=False)
    _do(house, lifecycle.reinstate, reason="it was")
    _do(house, lifecycle.withdraw, actor=record.SIGNATORY)
    assert _posted(house) == [
        ("removed", "organiser", 1),
        ("restored", "organiser", 1),
        ("removed", "signatory", 1),
    ]


@pytest.mark.parametrize("fields", [{"public_figure": "yes"}, {"listed": "no"}])
def test_what_nobody_saw_is_not(house: House, fields: dict[str, str]) -> None:
    house.confirm(**fields)
    _do(house, lifecycle.reject, reason="not the person", fake=True)
    _do(house, lifecycle.reinstate, reason="it was")
    _do(house, lifecycle.withdraw, actor=record.SIGNATORY)
    assert _posted(house) == []


def test_holding_and_releasing_are_nobodys_business(house: House) -> None:
    house.confirm()
    _do(house, lifecycle.hold, reason="odd")
    _do(house, lifecycle.release)
    assert _posted(house) == []


def test_a_correction_is_news_of_a_verified_line_alone(house: House) -> None:
    house.confirm()
    _correct(house, title="Dean")
    assert _posted(house) == []
    _verify(house)
    _correct(house, title="Rector")
    assert _posted(house) == [("corrected", "signatory", 1)]


def test_a_notable_is_added_once_whatever_its_place(house: House) -> None:
    house.confirm()
    _verify(house)
    for rank in (3, 1, 1):
        _do(house, lifecycle.feature, rank=rank)
    assert _posted(house) == [("added_notable", "organiser", 1)]


def test_hiding_is_told_and_showing_too(house: House) -> None:
    house.confirm(statement="You are all fools.")
    for _ in range(2):
        _do(house, showing.hide, part=Part.STATEMENT, reason="an insult")
    for _ in range(2):
        _do(house, showing.show, part=Part.STATEMENT)
    assert _posted(house) == [("hidden", "organiser", 1), ("restored", "organiser", 1)]


def test_hiding_asks_for_a_reason_and_for_somebody_who_is_there(house: House) -> None:
    house.confirm(statement="You are all fools.")
    with pytest.raises(lifecycle.ReasonMissing):
        _do(house, showing.hide, part=Part.STATEMENT, reason=" ")
    _do(house, lifecycle.withdraw, actor=record.SIGNATORY)
    with pytest.raises(lifecycle.NotAllowed):
        _do(house, showing.hide, part=Part.STATEMENT, reason="an insult")


def test_a_choice_for_search_engines_is_no_correction(house: House) -> None:
    house.confirm()
    for _ in range(2):
        _do(house, showing.index, noindex=True, actor=record.SIGNATORY)
    assert house.signatures()[0].noindex
    assert _posted(house) == []


def test_they_are_read_newest_first_page_by_page(house: House) -> None:
    start = db.now()
    with house.writing() as session:
        letter_id = session.scalar(text("SELECT id FROM letter")) or 0
        for number in range(1, 204):
            corrections.add(
                session,
                letter_id=letter_id,
                kind=CorrectionKind.REMOVED,
                number=number,
                note="One hand had signed for many.",
                now=start,
            )
    read: list[int] = []
    before = None
    while True:
        with house.site.database.snapshot() as session:
            rows, before = corrections.read(
                session, letter_id=letter_id, since=start, before=before
            )
        read += [row.number for row in rows]
        if before is None:
            break
    assert read == list(range(203, 0, -1))
    with house.site.database.snapshot() as session:
        later = start + timedelta(seconds=1)
        assert corrections.read(session, letter_id=letter_id, since=later) == ([], None)


def test_a_note_is_a_line_and_no_essay(house: House) -> None:
    with house.writing() as session, pytest.raises(ValueError, match="500"):
        corrections.add(
            session,
            letter_id=1,
            kind=CorrectionKind.REMOVED,
            number=1,
            note="x" * 501,
            now=db.now(),
        )
