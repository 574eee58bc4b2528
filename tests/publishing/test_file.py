"""The public list as one file: all of it, in its order, and no formula in it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import update

from app import db
from app.domain import csv_safe, public_file
from app.models import Signature
from tests.house import SLUG, House
from tests.organisers import signed
from tests.work.labour import people

EVIL = ("=1+1", "+1", "-1", "@x", " =1", '"=1"', "＝1", "a\n=1", "\t=1", "'=1")


def rows(house: House) -> list[dict[str, str]]:
    """The lines of the file."""
    answer = house.fresh(f"/letters/{SLUG}/signatories.csv")
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def listed(house: House) -> list[str]:
    """The ids of the list as the API has them, page by page."""
    path, found = f"/api/v1/letters/{SLUG}/signatories", []
    while path:
        body = house.fresh(path).json
        assert body is not None
        found += [item["id"] for item in body["items"]]
        path = (body["next"] or "").removeprefix("http://localhost")
    return found


def test_it_has_the_whole_list_in_its_order_whatever_its_parts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_file, "_SIZE", 7)
    public_file._rows.cache_clear()
    people(house, 30, counted_at=db.now())
    people(house, 14, counted_at=db.now(), verified=True)
    signed(house, "Hedda Held", public_figure="yes")
    signed(house, "Una Unlisted", listed="no")
    found = rows(house)
    public_file._rows.cache_clear()
    assert tuple(found[0]) == public_file.COLUMNS
    assert [row["id"] for row in found] == listed(house)
    assert [row["verified"] for row in found[:14]] == ["True"] * 14
    assert not {"Hedda Held", "Una Unlisted"} & {row["name"] for row in found}


def test_a_line_says_what_the_api_says(house: House) -> None:
    row = signed(
        house, "Petra Plain", title="Professor; of “things”", country="DE",
        statement="One, two.", affiliation='The "House"',
    )  # fmt: skip
    (mine,) = [line for line in rows(house) if line["id"] == row.public_id]
    (said,) = [
        item
        for item in house.fresh(f"/api/v1/letters/{SLUG}/signatories").json["items"]  # type: ignore[index]
        if item["id"] == row.public_id
    ]
    told = {name: "" if value is None else str(value) for name, value in said.items()}
    assert mine == told
    with house.writing() as session:
        session.execute(
            update(Signature)
            .where(Signature.id == row.id)
            .values(statement_hidden_at=db.now(), affiliation_hidden_at=db.now())
        )
    (mine,) = [line for line in rows(house) if line["id"] == row.public_id]
    assert (mine["statement"], mine["affiliation"]) == ("", "")


def test_no_cell_is_a_formula_and_no_text_is_lost(house: House) -> None:
    people(house, len(EVIL), counted_at=db.now(), affiliation=lambda n: EVIL[n])
    found = {row["affiliation"] for row in rows(house)}
    for text in EVIL:
        kept = {cell for cell in found if cell in (text, f"'{text}")}
        assert kept, text
        (cell,) = kept
        assert cell.lstrip(" \"'")[:1] not in "=+-@＝＋－＠\t\r\n" or cell[:1] == "'"


def test_only_a_line_with_a_formula_is_written_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(house, 40, counted_at=db.now(), affiliation='A, "B" - C = D')
    people(house, 1, counted_at=db.now(), affiliation="=1", public_id="-" * 22)
    anew: list[list[list[str]]] = []
    write = csv_safe.rows

    def watched(lines: Any) -> bytes:
        anew.append([list(line) for line in lines])
        return write(anew[-1])

    monkeypatch.setattr(csv_safe, "rows", watched)
    found = rows(house)
    looked_at = [
        row for row in found if row["id"].startswith("'-") or not row["confirmed_on"]
    ]
    assert "'=1" in [row["affiliation"] for row in looked_at]
    # The first line, what ends with an empty cell, and each that needs it.
    assert len(anew) == 1 + len(looked_at) < 40
