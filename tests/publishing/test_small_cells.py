"""A letter may publish its small sectors together: every output does, and sums hold."""

from __future__ import annotations

import json
from typing import Any

from app.domain import figures
from app.domain.figures import TOGETHER
from tests.house import SLUG, House
from tests.organisers import organiser
from tests.work.labour import people

TALLY = f"/api/v1/letters/{SLUG}/tally"


def crowd(house: House) -> None:
    """12 in one sector, 3 in another, 2 in a third."""
    for number, sector in ((12, "academia"), (3, "politics"), (2, "ai")):
        people(house, number, sector=sector)


def cells(house: House) -> dict[str, Any]:
    """Key -> confirmed, for the sectors with somebody in them."""
    body = json.loads(house.fresh(TALLY).text)
    assert sum(one["confirmed"] for one in body["sectors"]) == body["confirmed"] == 17
    return {one["key"]: one["confirmed"] for one in body["sectors"] if one["confirmed"]}


def test_small_sectors_are_shown_together_in_every_output(house: House) -> None:
    crowd(house)
    assert cells(house) == {"academia": 12, "politics": 3, "ai": 2}, "off by default"
    house.set_letter(smallest_cell=5)
    assert cells(house) == {"academia": 12, TOGETHER: 5}
    for path in (f"/letters/{SLUG}", f"/embed/{SLUG}?breakdown=yes"):
        page = house.fresh(path).text
        assert "Smaller sectors together" in page
        assert "Politics" not in page.split("By sector")[-1].split("</figure>")[0]
    told = json.loads(house.fresh(f"/embed/{SLUG}/counter.json").text)
    assert sum(one["number"] for one in told["sectors"]) == 17
    assert "Politics" not in [one["label"] for one in told["sectors"]]


def test_one_small_sector_takes_the_next_with_it() -> None:
    rows = [("a", 12, 1, 0), ("b", 2, 0, 0), ("c", 0, 0, 0), ("d", 3, 1, 1)]
    assert figures._joined(rows, smallest=0) == rows
    assert figures._joined(rows, smallest=2) == rows
    # Alone it would be what the others leave of the sum.
    assert figures._joined(rows, smallest=3) == [*rows[::2], (TOGETHER, 5, 1, 1)]
    assert figures._joined(rows[:1], smallest=99) == rows[:1]


def test_an_organiser_sets_it(house: House) -> None:
    assert organiser(house)
    crowd(house)
    editor = house.organiser("editor")
    path = f"/organise/letters/{SLUG}/settings"
    page = editor.get(path)
    assert 'name="smallest_cell"' in page.text
    sent = {
        "action": "save", "organiser": "Jo", "contact": "jo@example.org",
        "postal": "Here", "accent": "#1f3a5f", "country_policy": "no",
        "headline": "confirmed",
    }  # fmt: skip
    wrong = editor.post(path, sent | {"smallest_cell": "many"})
    assert wrong.status_code == 400
    assert "from 0 to 100" in wrong.text
    assert 'value="many"' in wrong.text
    assert editor.post(path, sent | {"smallest_cell": "5"}).status_code == 303
    assert cells(house) == {"academia": 12, TOGETHER: 5}
