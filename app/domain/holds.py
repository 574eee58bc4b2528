"""Which confirmed signatures wait for a person, and why."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import BlockedName


class HoldReason(StrEnum):
    """Why a signature is held (design: section 4, holds)."""

    # A name rejected as fake on this letter has come back.
    REJECTED_BEFORE = "rejected_before"
    # The signatory said that they are a public figure.
    PUBLIC_FIGURE = "public_figure"
    # An organiser asked for it.
    BY_HAND = "by_hand"


def decide(
    session: Session, *, letter_id: int, name_key: str, public_figure: bool
) -> list[HoldReason]:
    """The reasons to hold a signature with these facts; none: it is counted.

    `name_key` is the look-alike key of the name (`names.look_alike_key`).
    """
    reasons = []
    blocked = session.scalar(
        select(BlockedName.letter_id).where(
            BlockedName.letter_id == letter_id, BlockedName.name_key == name_key
        )
    )
    if blocked is not None:
        reasons.append(HoldReason.REJECTED_BEFORE)
    if public_figure:
        reasons.append(HoldReason.PUBLIC_FIGURE)
    return reasons
