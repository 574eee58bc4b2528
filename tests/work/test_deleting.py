"""A deleted letter leaves no row in any table, whatever was done with it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Table, func, select

from app import db
from app.domain import (
    blocked_names,
    disputes,
    ending,
    hold_rules,
    previews,
    record,
    sectors,
    snapshots,
    switches,
    unveiling,
    watch_lists,
)
from app.domain.conditions import Conditions
from app.models import (
    Base,
    DisputeKind,
    Letter,
    Role,
)
from tests.house import SLUG, House
from tests.letters import another_letter, sign_letter
from tests.organisers import invitation, organiser, signed
from tests.work.labour import ACTOR, finish, letter_id
from tests.work.test_cases import run as run_case
from tests.work.test_imports import check, run, upload


def hanging() -> set[Table]:
    """Every table whose rows belong to a letter, directly or by what they point to."""
    found = {db.table(Letter)}
    tables = Base.metadata.sorted_tables
    while more := {
        table
        for table in tables
        if table not in found
        and (
            "letter_id" in table.c
            or any(key.column.table in found for key in table.foreign_keys)
        )
    }:
        found |= more
    return found


def filled(house: House) -> dict[str, int]:
    """How many rows the tables of letters hold."""
    with house.site.database.reading() as session:
        return {
            table.name: number
            for table in hanging()
            if (number := session.scalar(select(func.count()).select_from(table)))
        }


def live(house: House) -> None:
    """Do with the letter what can be done with one."""
    which, now = letter_id(house), db.now()
    invitation(house)
    organiser(house, "Ella", Role.EDITOR)
    with house.writing() as session:
        watch_lists.add(session, letter_id=which, lines=["Ada Notable"], actor=ACTOR,
                        now=now)  # fmt: skip
    signed(house, "Ada Notable")
    row = signed(house, "Bea Ordinary")
    house.sign(email="cleo@example.org", name="Cleo Waiting")
    one = upload(house)
    check(house, one)
    finish(house)
    run(house, one, asks=True)
    finish(house)
    house.deliver()
    with house.writing() as session:
        disputes.file(
            session, keyring=house.site.keyring, letter_id=which, signature_id=row.id,
            kind=DisputeKind.NOT_ME, words="Not I.", contact="", network="192.0.2.1",
            now=now,
        )  # fmt: skip
        previews.make(session, letter_id=which, note="us", actor=ACTOR, now=now)
        snapshots.take(session, letter_id=which, actor=ACTOR, now=now)
        sectors.merge(session, letter_id=which, key="academia", into="politics",
                      actor=ACTOR, now=now)  # fmt: skip
        switches.freeze(session, letter_id=which, frozen=True, actor=ACTOR, now=now)
        unveiling.plan(session, letter_id=which, times=[now + timedelta(days=1)],
                       amount=5, actor=ACTOR, now=now)  # fmt: skip
        blocked_names.block(session, signature_id=row.id, now=now)
        hold_rules.save_institutions(
            session,
            letter_id=which,
            lines=["University of X = x.example"],
            actor=ACTOR,
            now=now,
        )
    run_case(house, Conditions(name="Ada *"))
    finish(house)
    house.fold()
    signed(house, "Dora Later")
    upload(house, source="Never gone on with")
    with house.writing() as session:
        record.seal(session)
    check(house, upload(house, source="Being checked at the end"))


def test_a_deleted_letter_leaves_nothing_in_any_table(house: House) -> None:
    live(house)
    before = filled(house)
    for table in ("search_word", "asked", "job", "import_part", "watch_key", "dispute",
                  "unveiling", "snapshot", "blocked_name", "institution",
                  "invalidation", "ledger", "seal", "preview_link", "tally",
                  "sign_invitation", "submission", "outbox"):  # fmt: skip
        assert table in before, table
    with house.writing() as session:
        ending.delete(session, letter_id=letter_id(house), typed=SLUG, actor=ACTOR,
                      now=db.now())  # fmt: skip
    left = filled(house)
    # The slug stays taken; the record stays with its seals, and names nobody.
    assert left.keys() <= {"letter", "record", "seal"}, left
    finish(house)
    assert filled(house).keys() <= {"letter", "record", "seal"}, "nor does work go on"


def test_what_belongs_to_another_letter_stays(house: House) -> None:
    another_letter(house, "second")
    assert sign_letter(house, "second").status_code == 303
    before = filled(house)
    live(house)
    with house.writing() as session:
        ending.delete(session, letter_id=letter_id(house), typed=SLUG, actor=ACTOR,
                      now=db.now())  # fmt: skip
    left = filled(house)
    assert left["submission"] == before["submission"] == 1
    assert house.fresh("/letters/second").status_code == 200
