"""What of a line is seen: a part hidden by organisers, search engines kept away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from app import db
from app.db import Transaction
from app.domain import lifecycle
from app.domain.verbs import Verb
from app.models import Signature

_c = db.table(Signature).c


class Part(StrEnum):
    """What of a line can be hidden without rejecting the person."""

    STATEMENT = "statement"
    AFFILIATION = "affiliation"

    @property
    def column(self) -> str:
        """Where it stands since when the part is hidden."""
        return f"{self.value}_hidden_at"


def hide(
    session: Transaction,
    *,
    signature_id: int,
    part: Part,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Take a statement or an affiliation out of sight; the person stays.

    Raises ReasonMissing, and NotAllowed for a signature that is rejected or withdrawn.
    Hiding what is hidden is quiet.
    """
    reason = lifecycle.given(reason)
    if _stands(session, signature_id, part) is None:
        lifecycle.display(session, Verb.HIDE, signature_id=signature_id, actor=actor,
                          reason=reason, now=now, changes={part.column: now})  # fmt: skip


def show(
    session: Transaction, *, signature_id: int, part: Part, actor: str, now: datetime
) -> None:
    """Let what was hidden be seen again; what is seen stays so. Raises NotAllowed."""
    if _stands(session, signature_id, part) is not None:
        lifecycle.display(session, Verb.SHOW, signature_id=signature_id, actor=actor,
                          now=now, changes={part.column: None})  # fmt: skip


def index(
    session: Transaction, *, signature_id: int, noindex: bool, actor: str, now: datetime
) -> None:
    """Ask search engines to leave the line's page out, or no longer.

    Raises NotAllowed for a signature that is rejected or withdrawn.
    """
    stands = session.scalar(select(_c.noindex).where(_c.id == signature_id))
    if stands is not noindex:
        lifecycle.display(session, Verb.INDEX, signature_id=signature_id, actor=actor,
                          now=now, changes={"noindex": noindex})  # fmt: skip


def _stands(session: Transaction, signature_id: int, part: Part) -> datetime | None:
    return session.scalar(select(_c[part.column]).where(_c.id == signature_id))
