"""Objections: what they set off, within which limits, and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.domain import disputes, lifecycle, retention, verification
from app.domain.disputes import Taken
from app.domain.lifecycle import NotAllowed, ReasonMissing
from app.models import (
    Dispute,
    DisputeKind,
    DisputeResult,
    Record,
    Signature,
    VerificationMethod,
)
from tests.house import House, at_once, later


def _sign(house: House, number: int = 0, *, rank: int | None = None) -> int:
    """Somebody who is counted; verified and featured with a rank (0: verified)."""
    house.confirm(name=f"Ada {chr(65 + number)}", email=f"a{number}@example.org")
    signature_id = int(house.signatures()[-1].id)
    if rank is not None:
        with house.writing() as session:
            verification.verify(
                session,
                signature_id=signature_id,
                method=VerificationMethod.CALL,
                evidence="called",
                actor="organiser:1",
                now=db.now(),
            )
            if rank:
                lifecycle.feature(session, signature_id=signature_id, rank=rank,
                                  actor="organiser:1", now=db.now())  # fmt: skip
    return signature_id


def _dispute(house: House, signature_id: int, network: str = "", **given: Any) -> Taken:
    values = {"kind": DisputeKind.NOT_ME, "words": "", "contact": ""} | given
    with house.writing() as session:
        return disputes.file(
            session,
            keyring=house.site.keyring,
            letter_id=1,
            signature_id=signature_id,
            network=network or f"network {signature_id}",
            now=db.now(),
            **values,
        )


def _settle(house: House, result: DisputeResult, reason: str = "asked them") -> None:
    ((public_id,),) = house.ask(
        select(Dispute.public_id)
        .where(Dispute.settled_at.is_(None))
        .order_by(Dispute.id)
        .limit(1)
    )
    with house.writing() as session:
        disputes.settle(
            session,
            letter_id=1,
            public_id=public_id,
            result=result,
            actor="organiser:1",
            reason=reason,
            now=db.now(),
        )


def _row(house: House, signature_id: int) -> Any:
    ((row),) = house.ask(
        select(db.table(Signature)).where(Signature.id == signature_id)
    )
    return row


def test_a_verified_line_is_held_for_the_desk_at_once(house: House) -> None:
    signature_id = _sign(house, rank=40)
    assert _dispute(house, signature_id) is Taken.HELD
    row = _row(house, signature_id)
    assert (row.state, row.hold_reasons, row.verified) == ("held", "disputed", True)
    house.check()


def test_an_ordinary_line_is_noted_and_stays(house: House) -> None:
    signature_id = _sign(house)
    assert _dispute(house, signature_id) is Taken.NOTED
    assert _row(house, signature_id).state == "counted"
    with house.site.database.snapshot() as session:
        (waiting,) = disputes.page(session, keyring=house.site.keyring, letter_id=1)
    assert waiting.signature == _row(house, signature_id).public_id
    assert not waiting.dispute.held


def test_a_signatorys_correction_does_not_lift_the_hold(house: House) -> None:
    signature_id = _sign(house, rank=0)
    _dispute(house, signature_id)
    with house.writing() as session:
        lifecycle.correct(
            session,
            signature_id=signature_id,
            changes={"title": "Dean"},
            claim_changed=True,
            hold_reasons=[],
            actor="signatory",
            now=db.now(),
        )
    row = _row(house, signature_id)
    assert (row.state, row.hold_reasons) == ("held", "disputed")


def test_a_kept_line_stands_where_it_stood_and_is_not_held_again(house: House) -> None:
    signature_id = _sign(house, rank=40)
    _dispute(house, signature_id)
    _dispute(house, signature_id)
    _settle(house, DisputeResult.KEPT)
    row = _row(house, signature_id)
    assert (row.state, row.featured_rank, row.hold_reasons) == ("counted", 40, None)
    with house.site.database.snapshot() as session:
        assert not disputes.page(session, keyring=house.site.keyring, letter_id=1)
    assert _dispute(house, signature_id) is Taken.NOTED
    assert _row(house, signature_id).state == "counted"
    house.check()


def test_a_removed_one_is_blocked_under_every_spelling(house: House) -> None:
    signature_id = _sign(house, rank=0)
    _dispute(house, signature_id)
    _settle(house, DisputeResult.REMOVED)
    assert _row(house, signature_id).state == "rejected"
    house.confirm(name="Аda A", email="again@example.org")
    assert house.signatures()[-1].hold_reasons == "rejected_before"


def test_a_hold_for_another_reason_is_not_lifted_by_the_way(house: House) -> None:
    signature_id = _sign(house, rank=0)
    _dispute(house, signature_id)
    with house.writing() as session:
        lifecycle.release(session, signature_id=signature_id, actor="organiser:1",
                          now=db.now())  # fmt: skip
        lifecycle.hold(session, signature_id=signature_id, actor="organiser:1",
                       reason="odd", now=db.now())  # fmt: skip
    _settle(house, DisputeResult.KEPT)
    assert _row(house, signature_id).state == "held"


def test_settling_asks_for_a_reason_and_for_something_to_settle(house: House) -> None:
    signature_id = _sign(house)
    _dispute(house, signature_id)
    with pytest.raises(ReasonMissing):
        _settle(house, DisputeResult.KEPT, reason=" ")
    with house.writing() as session, pytest.raises(disputes.Unknown):
        disputes.settle(session, public_id="nowhere", result=DisputeResult.KEPT,
                        letter_id=1, actor="organiser:1", reason="x", now=db.now())  # fmt: skip
    with house.writing() as session:
        lifecycle.withdraw(session, signature_id=signature_id, actor="signatory",
                           now=db.now())  # fmt: skip
    with pytest.raises(NotAllowed):
        _settle(house, DisputeResult.KEPT)
    # Its owner was quicker: there is nothing to remove, and nothing waits any more.
    _settle(house, DisputeResult.REMOVED)
    assert _row(house, signature_id).state == "withdrawn"
    with house.site.database.snapshot() as session:
        assert not disputes.page(session, keyring=house.site.keyring, letter_id=1)


def test_nobody_settles_what_is_another_letters(house: House) -> None:
    _dispute(house, _sign(house))
    ((public_id,),) = house.ask(select(Dispute.public_id))
    with house.writing() as session, pytest.raises(disputes.Unknown):
        disputes.settle(session, public_id=public_id, result=DisputeResult.KEPT,
                        letter_id=2, actor="organiser:1", reason="x", now=db.now())  # fmt: skip


def test_a_burst_takes_no_letter_down_and_is_told(house: House) -> None:
    signatures = [_sign(house, number, rank=0) for number in range(7)]
    taken = [_dispute(house, signature_id) for signature_id in signatures]
    assert taken.count(Taken.HELD) == disputes.MOST_HELD
    assert taken.count(Taken.SPARED) == 7 - disputes.MOST_HELD
    states = [row.state for row in house.signatures()]
    assert states.count("held") == disputes.MOST_HELD
    verbs = [line.verb for line in house.ask(select(db.table(Record)))]
    assert verbs.count("dispute.burst") == 7 - disputes.MOST_HELD
    later(hours=1, seconds=1)
    assert _dispute(house, signatures[-1]) is Taken.HELD


def test_ten_in_an_hour_are_a_burst(house: House) -> None:
    signature_id = _sign(house)
    for number in range(disputes.BURST):
        with house.site.database.snapshot() as session:
            assert disputes.burst(session, letter_id=1, now=db.now()) == 0
        _dispute(house, signature_id, network=f"n{number}")
    with house.site.database.snapshot() as session:
        assert disputes.burst(session, letter_id=1, now=db.now()) == disputes.BURST


def test_one_network_is_heard_ten_times_an_hour(house: House) -> None:
    signature_id = _sign(house)
    taken = [_dispute(house, signature_id, network="one") for _ in range(12)]
    assert taken == [Taken.NOTED] * 10 + [Taken.PASSED_OVER] * 2
    assert _dispute(house, signature_id, network="two") is Taken.NOTED
    later(hours=1, seconds=1)
    assert _dispute(house, signature_id, network="one") is Taken.NOTED


def test_many_at_once_hold_no_more_than_the_limit(house: House) -> None:
    signatures = [_sign(house, number, rank=0) for number in range(6)]
    taken = at_once(lambda number: _dispute(house, signatures[number]), 6)
    assert sorted(taken) == [Taken.HELD] * 3 + [Taken.SPARED] * 3
    house.check()


def test_what_was_typed_is_sealed_and_read_by_the_desk_alone(house: House) -> None:
    signature_id = _sign(house)
    _dispute(house, signature_id, words="I was in Rome.", contact="c@example.org")
    ((stored),) = house.ask(select(db.table(Dispute)))
    assert b"Rome" not in stored.words_sealed
    with house.site.database.snapshot() as session:
        (shown,) = disputes.of(
            session, keyring=house.site.keyring, signature_id=signature_id
        )
    assert (shown.words, shown.contact) == ("I was in Rome.", "c@example.org")
    assert shown.kind is DisputeKind.NOT_ME


def test_networks_live_a_week_and_words_a_month_after_the_end(house: House) -> None:
    signature_id = _sign(house)
    _dispute(house, signature_id, words="I was in Rome.")

    def left(now: Any) -> tuple[bool, bool]:
        with house.writing() as session:
            retention.run(session, now=now)
        ((row),) = house.ask(select(db.table(Dispute)))
        return row.network_key is not None, row.words_sealed is not None

    start = db.now()
    assert left(start + timedelta(days=6, hours=23)) == (True, True)
    assert left(start + timedelta(days=7, hours=1)) == (False, True)
    assert left(start + timedelta(days=300)) == (False, True)
    _settle(house, DisputeResult.KEPT)
    assert left(db.now() + timedelta(days=29, hours=23)) == (False, True)
    assert left(db.now() + timedelta(days=30, hours=1)) == (False, False)
