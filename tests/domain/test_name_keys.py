"""How well a watch-list catches disguises, and whom it stops that it should not."""

from __future__ import annotations

from collections import Counter

import pytest

from app.domain import name_keys
from app.domain.look_alikes import LONGEST_KEY
from tests.domain.look_alike_set import NAMESAKES, WATCHED, disguises
from tests.domain.world_names import NAMES

WAITING = {key for name in WATCHED for key in name_keys.watched(name)}


def caught(name: str) -> bool:
    """Whether somebody who signs with this name is held."""
    return not WAITING.isdisjoint(name_keys.asked(name))


def test_the_set_is_large_enough_to_say_something() -> None:
    assert len(disguises()) + len(NAMESAKES) >= 300
    assert len(NAMESAKES) >= 100


def test_precision_and_recall_stay_above_their_floors() -> None:
    true = sum(caught(disguised) for _, _, disguised in disguises())
    false = [name for name in NAMESAKES if caught(name)]
    missed = Counter(kind for kind, _, name in disguises() if not caught(name))
    assert true / len(disguises()) >= 0.98, missed
    assert true / (true + len(false)) >= 0.99, false


@pytest.mark.parametrize("name", ["Samantha Altmann", "Susan Altman", "Sam Allman"])
def test_threat_3_a_namesake_in_part_is_let_through(name: str) -> None:
    assert not caught(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_world_is_held_for_itself_and_asks_for_few(name: str) -> None:
    asked = name_keys.asked(name)
    assert 0 < len(asked) <= name_keys.MOST_ASKED
    assert asked[0] in name_keys.watched(name)
    assert all(0 < len(key) <= LONGEST_KEY for key in name_keys.watched(name))


def test_a_name_without_letters_asks_for_nothing() -> None:
    assert name_keys.asked("…") == name_keys.watched("…") == []
