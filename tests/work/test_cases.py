"""Cases: what they find, what they move, how they stop, and how they are undone."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from app import db
from app.domain import invalidation, lifecycle, record
from app.domain.conditions import Conditions
from app.domain.invalidation import NothingAsked, NotNow, ReasonUnfit
from app.domain.lifecycle import ReasonMissing
from app.models import Case, JobState, Ledger, Signature
from tests.house import SLUG, House, later
from tests.work.labour import ACTOR, bench, finish, letter_id, lines, people

EVE = Conditions(name="Eve *")


def run(house: House, wanted: Conditions, reason: str = "Made by a script") -> str:
    with house.writing() as session:
        return invalidation.run(
            session, letter_id=letter_id(house), wanted=wanted, reason=reason,
            actor=ACTOR, now=db.now(),
        )  # fmt: skip


def undo(house: House, case: str) -> None:
    with house.writing() as session:
        invalidation.undo(
            session, letter_id=letter_id(house), public_id=case, actor=ACTOR,
            now=db.now(),
        )  # fmt: skip


def shown(house: House, case: str) -> invalidation.Shown:
    with house.site.database.reading() as session:
        return invalidation.show(session, letter_id=letter_id(house), public_id=case)


def found(house: House, wanted: Conditions) -> list[str]:
    with house.site.database.reading() as session:
        preview = invalidation.preview(
            session, letter_id=letter_id(house), wanted=wanted
        )
    assert preview.number == len(preview.sample)
    return sorted(row.name for row in preview.sample)


def states(house: House) -> Counter[str]:
    return Counter(row.state for row in house.signatures())


def test_each_condition_finds_what_it_says(house: House) -> None:
    now = db.now()
    facts: dict[str, dict[str, Any]] = {
        "Eve Müller": {"affiliation": "[X] Institute?", "address_domain": "a.example"},
        "EVE MÜLLER": {"affiliation": "*", "address_domain": "mail.b.example"},
        "Steve Mueller": {"created_at": now - timedelta(days=2)},
        "Adam": {"state": "held", "hold_reasons": "watch_list public_figure"},
        "Abel": {"state": "held", "hold_reasons": "public_figure"},
        "Seth": {"network_key": b"n" * 32},
        "Enos": {"network_key": b"n" * 32, "affiliation": None},
        "Noah": {"verified": True, "affiliation": "Ark"},
        "Shem": {"state": "rejected", "rejected_from": "counted"},
    }
    for name, columns in facts.items():
        people(house, 1, name=name, **columns)
    ids = {row.name: row.public_id for row in house.signatures()}
    for wanted, names in (
        (Conditions(name="eve müller"), ["EVE MÜLLER", "Eve Müller"]),
        (Conditions(name="*eve m?ller"), ["EVE MÜLLER", "Eve Müller"]),
        (Conditions(name="*Mu*"), ["Steve Mueller"]),
        (Conditions(name="eve"), []),
        (Conditions(affiliation="[x] institute?"), ["Eve Müller"]),
        (Conditions(affiliation="ar[k]"), []),
        (Conditions(domain="*.example"), ["EVE MÜLLER", "Eve Müller"]),
        (Conditions(domain="A.example"), ["Eve Müller"]),
        (Conditions(domain="aXexample"), []),
        (Conditions(until=now - timedelta(days=1)), ["Steve Mueller"]),
        (Conditions(name="Steve*", since=now - timedelta(days=1)), []),
        (Conditions(hold_reason="watch_list"), ["Adam"]),
        (Conditions(hold_reason="public_figure"), ["Abel", "Adam"]),
        (Conditions(hold_reason="figure"), []),
        (Conditions(hold_reason="%"), []),
        (Conditions(network_of=ids["Seth"]), ["Enos", "Seth"]),
        (Conditions(network_of=ids["Seth"], affiliation="University*"), ["Seth"]),
        (Conditions(network_of=ids["Adam"]), []),
        (Conditions(network_of="nobody"), []),
        (Conditions(affiliation="ark"), []),
        (Conditions(affiliation="ark", verified_too=True), ["Noah"]),
        (Conditions(name="Shem"), []),
    ):
        assert found(house, wanted) == sorted(names), wanted
        assert Conditions.from_json(wanted.as_json()) == wanted


def test_a_preview_counts_up_to_its_cap_and_shows_the_newest(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invalidation, "CAP", 30)
    people(house, 31, name=lambda n: f"Eve {n}")
    with house.site.database.reading() as session:
        preview = invalidation.preview(session, letter_id=letter_id(house), wanted=EVE)
    assert (preview.number, preview.capped) == (30, True)
    assert [row.name for row in preview.sample] == [
        f"Eve {n}" for n in range(30, 10, -1)
    ]


@pytest.mark.parametrize("wanted", [Conditions(), Conditions(verified_too=True)])
def test_a_case_that_asks_for_nothing_is_refused(
    house: House, wanted: Conditions
) -> None:
    with pytest.raises(NothingAsked):
        found(house, wanted)
    with pytest.raises(NothingAsked):
        run(house, wanted)


def test_the_public_reason_is_judged_like_any_public_line(house: House) -> None:
    with pytest.raises(ReasonMissing):
        run(house, EVE, " \u200b\n")
    for reason in ("see https://example.org", "x" * 201, "<b>", "ask eve@example.org"):
        with pytest.raises(ReasonUnfit):
            run(house, EVE, reason)
    assert house.ask(select(Case.id)) == []


def test_a_case_rejects_what_it_finds_and_the_numbers_follow(house: House) -> None:
    people(house, 300, name=lambda n: f"Eve {n}")
    people(house, 20, name=lambda n: f"Eve held {n}", state="held", hold_reasons="x")
    people(house, 50)
    before = house.ask(select(Ledger.id))
    case = run(house, EVE, "  Made by\n a script ")
    assert house.numbers()["confirmed"] == 350, "nothing happens in the request"
    batches = finish(house)
    assert states(house) == {"rejected": 320, "counted": 50}
    assert house.numbers() == {"confirmed": 50, "verified": 0, "collected": 778}
    house.check()
    stands = shown(house, case)
    assert (stands.moved, stands.reason) == (320, "Made by a script")
    assert (stands.ran.state, stands.ran.percent) == (JobState.DONE, 100)
    # One line and one sum of ledger rows a batch, however many it moves.
    moving = [line for line in lines(house) if line[0] == "case.reject"]
    assert lines(house)[0] == ("case.run", None, None)
    assert 0 < len(moving) <= batches
    assert sum(int(str(after).split()[0]) for _, _, after in moving) == 320
    added = len(house.ask(select(Ledger.id))) - len(before)
    # And one of 0 with the correction, so that everybody sees it at once.
    assert added <= len(moving) * (7 + 2) + 1
    house.fold()
    house.check()


def test_undoing_brings_back_what_is_still_as_the_case_left_it(house: House) -> None:
    people(house, 40, name=lambda n: f"Eve {n}")
    people(house, 5, name=lambda n: f"Eve v{n}", verified=True)
    people(house, 10, name=lambda n: f"Eve h{n}", state="held", hold_reasons="x")
    case = run(house, Conditions(name="Eve *", verified_too=True))
    with pytest.raises(NotNow):
        undo(house, case)
    finish(house)
    assert house.numbers()["confirmed"] == 0
    ids = {row.name: row.id for row in house.signatures()}
    who: dict[str, Any] = {"actor": ACTOR, "now": db.now()}
    with house.writing() as session:
        # One was looked at by hand twice since, one has had their data wiped.
        for verb in (lifecycle.reinstate, lifecycle.hold):
            verb(session, signature_id=ids["Eve 0"], reason="mine", **who)
        lifecycle.reject(session, signature_id=ids["Eve 0"], reason="mine", fake=False,
                         **who)  # fmt: skip
        lifecycle.erase(session, signature_id=ids["Eve 1"], actor=record.SIGNATORY,
                        now=db.now())  # fmt: skip
    assert shown(house, case).may_undo
    undo(house, case)
    with pytest.raises(NotNow):
        undo(house, case)
    finish(house)
    assert states(house) == {"counted": 43, "held": 10, "rejected": 2}
    assert house.numbers() == {"confirmed": 43, "verified": 5, "collected": 778}
    assert {r.hold_reasons for r in house.signatures() if r.state == "held"} == {"x"}
    assert [row for row in house.signatures() if row.case_id is not None] == []
    house.check()
    stands = shown(house, case)
    assert stands.undone is not None
    assert stands.undone.result == {"moved": 53, "public": 43}
    assert not stands.may_undo
    with pytest.raises(NotNow):
        undo(house, case)
    assert lines(house)[-1][0] == "case.reinstate"


def test_a_case_and_its_undoing_are_told_in_public_without_those_nobody_saw(
    house: House,
) -> None:
    people(house, 7, name=lambda n: f"Eve {n}")
    people(house, 3, name=lambda n: f"Eve held {n}", state="held", hold_reasons="x")
    corrections = f"/letters/{SLUG}/corrections"
    house.get(corrections)
    case = run(house, EVE)
    finish(house)
    house.fold()
    told = house.fresh(corrections).text
    assert "7 signatures were removed by the organisers." in told
    assert "Made by a script" in told
    undo(house, case)
    finish(house)
    told = house.fresh(corrections).text
    assert "7 lines are shown again as they were before." in told
    assert told.count("Made by a script") == 1


def test_a_case_that_moves_only_held_ones_is_told_to_nobody(house: House) -> None:
    people(house, 3, name=lambda n: f"Eve {n}", state="held", hold_reasons="x")
    case = run(house, EVE)
    finish(house)
    assert shown(house, case).moved == 3
    told = house.fresh(f"/letters/{SLUG}/corrections").text
    assert "Made by a script" not in told


def test_a_case_takes_collected_ones_and_takes_no_feature_along(house: House) -> None:
    featured = house.ask(
        select(Signature.id).where(Signature.featured_rank.is_not(None))
    )
    assert featured, "the example letter features people"
    collected = house.numbers()["collected"]
    case = run(house, Conditions(name="*", verified_too=True))
    finish(house)
    assert house.numbers()["collected"] < collected
    assert house.ask(select(Signature.id).where(Signature.featured_rank > 0)) == []
    house.check()
    undo(house, case)
    finish(house)
    assert house.numbers()["collected"] == collected
    house.check()


def test_a_case_is_stopped_between_two_batches_and_undone_from_there(
    house: House,
) -> None:
    people(house, 1000, name=lambda n: f"Eve {n}")
    case = run(house, EVE)
    working = bench(house)
    working._stopped = lambda: True  # Ends its turn after one batch.
    working.work()
    moved = shown(house, case).moved
    assert 0 < moved < 1000
    assert shown(house, case).ran.state is JobState.RUNNING
    with house.writing() as session:
        assert invalidation.stop(
            session, letter_id=letter_id(house), public_id=case, actor=ACTOR,
            now=db.now(),
        )  # fmt: skip
    finish(house)
    assert shown(house, case).ran.state is JobState.STOPPED
    assert shown(house, case).moved == moved == states(house)["rejected"]
    house.check()
    with house.writing() as session:
        assert not invalidation.stop(
            session, letter_id=letter_id(house), public_id=case, actor=ACTOR,
            now=db.now(),
        )  # fmt: skip
    undo(house, case)
    finish(house)
    assert states(house) == {"counted": 1000}
    house.check()


def test_who_comes_in_after_it_began_is_left_alone(house: House) -> None:
    people(house, 5, name="Eve First")
    case = run(house, Conditions(name="Eve*"))
    people(house, 5, name="Eve Later")
    finish(house)
    assert shown(house, case).moved == 5
    assert {r.state for r in house.signatures() if r.name == "Eve Later"} == {"counted"}


def test_the_time_of_a_case_and_its_conditions_come_back_as_they_were(
    house: House,
) -> None:
    people(house, 1, name="Eve First")
    wanted = Conditions(name="Eve*", since=later(hours=-1), until=later(hours=1))
    later()
    case = run(house, wanted)
    assert shown(house, case).conditions == wanted
    with house.site.database.reading() as session:
        (listed,) = invalidation.listed(session, letter_id=letter_id(house))
        assert listed.public_id == case
        assert not invalidation.listed(
            session, letter_id=letter_id(house), before=listed.id
        )
        assert not invalidation.listed(session, letter_id=letter_id(house) + 1)


def test_no_batch_reads_more_than_its_range_of_ids(house: House) -> None:
    people(house, 300)
    run(house, EVE)
    said: list[tuple[str, Any]] = []
    engine = house.site.database.engine

    def listen(_c: Any, _k: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", listen)
    finish(house)
    event.remove(engine, "before_cursor_execute", listen)
    batch, values = next(s for s in said if s[0].startswith("UPDATE signature SET"))
    with house.site.database.transaction() as session:
        if house.site.database.sqlite:
            plan = session.exec_driver_sql(f"EXPLAIN QUERY PLAN {batch}", values)
            expected = "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
        else:
            # A table as small as this one is read whole unless that is forbidden.
            session.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = session.exec_driver_sql(f"EXPLAIN {batch}", values)
            expected = "pk_signature"
        text = " ".join(str(row) for row in plan)
    assert expected in text, text
