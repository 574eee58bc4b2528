"""A sector is merged while an import runs: every row lands once, the numbers hold."""

from __future__ import annotations

import time

from app import db
from app.domain import sectors
from app.workbench import Workbench
from tests.house import House, later
from tests.work.imported import HEAD, brought, check, run, upload
from tests.work.labour import ACTOR, finish, letter_id

ROWS = 2_500


def test_a_sector_is_merged_while_its_rows_are_taken_in(house: House) -> None:
    words = [
        "ba",
        "be",
        "bi",
        "bo",
        "bu",
        "da",
        "de",
        "di",
        "do",
        "du",
        "fa",
        "fe",
        "fi",
        "fo",
        "fu",
        "ga",
        "ge",
        "gi",
        "go",
        "gu",
    ]
    names = [f"{a.title()}{b}{c} {d.title()}" for a in words for b in words
             for c in words for d in ("mer", "ler")][:ROWS]  # fmt: skip
    content = HEAD + "".join(
        f"{name},University of X,j{n}@example.org,academia\n"
        for n, name in enumerate(names)
    )
    one = upload(house, content)
    check(house, one)
    finish(house)
    run(house, one)
    # A worker that is told to stop after each batch.
    hasty = Workbench(
        house.site.config, house.site.database, rest=0, stopped=lambda: True
    )
    assert hasty.work() == 1
    some = len(brought(house, one))
    assert 0 < some < ROWS, "the import is under way"
    with house.writing() as session:
        sectors.merge(session, letter_id=letter_id(house), key="academia",
                      into="politics", actor=ACTOR, now=db.now())  # fmt: skip
    assert hasty.work() == 1
    later(seconds=11)
    # What a worker keeps of a letter is a second old at most, by the machine's clock.
    time.sleep(1.1)
    recoding = 1
    while recoding:
        with house.writing() as session:
            recoding = sectors.recode(session, now=db.now())
        hasty.work()
    house.site.shelf._seen.clear()
    finish(house)
    rows = brought(house, one)
    assert len(rows) == ROWS
    assert {row.sector for row in rows} == {"politics"}
    assert house.numbers()["collected"] >= ROWS
    house.check()
