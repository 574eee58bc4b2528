"""Imports: a file becomes collected signatures, with its source and its problems."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import db
from app.domain import imports, letters, uploads, watch_lists
from app.domain.import_files import FileProblem
from app.domain.imports import NotNow
from app.domain.uploads import SourceTaken, SourceUnfit
from app.models import (
    ImportKey,
    ImportPart,
    Signature,
    State,
)
from tests.house import House, later
from tests.work.imported import (
    HEAD,
    act,
    brought,
    check,
    problems,
    rows_of,
    run,
    shown,
    taken_in,
    upload,
)
from tests.work.labour import ACTOR, finish, letter_id, lines


def test_a_file_becomes_collected_signatures_with_their_source(house: House) -> None:
    before = house.numbers()
    one = upload(house)
    assert house.numbers() == before, "an upload publishes nothing"
    assert taken_in(house, one) == {"collected": 4, "asked": 0, "left_out": 0}
    assert house.numbers() == before | {"collected": before["collected"] + 4}
    house.check()
    rows = brought(house, one)
    assert [row.name for row in rows][:2] == ["Jane Ada Doe", "Jane Bea Doe"]
    for row in rows:
        assert (row.origin, row.state, row.sector) == (
            "collected", "counted", "academia",
        )  # fmt: skip
        assert (row.address_key, row.address_sealed, row.confirmed_at) == (
            None, None, None,
        )  # fmt: skip
    with house.site.database.reading() as session:
        settings = letters.load(session, letter_id=letter_id(house))
    note = settings.source_note(rows[0].collection_id, "de")
    assert note == "Paper lists, Bonn"
    assert house.deliver() == [], "nobody is written to unless it was asked for"
    assert "Jane Ada Doe" in house.fresh("/letters/deepfakes").text
    assert [verb for verb, _, _ in lines(house)] == [
        "import.upload", "import.check", "import.run", "import.collect",
    ]  # fmt: skip


def test_what_was_uploaded_is_sealed_and_goes_when_it_is_not_needed(
    house: House,
) -> None:
    one = upload(house)
    sealed = b"".join(bytes(row.sealed) for row in house.ask(select(ImportPart.sealed)))
    assert b"Jane" not in sealed
    assert b"example.org" not in sealed
    taken_in(house, one)
    for model in (ImportPart, ImportKey):
        assert rows_of(house, model) == 0
    assert shown(house, one).row.wiped_at is not None
    dropped = upload(house, source="Another")
    check(house, dropped)
    act(house, imports.drop, dropped)
    act(house, imports.drop, dropped)
    finish(house)
    assert rows_of(house, ImportPart) == 0
    with pytest.raises(NotNow):
        check(house, dropped)
    with pytest.raises(NotNow):
        act(house, imports.drop, one)


def test_an_upload_that_nobody_goes_on_with_is_wiped_after_a_day(house: House) -> None:
    one = upload(house)
    later(hours=23, minutes=59)
    with house.writing() as session:
        assert uploads.forget(session, now=db.now()) == 0
    later(hours=24, minutes=1)
    with house.writing() as session:
        assert uploads.forget(session, now=db.now()) == 1
    assert rows_of(house, ImportPart) == 0
    assert shown(house, one).row.wiped_at is not None


def test_every_problem_is_named_by_its_row_and_the_rest_is_taken_in(
    house: House,
) -> None:
    content = f"""{HEAD}Jane Doe,University of X,,academia
,University of X,,academia
<b>,see http://x.example,nobody,astrology

JANE  DÖE,university of x,,
Jane Doe,University of Y,,
John Doe,,,,too,much
"""
    (known,) = house.ask(select(Signature.name, Signature.affiliation).limit(1))
    content += f'"{known.name}","{known.affiliation or ""}",,\n'
    one = upload(house, content)
    check(house, one)
    finish(house)
    assert problems(house, one) == [
        (3, "name", "empty"),
        (4, "affiliation", "link"),
        (4, "email", "malformed"),
        (4, "name", "markup"),
        (4, "sector", "unknown"),
        (6, "row", "twice"),
        (8, "row", "columns"),
        (9, "row", "already"),
    ]
    checked = shown(house, one).checked
    assert checked is not None
    assert checked.result == {
        "good": 2, "bad": 3, "repeats": 2, "held": 0, "addresses": 0,
    }  # fmt: skip
    run(house, one)
    finish(house)
    assert [row.name for row in brought(house, one)] == ["Jane Doe", "Jane Doe"]
    assert problems(house, one), "what was wrong with which row stays to be read"
    again = upload(house, content, "The same with repeats")
    check(house, again)
    finish(house)
    run(house, again, repeats=True)
    finish(house)
    assert len(brought(house, again)) == 4


def test_columns_can_be_told_otherwise_until_something_is_taken_in(
    house: House,
) -> None:
    one = upload(house)
    check(house, one, {"name": 2})
    finish(house)
    assert {problem for _, _, problem in problems(house, one)} == {"address"}
    check(house, one)
    with pytest.raises(NotNow):
        check(house, one)
    finish(house)
    assert problems(house, one) == []
    run(house, one)
    with pytest.raises(NotNow):
        check(house, one)
    with pytest.raises(NotNow):
        run(house, one)


def test_nothing_is_taken_in_before_it_was_checked(house: House) -> None:
    one = upload(house)
    with pytest.raises(NotNow):
        run(house, one)
    with pytest.raises(NotNow):
        act(house, imports.undo, one)
    check(house, one)
    with pytest.raises(NotNow):
        run(house, one)


def test_a_name_on_the_watch_list_is_held_and_not_shown(house: House) -> None:
    with house.writing() as session:
        watch_lists.add(session, letter_id=None, lines=["Jane Bea Doe"],
                    actor=ACTOR, now=db.now())  # fmt: skip
    one = upload(house)
    before = house.numbers()["collected"]
    taken_in(house, one)
    held = [row for row in brought(house, one) if row.state == State.HELD]
    assert [(row.name, row.hold_reasons) for row in held] == [
        ("Jane Bea Doe", "watch_list")
    ]
    assert house.numbers()["collected"] == before + 3
    house.check()
    assert "Jane Bea Doe" not in house.fresh("/letters/deepfakes").text


@pytest.mark.parametrize(
    "source", ["", " \u200b ", "see https://x.example", "x" * 201, "<b>"]
)
def test_the_note_on_the_source_is_judged_like_any_public_line(
    house: House, source: str
) -> None:
    with pytest.raises(SourceUnfit):
        upload(house, source=source)


def test_two_imports_do_not_share_a_source(house: House) -> None:
    one, other = upload(house), upload(house)
    check(house, other)
    taken_in(house, one)
    with pytest.raises(SourceTaken):
        run(house, other)
    with pytest.raises(SourceTaken):
        upload(house)


def test_a_file_that_is_none_leaves_nothing(house: House) -> None:
    with pytest.raises(FileProblem):
        upload(house, b"PK\x03\x04")
    assert rows_of(house, ImportPart) == 0
    assert lines(house) == []


def test_the_same_file_is_noticed(house: House) -> None:
    one = upload(house)
    taken_in(house, one)
    assert shown(house, one).seen_at is None
    again = upload(house, source="Another")
    assert shown(house, again).seen_at == shown(house, one).row.created_at
    act(house, imports.undo, one)
    assert shown(house, again).seen_at is None
