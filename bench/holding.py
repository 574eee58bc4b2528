"""What the hold rules cost a confirmation, and how well the look-alike keys tell names."""

from __future__ import annotations

from itertools import product

from app import db
from app.domain import name_keys, record, watch_lists
from bench.report import Goal, Result
from bench.stage import Filled
from tests.domain.look_alike_set import NAMESAKES, WATCHED, disguises

WATCHED_NAMES = 20_000
_PARTS = ("bel", "dor", "fen", "gal", "hur", "jin", "kol", "lum", "mar", "nef", "pol",
          "qua", "ris", "sol", "tam", "ul", "vor", "wes", "xan", "yor", "zel", "bri")  # fmt: skip


def watch(filled: Filled) -> None:
    """Put WATCHED_NAMES on the letter's watch-list, which nobody who signs here bears."""
    names = (
        f"{first}{second} {third}{fourth}".title()
        for first, second, third, fourth in product(_PARTS, repeat=4)
    )
    lines = [name for name, _ in zip(names, range(WATCHED_NAMES), strict=False)]
    with filled.database.writing() as session:
        taken = watch_lists.add(
            session, letter_id=1, lines=lines, actor=record.SYSTEM, now=db.now()
        )
        session.commit()
    assert taken.added > 0.9 * WATCHED_NAMES, taken.added


def look_alikes() -> list[Result]:
    """Precision and recall over the test set: disguises of watched names, and others.

    Recall: how many of the disguises are held; precision: how many of those who are
    held are disguises, and not namesakes in part or other people of the world.
    """
    waiting = {key for name in WATCHED for key in name_keys.watched(name)}

    def held(name: str) -> bool:
        return not waiting.isdisjoint(name_keys.asked(name))

    disguised = [name for _, _, name in disguises()]
    true = sum(map(held, disguised))
    false = sum(map(held, NAMESAKES))
    return [
        _share("precision", true / (true + false), Goal(least=0.99)),
        _share("recall", true / len(disguised), Goal(least=0.98)),
    ]


def _share(unit: str, share: float, goal: Goal) -> Result:
    return Result(
        name="look-alikes",
        database="-",
        ours=share,
        reference=None,
        unit=unit,
        times=None,
        growth=1.0,
        goal=goal,
    )
