"""The page of disputes over HTTP: what waits, how it is decided, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.domain import disputes, lifecycle, verification
from app.models import Dispute, VerificationMethod
from app.organising import disputing
from tests.house import SLUG, House, later
from tests.letters import another_letter
from tests.organisers import row_of, signed
from tests.organising.room import HERE

DISPUTES = f"{HERE}/disputes"


def verified(house: House, name: str, rank: int | None = None) -> Any:
    """Somebody whom the organisers stand for."""
    row = signed(house, name)
    with house.writing() as session:
        verification.verify(
            session, signature_id=row.id, method=VerificationMethod.CALL,
            evidence="rang her", actor="organiser:1", now=db.now(),
        )  # fmt: skip
        if rank is not None:
            lifecycle.feature(session, signature_id=row.id, rank=rank,
                              actor="organiser:1", now=db.now())  # fmt: skip
    return row


def object_to(house: House, row: Any, **fields: str) -> None:
    path = f"/letters/{SLUG}/signatories/{row.public_id}/dispute"
    said = {"action": "say", "kind": "not_me", "words": "", "contact": ""} | fields
    assert house.post(path, said).status_code == 303


def ids(house: House) -> list[str]:
    return [one for (one,) in house.ask(select(Dispute.public_id).order_by(Dispute.id))]


def test_vera_decides_on_what_was_said(house: House) -> None:
    notable, other = verified(house, "Ada Notable", 40), signed(house, "Bo Other")
    vera = house.organiser("verifier", name="Vera V")
    assert "Nothing waits here." in vera.get(DISPUTES).text
    object_to(house, notable, words="I <b>never</b> did.", contact="ada@example.org")
    object_to(house, other, kind="not_them")
    page = vera.get(DISPUTES).text
    assert page.index("Bo Other") < page.index("Ada Notable")
    assert "I &lt;b&gt;never&lt;/b&gt; did." in page
    assert "ada@example.org" in page
    assert page.count("held the line at once") == 1
    assert f'href="{HERE}/disputes"' in vera.get(f"{HERE}/desk").text
    screen = vera.get(f"{HERE}/desk/{notable.public_id}?pile=disputed").text
    assert "I &lt;b&gt;never&lt;/b&gt; did." in screen
    assert "Decide on it among the disputes" in screen
    first, second = ids(house)
    kept = {"dispute": first, "result": "kept", "reason": "rang her"}
    answer = vera.post(DISPUTES, kept)
    assert answer.headers["Location"] == DISPUTES
    stands = row_of(house, notable)
    assert (stands.state, stands.featured_rank) == ("counted", 40)
    vera.post(DISPUTES, {"dispute": second, "result": "removed", "reason": "not him"})
    assert row_of(house, other).state == "rejected"
    assert "Nothing waits here." in vera.get(DISPUTES).text
    decided = vera.get(f"{DISPUTES}?show=settled").text
    assert "Kept: the line is right" in decided
    assert "Removed: rejected as a fake" in decided
    assert "<bdi>Vera V</bdi>" in decided
    assert vera.post(DISPUTES, kept).status_code == 409
    house.check()


def test_nothing_typed_is_lost_and_each_mistake_stands_at_its_field(
    house: House,
) -> None:
    object_to(house, signed(house, "Bo Other"))
    vera = house.organiser("verifier")
    (only,) = ids(house)
    no_result = vera.post(
        DISPUTES, {"dispute": only, "result": "", "reason": "hm & so"}
    )
    assert no_result.status_code == 400
    assert "Please choose one of the list." in no_result.text
    assert 'value="hm &amp; so"' in no_result.text
    no_reason = vera.post(DISPUTES, {"dispute": only, "result": "kept", "reason": " "})
    assert no_reason.status_code == 400
    assert "A reason is required." in no_reason.text
    assert '<option value="kept" selected>' in no_reason.text
    for odd, status in (("nobody", 409), ("a\x00", 400), ("", 409)):
        sent = {"dispute": odd, "result": "kept", "reason": "because"}
        assert vera.post(DISPUTES, sent).status_code == status
    for path in ("?before=x", "?before=" + "9" * 30):
        assert vera.get(f"{DISPUTES}{path}").status_code == 400


def test_a_line_that_its_owner_took_back_can_still_be_decided(house: House) -> None:
    row = signed(house, "Bo Other")
    object_to(house, row)
    with house.writing() as session:
        lifecycle.withdraw(session, signature_id=row.id, actor="signatory",
                           now=db.now())  # fmt: skip
    vera = house.organiser("verifier")
    (only,) = ids(house)
    sent = {"dispute": only, "result": "kept", "reason": "because"}
    moved = vera.post(DISPUTES, sent)
    assert moved.status_code == 409
    assert "has moved on" in moved.text
    assert vera.post(DISPUTES, sent | {"result": "removed"}).status_code == 303
    assert "Nothing waits here." in vera.get(DISPUTES).text


def test_a_burst_is_told_and_nobody_else_decides(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disputing, "LINES", 4)
    monkeypatch.setattr(disputes, "BURST", 6)
    rows = [signed(house, f"Paula {letter}") for letter in "ABCDEF"]
    for row in rows[:-1]:
        object_to(house, row)
    vera, viewer = house.organiser("verifier"), house.organiser("viewer")
    assert "Many objections at once" not in vera.get(DISPUTES).text
    object_to(house, rows[-1])
    first = vera.get(DISPUTES).text
    assert "Many objections at once" in first
    assert "6 within the last hour." in first
    further = re.search(r'rel="next" href="([^"]+)"', first)
    assert further is not None
    both = first + vera.get(further[1]).text
    assert {f"Paula {letter}" in both for letter in "ABCDEF"} == {True}
    later(hours=1, minutes=1)
    vera.sign_in()
    assert "Many objections at once" not in vera.get(DISPUTES).text
    viewer.sign_in()
    page = viewer.get(DISPUTES)
    assert page.status_code == 200
    assert "Please choose" not in page.text
    sent = {"dispute": ids(house)[0], "result": "removed", "reason": "because"}
    assert viewer.post(DISPUTES, sent).status_code == 403
    another_letter(house, "second")
    other = house.organiser("owner", slug="second", email="other@example.org")
    there = "/organise/letters/second/disputes"
    assert other.post(there, sent).status_code == 409, "another letter's is not there"
    assert "Paula" not in other.get(there).text
    assert row_of(house, rows[0]).state == "counted"
