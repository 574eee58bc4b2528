"""The desk over HTTP, without a script: queue, screen, decisions, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.domain import desk_bulk, standing
from app.models import DeskLock, Record, Role, SignInvitation
from app.organising import desk as pages
from tests.house import House, later
from tests.letters import another_letter
from tests.organisers import organiser, row_of, signed
from tests.organising.room import HERE, Screen, hidden

DESK = f"{HERE}/desk"


def held(house: House, name: str = "Paula Figure", **fields: str) -> Any:
    return signed(house, name, public_figure="yes", **fields)


def test_olga_works_through_the_queue(house: House) -> None:
    first, second = held(house), held(house, "Quentin Figure")
    olga = Screen(house, organiser(house))
    queue = olga.get(DESK)
    assert queue.status_code == 200
    assert queue.text.index("Paula Figure") < queue.text.index("Quentin Figure")
    begun = olga.get(f"{DESK}/next?pile=waiting")
    assert begun.headers["Location"] == f"{DESK}/{first.public_id}?pile=waiting"
    screen = olga.get(begun.headers["Location"])
    for said in ("They say that they are a public figure.", "example.org", "Release"):
        assert said in screen.text
    assert "paula.figure@" not in screen.text, "nobody at the desk needs the address"
    done = olga.post(f"{DESK}/{first.public_id}", {"action": "release"})
    assert done.status_code == 303
    assert done.headers["Location"].startswith(f"{DESK}/{second.public_id}?")
    assert row_of(house, first).state == "counted"
    after = olga.get(done.headers["Location"])
    assert "Released" in after.text
    batch = re.search(r'name="batch" value="([^"]+)"', after.text)
    assert batch is not None
    undone = olga.post(
        f"{DESK}/undo", {"batch": batch[1]}, of=f"{DESK}/{second.public_id}"
    )
    assert undone.headers["Location"].startswith(f"{DESK}/{first.public_id}?")
    assert row_of(house, first).state == "held"


DECISIONS: list[tuple[dict[str, str], int, str]] = [
    ({"action": "reject", "reason": ""}, 400, "A reason is required."),
    ({"action": "verify", "method": "call", "evidence": ""}, 400, "on what evidence"),
    (
        {"action": "verify", "method": "public_post", "evidence": "seen"},
        400,
        "asks for a",
    ),
    (
        {"action": "verify", "method": "magic", "evidence": "seen"},
        400,
        "one of the list",
    ),
    ({"action": "ask", "kind": "call", "days": "99"}, 400, "one of the list"),
    ({"action": "ask", "kind": "x", "days": "7"}, 400, "one of the list"),
    ({"action": "feature"}, 409, "does not apply"),
    ({"action": "second"}, 409, "does not apply"),
    ({"action": "revoke", "reason": "because"}, 409, "does not apply"),
]


@pytest.mark.parametrize(("fields", "status", "sentence"), DECISIONS)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    house: House, fields: dict[str, str], status: int, sentence: str
) -> None:
    row = held(house)
    olga = Screen(house, organiser(house))
    answer = olga.post(f"{DESK}/{row.public_id}", fields)
    assert answer.status_code == status
    assert sentence in answer.text
    assert row_of(house, row) == row


def test_a_statement_is_hidden_and_shown_again_and_the_person_stays(
    house: House,
) -> None:
    row = signed(house, "Paula Figure", statement="Buy at shop example now")
    olga = Screen(house, organiser(house))
    one = f"{DESK}/{row.public_id}"
    letter = "/letters/deepfakes"
    assert "Buy at shop" in house.fresh(letter).text
    asked = {"action": "hide", "part": "statement"}
    refused = olga.post(one, asked | {"reason": " "})
    assert refused.status_code == 400
    assert "A reason is required." in refused.text
    assert olga.post(one, asked | {"part": "name", "reason": "x"}).status_code == 400
    assert olga.post(one, asked | {"reason": "an advertisement"}).status_code == 303
    for public in (letter, f"{letter}/signatories", f"{letter}/signatories.csv"):
        page = house.fresh(public).text
        assert "Buy at shop" not in page
        assert "Paula Figure" in page
    screen = olga.get(one).text
    assert "hidden from the public." in screen
    assert "Buy at shop" in screen.split("What is known")[0], "the desk goes on reading"
    assert "Buy at shop" not in screen.split("What the public sees")[1]
    assert olga.post(one, {"action": "show", "part": "statement"}).status_code == 303
    assert "Buy at shop" in house.fresh(letter).text
    assert house.numbers()["confirmed"] == 1
    verbs = [verb for (verb,) in house.ask(select(Record.verb).order_by(Record.id))]
    assert verbs[-2:] == ["hide", "show"]


def test_nothing_typed_is_lost_when_it_has_moved_on(house: House) -> None:
    row = held(house)
    olga, otto = (Screen(house, organiser(house, name)) for name in ("Olga", "Otto"))
    typed = {"action": "reject", "reason": "A reason of many words", "fake": "yes"}
    page = olga.get(f"{DESK}/{row.public_id}").text
    with house.writing() as session:
        session.execute(delete(DeskLock))
    otto.post(f"{DESK}/{row.public_id}", {"action": "release"})
    answer = olga._open(
        f"{DESK}/{row.public_id}", method="POST", data=hidden(page, typed)
    )
    assert answer.status_code == 409
    assert "The last decision: Released, by Otto." in answer.text
    assert 'value="A reason of many words"' in answer.text
    assert row_of(house, row).state == "counted"
    again = olga._open(
        f"{DESK}/{row.public_id}", method="POST", data=hidden(answer.text, typed)
    )
    assert again.status_code == 303, "she looked once more, and pressed again"
    assert row_of(house, row).state == "rejected"


def test_a_lock_that_ran_out_is_said_and_taken_again(house: House) -> None:
    row = held(house)
    olga = Screen(house, organiser(house))
    page = olga.get(f"{DESK}/{row.public_id}").text
    later(minutes=6)
    typed = {"action": "reject", "reason": "A reason of many words"}
    answer = olga._open(
        f"{DESK}/{row.public_id}", method="POST", data=hidden(page, typed)
    )
    assert answer.status_code == 409
    assert "more than five minutes" in answer.text
    assert 'value="A reason of many words"' in answer.text
    assert row_of(house, row).state == "held"


def test_otto_can_read_what_olga_has_and_not_decide_on_it(house: House) -> None:
    row = held(house)
    olga, otto = (Screen(house, organiser(house, name)) for name in ("Olga", "Otto"))
    olga.get(f"{DESK}/{row.public_id}")
    page = otto.get(f"{DESK}/{row.public_id}")
    assert "Olga has this one on the screen" in page.text
    assert 'value="release"' not in page.text
    assert "Olga has it on the screen" in otto.get(DESK).text
    with house.site.database.reading() as session:
        seen = standing.look(session, signature_id=row.id)
    fields = {"action": "release", "seen": seen}
    answer = otto.post(f"{DESK}/{row.public_id}", fields, of=f"{HERE}/invitations")
    assert answer.status_code == 409
    assert "Olga has this one on the screen" in answer.text
    assert row_of(house, row).state == "held"


def test_a_viewer_sees_and_does_nothing(house: House) -> None:
    row = held(house)
    vera = Screen(house, organiser(house, "Vera", Role.VIEWER))
    assert vera.get(DESK).status_code == 200
    page = vera.get(f"{DESK}/{row.public_id}")
    assert page.status_code == 200
    assert '<h2 id="decide">' not in page.text
    assert house.ask(select(DeskLock.organiser_id)) == []
    answer = vera.post(f"{DESK}/{row.public_id}", {"action": "release"}, of=DESK)
    assert answer.status_code in (400, 403)
    assert row_of(house, row).state == "held"


def test_another_letters_signature_is_not_there(house: House) -> None:
    row = held(house)
    another_letter(house, "second")
    olga = Screen(house, organiser(house, slug="second"))
    assert olga.get(f"{DESK}/{row.public_id}").status_code == 404
    there = f"/organise/letters/second/desk/{row.public_id}"
    assert olga.get(there).status_code == 404
    assert olga.get(f"{DESK}?pile=nonsense").status_code == 404


def test_all_that_a_filter_shows_the_number_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_bulk, "UNTYPED", 1)
    rows = [held(house), held(house, "Quentin Figure")]
    ella = Screen(house, organiser(house, "Ella", Role.EDITOR))
    bulk = f"{DESK}/bulk"
    asked = ella.get(f"{bulk}?verb=reject&pile=waiting")
    assert re.search(r"<strong>2</strong>", asked.text)
    fields = {"verb": "reject", "reason": "All of one hand", "number": "1"}
    of = f"{bulk}?verb=reject&pile=waiting"
    answer = ella.post(bulk, fields, of=of)
    assert answer.status_code == 400
    assert "All of one hand" in answer.text
    answer = ella.post(bulk, fields | {"number": "2"}, of=of)
    assert answer.status_code == 303
    assert {row_of(house, row).state for row in rows} == {"rejected"}
    told = ella.get(answer.headers["Location"]).text
    assert "2 signatures" in told
    olga = Screen(house, organiser(house))
    assert olga.get(f"{bulk}?verb=reject").status_code == 403


def test_the_queue_is_read_page_by_page_without_gaps(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LINES", 2)
    names = ["Paula A", "Paula B", "Paula C", "Paula D", "Paula E"]
    for name in names:
        held(house, name)
    olga = Screen(house, organiser(house))
    seen: list[str] = []
    path: str | None = DESK
    while path is not None:
        page = olga.get(path).text
        seen += re.findall(r"<bdi>(Paula \w)</bdi></a>", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else None
    assert seen == names


def test_the_order_of_the_featured_by_buttons(house: House) -> None:
    olga = Screen(house, organiser(house))
    for name in ("Paula A", "Paula B"):
        row = signed(house, name)
        there = f"{DESK}/{row.public_id}"
        verify = {"action": "verify", "method": "call", "evidence": "rang"}
        assert olga.post(there, verify).status_code == 303
        assert olga.post(there, {"action": "feature"}).status_code == 303
    featured = f"{HERE}/featured"
    page = olga.get(featured).text
    assert page.index("Paula A") < page.index("Paula B")
    answer = olga.post(featured, {"signature": row.public_id, "to": "1"})
    assert answer.status_code == 303
    page = olga.get(featured).text
    assert page.index("Paula B") < page.index("Paula A")
    assert "Paula B" in house.fresh("/letters/deepfakes").text
    assert olga.post(featured, {"signature": "nobody", "to": "1"}).status_code == 409
    assert olga.post(featured, {"signature": "x", "to": "-1"}).status_code == 400


def test_an_invitation_is_sent_and_ended_on_its_page(house: House) -> None:
    olga = Screen(house, organiser(house))
    there = f"{HERE}/invitations"
    invite = {
        "action": "invite", "name": "Yoshua Bengio", "language": "en",
        "address": "yoshua@institute.example.org", "evidence": "the institute's page",
    }  # fmt: skip
    wrong = olga.post(there, invite | {"address": "nobody"})
    assert wrong.status_code == 400
    assert "not a complete address" in wrong.text
    assert 'value="Yoshua Bengio"' in wrong.text
    assert olga.post(there, invite).status_code == 303
    assert olga.post(there, invite).status_code == 400
    assert "yoshua@" not in olga.get(there).text
    ((public_id,),) = house.ask(select(SignInvitation.public_id))
    end = {"action": "revoke", "invitation": public_id}
    assert olga.post(there, end).status_code == 303
    assert "Ended" in olga.get(there).text


def test_no_form_works_without_its_token(house: House) -> None:
    row = held(house)
    olga = Screen(house, organiser(house))
    for path in (f"{DESK}/{row.public_id}", f"{DESK}/undo", f"{HERE}/featured"):
        answer = olga._open(path, method="POST", data={"action": "release"})
        assert answer.status_code == 400
    assert row_of(house, row).state == "held"
