"""All that is stored about one signatory, for that person alone (GDPR, Article 15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select

from app import db
from app.db import Transaction
from app.domain import record
from app.domain.drafts import signature_address
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.models import (
    Bouncing,
    EvidenceRequest,
    Outbox,
    Record,
    Signature,
    SignInvitation,
    SnapshotLine,
    TextVersion,
    Verification,
)

# What is given as it stands; the address and what hangs on it come beside.
_COLUMNS = (
    "state", "origin", "name", "title", "affiliation", "identification_only", "sector",
    "recoded_from", "country", "statement", "listed", "public_figure", "noindex",
    "language", "verified", "address_domain",
)  # fmt: skip
_TIMES = (
    "created_at", "confirmed_at", "counted_at", "withdrawn_at", "redacted_at",
    "statement_hidden_at", "affiliation_hidden_at",
)  # fmt: skip
_SAID = {record.SIGNATORY: "you", record.SYSTEM: "house"}


def gather(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    signature_id: int,
    now: datetime,
) -> dict[str, Any]:
    """Everything about one signature that is stored, as values that JSON knows.

    Of keys that nobody can read back it is said that they are there. Who of the
    organisers did something, and what they noted, is told by the organisers.
    """
    row = session.execute(
        select(db.table(Signature)).where(Signature.id == signature_id)
    ).one()._mapping  # fmt: skip
    address = signature_address(session, keyring=keyring, signature_id=signature_id)
    version = session.execute(
        select(TextVersion.language, TextVersion.number, TextVersion.hash).where(
            TextVersion.id == row["text_version_id"]
        )
    ).first()
    return {
        "letter": settings.slug,
        "asked_at": _time(now),
        "signature": {"id": row["public_id"]}
        | {name: row[name] for name in _COLUMNS}
        | {"featured": row["featured_rank"] is not None}
        | {name: _time(row[name]) for name in _TIMES},
        "text_version": dict(version._mapping) if version else None,
        "address": {
            "email": address,
            "key_against_signing_twice": row["address_key"] is not None,
            "takes_no_mail_since": _time(
                session.scalar(
                    select(Bouncing.since).where(Bouncing.signature_id == signature_id)
                )
            ),
        },
        "network_key": row["network_key"] is not None,
        "consents": {
            "wording": row["consent_version"],
            "given_at": _time(row["confirmed_at"]),
            "wants_updates": row["wants_updates"],
            "may_contact": row["may_contact"],
        },
        "verifications": _rows(
            session.execute(
                select(
                    Verification.method,
                    Verification.verified_at,
                    Verification.awaits_second,
                    Verification.second_at,
                    Verification.voided_at,
                )
                .where(Verification.signature_id == signature_id)
                .order_by(Verification.id)
            )
        ),
        "asked_for": _rows(
            session.execute(
                select(
                    EvidenceRequest.kind,
                    EvidenceRequest.asked_at,
                    EvidenceRequest.deadline,
                    EvidenceRequest.answer,
                )
                .where(EvidenceRequest.signature_id == signature_id)
                .order_by(EvidenceRequest.id)
            )
        ),
        "invited": session.scalar(
            select(func.count()).where(SignInvitation.signature_id == signature_id)
        )
        != 0,
        "press_snapshots": session.scalar(
            select(func.count()).where(SnapshotLine.signature_id == signature_id)
        ),
        "mails": _rows(
            session.execute(
                select(Outbox.kind, Outbox.state, Outbox.created_at, Outbox.ended_at)
                .where(Outbox.signature_id == signature_id)
                .order_by(Outbox.id)
            )
        ),
        "history": _history(session, row["public_id"]),
    }


def _history(session: Transaction, public_id: str) -> list[dict[str, Any]]:
    """What the record has of it, oldest first; that it was made stands elsewhere."""
    lines = session.execute(
        select(Record.at, Record.actor, Record.verb, Record.before, Record.after)
        .where(
            Record.subject == public_id,
            # As literals, so that the index of these lines fits.
            Record.verb != literal_column("'confirm'"),
            Record.verb != literal_column("'collect'"),
        )
        .order_by(Record.id)
    )
    return [
        {
            "at": _time(line.at),
            "by": _SAID.get(line.actor, "organisers"),
            "what": line.verb,
            "before": line.before,
            "after": line.after,
        }
        for line in lines
    ]


def _rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            name: _time(value) if isinstance(value, datetime) else value
            for name, value in row._mapping.items()
        }
        for row in rows
    ]


def _time(value: datetime | None) -> str | None:
    """A time as RFC 3339 writes it, to the second."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
