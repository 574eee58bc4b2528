"""In which piles a signature waits for an organiser, and where in each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    bindparam,
    delete,
    insert,
    select,
)

from app import db
from app.db import Transaction
from app.models import (
    Bouncing,
    DeskEntry,
    EvidenceRequest,
    Signature,
    State,
    Verification,
)

# All that waits; the hold reasons are piles by their own names; and three more.
WAITING = "waiting"
PROMINENT = "prominent"
SECOND = "second"
DISPUTED = "disputed"
BOUNCED = "bounced"

# How likely it is that somebody is shown who did not sign. A reason that nobody
# weighed counts as a light one.
_RISK = {
    "rejected_before": 6,
    "watch_list": 5,
    DISPUTED: 5,
    "corrected": 4,
    "public_figure": 3,
    "by_hand": 3,
    "claim": 3,
    "network_speed": 2,
    "domain_speed": 2,
    BOUNCED: 2,
}
_LIGHT = 2
# Reasons that speak of a name which readers would repeat.
_FAMOUS = frozenset({"watch_list", "rejected_before", "public_figure", "corrected"})
_LAST = 1000

_entry, _s = db.table(DeskEntry).c, db.table(Signature).c
_ENTER = insert(db.table(DeskEntry))
_FACTS = select(
    _s.id,
    _s.letter_id,
    _s.state,
    _s.verified,
    _s.hold_reasons,
    _s.public_figure,
    _s.listed,
    _s.statement,
).where(_s.id.in_(bindparam("ids", expanding=True)))


def mine(organiser_id: int) -> str:
    """The pile of what an organiser has asked about or proposed."""
    return f"mine:{organiser_id}"


def place(reasons: Sequence[str], *, listed: bool, statement: bool) -> int:
    """Where a signature stands in its piles: risk times exposure, turned round.

    The smaller the sooner, so that one index serves the order; among equals the
    oldest comes first.
    """
    risk = sum(_RISK.get(reason, _LIGHT) for reason in reasons) or 1
    exposure = 1 + 3 * bool(_FAMOUS & set(reasons)) + listed + statement
    return max(0, _LAST - risk * exposure)


def enter(
    session: Transaction, *, signature_id: int, values: Mapping[str, Any]
) -> None:
    """Put a signature that was just made into the piles where it belongs.

    Costs nothing for one that neither waits nor says that it is a public figure.
    """
    enter_many(session, {signature_id: values})


def enter_many(session: Transaction, made: Mapping[int, Mapping[str, Any]]) -> None:
    """The same for several signatures, by their ids."""
    facts = [
        _Facts.of(signature_id, values)
        for signature_id, values in made.items()
        if values["state"] == State.HELD or values.get("public_figure")
    ]
    if facts:
        _write(session, facts, prominent=False)


def settle(
    session: Transaction, *, signature_ids: Sequence[int], prominent: bool = False
) -> None:
    """Put signatures into the piles where they belong now, and out of all others.

    Whoever was famous stays so while not verified; `prominent` says that they are.
    """
    if not signature_ids:
        return
    left = session.execute(
        delete(DeskEntry)
        .where(DeskEntry.signature_id.in_(signature_ids))
        .returning(DeskEntry.signature_id, DeskEntry.pile)
        .execution_options(synchronize_session=False)
    )
    famous = {row.signature_id for row in left if row.pile in (*_FAMOUS, PROMINENT)}
    rows = session.execute(_FACTS, {"ids": list(signature_ids)}).all()
    live = [row.id for row in rows if row.state in (State.COUNTED, State.HELD)]
    asked, second = _in_hand(session, live)
    failing = set(
        session.scalars(
            select(Bouncing.signature_id).where(Bouncing.signature_id.in_(live))
        )
    )
    _write(
        session,
        [
            _Facts(*row[:7], bool(row.statement), asked.get(row.id, set()),
                   row.id in second, row.id in famous, row.id in failing)
            for row in rows
        ],
        prominent=prominent,
    )  # fmt: skip


def _in_hand(
    session: Transaction, signature_ids: list[int]
) -> tuple[dict[int, set[str]], set[int]]:
    """Whose piles signatures are in, and which wait for a second reviewer."""
    asked: dict[int, set[str]] = {}
    if not signature_ids:
        return asked, set()
    for signature_id, organiser_id in session.execute(
        select(EvidenceRequest.signature_id, EvidenceRequest.asked_by).where(
            EvidenceRequest.signature_id.in_(signature_ids),
            EvidenceRequest.answer.is_(None),
            EvidenceRequest.taken_back_at.is_(None),
        )
    ):
        asked.setdefault(signature_id, set()).add(mine(organiser_id))
    second = set()
    for signature_id, actor in session.execute(
        select(Verification.signature_id, Verification.verified_by).where(
            Verification.signature_id.in_(signature_ids),
            Verification.awaits_second,
            Verification.voided_at.is_(None),
        )
    ):
        second.add(signature_id)
        kind, _, number = actor.partition(":")
        if kind == "organiser":
            asked.setdefault(signature_id, set()).add(mine(int(number)))
    return asked, second


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decides in which piles a signature belongs."""

    id: int
    letter_id: int
    state: str
    verified: bool
    hold_reasons: str | None
    public_figure: bool
    listed: bool
    statement: bool
    asked: set[str]
    second: bool
    famous: bool
    failing: bool = False

    @classmethod
    def of(cls, signature_id: int, values: Mapping[str, Any]) -> _Facts:
        return cls(
            signature_id, values["letter_id"], values["state"], False,
            values.get("hold_reasons"), bool(values.get("public_figure")),
            bool(values.get("listed", True)), bool(values.get("statement")),
            set(), False, False,
        )  # fmt: skip

    def entries(self, prominent: bool) -> list[dict[str, Any]]:
        piles: set[str] = set()
        reasons: list[str] = []
        if self.state == State.HELD:
            reasons = (self.hold_reasons or "").split()
            piles |= {WAITING, *reasons}
        elif self.state != State.COUNTED:
            return []
        if self.second:
            piles |= {WAITING, SECOND}
        piles |= self.asked
        if self.failing:
            piles.add(BOUNCED)
        known = prominent or self.famous or self.public_figure
        if self.state == State.COUNTED and not self.verified and known:
            piles.add(PROMINENT)
            reasons = ["public_figure"]
        where = place(reasons, listed=self.listed, statement=self.statement)
        return [
            {
                "letter_id": self.letter_id,
                "pile": pile,
                "place": where,
                "signature_id": self.id,
            }
            for pile in sorted(piles)
        ]


def _write(session: Transaction, facts: list[_Facts], *, prominent: bool) -> None:
    rows = [row for fact in facts for row in fact.entries(prominent)]
    if rows:
        session.execute(_ENTER, rows)
