"""The record cannot be rewritten unseen: triggers refuse, and the chain shows it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import db
from app.domain import record
from app.domain.record import Head
from app.models import Reason, Record, Seal
from tests.house import House, at_once


def write(session: Session, number: int, reason: str | None = None) -> None:
    """A line of the record that somebody's act would leave."""
    record.write(
        session,
        letter_id=None,
        actor=record.organiser(number),
        verb="hold",
        subject=f"subject-{number}",
        before="counted",
        after="held",
        reason=reason,
        at=db.now(),
    )


def sealed(house: House, lines: int) -> Head:
    """Write some lines and seal all there are; the head, as it is kept elsewhere."""
    with house.writing() as session:
        for number in range(lines):
            write(session, number, f"reason {number}")
    with house.writing() as session:
        return record.seal(session)


def broken(house: House, expected: Head | None = None) -> record.Break | None:
    """What the check finds."""
    with house.site.database.reading() as session:
        return record.verify(session, expected=expected)


def tamper(house: House, *statements: str) -> None:
    """Change the tables as somebody with the rights of their owner could."""
    with house.writing() as session:
        if db.dialect(session) == "postgresql":
            for table in ("record", "seal"):
                session.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
            session.execute(text("SET session_replication_role = replica"))
        else:
            for table in ("record", "seal"):
                for event in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {table}_{event}"))
            session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for statement in statements:
            session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET actor = 'nobody'",
        "DELETE FROM record",
        "UPDATE seal SET hash = 'x'",
        "DELETE FROM seal",
    ],
)
def test_the_database_refuses_to_rewrite(house: House, statement: str) -> None:
    sealed(house, 3)
    with (
        house.site.database.writing() as session,
        pytest.raises(DBAPIError, match="append-only"),
    ):
        session.execute(text(statement))


def test_the_database_refuses_to_empty_the_record(house: House) -> None:
    sealed(house, 3)
    emptying = {"sqlite": "DELETE FROM {}", "postgresql": "TRUNCATE {} CASCADE"}
    for table in ("record", "seal"):
        with (
            house.site.database.writing() as session,
            pytest.raises(DBAPIError, match="append-only"),
        ):
            session.execute(text(emptying[db.dialect(session)].format(table)))


def test_threat_49_a_deleted_line_is_named(house: House) -> None:
    head = sealed(house, 10)
    (victim,) = house.ask(select(Record.id).where(Record.subject == "subject-4"))[0]
    tamper(house)
    delete = f"DELETE FROM record WHERE id = {victim}"
    if house.site.database.sqlite:
        # Past the house, so that no foreign key stands in the way.
        assert house.site.database.url.database is not None
        with closing(sqlite3.connect(house.site.database.url.database)) as connection:
            connection.execute(delete)
            connection.commit()
    else:
        with house.writing() as session:
            session.execute(text("SET session_replication_role = replica"))
            session.execute(text(delete))
    found = broken(house, head)
    assert found is not None
    assert (found.record_id, found.what) == (victim, "the line was deleted")


def test_threat_49_an_edited_line_is_named(house: House) -> None:
    head = sealed(house, 10)
    assert broken(house) is None
    victim = house.ask(select(Record.id).where(Record.subject == "subject-4"))[0][0]
    tamper(house, f"UPDATE record SET actor = 'organiser:99' WHERE id = {victim}")
    found = broken(house, head)
    assert found is not None
    assert found.record_id == victim


def test_threat_49_two_swapped_lines_are_named(house: House) -> None:
    sealed(house, 10)
    one, two = (
        house.ask(select(Record.id).where(Record.subject == f"subject-{n}"))[0][0]
        for n in (3, 7)
    )
    tamper(
        house,
        f"UPDATE record SET subject = 'x' WHERE id = {one}",
        f"UPDATE record SET subject = 'subject-3' WHERE id = {two}",
        f"UPDATE record SET subject = 'subject-7' WHERE id = {one}",
    )
    found = broken(house)
    assert found is not None
    assert found.record_id == one


def test_threat_49_a_link_taken_out_is_named(house: House) -> None:
    head = sealed(house, 10)
    position = head.position - 4
    tamper(house, f"DELETE FROM seal WHERE position = {position}")
    found = broken(house)
    assert found is not None
    assert found.position == position


def test_threat_49_a_cut_off_tail_shows_against_a_head_kept_elsewhere(
    house: House,
) -> None:
    head = sealed(house, 10)
    tamper(house, f"DELETE FROM seal WHERE position > {head.position - 3}")
    assert broken(house) is None
    found = broken(house, head)
    assert found is not None
    assert found.position == head.position - 2
    kept = f"{head.position}:{head.hash}"
    checked = house.app.test_cli_runner().invoke(
        args=["record", "verify", "--head", kept]
    )
    assert (checked.exit_code, "cut off" in checked.output) == (1, True)


def test_threat_49_a_wiped_reason_leaves_the_chain_whole(house: House) -> None:
    sealed(house, 3)
    with house.writing() as session:
        session.execute(update(Reason).values(text=None, salt=None))
    assert broken(house) is None


def test_threat_49_fifty_writers_and_three_sealers_keep_one_chain(
    house: House,
) -> None:
    def work(number: int) -> None:
        with house.writing() as session:
            if number >= 50:
                record.seal(session)
            else:
                write(session, number)

    assert [o for o in at_once(work, 53) if o is not None] == []
    head = sealed(house, 0)
    assert broken(house, head) is None
    positions = [row[0] for row in house.ask(select(Seal.position))]
    assert sorted(positions) == list(range(1, head.position + 1))
    lines = house.ask(select(Record.id))
    assert len(lines) == head.position


def test_what_is_not_sealed_yet_is_sealed_next(house: House) -> None:
    first = sealed(house, 2)
    assert sealed(house, 0) == first
    with house.writing() as session:
        session.execute(
            insert(Record),
            {
                "letter_id": None,
                "actor": "system",
                "verb": "test",
                "subject": "x",
                "at": db.now(),
            },
        )
    assert sealed(house, 0).position == first.position + 1
