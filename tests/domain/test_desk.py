"""Olga and Otto sit at the desk: who decides, what is kept, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import RawCursor
from sqlalchemy import select

from app import db
from app.domain import desk, desk_undo, lifecycle, piles, queue, standing, watch_lists
from app.domain.desk import Hand, Locked, MovedOn
from app.domain.desk_undo import TooLate
from app.domain.lifecycle import NotAllowed, ReasonMissing
from app.models import (
    BlockedName,
    DeskEntry,
    EvidenceRequest,
    RequestKind,
    Signature,
    Verification,
    VerificationMethod,
)
from tests.house import House, later
from tests.organisers import at_desk, hand, letter_id, organiser, pile, row_of, signed

ALTMAN = "Sam Altman"


def watch(house: House, *names: str) -> None:
    with house.writing() as session:
        watch_lists.add(session, letter_id=letter_id(house), lines=names,
                    actor="organiser:1", now=db.now())  # fmt: skip


def verify(session: Any, held: Hand, house: House, **how: Any) -> str:
    given: dict[str, Any] = {
        "method": VerificationMethod.CALL,
        "evidence": "rang the institute",
        "note": "",
        "and_release": True,
    }
    return desk.verify(session, held, keyring=house.site.keyring, **(given | how))


def undo(house: House, organiser_id: int, batch: str) -> int:
    with house.writing() as session:
        return desk_undo.undo(
            session, letter_id=letter_id(house), organiser_id=organiser_id, batch=batch,
            now=db.now(),
        )  # fmt: skip


# -- The queue -------------------------------------------------------------------


def test_the_riskiest_and_most_visible_come_first(house: House) -> None:
    watch(house, ALTMAN)
    signed(house, "Paula Figure", public_figure="yes")
    signed(house, "Quiet Figure", public_figure="yes", listed="no")
    signed(house, ALTMAN)
    signed(house, "Plain Person")
    assert pile(house) == [ALTMAN, "Paula Figure", "Quiet Figure"]
    assert pile(house, "watch_list") == [ALTMAN]
    assert pile(house, "public_figure") == ["Paula Figure", "Quiet Figure"]


def test_equals_stand_in_the_order_in_which_they_came(house: House) -> None:
    for name in ("Anna A", "Bert B", "Carl C"):
        signed(house, name, public_figure="yes")
    assert pile(house) == ["Anna A", "Bert B", "Carl C"]
    with house.site.database.reading() as session:
        given: dict[str, Any] = {
            "letter_id": letter_id(house), "pile": piles.WAITING, "now": db.now(),
        }  # fmt: skip
        (first,) = queue.read(session, limit=1, **given)
        rest = queue.read(session, limit=9, after=(first.place, first.id), **given)
        assert [line.name for line in rest] == ["Bert B", "Carl C"]
        assert queue.number(session, letter_id=given["letter_id"], pile="waiting") == 3


def test_whoever_is_let_in_unverified_stays_among_the_prominent(house: House) -> None:
    watch(house, ALTMAN)
    row, olga = signed(house, ALTMAN), organiser(house)
    with at_desk(house, row, olga) as (session, hers):
        desk.release(session, hers)
    assert pile(house) == []
    assert pile(house, piles.PROMINENT) == [ALTMAN]
    with at_desk(house, row_of(house, row), olga) as (session, hers):
        verify(session, hers, house)
    assert pile(house, piles.PROMINENT) == []


@pytest.mark.parametrize("verb", ["withdraw", "erase"])
def test_whoever_takes_the_name_back_leaves_every_pile(house: House, verb: str) -> None:
    manage = house.confirm(public_figure="yes")
    house.post(manage, {"action": verb, "sure": "yes"})
    assert house.ask(select(DeskEntry.pile)) == []


@pytest.mark.parametrize("after", [queue.START, (970, 5)])
def test_a_pile_is_read_along_its_index(house: House, after: queue.Key) -> None:
    with house.site.database.snapshot() as session:
        with house.statements_with_values() as said:
            queue.read(session, letter_id=1, pile="waiting", after=after, now=db.now(),
                       limit=20)  # fmt: skip
        statement, given = said[-1]
        driver: Any = session.connection.driver_connection
        if house.site.database.sqlite:
            rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()
        else:
            # With so few rows it would rather read them all.
            driver.execute("SET enable_seqscan = off")
            rows = RawCursor(driver).execute(f"EXPLAIN {statement}", given).fetchall()
        plan = "\n".join(map(str, rows))
    assert "pk_desk_entry" in plan or "sqlite_autoindex_desk_entry" in plan, plan
    for wrong in ("SCAN ", "Seq Scan on desk", "TEMP B-TREE", "Sort "):
        assert wrong not in plan, plan


# -- The lock --------------------------------------------------------------------


def test_otto_is_told_that_olga_has_it(house: House) -> None:
    row = signed(house, "Paula Figure", public_figure="yes")
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    hers = hand(house, row, olga)
    with pytest.raises(Locked) as refused, house.writing() as session:
        desk.take(session, signature_id=row.id, organiser_id=otto, now=db.now())
    assert refused.value.by == "Olga"
    his = Hand(row.id, otto, hers.seen, db.now())
    with pytest.raises(Locked) as refused, house.writing() as session:
        desk.release(session, his)
    assert refused.value.by == "Olga"
    assert row_of(house, row).state == "held"


def test_a_lock_that_has_run_out_is_said_to_have(house: House) -> None:
    row = signed(house, "Paula Figure", public_figure="yes")
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    hers = hand(house, row, olga)
    late = Hand(row.id, olga, hers.seen, later(minutes=6))
    with pytest.raises(Locked) as refused, house.writing() as session:
        desk.release(session, late)
    assert refused.value.by is None
    with at_desk(house, row, otto) as (session, hers):
        desk.release(session, hers)
    assert row_of(house, row).state == "counted"


def test_the_next_is_one_that_nobody_else_has(house: House) -> None:
    rows = [signed(house, name, public_figure="yes") for name in ("An A", "Be B")]
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    hand(house, rows[0], olga)

    def next_of(who: int) -> str:
        with house.site.database.reading() as session:
            found = queue.following(
                session, letter_id=letter_id(house), pile="waiting", after=queue.START,
                organiser_id=who, now=db.now(),
            )  # fmt: skip
        assert found is not None
        return found.name

    assert (next_of(olga), next_of(otto)) == ("An A", "Be B")


def test_what_moved_on_meanwhile_is_not_decided_on(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    hers = hand(house, row, olga)
    with house.writing() as session:
        lifecycle.release(
            session, signature_id=row.id, actor="organiser:99", now=db.now()
        )
    with pytest.raises(MovedOn), house.writing() as session:
        desk.reject(session, hers, reason="no such person", fake=True)
    assert row_of(house, row).state == "counted"
    assert house.ask(select(BlockedName)) == []


def test_a_decision_without_a_reason_leaves_nothing(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    hers = hand(house, row, olga)
    with pytest.raises(ReasonMissing), house.writing() as session:
        desk.reject(session, hers, reason="  ", fake=False)
    assert row_of(house, row).state == "held"


# -- Undo ------------------------------------------------------------------------

Decision = Callable[[Any, Hand, House], str]
DECISIONS: dict[str, Decision] = {
    "release": lambda s, h, _: desk.release(s, h),
    "reject": lambda s, h, _: desk.reject(s, h, reason="not they", fake=True),
    "verify": verify,
    "ask": lambda s, h, _: desk.ask(s, h, kind=RequestKind.WORK_ADDRESS, days=7),
}


def everything(house: House, signature_id: int) -> Any:
    """All that an undone decision must have left as it was."""
    return (
        house.ask(select(Signature.__table__).where(Signature.id == signature_id)),
        house.ask(
            select(DeskEntry.pile, DeskEntry.place)
            .where(DeskEntry.signature_id == signature_id)
            .order_by(DeskEntry.pile)
        ),
        house.ask(select(BlockedName.name_key)),
        house.ask(select(Verification.id).where(Verification.voided_at.is_(None))),
        house.ask(
            select(EvidenceRequest.id).where(EvidenceRequest.taken_back_at.is_(None))
        ),
        house.numbers(),
    )


@pytest.mark.parametrize("verb", DECISIONS)
def test_what_was_done_to_a_held_one_is_undone_to_the_last_column(
    house: House, verb: str
) -> None:
    watch(house, ALTMAN)
    row, olga = signed(house, ALTMAN, public_figure="yes"), organiser(house)
    house.deliver()
    before = everything(house, row.id)
    with at_desk(house, row, olga) as (session, hers):
        batch = DECISIONS[verb](session, hers, house)
    assert everything(house, row.id) != before
    later(seconds=29)
    assert undo(house, olga, batch) == 1
    assert everything(house, row.id) == before
    later(minutes=5)
    assert house.deliver() == [], "the mail dies with the undo"
    house.check()


def test_a_featured_and_verified_one_is_featured_and_verified_again(
    house: House,
) -> None:
    row, olga = signed(house, "Paula Prominent"), organiser(house)
    with at_desk(house, row, olga) as (session, hers):
        verify(session, hers, house, and_release=False)
    with at_desk(house, row, olga) as (session, hers):
        desk.feature(session, hers, on=True)
    house.fold()
    acts: list[Callable[[Any, Hand], str]] = [
        lambda s, h: desk.hold(s, h, reason="a doubt"),
        lambda s, h: desk.reject(s, h, reason="a doubt", fake=True),
        lambda s, h: desk.revoke(s, h, reason="the caller was another"),
        lambda s, h: desk.feature(s, h, on=False),
        lambda s, h: verify(s, h, house, evidence="rang again", and_release=False),
    ]
    before = everything(house, row.id)
    for act in acts:
        with at_desk(house, row, olga) as (session, hers):
            batch = act(session, hers)
        undo(house, olga, batch)
        assert everything(house, row.id) == before
        house.check()


def test_after_thirty_seconds_it_is_too_late_and_the_mail_leaves(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    house.deliver()
    with at_desk(house, row, olga) as (session, hers):
        batch = desk.release(session, hers)
    assert house.deliver() == []
    later(seconds=31)
    with pytest.raises(TooLate):
        undo(house, olga, batch)
    (mail,) = house.deliver()
    assert mail.message["Subject"].startswith("Your signature is in the list now")


def test_nobody_undoes_what_another_did_or_what_moved_on(house: House) -> None:
    manage = house.confirm(name="Paula Figure", public_figure="yes")
    (row,) = house.signatures()
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    with at_desk(house, row, olga) as (session, hers):
        batch = desk.release(session, hers)
    with pytest.raises(TooLate):
        undo(house, otto, batch)
    house.post(manage, {"action": "withdraw", "sure": "yes"})
    with pytest.raises(MovedOn):
        undo(house, olga, batch)
    assert row_of(house, row).state == "withdrawn"


def test_undoing_twice_is_quiet(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    with at_desk(house, row, olga) as (session, hers):
        batch = desk.release(session, hers)
    assert [undo(house, olga, batch), undo(house, olga, batch)] == [1, 0]


def test_a_rejection_is_taken_back_by_reinstating_too(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    with at_desk(house, row, olga) as (session, hers):
        desk.reject(session, hers, reason="not they", fake=False)
    with at_desk(house, row, olga) as (session, hers):
        desk.reinstate(session, hers, reason="they wrote to us")
    assert row_of(house, row).state == "held"
    assert pile(house) == ["Paula Figure"]
    later(minutes=2)
    subjects = [str(mail.message["Subject"]) for mail in house.deliver()]
    assert [s for s in subjects if "taken out" in s] == [], "it is not so any more"


def test_only_the_verified_are_featured(house: House) -> None:
    row, olga = signed(house, "Paula Prominent"), organiser(house)
    hers = hand(house, row, olga)
    with pytest.raises(NotAllowed), house.writing() as session:
        desk.feature(session, hers, on=True)


def test_a_look_is_another_one_for_whatever_an_organiser_decides_on(
    house: House,
) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    with house.site.database.reading() as session:
        first = standing.look(session, signature_id=row.id)
    house.set_letter(second_reviewer=True)
    with at_desk(house, row, olga) as (session, hers):
        verify(session, hers, house)
    with house.site.database.reading() as session:
        assert standing.look(session, signature_id=row.id) != first
