"""The pages on holds over HTTP: rules tried and set, lists taken in, blocks lifted."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.domain import hold_rules, hold_trials, lifecycle, watch_lists
from app.domain.hold_rules import HoldRules
from app.models import BlockedName, ClaimPolicy, Record, WatchName
from app.organising import watching
from tests.house import House
from tests.organisers import signed
from tests.organising.people import BASE, Signed
from tests.organising.room import HERE
from tests.work.labour import people

HOLDS = f"{HERE}/holds"
WATCH = f"{HOLDS}/watch-list"
BLOCKED = f"{HOLDS}/blocked"
USUAL = {
    "watch_list": "yes", "rejected_before": "yes", "public_figure": "yes",
    "claim": "off", "network_limit": "100", "domain_limit": "100",
}  # fmt: skip


def rules(house: House) -> HoldRules:
    with house.site.database.reading() as session:
        return hold_rules.load(session, letter_id=1)


def watched(house: House) -> list[str]:
    return [
        name for (name,) in house.ask(select(WatchName.name).order_by(WatchName.id))
    ]


def verbs(house: House) -> list[str]:
    return [verb for (verb,) in house.ask(select(Record.verb).order_by(Record.id))]


def upload(who: Signed, fields: Mapping[str, str], content: bytes) -> TestResponse:
    """Send a form with a file, as a browser does."""
    boundary = "----parts"
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts.append(('name="csrf_token"', who.token.encode()))
    parts.append(('name="file"; filename="names.txt"', content))
    body = b""
    for head, value in parts:
        body += f"--{boundary}\r\nContent-Disposition: form-data; {head}".encode()
        body += b"\r\n\r\n" + value + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return who.client.post(
        WATCH, base_url=BASE, data=body,
        headers={
            "Host": "localhost", "Sec-Fetch-Site": "same-origin",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        },
    )  # fmt: skip


def test_ella_tries_a_rule_and_then_sets_it(house: House) -> None:
    for name in ("Paula Figure", "Ann Other"):
        signed(house, name)
    ella = house.organiser("editor")
    ella.post(HOLDS, {**USUAL, "watch_list": ""})
    assert rules(house).watch_list is False
    ella.post(WATCH, {"names": "Figure, Paula"})
    tried = ella.post(f"{HOLDS}/try", {**USUAL, "watch_list": "", "rule": "watch_list"})
    assert tried.status_code == 200
    assert re.search(r"<strong>1</strong> of \d+ signatures that were", tried.text)
    assert "<bdi>Paula Figure</bdi>" in tried.text
    assert "Ann Other" not in tried.text
    assert rules(house).watch_list is False, "to try sets nothing"
    set_ = ella.post(HOLDS, USUAL | {"network_limit": "", "domain_limit": "7"})
    assert set_.status_code == 303
    assert "The rules are set." in ella.get(set_.headers["Location"]).text
    assert rules(house) == HoldRules(network_limit=None, domain_limit=7)
    house.site.shelf._seen.clear()
    assert signed(house, "P a u l a Figure", email="x@example.org").state == "held"
    assert "holds.set" in verbs(house)
    house.check()


@pytest.mark.parametrize("typed", ["0", "1001", "x", "-5", "1.5", "99999"])
def test_a_limit_that_is_none_is_said_at_its_field(house: House, typed: str) -> None:
    ella = house.organiser("editor")
    for tail, rule in (("", {}), ("/try", {"rule": "network_speed"})):
        answer = ella.post(
            f"{HOLDS}{tail}", USUAL | rule | {"network_limit": typed, "claim": "office"}
        )
        assert answer.status_code == 400
        assert "A whole number from 1 to 1,000, or nothing." in answer.text
        assert f'value="{typed}" aria-invalid="true"' in answer.text
        assert '<option value="office" selected>' in answer.text
    assert rules(house) == HoldRules()


def test_what_is_off_cannot_be_tried_and_says_what_is_missing(house: House) -> None:
    ella = house.organiser("editor")
    claim = ella.post(f"{HOLDS}/try", USUAL | {"rule": "claim"})
    assert claim.status_code == 400
    assert "Choose when it is asked for" in claim.text
    limit = ella.post(
        f"{HOLDS}/try", USUAL | {"rule": "domain_speed", "domain_limit": ""}
    )
    assert limit.status_code == 400
    assert "Say a number, to try it." in limit.text
    for odd in (
        {"rule": "x"},
        {"further": "watch_list:x:key"},
        {"further": "watch_list:1:a\x00"},
        {"further": "watch_list:9" + "9" * 20 + ":a"},
        {"further": "network_speed:1:no-hex"},
        {"claim": "x", "rule": "claim"},
    ):
        assert ella.post(f"{HOLDS}/try", USUAL | odd).status_code == 400, odd


def test_a_trial_stops_at_its_bounds_and_goes_on_from_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_trials, "_BATCH", 5)
    monkeypatch.setattr(hold_trials, "COUNTED_TO", 5)
    people(house, 12, name_key=lambda n: f"a {n:02}", public_figure=True)
    vera = house.organiser("viewer")
    asked: dict[str, str] = {"rule": "public_figure"}
    seen: list[str] = []
    for _ in range(9):
        page = vera.post(f"{HOLDS}/try", USUAL | asked)
        assert page.status_code == 200
        seen += re.findall(r"<bdi>(Person \d+)</bdi></a>", page.text)
        found = re.search(r'name="further" value="([^"]+)"', page.text)
        if found is None:
            break
        assert len(seen) > 10 or "<strong>5+</strong>" in page.text
        asked = {"further": found[1]}
    assert sorted(seen) == sorted(f"Person {n}" for n in range(12))
    assert "All have been looked at." in page.text


def test_the_claim_rule_and_its_institutions(house: House) -> None:
    people(house, 3, address_domain="gmail.com", affiliation="Physics, University of X")
    people(house, 2, address_domain="x.example.edu", affiliation="University of X")
    ella = house.organiser("editor")
    there = f"{HOLDS}/institutions"
    bad = ella.post(
        there, {"lines": "University of X = x.example.edu\nnobody\nA = b c"}
    )
    assert bad.status_code == 400
    assert "Nothing was changed" in bad.text
    assert "Line 2: <bdi>nobody</bdi>" in bad.text
    assert "Line 3: <bdi>A = b c</bdi>" in bad.text
    assert "University of X = x.example.edu\nnobody" in bad.text.replace("\r", "")
    assert rules(house).institutions == {}
    good = ella.post(there, {"lines": "University of X = x.example.edu, x.org"})
    assert good.status_code == 303
    assert "University of X = x.example.edu, x.org" in ella.get(there).text
    tried = ella.post(f"{HOLDS}/try", USUAL | {"claim": "listed", "rule": "claim"})
    assert re.search(r"<strong>3</strong> of \d+ signatures", tried.text)
    assert rules(house).claim is ClaimPolicy.OFF


def test_a_list_with_bad_lines_is_taken_in_and_the_rest_comes_back(
    house: House,
) -> None:
    ella = house.organiser("editor")
    lines = "# heads of state\nXi Jinping\n!!!\nJinping Xi\nSam Altman # twice\n"
    answer = ella.post(WATCH, {"names": lines})
    assert answer.status_code == 400
    assert watched(house) == ["Xi Jinping", "Sam Altman"]
    assert "2 names were added." in answer.text
    assert "Line 3: <bdi>!!!</bdi>" in answer.text
    assert "There is no name in it." in answer.text
    assert "Line 4: <bdi>Jinping Xi</bdi>" in answer.text
    assert "It is on the list already." in answer.text
    box = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)
    assert box is not None
    assert box[1] == "!!!", "only what is to be mended comes back"
    again = ella.post(WATCH, {"names": "Greta Thunberg"})
    assert again.headers["Location"] == f"{WATCH}?added=1"
    assert "1 name was added." in ella.get(again.headers["Location"]).text
    assert ella.post(WATCH, {"names": " \n"}).status_code == 400
    assert verbs(house).count("watch_list.add") == 2


def test_a_file_is_taken_in_as_well_and_one_that_is_no_text_is_not(
    house: House,
) -> None:
    ella = house.organiser("editor")
    answer = upload(ella, {"names": "Ada One"}, "\ufeffBo Zwei\r\nCem Üç\r\n".encode())
    assert answer.status_code == 303, answer.text
    assert watched(house) == ["Ada One", "Bo Zwei", "Cem Üç"]
    wrong = upload(ella, {"names": "Dora Four"}, "Jürgen".encode("latin-1"))
    assert wrong.status_code == 400
    assert "not a text in UTF-8" in wrong.text
    assert "Dora Four</textarea>" in wrong.text
    assert len(watched(house)) == 3


def test_names_are_found_as_they_would_be_held_and_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LINES", 2)
    ella = house.organiser("editor")
    ella.post(WATCH, {"names": "Sam Altman\nXi Jinping\nAda One"})
    first = ella.get(WATCH).text
    assert "Sam Altman" in first
    assert "Ada One" not in first
    further = re.search(r'rel="next" href="([^"]+)"', first)
    assert further is not None
    assert "Ada One" in ella.get(further[1]).text
    found = ella.get(f"{WATCH}?q=S.+%D0%90ltman").text
    assert "<bdi>Sam Altman</bdi>" in found
    assert "Xi Jinping" not in found
    assert "Nobody on this list looks like that." in ella.get(f"{WATCH}?q=Bob").text
    ids = re.findall(r'name="name" value="(\d+)"', first)
    assert ella.post(f"{WATCH}/remove", {"name": "x"}).status_code == 400
    assert "Choose names" in ella.post(f"{WATCH}/remove").text
    gone = ella.post(f"{WATCH}/remove", {"name": ids})
    assert gone.headers["Location"] == f"{WATCH}?removed=2"
    assert watched(house) == ["Ada One"]
    for odd in ("x", "9" * 30, "-1"):
        assert ella.get(f"{WATCH}?after={odd}").status_code == 400


def test_the_shared_list_is_read_and_not_written_from_here(house: House) -> None:
    with house.writing() as session:
        watch_lists.add(session, letter_id=None, lines=["Known Everywhere"],
                        actor="cli:root", now=db.now())  # fmt: skip
    owner = house.organiser("owner")
    shared = owner.get(f"{WATCH}?list=shared")
    assert "<bdi>Known Everywhere</bdi>" in shared.text
    assert 'type="checkbox"' not in shared.text
    assert "Known Everywhere" not in owner.get(WATCH).text
    ((identifier,),) = house.ask(select(WatchName.id))
    owner.post(f"{WATCH}/remove", {"name": str(identifier)})
    assert watched(house) == ["Known Everywhere"]


def test_threat_5_a_fake_stays_blocked_until_the_block_is_lifted_with_a_reason(
    house: House,
) -> None:
    fake = signed(house, "Xi Jinping", email="x@attacker.example")
    with house.writing() as session:
        lifecycle.reject(session, signature_id=fake.id, actor="organiser:1",
                         reason="not him", fake=True, now=db.now())  # fmt: skip
    before = house.numbers()["confirmed"]
    again = signed(house, "Jinping X\u0456", email="y@attacker.example")
    assert (again.state, again.hold_reasons) == ("held", "rejected_before")
    assert house.numbers()["confirmed"] == before
    ella = house.organiser("editor")
    page = ella.get(BLOCKED).text
    assert "<bdi>Xi Jinping</bdi>" in page or "<bdi>Jinping X\u0456</bdi>" in page
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    key = found[1]
    refused = ella.post(BLOCKED, {"key": key, "reason": " "})
    assert refused.status_code == 400
    assert "A reason is required." in refused.text
    assert house.ask(select(BlockedName.name_key)) != []
    for odd, status in (("", 400), ("a\x00", 400), ("nobody", 409)):
        answer = ella.post(BLOCKED, {"key": odd, "reason": "because"})
        assert answer.status_code == status
    lifted = ella.post(BLOCKED, {"key": key, "reason": "it was he after all"})
    assert "The name is free." in ella.get(lifted.headers["Location"]).text
    assert house.ask(select(BlockedName.name_key)) == []
    assert "No name is blocked" in ella.get(BLOCKED).text
    assert ella.post(BLOCKED, {"key": key, "reason": "again"}).status_code == 409
    assert signed(house, "Xi Jinping", email="z@example.org").state == "counted"
    house.check()


def test_a_viewer_reads_all_of_it_and_changes_nothing(house: House) -> None:
    vera = house.organiser("viewer")
    for path in (HOLDS, WATCH, BLOCKED, f"{HOLDS}/institutions"):
        page = vera.get(path)
        assert page.status_code == 200
        assert "Set the" not in page.text
        assert vera.post(path, USUAL).status_code == 403
