"""The pages of cases over HTTP: looked at, run, watched, stopped, undone."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.models import Case, Record
from app.organising import cases
from tests.house import SLUG, House
from tests.organising.people import Signed
from tests.organising.room import HERE
from tests.work.labour import bench, finish, people

CASES = f"{HERE}/cases"
NEW = f"{CASES}/new"


def looked(who: Signed, **fields: str) -> tuple[TestResponse, dict[str, str]]:
    """Look at whom a case would reject; the page, and what its form sends back."""
    page = who.post(NEW, fields | {"action": "look"})
    assert page.status_code == 200, page.text
    found = re.search(r'name="mark" value="(\w+)"', page.text)
    return page, fields | ({"mark": found[1]} if found else {})


def test_ella_looks_runs_and_undoes_a_case(house: House) -> None:
    people(house, 30, name=lambda n: f"Eve {n}")
    people(house, 2, name="Eve Notable", verified=True)
    people(house, 5)
    ella = house.organiser("editor")
    page, form = looked(ella, name="eve *")
    assert "<strong>30</strong>" in page.text
    assert page.text.count("<bdi>Eve ") == 20
    assert "These are the newest of them." in page.text
    assert "Reject 30" in page.text
    assert house.ask(select(Case.id)) == [], "to look changes nothing"
    begun = ella.post(NEW, form | {"action": "run", "reason": "Made by a script"})
    assert begun.status_code == 303
    there = begun.headers["Location"]
    waiting = ella.get(there).text
    assert "about to begin" in waiting
    assert "data-runs" in waiting
    assert "Look again" in waiting
    assert ella.post(f"{there}/undo").status_code == 409
    finish(house)
    done = ella.get(there).text
    assert "<strong>30</strong> signatures rejected" in done
    assert "<strong>100 %</strong>, done" in done
    assert "data-runs" not in done
    assert house.numbers()["confirmed"] == 7
    corrections = house.fresh(f"/letters/{SLUG}/corrections").text
    assert "30 signatures were removed by the organisers." in corrections
    assert "Made by a script" in corrections
    stopped = ella.post(f"{there}/stop")
    assert stopped.status_code == 409
    assert "It has ended already." in stopped.text
    assert ella.post(f"{there}/undo").status_code == 303
    finish(house)
    assert "<strong>30</strong> signatures put back" in ella.get(there).text
    assert house.numbers()["confirmed"] == 37
    assert (
        "30 lines are shown again" in house.fresh(f"/letters/{SLUG}/corrections").text
    )
    again = ella.post(f"{there}/undo")
    assert again.status_code == 409
    assert "undone already" in again.text
    listed = ella.get(CASES).text
    assert "Made by a script" in listed
    assert "30 rejected" in listed
    house.check()


def test_only_what_was_looked_at_is_run(house: House) -> None:
    people(house, 3, name="Eve One")
    people(house, 4, name="Adam One")
    ella = house.organiser("editor")
    _page, form = looked(ella, name="Eve *")
    for other in (form | {"name": "* One"}, form | {"mark": ""}):
        answer = ella.post(NEW, other | {"action": "run", "reason": "a slip"})
        assert answer.status_code == 409
        assert "The conditions are others" in answer.text
        assert 'value="a slip"' in answer.text
    assert house.ask(select(Case.id)) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "say at least one condition"),
        ({"verified_too": "yes"}, "say at least one condition"),
        ({"name": "\x00\u200b"}, "say at least one condition"),
        ({"since": "yesterday"}, "This is not a time"),
        ({"until": "0001-01-01T00:00+14:00"}, "This is not a time"),
        (
            {"since": "2026-11-20T10:00", "until": "2026-11-20T09:00"},
            "The end lies before the beginning.",
        ),
        ({"hold_reason": "magic"}, "Please choose one of the list."),
        ({"network_of": "nobody"}, "no signature of this id"),
        ({"network_of": "a\x00"}, "no signature of this id"),
        ({"name": "*a*b*c*d*"}, "four stars"),
        ({"domain": "x" * 201}, "at most 200 characters"),
    ],
)
def test_conditions_that_cannot_be_say_so_and_are_kept(
    house: House, fields: dict[str, str], sentence: str
) -> None:
    ella = house.organiser("editor")
    answer = ella.post(NEW, {"affiliation": "", **fields, "action": "look"})
    assert answer.status_code == 400
    assert sentence in answer.text
    for name in ("since", "network_of"):
        typed = fields.get(name, "").replace("\x00", "")
        assert typed in answer.text


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (" ", "A reason is required."),
        ("x" * 201, "too long"),
        ("see https://example.org", "must not hold a link"),
        ("ask eve@example.org", "must not hold an address"),
        ("<b>", "cannot be as it stands"),
    ],
)
def test_the_reason_is_fit_to_be_published(
    house: House, reason: str, sentence: str
) -> None:
    people(house, 2, name="Eve One")
    ella = house.organiser("editor")
    _page, form = looked(ella, name="Eve *")
    answer = ella.post(NEW, form | {"action": "run", "reason": reason})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert f'value="{reason}"' in unescape(answer.text)
    assert 'name="mark"' in answer.text, "mended, it can be run at once"
    assert house.ask(select(Case.id)) == []


def test_conditions_on_network_domain_time_and_hold(house: House) -> None:
    network = {"network_key": b"n" * 32}
    people(house, 1, name="Seth Uno", address_domain="mail.a.example.org", **network)
    people(house, 1, name="Enos Due", address_domain="a.example.net", state="held",
           hold_reasons="public_figure", **network)  # fmt: skip
    seth = house.signatures()[0]
    ella = house.organiser("editor")
    desk = ella.get(f"{HERE}/desk/{seth.public_id}").text
    link = re.search(r'href="([^"]+cases/new\?[^"]+)"', desk)
    assert link is not None
    assert f'value="{seth.public_id}"' in ella.get(link[1]).text
    for fields, names in (
        ({"network_of": seth.public_id}, {"Seth Uno", "Enos Due"}),
        ({"domain": "*.a.example.org"}, {"Seth Uno"}),
        ({"hold_reason": "public_figure"}, {"Enos Due"}),
        ({"name": "*", "since": "2026-01-01T00:00"}, {"Seth Uno", "Enos Due"}),
        ({"domain": "*", "until": "2020-01-01T00:00"}, set()),
    ):
        page, _form = looked(ella, **fields)
        found = set(re.findall(r"<bdi>(\w+ (?:Uno|Due))</bdi>", page.text))
        assert found == names, fields


def test_a_case_is_stopped_on_its_page(house: House) -> None:
    people(house, 1000, name=lambda n: f"Eve {n}")
    ella = house.organiser("editor")
    _page, form = looked(ella, name="Eve *")
    begun = ella.post(NEW, form | {"action": "run", "reason": "Made by a script"})
    there = begun.headers["Location"]
    working = bench(house)
    working._stopped = lambda: True  # Ends its turn after one batch.
    working.work()
    assert "running" in ella.get(there).text
    assert ella.post(f"{there}/stop").status_code == 303
    assert "being stopped" in ella.get(there).text
    finish(house)
    page = ella.get(there).text
    assert "stopped" in page
    assert "Undo the case" in page
    assert 0 < house.numbers()["confirmed"] < 1000
    verbs = [verb for (verb,) in house.ask(select(Record.verb).order_by(Record.id))]
    assert "case.stop" in verbs
    house.check()


def test_viewers_read_cases_and_others_see_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "LINES", 1)
    people(house, 1, name="Eve One")
    ella, vera = house.organiser("editor"), house.organiser("viewer")
    for reason in ("the first", "the second"):
        _page, form = looked(ella, name="Eve *")
        begun = ella.post(NEW, form | {"action": "run", "reason": reason})
    there = begun.headers["Location"]
    first = vera.get(CASES).text
    assert "the second" in first
    assert "New case" not in first
    further = re.search(r'rel="next" href="([^"]+)"', first)
    assert further is not None
    assert "the first" in vera.get(further[1]).text
    page = vera.get(there)
    assert page.status_code == 200
    assert "Stop it" not in page.text
    for tail in ("stop", "undo"):
        assert vera.post(f"{there}/{tail}").status_code == 403
    for odd in ("%00", "x" * 40, "nobody"):
        assert ella.get(f"{CASES}/{odd}").status_code == 404
    assert ella.get(f"{CASES}?before=x").status_code == 400
