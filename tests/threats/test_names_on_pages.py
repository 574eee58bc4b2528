"""Threats D: names that deface what stands around them (rows 32 and 33)."""

from __future__ import annotations

import unicodedata

import pytest
from sqlalchemy import select

from app.models import Signature
from tests.domain.world_names import NAMES
from tests.house import SLUG, House, link
from tests.pages import elements, error, of_class, parse, text_of, typed

FIELDS_OF_A_LINE = ("name", "title", "affiliation", "statement")
# Controls of direction, invisible characters, tags: each inside a word.
STRAY = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x200B, 0x2010),
         0xFEFF, 0xE0001, 0xE0041, 0xAD, 0x2060]  # fmt: skip
AS_THEY_ARE = ["محمد", "नरेंद्र", "José", "O’Neill", "Nguyễn Thị", "李", "X Æ A-12"]


def _printed(house: House) -> list[list[str]]:
    """The texts of each of the newest lines as the letter's page prints them."""
    (newest,) = of_class(parse(house.fresh(f"/letters/{SLUG}").text), "newest")
    return [[text_of(e) for e in elements(line) if e.tag == "bdi"] for line in newest]


def test_row_32_what_cannot_be_seen_is_not_stored(house: House) -> None:
    for number, code in enumerate(STRAY):
        word = f"Ali{chr(code)}eve"
        fields = dict.fromkeys(FIELDS_OF_A_LINE, word)
        answer = house.sign(**fields, email=f"person{number}@example.org")
        assert answer.status_code == 303, hex(code)
    for mail in house.deliver():
        house.post(link(mail, "confirm"), {"action": "confirm"})
    columns = (Signature.name, Signature.title, Signature.affiliation,
               Signature.statement)  # fmt: skip
    stored = house.ask(select(*columns).where(Signature.origin == "confirmed"))
    assert len(stored) == len(STRAY)
    assert {tuple(row) for row in stored} == {("Alieve",) * 4}


def test_row_32_the_next_line_stands_where_it_stood(house: House) -> None:
    house.confirm(name="Berta Nextline", email="berta@example.org")
    before = _printed(house)
    house.confirm(name="Ali\u202eeve \u2067Reversed", email="ali@example.org",
                  affiliation="\u202dHouse\u2068")  # fmt: skip
    after = _printed(house)
    assert after[0][0] == "Alieve Reversed"
    assert after[1:] == before


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_row_32_a_name_is_kept_and_printed_as_it_is(house: House, name: str) -> None:
    path = house.confirm_link(name=name)
    assert name in [text_of(e) for e in elements(parse(house.get(path).text))
                    if e.tag == "bdi"]  # fmt: skip
    house.post(path, {"action": "confirm"})
    assert [row.name for row in house.signatures()] == [name]
    assert _printed(house)[0][0] == name


def test_row_32_a_hundred_names_of_the_world_go_the_whole_way(house: House) -> None:
    for number, name in enumerate(NAMES):
        answer = house.sign(name=name, email=f"person{number}@example.org")
        assert answer.status_code == 303, name
    for mail in house.deliver():
        assert (
            house.post(link(mail, "confirm"), {"action": "confirm"}).status_code == 200
        )
    stored = [row.name for row in house.signatures()]
    assert sorted(stored) == sorted(unicodedata.normalize("NFC", n) for n in NAMES)


TALL = [
    "Z" + 30 * "\u0338",
    "Zal" + 5 * "\u0301" + "go",
    "a\u0301\u0302\u0303\u0304b",
    "\u0e49" * 20 + "Thai",
]
WIDE = ["Anna \ufdfd", "\U0001242b\U0001242b Anna", "Anna \u2e3b\u2e3b"]
LONG = ["A" * 101, "Anna " + "李" * 100, "é" * 201]


@pytest.mark.parametrize("field", ["name", "title", "affiliation", "statement"])
@pytest.mark.parametrize("text", [*TALL, *WIDE])
def test_row_33_what_breaks_a_line_is_refused_with_a_sentence(
    house_on_sqlite: House, field: str, text: str
) -> None:
    answer = house_on_sqlite.sign(**{field: text})
    assert answer.status_code == 400
    said = error(answer.text, field)
    assert said is not None
    assert "too" in said or "name" in said
    assert typed(answer.text, field) == text
    assert house_on_sqlite.deliver() == []


@pytest.mark.parametrize("name", LONG)
def test_row_33_a_name_has_100_characters_and_400_bytes(
    house_on_sqlite: House, name: str
) -> None:
    answer = house_on_sqlite.sign(name=name)
    assert answer.status_code == 400
    assert error(answer.text, "name") == "Names may have up to 100 characters."
    assert house_on_sqlite.sign(name="A" * 100).status_code == 303
    assert house_on_sqlite.sign(name="李" * 100).status_code == 303


def test_row_33_a_name_is_one_line(house: House) -> None:
    house.confirm(name="Anna\r\nBerta\u2028Carla", affiliation="One\nTwo")
    (row,) = house.signatures()
    assert (row.name, row.affiliation) == ("Anna Berta Carla", "One Two")
