"""Two people move one signature at once: the second is judged by what stands then."""

from __future__ import annotations

import pytest

from app.domain.lifecycle import NotAllowed, Verb
from app.models import State
from tests.domain.moves import C, H, R, W, acts, in_state, late, left, read
from tests.house import House


@pytest.mark.parametrize(
    ("verb", "before"),
    [(Verb.FEATURE, (Verb.VERIFY, Verb.FEATURE)), (Verb.REDACT, (Verb.REDACT,))],
)
def test_featuring_and_erasing_again_are_quiet_too(
    house: House, verb: Verb, before: tuple[Verb, ...]
) -> None:
    signature_id = in_state(house, C)
    for earlier in before:
        with house.writing() as session:
            acts(earlier)(session, signature_id)
    stands = left(house), house.signatures()
    with house.writing() as session:
        acts(verb)(session, signature_id)
    assert (left(house), house.signatures()) == stands


@pytest.mark.parametrize(
    ("verb", "to"), [(Verb.WITHDRAW, W), (Verb.HOLD, H), (Verb.REJECT, R)]
)
def test_whoever_comes_second_with_the_same_wish_has_it(
    house: House, verb: Verb, to: State
) -> None:
    signature_id = in_state(house, C)
    stale = read(house, signature_id)
    with house.writing() as session:
        acts(verb)(session, signature_id)
    before = left(house)
    assert late(house, verb, to, stale) is to
    assert left(house) == before
    house.check()


def test_a_withdrawal_is_not_stopped_by_what_an_organiser_did_meanwhile(
    house: House,
) -> None:
    signature_id = in_state(house, C)
    for meanwhile in (Verb.VERIFY, Verb.HOLD):
        stale = read(house, signature_id)
        with house.writing() as session:
            acts(meanwhile)(session, signature_id)
    assert late(house, Verb.WITHDRAW, W, stale) is W
    assert house.numbers() == {"confirmed": 0, "verified": 0, "collected": 778}
    house.check()


def test_who_rejects_what_was_held_meanwhile_rejects_it_from_there(
    house: House,
) -> None:
    signature_id = in_state(house, C)
    stale = read(house, signature_id)
    with house.writing() as session:
        acts(Verb.HOLD)(session, signature_id)
    assert late(house, Verb.REJECT, R, stale) is R
    assert house.signatures()[0].rejected_from == "held"


def test_a_late_correction_lifts_no_hold(house: House) -> None:
    signature_id = in_state(house, C)
    stale = read(house, signature_id)
    with house.writing() as session:
        acts(Verb.HOLD)(session, signature_id)
    with pytest.raises(NotAllowed):
        late(house, Verb.CORRECT, C, stale)
    assert house.signatures()[0].state == "held"


def test_whoever_comes_second_is_told_that_it_moved_on(house: House) -> None:
    signature_id = in_state(house, C)
    stale = read(house, signature_id)
    with house.writing() as session:
        acts(Verb.WITHDRAW)(session, signature_id)
    before = left(house)
    with pytest.raises(NotAllowed) as refused:
        late(house, Verb.HOLD, H, stale)
    assert refused.value.met is W
    assert left(house) == before
