"""Release or reject what a filter shows, in one bounded stroke, the number first."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from app.db import Transaction
from app.domain import desk, queue
from app.domain.desk import Hand
from app.domain.queue import Waiting
from app.domain.verbs import ReasonMissing
from app.models import State

# As many at once as one request does in good time; the rest is the next stroke.
BATCH = 200
# More than this are done only by who types their number.
UNTYPED = 50


class OtherNow(Exception):
    """The filter shows others than those that were looked at."""


class NumberMissing(ValueError):
    """The number of those to be moved was not typed."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a stroke would do: to whom, and the mark by which it is known again."""

    lines: list[Waiting]
    more: bool

    @property
    def number(self) -> int:
        """How many are moved."""
        return len(self.lines)

    @property
    def asks_for_number(self) -> bool:
        """Whether the number is to be typed."""
        return self.number > UNTYPED

    @property
    def mark(self) -> str:
        """Another one as soon as the filter shows somebody else."""
        ids = ",".join(str(line.id) for line in self.lines)
        return hashlib.sha256(ids.encode()).hexdigest()


def look(
    session: Transaction,
    *,
    letter_id: int,
    pile: str,
    verb: str,
    organiser_id: int,
    now: datetime,
) -> Stroke:
    """The first of a pile that can be moved: not in others' hands, and held to be let in.

    Nobody is let in unread who was asked for a second look.
    """
    lines = queue.read(
        session, letter_id=letter_id, pile=pile, now=now, limit=BATCH + 1
    )
    movable = [
        line
        for line in lines[:BATCH]
        if line.locked_by in (None, organiser_id)
        and (verb == "reject" or line.state == State.HELD)
    ]
    return Stroke(movable, more=len(lines) > BATCH)


def run(
    session: Transaction,
    *,
    letter_id: int,
    pile: str,
    verb: str,
    mark: str,
    typed: str,
    reason: str,
    fake: bool,
    organiser_id: int,
    now: datetime,
) -> tuple[str, int]:
    """Move just those that were looked at; the batch to undo, and how many.

    Raises OtherNow, NumberMissing, ReasonMissing for a rejection without a reason, and
    NotAllowed where somebody was quicker; then nobody was moved.
    """
    stroke = look(session, letter_id=letter_id, pile=pile, verb=verb,
                  organiser_id=organiser_id, now=now)  # fmt: skip
    if stroke.mark != mark or not stroke.lines:
        raise OtherNow
    if stroke.asks_for_number and typed.strip() != str(stroke.number):
        raise NumberMissing
    if verb == "reject" and not reason.strip():
        raise ReasonMissing
    batch = secrets.token_urlsafe(16)
    for line in stroke.lines:
        hand = Hand(line.id, organiser_id, "", now)
        if verb == "release":
            desk.release(session, hand, batch=batch, checked=False)
        else:
            desk.reject(session, hand, reason=reason, fake=fake, batch=batch,
                        checked=False)  # fmt: skip
    return batch, stroke.number
