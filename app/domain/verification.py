"""The account of how a person was proved, bound to what was claimed at the time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select, update

from app import db
from app.db import Transaction
from app.domain import addresses, lifecycle, piles, record
from app.domain.keyring import Keyring
from app.domain.verbs import COUNTED, HELD, NotAllowed, ReasonMissing, Verb
from app.models import (
    Collection,
    Letter,
    Organiser,
    Signature,
    State,
    Verification,
    VerificationMethod,
)

# The methods whose evidence is somewhere to be looked at.
LINKED = frozenset({VerificationMethod.PUBLIC_POST, VerificationMethod.PUBLIC_RECORD})


class EvidenceMissing(ValueError):
    """A verification without evidence is only a flag."""


class NotALink(ValueError):
    """What should be looked at has no address that a browser opens (http, https)."""


class OwnWork(Exception):
    """A reviewer signed the signature, took it in, or gave the first review of it."""


def claim_hash(name: str | None, title: str | None, affiliation: str | None) -> str:
    """SHA-256 over the claim that a verification speaks of, in hex."""
    claim = json.dumps([name, title, affiliation], ensure_ascii=False)
    return hashlib.sha256(claim.encode()).hexdigest()


def judged_evidence(method: VerificationMethod, evidence: str) -> str:
    """The evidence, trimmed. Raises EvidenceMissing, or NotALink.

    A link is kept and shown; nobody here ever opens it (threats 50).
    """
    evidence = evidence.strip()
    if not evidence:
        raise EvidenceMissing
    if (method in LINKED or "://" in evidence.split()[0]) and not is_link(evidence):
        raise NotALink
    return evidence


def is_link(evidence: str) -> bool:
    """Whether the evidence begins with a web address."""
    first = evidence.split()[0]
    try:
        parts = urlsplit(first)
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    except ValueError:
        return False


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
    """Keep the evidence and mark the signature as verified, whoever says so.

    For what the house itself knows, as from a letter's folder; people go through
    `review`. Raises EvidenceMissing, and NotAllowed where the signature is rejected
    or withdrawn.
    """
    if not evidence.strip():
        raise EvidenceMissing
    claim = _claim(session, signature_id)
    lifecycle.verify(session, signature_id=signature_id, actor=actor, now=now)
    _keep(session, claim, method=method, evidence=evidence.strip(), note=note,
          actor=actor, now=now, awaits_second=False)  # fmt: skip


def review(
    session: Transaction,
    *,
    keyring: Keyring,
    signature_id: int,
    method: VerificationMethod,
    evidence: str,
    note: str = "",
    organiser_id: int,
    now: datetime,
) -> bool:
    """An organiser's review; True when it stands, False when it awaits a second one.

    Raises EvidenceMissing, NotALink, OwnWork and NotAllowed.
    """
    evidence = judged_evidence(method, evidence)
    claim = _claim(session, signature_id)
    _refuse_own(session, keyring, claim, organiser_id)
    actor = record.organiser(organiser_id)
    if not claim.asks_for_second:
        lifecycle.verify(session, signature_id=signature_id, actor=actor, now=now)
        _keep(session, claim, method=method, evidence=evidence, note=note, actor=actor,
              now=now, awaits_second=False)  # fmt: skip
        return True
    if claim.state not in (COUNTED.value, HELD.value):
        raise NotAllowed(Verb.VERIFY, State(claim.state))
    _keep(session, claim, method=method, evidence=evidence, note=note, actor=actor,
          now=now, awaits_second=True)  # fmt: skip
    record.write(
        session,
        letter_id=claim.letter_id,
        actor=actor,
        verb="verification.propose",
        subject=claim.public_id,
        after=method.value,
        at=now,
    )
    piles.settle(session, signature_ids=[signature_id])
    return False


def second(
    session: Transaction,
    *,
    keyring: Keyring,
    signature_id: int,
    organiser_id: int,
    now: datetime,
) -> None:
    """A second organiser agrees: from now on the person is taken for proved.

    Raises NotAllowed where nothing awaits it, and OwnWork.
    """
    claim = _claim(session, signature_id)
    proposed = proposal(session, signature_id=signature_id)
    if proposed is None or proposed.claim_hash != claim.hash:
        raise NotAllowed(Verb.VERIFY, State(claim.state))
    actor = record.organiser(organiser_id)
    if proposed.verified_by == actor:
        raise OwnWork
    _refuse_own(session, keyring, claim, organiser_id)
    agreed = session.execute(
        update(Verification)
        .where(
            Verification.id == proposed.id,
            Verification.awaits_second,
            Verification.voided_at.is_(None),
        )
        .values(awaits_second=False, second_by=actor, second_at=now)
        .execution_options(synchronize_session=False)
    )
    if agreed.rowcount != 1:  # type: ignore[attr-defined]
        raise NotAllowed(Verb.VERIFY, State(claim.state))
    lifecycle.verify(session, signature_id=signature_id, actor=actor, now=now)


def decline(
    session: Transaction,
    *,
    signature_id: int,
    organiser_id: int,
    reason: str,
    now: datetime,
) -> None:
    """Say no to a review that awaits a second one; the reason is kept.

    Raises ReasonMissing, and NotAllowed where nothing awaits it.
    """
    if not reason.strip():
        raise ReasonMissing
    claim = _claim(session, signature_id)
    if proposal(session, signature_id=signature_id) is None:
        raise NotAllowed(Verb.VERIFY, State(claim.state))
    lifecycle.void_verifications(session, signature_id=signature_id, now=now)
    record.write(
        session,
        letter_id=claim.letter_id,
        actor=record.organiser(organiser_id),
        verb="verification.decline",
        subject=claim.public_id,
        reason=reason.strip(),
        at=now,
    )
    piles.settle(session, signature_ids=[signature_id])


def proposal(session: Transaction, *, signature_id: int) -> Any | None:
    """The review of a signature that awaits a second one, if there is one."""
    return session.execute(
        select(db.table(Verification)).where(
            Verification.signature_id == signature_id,
            Verification.awaits_second,
            Verification.voided_at.is_(None),
        )
    ).first()


@dataclass(frozen=True, slots=True)
class _Claim:
    """What is claimed by a signature, and what decides who may review it."""

    id: int
    public_id: str
    letter_id: int
    state: str
    hash: str
    address_key: bytes | None
    pepper: bytes
    asks_for_second: bool
    collected_by: str | None


def _claim(session: Transaction, signature_id: int) -> _Claim:
    row = session.execute(
        select(
            Signature.public_id,
            Signature.letter_id,
            Signature.state,
            Signature.name,
            Signature.title,
            Signature.affiliation,
            Signature.address_key,
            Letter.pepper,
            Letter.second_reviewer,
            Collection.collected_by,
        )
        .join(Letter, Letter.id == Signature.letter_id)
        .outerjoin(Collection, Collection.id == Signature.collection_id)
        .where(Signature.id == signature_id)
    ).one()
    return _Claim(
        id=signature_id,
        public_id=row.public_id,
        letter_id=row.letter_id,
        state=row.state,
        hash=claim_hash(row.name, row.title, row.affiliation),
        address_key=row.address_key,
        pepper=row.pepper,
        asks_for_second=row.second_reviewer,
        collected_by=row.collected_by,
    )


def _refuse_own(
    session: Transaction, keyring: Keyring, claim: _Claim, organiser_id: int
) -> None:
    """Raise OwnWork for a reviewer who signed the signature or took it in."""
    if claim.collected_by == record.organiser(organiser_id):
        raise OwnWork
    email = session.scalar(select(Organiser.email).where(Organiser.id == organiser_id))
    if email is None or claim.address_key is None:
        return
    pepper = keyring.unwrap_pepper(claim.letter_id, claim.pepper)
    if keyring.address_key(pepper, addresses.canonical(email)) == claim.address_key:
        raise OwnWork


def _keep(
    session: Transaction,
    claim: _Claim,
    *,
    method: VerificationMethod,
    evidence: str,
    note: str,
    actor: str,
    now: datetime,
    awaits_second: bool,
) -> None:
    """Write the account; it takes the place of earlier ones, which stay as history."""
    lifecycle.void_verifications(session, signature_id=claim.id, now=now)
    session.execute(
        insert(db.table(Verification)),
        {
            "signature_id": claim.id,
            "method": method.value,
            "claim_hash": claim.hash,
            "evidence": evidence,
            "note": note.strip(),
            "verified_by": actor,
            "verified_at": now,
            "awaits_second": awaits_second,
        },
    )
