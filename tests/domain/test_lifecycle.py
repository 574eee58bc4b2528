"""Every verb from every state: what it leads to, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app import db
from app.domain import lifecycle, record, standing, verification
from app.domain.lifecycle import MOVES, NotAllowed, ReasonMissing, Verb
from app.models import (
    Record,
    Signature,
    State,
    Verification,
    VerificationMethod,
)
from tests.domain.moves import C, H, R, W, acts, in_state, left
from tests.house import House

QUIET = "quiet"

# What the design's picture says, written down again without looking at the code:
# for each verb and the state it finds, where it leads; nothing: it is refused.
TABLE: dict[Verb, dict[State, State | str]] = {
    Verb.RELEASE: {H: C, C: QUIET},
    Verb.HOLD: {C: H, H: QUIET},
    Verb.REJECT: {C: R, H: R, R: QUIET},
    Verb.REINSTATE: {R: C, C: QUIET, H: QUIET},
    Verb.CORRECT: {C: C, H: C},
    Verb.VERIFY: {C: C, H: H},
    Verb.FEATURE: {C: C},
    Verb.HIDE: {C: C, H: H},
    Verb.SHOW: {C: C, H: H},
    Verb.INDEX: {C: C, H: H},
    Verb.LIST: {C: C, H: H},
    Verb.WITHDRAW: {C: W, H: W, W: QUIET},
    Verb.RETURN: {W: C, C: QUIET, H: QUIET},
    Verb.REDACT: {C: W, H: W, R: R, W: W},
    Verb.REVOKE: {C: C, H: H},
    Verb.UNDO: {C: H, H: H, R: H},
}
# The verbs after which the signatory hears from the house.
TELLING = {
    Verb.RELEASE, Verb.REJECT, Verb.VERIFY, Verb.CORRECT, Verb.LIST, Verb.WITHDRAW,
}  # fmt: skip


def test_the_table_speaks_of_every_verb_that_there_is() -> None:
    assert set(TABLE) | {Verb.CONFIRM, Verb.COLLECT} == set(Verb) == set(MOVES)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", TABLE)
def test_every_verb_from_every_state(house: House, verb: Verb, state: State) -> None:
    signature_id = in_state(house, state)
    if verb in (Verb.FEATURE, Verb.REVOKE) and state in (C, H):
        with house.writing() as session:
            acts(Verb.VERIFY)(session, signature_id)
    before = left(house)
    expected = TABLE[verb].get(state)
    if expected is None:
        with house.site.database.writing() as session, pytest.raises(NotAllowed):
            acts(verb)(session, signature_id)
        assert left(house) == before
        assert house.signatures()[0].state == state.value
        return
    with house.writing() as session:
        acts(verb)(session, signature_id)
    after = left(house)
    if expected == QUIET:
        assert after == before
        assert house.signatures()[0].state == state.value
        return
    assert house.signatures()[0].state == expected
    lines = 2 if verb is Verb.REDACT and state in (C, H) else 1
    assert after[0] == before[0] + lines
    assert after[2] == before[2] + (verb in TELLING)
    # Whatever the public can see of it leaves a ledger row, and nothing else does.
    assert (after[1] > before[1]) == (C in (state, expected))
    house.check()


def test_a_move_names_who_did_what_from_where_to_where(house: House) -> None:
    signature_id = in_state(house, C)
    with house.writing() as session:
        lifecycle.hold(
            session,
            signature_id=signature_id,
            actor=record.organiser(7),
            reason="looks odd",
            now=db.now(),
        )
    (line,) = house.ask(select(db.table(Record)).order_by(Record.id.desc()).limit(1))
    public_id = house.signatures()[0].public_id
    assert (line.actor, line.verb, line.subject, line.before, line.after) == (
        "organiser:7",
        "hold",
        public_id,
        "counted",
        "held",
    )
    assert line.reason_hash is not None


@pytest.mark.parametrize("verb", [Verb.HOLD, Verb.REJECT, Verb.REINSTATE])
def test_a_reason_of_blanks_is_none(house: House, verb: Verb) -> None:
    signature_id = in_state(house, R if verb is Verb.REINSTATE else C)
    functions: dict[Verb, Callable[..., State]] = {
        Verb.HOLD: lifecycle.hold,
        Verb.REJECT: partial(lifecycle.reject, fake=False),
        Verb.REINSTATE: lifecycle.reinstate,
    }
    with house.site.database.writing() as session, pytest.raises(ReasonMissing):
        functions[verb](
            session,
            signature_id=signature_id,
            actor="organiser:1",
            reason=" \n ",
            now=db.now(),
        )


def test_a_rejected_signature_goes_back_to_where_it_came_from(house: House) -> None:
    signature_id = in_state(house, H)
    for verb in (Verb.REJECT, Verb.REINSTATE):
        with house.writing() as session:
            acts(verb)(session, signature_id)
    assert house.signatures()[0].state == "held"
    assert house.numbers()["confirmed"] == 0


def test_verified_and_featured_follow_the_state(house: House) -> None:
    signature_id = in_state(house, C)
    with house.writing() as session:
        acts(Verb.VERIFY)(session, signature_id)
        lifecycle.feature(
            session,
            signature_id=signature_id,
            rank=1,
            actor="organiser:1",
            now=db.now(),
        )
    assert house.numbers()["verified"] == 1
    with house.writing() as session:
        acts(Verb.HOLD)(session, signature_id)
    assert house.numbers() == {"confirmed": 0, "verified": 0, "collected": 778}
    assert house.signatures()[0].featured_rank is None
    with house.writing() as session:
        acts(Verb.RELEASE)(session, signature_id)
    assert house.numbers()["verified"] == 1
    house.check()


def test_threat_4_a_correction_voids_the_verification(house: House) -> None:
    signature_id = in_state(house, C)
    now = db.now()
    with house.writing() as session:
        verification.verify(
            session,
            signature_id=signature_id,
            method=VerificationMethod.CALL,
            evidence="rang the institute",
            actor="organiser:1",
            now=now,
        )
        lifecycle.feature(
            session, signature_id=signature_id, rank=1, actor="organiser:1", now=now
        )
        acts(Verb.CORRECT)(session, signature_id)
    (row,) = house.signatures()
    assert (row.verified, row.featured_rank, row.title) == (False, None, "Dean")
    # What a notable one changed into waits for a person (peers, rule R8).
    assert (row.state, row.hold_reasons) == ("held", "corrected")
    (account,) = house.ask(
        select(Verification.voided_at).where(Verification.signature_id == signature_id)
    )
    assert account.voided_at is not None
    assert house.numbers() == {"confirmed": 0, "verified": 0, "collected": 778}
    house.check()


def test_a_correction_does_not_lift_a_hold_that_was_set_by_hand(house: House) -> None:
    signature_id = in_state(house, C)
    for verb in (Verb.HOLD, Verb.CORRECT):
        with house.writing() as session:
            acts(verb)(session, signature_id)
    assert house.signatures()[0].state == "held"


def test_a_corrected_sector_moves_the_number_with_it(house: House) -> None:
    signature_id = in_state(house, C)
    with house.writing() as session:
        lifecycle.correct(
            session,
            signature_id=signature_id,
            changes={"sector": "politics"},
            claim_changed=False,
            hold_reasons=[],
            actor=record.SIGNATORY,
            now=db.now(),
        )
    house.check()
    house.fold()
    house.check()


NONSENSE: dict[str, dict[str, Any]] = {
    "featured without verification": {"featured_rank": 1},
    "a state that does not exist": {"state": "approved"},
    "rejected from nowhere": {"state": "rejected"},
    "counted, yet rejected from somewhere": {"rejected_from": "held"},
    "nameless, yet not redacted": {"name": None},
    "confirmed at no time": {"confirmed_at": None},
    "collected with an address": {"origin": "collected", "confirmed_at": None},
}


@pytest.mark.parametrize("values", NONSENSE.values(), ids=NONSENSE.keys())
def test_the_database_refuses_nonsense(house: House, values: dict[str, Any]) -> None:
    signature_id = in_state(house, C)
    with (
        house.site.database.writing() as session,
        pytest.raises(IntegrityError),
    ):
        session.execute(
            update(db.table(Signature))
            .where(Signature.id == signature_id)
            .values(values)
        )


def test_one_address_has_one_signature_on_a_letter(house: House) -> None:
    in_state(house, C)
    (row,) = house.signatures()
    values = {
        key: value
        for key, value in row._mapping.items()
        if key not in ("id", "public_id")
    }
    with house.site.database.writing() as session, pytest.raises(IntegrityError):
        session.execute(
            insert(db.table(Signature)),
            values | {"public_id": standing.new_public_id()},
        )


def test_no_public_id_looks_like_an_option_of_a_command() -> None:
    made = {standing.new_public_id() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(public_id) for public_id in made} == {22}
    assert [public_id for public_id in made if public_id.startswith("-")] == []
