"""The export over HTTP: the owner's, asked to prove it anew, recorded, safe to open."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta

from sqlalchemy import select

from app.models import Record
from app.organising.hardening import FRESH
from tests.house import SLUG, House, later
from tests.organising.room import HERE
from tests.work.labour import people

EXPORTS = f"{HERE}/exports"


def test_olga_takes_the_signatures_along_and_the_team_reads_it(house: House) -> None:
    house.confirm(name="Zoë Example", email="zoe@example.org", wants_updates="yes")
    house.confirm(name="Ben Example", email="ben@example.org")
    people(house, 1, name="=1+1", affiliation="@SUM(A1)", address_domain="example.org")
    olga = house.organiser("owner")
    page = olga.get(EXPORTS)
    assert page.status_code == 200
    answer = olga.post(EXPORTS, {"as": "csv"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'attachment; filename="{SLUG}-' in answer.headers["Content-Disposition"]
    text = answer.data.decode("utf-8-sig")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["Zoë Example"]["email"] == "zoe@example.org"
    assert rows["Ben Example"]["email"] == "", "who did not agree has no address here"
    assert rows["'=1+1"]["affiliation"] == "'@SUM(A1)"
    book = olga.post(EXPORTS, {"as": "xlsx"})
    with zipfile.ZipFile(io.BytesIO(book.data)) as parts:
        assert parts.testzip() is None
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "Zoë Example" in sheet
    assert "<f>" not in sheet
    told = house.ask(
        select(Record.actor, Record.after).where(Record.verb == "export.run")
    )
    assert [tuple(row) for row in told] == [(olga.actor, "csv"), (olga.actor, "xlsx")]
    vera = house.organiser("verifier")
    assert "export.run" in vera.get(f"{HERE}/record").text


def test_an_owner_who_signed_in_long_ago_is_asked_again(house: House) -> None:
    olga = house.organiser("owner")
    later(minutes=(FRESH + timedelta(minutes=1)).total_seconds() / 60)
    for answer in (olga.get(EXPORTS), olga.post(EXPORTS, {"as": "csv"})):
        assert answer.status_code == 303
        assert "/organise/again?next=" in answer.headers["Location"]
    assert house.ask(select(Record.id).where(Record.verb == "export.run")) == []


def test_another_kind_of_file_is_told_so_and_nothing_is_recorded(house: House) -> None:
    olga = house.organiser("owner")
    answer = olga.post(EXPORTS, {"as": "pdf"})
    assert answer.status_code == 400
    assert "Please choose one of the list." in answer.text
    assert house.ask(select(Record.id).where(Record.verb == "export.run")) == []
