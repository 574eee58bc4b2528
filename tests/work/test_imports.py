"""Imports: a file becomes collected signatures, and people are asked only if wanted."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app import db
from app.domain import imports, jobs, letters, lifecycle, sectors, uploads, watch_lists
from app.domain.import_files import FileProblem
from app.domain.imports import NobodyCanConfirm, NotNow
from app.domain.uploads import SourceTaken, SourceUnfit
from app.models import (
    Asked,
    ImportKey,
    ImportPart,
    ImportProblem,
    JobState,
    Outbox,
    Signature,
    State,
    Submission,
)
from tests.house import House, later, link
from tests.work.labour import ACTOR, bench, finish, letter_id, lines

HEAD = "Name,Affiliation,E-Mail,Sector\n"
FILE = HEAD + "".join(
    f"Jane {word} Doe,University of X,jane{n}@example.org,academia\n"
    for n, word in enumerate(("Ada", "Bea", "Cleo", "Dora"))
)
MAPPING = {"name": 0, "affiliation": 1, "email": 2, "sector": 3}


def upload(
    house: House, content: str | bytes = FILE, source: str = "Paper lists, Bonn"
) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    with house.writing() as session:
        return uploads.upload(
            session,
            keyring=house.site.keyring,
            settings=letters.load(session, letter_id=letter_id(house)),
            file_name="lists.csv",
            content=raw,
            source=source,
            actor=ACTOR,
            now=db.now(),
        )


def check(house: House, one: str, mapping: dict[str, int] | None = None) -> None:
    with house.writing() as session:
        imports.check(
            session, letter_id=letter_id(house), public_id=one,
            mapping=mapping or MAPPING, columns=4, actor=ACTOR, now=db.now(),
        )  # fmt: skip


def run(house: House, one: str, *, asks: bool = False, repeats: bool = False) -> None:
    with house.writing() as session:
        imports.run(
            session,
            settings=letters.load(session, letter_id=letter_id(house)),
            public_id=one,
            asks=asks,
            repeats=repeats,
            actor=ACTOR,
            now=db.now(),
        )


def act(house: House, what: Any, one: str) -> Any:
    with house.writing() as session:
        return what(session, letter_id=letter_id(house), public_id=one, actor=ACTOR,
                    now=db.now())  # fmt: skip


def shown(house: House, one: str) -> imports.Shown:
    with house.site.database.reading() as session:
        return imports.show(session, letter_id=letter_id(house), public_id=one)


def problems(house: House, one: str) -> list[tuple[int, str, str]]:
    with house.site.database.reading() as session:
        return imports.problems(session, import_id=shown(house, one).row.id)


def taken_in(house: House, one: str, **switches: bool) -> dict[str, int]:
    """Check and run an import to its end; its figures."""
    check(house, one)
    finish(house)
    run(house, one, **switches)
    finish(house)
    ran = shown(house, one).ran
    assert ran is not None
    assert ran.state is JobState.DONE
    return dict(ran.result)


def brought(house: House, one: str) -> list[Any]:
    return house.ask(
        select(db.table(Signature))
        .where(Signature.collection_id == shown(house, one).row.collection_id)
        .order_by(Signature.id)
    )


def rows_of(house: House, model: Any) -> int:
    ((number,),) = house.ask(select(func.count()).select_from(model))
    return int(number)


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


# -- Asking people to confirm ----------------------------------------------------


def test_people_with_an_address_are_asked_once_and_count_when_they_confirm(
    house: House,
) -> None:
    before = house.numbers()
    content = FILE + "Jim Doe,University of X,,academia\n"
    one = upload(house, content)
    assert taken_in(house, one, asks=True) == {
        "collected": 1, "asked": 4, "left_out": 0,
    }  # fmt: skip
    assert house.numbers() == before | {"collected": before["collected"] + 1}
    later(minutes=1)
    mails = house.deliver()
    assert sorted(mail.recipients[0] for mail in mails) == [
        f"jane{n}@example.org" for n in range(4)
    ]
    assert not any("Jane" in mail.text for mail in mails), "nothing of what was typed"
    page = house.get(link(mails[0], "confirm"))
    assert "University of X" in page.text
    assert "I consent" in page.text, "they saw no form that could have asked"
    answer = house.post(link(mails[0], "confirm"), {"action": "confirm"})
    assert answer.status_code == 200
    assert house.numbers()["confirmed"] == before["confirmed"] + 1
    assert {row.consent_version for row in house.signatures()} == {"2026-11/asked"}
    house.check()
    # Again with the same people: nobody hears from us a second time.
    again = upload(house, content, "The same once more")
    taken_in(house, again, asks=True, repeats=True)
    later(days=8)
    house.deliver()
    third = upload(house, FILE, "And again a week later")
    taken_in(house, third, asks=True, repeats=True)
    later(days=8, minutes=10)
    asked = [mail for mail in house.sink.mails if "/confirm/" in mail.text]
    assert len(asked) == 4


def test_who_has_signed_or_fills_in_a_form_is_passed_over_in_silence(
    house: House,
) -> None:
    house.confirm(email="Jane0@example.org", name="Somebody Else")
    house.sign(email="jane1@example.org", name="Another Person")
    house.deliver()
    sent = len(house.sink.mails)
    one = upload(house)
    assert taken_in(house, one, asks=True)["asked"] == 4, "a file tells nobody"
    later(minutes=5)
    house.deliver()
    assert len(house.sink.mails) - sent == 2


def test_who_said_this_was_not_me_is_not_asked(house: House) -> None:
    path = house.confirm_link(email="jane2@example.org")
    house.post(path, {"action": "not_me"})
    sent = len(house.sink.mails)
    taken_in(house, upload(house), asks=True)
    later(minutes=5)
    house.deliver()
    to = {mail.recipients[0] for mail in house.sink.mails[sent:]}
    assert "jane2@example.org" not in to
    assert len(to) == 3


def test_questions_leave_room_for_people_who_sign(house: House) -> None:
    taken_in(house, upload(house), asks=True)
    times = sorted(row.due_at for row in house.ask(select(Outbox.due_at)))
    assert all(b - a >= timedelta(seconds=0.1) for a, b in pairwise(times))
    ends = {row.expires_at for row in house.ask(select(Submission.expires_at))}
    assert len(ends) == 4, "each has seven days from its own mail"


def test_a_letter_that_takes_no_signatures_asks_nobody(house: House) -> None:
    one = upload(house)
    check(house, one)
    finish(house)
    house.set_letter(paused=True)
    with pytest.raises(NobodyCanConfirm):
        run(house, one, asks=True)
    run(house, one)
    finish(house)
    assert len(brought(house, one)) == 4


# -- Stopping and undoing --------------------------------------------------------


def many(number: int) -> str:
    return HEAD + "".join(f"Jane Doe,Society {n},,\n" for n in range(number))


def test_an_import_is_stopped_between_two_parts_and_undone_from_there(
    house: House,
) -> None:
    before = house.numbers()
    one = upload(house, many(1200))
    check(house, one)
    finish(house)
    run(house, one)
    working = bench(house)
    working._stopped = lambda: True  # Ends its turn after one batch.
    working.work()
    assert len(brought(house, one)) == uploads.PART
    with pytest.raises(NotNow):
        act(house, imports.undo, one)
    assert act(house, imports.stop, one)
    finish(house)
    ran = shown(house, one).ran
    assert ran is not None
    assert (ran.state, ran.result["collected"]) == (JobState.STOPPED, uploads.PART)
    assert rows_of(house, ImportPart) == 0, "the rest is wiped"
    assert not act(house, imports.stop, one)
    house.check()
    act(house, imports.undo, one)
    with pytest.raises(NotNow):
        act(house, imports.undo, one)
    finish(house)
    assert house.numbers() == before
    house.check()
    assert {row.state for row in brought(house, one)} == {"withdrawn"}
    assert {row.name for row in brought(house, one)} == {None}
    with pytest.raises(NotNow):
        act(house, imports.undo, one)


def test_undoing_leaves_who_was_verified_rejected_or_has_confirmed(
    house: House,
) -> None:
    one = upload(house, FILE + "Jim Doe,X,,\nJoe Doe,X,,\nJon Doe,X,,\n")
    taken_in(house, one, asks=True)
    later(minutes=1)
    house.post(link(house.deliver()[0], "confirm"), {"action": "confirm"})
    jim, joe, jon = brought(house, one)
    who: dict[str, Any] = {"actor": ACTOR, "now": db.now()}
    with house.writing() as session:
        lifecycle.verify(session, signature_id=jim.id, **who)
        lifecycle.reject(session, signature_id=joe.id, reason="no", fake=False, **who)
    act(house, imports.undo, one)
    finish(house)
    assert [(row.name, row.state) for row in brought(house, one)] == [
        ("Jim Doe", "counted"), ("Joe Doe", "rejected"), (None, "withdrawn"),
    ]  # fmt: skip
    assert jon.name == "Jon Doe"
    assert house.numbers()["confirmed"] == 1
    states = house.ask(
        select(Submission.state, func.count()).group_by(Submission.state)
    )
    assert sorted(map(tuple, states)) == [("used", 1), ("void", 3)]
    undone = shown(house, one).undone
    assert undone is not None
    assert undone.result == {"withdrawn": 1, "voided": 3}
    house.check()
    later(hours=1)
    asked = [mail for mail in house.deliver() if "/confirm/" in mail.text]
    assert asked == [], "no question goes out any more"
    assert rows_of(house, Asked) == 4, "and nobody is asked anew by the next file"


def test_an_import_goes_on_after_its_worker_was_killed(house: House) -> None:
    one = upload(house, many(1200))
    check(house, one)
    finish(house)
    run(house, one)
    working = bench(house)
    working._stopped = lambda: True
    working.work()
    with house.writing() as session:
        assert jobs.claim(session, now=db.now(), lease=timedelta(seconds=120))
    assert finish(house) == 0
    later(seconds=121)
    finish(house)
    assert len(brought(house, one)) == 1200
    house.check()


def test_rows_that_no_key_opens_fail_the_job_and_nothing_else(house: House) -> None:
    one = upload(house)
    with house.writing() as session:
        # Somebody who can write to the database has put one part in another's place.
        names = session.scalar(select(ImportPart.sealed).where(ImportPart.number == 0))
        session.execute(
            update(ImportPart).where(ImportPart.number == 1).values(sealed=names)
        )
    check(house, one)
    finish(house)
    checked = shown(house, one).checked
    assert checked is not None
    assert (checked.state, checked.problem) == (JobState.FAILED, "Unopenable")
    assert rows_of(house, ImportProblem) == 0


def test_rows_of_a_merged_sector_land_in_the_one_that_it_went_up_in(
    house: House,
) -> None:
    """By its key and by its labels; the file was made, and checked, before."""
    content = HEAD + "".join(
        f"Jane {name} Doe,University of X,jane{name}@example.org,{said}\n"
        for name, said in (("Ada", "academia"), ("Bea", "ACADEMIA"),
                           ("Cleo", "Politics"), ("Dora", "politics"))
    )  # fmt: skip
    one = upload(house, content)
    check(house, one)
    finish(house)
    with house.writing() as session:
        sectors.merge(session, letter_id=letter_id(house), key="academia",
                      into="politics", actor=ACTOR, now=db.now())  # fmt: skip
    later(seconds=11)
    while True:
        with house.writing() as session:
            if not sectors.recode(session, now=db.now()):
                break
    house.site.shelf._seen.clear()
    run(house, one)
    finish(house)
    assert [row.sector for row in brought(house, one)] == ["politics"] * 4
    house.check()
