"""What the desk wrote about a person goes when the person is erased."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from app.db import Transaction
from app.models import (
    Bounce,
    Bouncing,
    EvidenceRequest,
    Outbox,
    SignInvitation,
    Verification,
)


def wipe_around(session: Transaction, *, signature_id: int) -> None:
    """Forget evidence, notes and the invited name; that something was done stays."""
    for statement in (
        update(Verification)
        .where(Verification.signature_id == signature_id)
        .values(evidence="", note=""),
        update(EvidenceRequest)
        .where(EvidenceRequest.signature_id == signature_id)
        .values(note=None),
        update(SignInvitation)
        .where(SignInvitation.signature_id == signature_id)
        .values(name=None),
        delete(Bouncing).where(Bouncing.signature_id == signature_id),
        delete(Bounce).where(
            Bounce.outbox_id.in_(
                select(Outbox.id).where(Outbox.signature_id == signature_id)
            )
        ),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
