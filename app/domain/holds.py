"""Which confirmed signatures wait for a person, and why."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import bindparam, select

from app import db
from app.db import Transaction
from app.models import BlockedName


class HoldReason(StrEnum):
    """Why a signature is held (design: section 4, holds)."""

    # A name rejected as fake on this letter has come back.
    REJECTED_BEFORE = "rejected_before"
    # The signatory said that they are a public figure.
    PUBLIC_FIGURE = "public_figure"


_blocked = db.table(BlockedName).c
_BLOCKED = select(_blocked.letter_id).where(
    _blocked.letter_id == bindparam("letter"), _blocked.name_key == bindparam("name")
)


def decide(
    session: Transaction, *, letter_id: int, name_key: str, public_figure: bool
) -> list[HoldReason]:
    """The reasons to hold a signature with these facts; none: it is counted.

    `name_key` is the look-alike key of the name (`names.look_alike_key`).
    """
    reasons = []
    blocked = session.scalar(_BLOCKED, {"letter": letter_id, "name": name_key})
    if blocked is not None:
        reasons.append(HoldReason.REJECTED_BEFORE)
    if public_figure:
        reasons.append(HoldReason.PUBLIC_FIGURE)
    return reasons
