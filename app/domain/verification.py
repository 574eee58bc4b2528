"""The account of how a person was proved, bound to what was claimed at the time."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import insert, select

from app.db import Transaction
from app.domain import lifecycle
from app.models import Signature, Verification, VerificationMethod


class EvidenceMissing(ValueError):
    """A verification without evidence is only a flag."""


def claim_hash(name: str | None, title: str | None, affiliation: str | None) -> str:
    """SHA-256 over the claim that a verification speaks of, in hex."""
    claim = json.dumps([name, title, affiliation], ensure_ascii=False)
    return hashlib.sha256(claim.encode()).hexdigest()


def verify(
    session: Transaction,
    *,
    signature_id: int,
    method: VerificationMethod,
    evidence: str,
    note: str = "",
    actor: str,
    now: datetime,
) -> None:
    """Keep the evidence and mark the signature as verified.

    Raises EvidenceMissing without evidence, NotAllowed where the signature is
    rejected or withdrawn.
    """
    if not evidence.strip():
        raise EvidenceMissing
    signature = session.execute(
        select(Signature.name, Signature.title, Signature.affiliation).where(
            Signature.id == signature_id
        )
    ).one()
    lifecycle.verify(session, signature_id=signature_id, actor=actor, now=now)
    lifecycle.void_verifications(session, signature_id=signature_id, now=now)
    session.execute(
        insert(Verification),
        {
            "signature_id": signature_id,
            "method": method.value,
            "claim_hash": claim_hash(*signature),
            "evidence": evidence.strip(),
            "note": note.strip(),
            "verified_by": actor,
            "verified_at": now,
        },
    )
