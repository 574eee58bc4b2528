"""Exports: who is in them, with what, and that they come in a stream."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from app import db
from app.domain import exports, standing, workbooks
from app.domain.drafts import address_context
from app.domain.exports import Format
from app.models import Record
from tests.house import House
from tests.work.labour import ACTOR, letter_id, people


def sealed(house: House, number: int, **columns: Any) -> str:
    """A signature with an address that only its own context opens."""
    public_id = standing.new_public_id()
    address = f"person{number}@example.org".encode()
    people(
        house, 1, public_id=public_id, name=f"Person {number}",
        address_sealed=house.site.keyring.seal(
            address, context=address_context(public_id)
        ),
        **columns,
    )  # fmt: skip
    return public_id


def table(content: Iterable[bytes]) -> list[dict[str, str]]:
    text = b"".join(content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_csv(house: House) -> list[dict[str, str]]:
    return table(
        exports.as_csv(
            house.site.database,
            keyring=house.site.keyring,
            letter_id=letter_id(house),
        )
    )


def as_workbook(house: House) -> list[dict[str, str]]:
    return book(
        exports.as_workbook(
            house.site.database,
            keyring=house.site.keyring,
            letter_id=letter_id(house),
        )
    )


def book(content: Iterable[bytes]) -> list[dict[str, str]]:
    """The rows of a workbook as another program reads them, sheet after sheet."""
    opened = openpyxl.load_workbook(io.BytesIO(b"".join(content)))
    rows = []
    for sheet in opened:
        columns, *values = sheet.iter_rows()
        for cells in values:
            for cell in cells:
                assert cell.data_type in ("s", "inlineStr", "n"), cell.data_type
                assert cell.data_type != "n" or cell.value is None
            rows.append(
                {
                    str(c.value): cell.value or ""
                    for c, cell in zip(columns, cells, strict=True)
                }
            )
    return rows


@pytest.fixture(params=[as_csv, as_workbook], ids=["csv", "xlsx"])
def export(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_addresses_are_given_out_of_those_alone_who_agreed(
    house: House, export: Any
) -> None:
    sealed(house, 1, wants_updates=True)
    sealed(house, 2, may_contact=True)
    sealed(house, 3)
    sealed(house, 4, wants_updates=True, state="held", hold_reasons="watch_list")
    emails = {row["name"]: row["email"] for row in export(house)}
    assert {name: emails[name] for name in sorted(emails) if "Person" in name} == {
        "Person 1": "person1@example.org",
        "Person 2": "person2@example.org",
        "Person 3": "",
        "Person 4": "person4@example.org",
    }


def test_every_column_says_what_the_row_says(house: House, export: Any) -> None:
    at = datetime(2026, 11, 5, 9, 7, 3, 250_000, tzinfo=UTC)
    public_id = sealed(
        house, 1, confirmed_at=at, created_at=at, verified=True, may_contact=True,
        affiliation='Institute, "Zoë"', identification_only=True, country="not_said",
    )  # fmt: skip
    (row,) = [row for row in export(house) if row["id"] == public_id]
    assert list(row) == list(exports.COLUMNS)
    assert row == {
        "id": public_id, "state": "counted", "origin": "confirmed", "name": "Person 1",
        "title": "", "affiliation": 'Institute, "Zoë"', "sector": row["sector"],
        "country": "not_said", "statement": "", "listed": "yes",
        "identification_only": "yes", "public_figure": "", "verified": "yes",
        "featured_rank": "", "hold_reasons": "", "language": "en",
        "confirmed_at": "2026-11-05T09:07:03Z", "created_at": "2026-11-05T09:07:03Z",
        "wants_updates": "", "may_contact": "yes", "email": "person1@example.org",
    }  # fmt: skip


def test_the_withdrawn_and_other_letters_are_not_in_it(
    house: House, export: Any
) -> None:
    people(house, 1, name="Taken Back", state="withdrawn")
    people(house, 1, name="Out", state="rejected", rejected_from="counted")
    people(house, 1, name=None, redacted_at=db.now(), state="rejected",
           rejected_from="held")  # fmt: skip
    names = [row["name"] for row in export(house)]
    assert "Taken Back" not in names
    assert names.count("Out") == 1
    assert names.count("") == 1
    none = exports.as_csv(
        house.site.database, keyring=house.site.keyring, letter_id=999
    )
    assert table(none) == []


def test_an_address_that_no_key_opens_breaks_nothing_off(
    house: House, export: Any
) -> None:
    people(house, 1, name="Lost", address_sealed=b"\0" * 40, wants_updates=True)
    sealed(house, 1, wants_updates=True)
    emails = {row["name"]: row["email"] for row in export(house)}
    assert (emails["Lost"], emails["Person 1"]) == ("", "person1@example.org")


def test_it_goes_page_by_page_and_holds_no_snapshot_between_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 10)
    people(house, 95)
    pages = exports.pages(
        house.site.database, keyring=house.site.keyring, letter_id=letter_id(house)
    )
    with house.statements() as said:
        first = list(itertools.islice(pages, 2))
    asked = [one for one in said if "FROM signature" in one]
    assert len(asked) <= 3, "what nobody has asked for is not read"
    assert house.site.database._readers.pool.checkedout() == 0  # type: ignore[attr-defined]
    rest = list(pages)
    assert max(map(len, rest)) <= 10
    ids = [line.partition(b",")[0] for page in (*first, *rest) for line in page]
    assert len(ids) == len(set(ids)) == len(as_csv(house))


def test_an_export_is_in_the_record(house: House) -> None:
    with house.writing() as session:
        exports.begin(
            session, letter_id=letter_id(house), as_=Format.XLSX, actor=ACTOR,
            now=db.now(),
        )  # fmt: skip
    (line,) = house.ask(
        select(Record.actor, Record.subject, Record.after).where(
            Record.verb == "export.run"
        )
    )
    assert tuple(line) == (ACTOR, "signatures", "xlsx")


def test_a_workbook_goes_on_in_another_sheet_and_comes_in_pieces() -> None:
    def made(pages: list[int]) -> tuple[list[bytes], list[dict[str, str]]]:
        numbers = iter(range(100))
        given = [[[str(next(numbers)), "x"] for _ in range(size)] for size in pages]
        pieces = list(workbooks.written("rows", ["a", "b"], given, rows=4))
        return pieces, book(pieces)

    for pages in ([], [3], [3, 1], [7], [2, 2, 2], [3, 3, 3], [1] * 12):
        pieces, rows = made(pages)
        assert [row["a"] for row in rows] == [str(n) for n in range(sum(pages))], pages
        assert pieces[0], "the first byte does not wait for the first page"
        assert len(pieces) > len(pages)


def test_a_workbook_keeps_every_text_that_can_be_written() -> None:
    texts = [
        "=1+1",
        "<&>\"'",
        "  two  spaces ",
        "a\tb\nc",
        "𝔘 \u200fع",
        "\x00x\ufffe",
        "1",
    ]
    kept = [text.replace("\x00", "").replace("\ufffe", "") for text in texts]
    content = workbooks.written("rows", ["text"], [[[text] for text in texts]])
    assert [row["text"] for row in book(content)] == kept
