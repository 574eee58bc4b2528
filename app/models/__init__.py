"""The whole schema: importing this package knows every table."""

from __future__ import annotations

from app.db import Base
from app.models.hold import (
    BlockedName,
    ClaimPolicy,
    HoldPolicy,
    Institution,
    WatchKey,
    WatchName,
)
from app.models.letter import Collection, Letter, LetterLanguage, Sector, TextVersion
from app.models.mail import IS_UNSENT, MailSlot, Outbox, OutboxKind, OutboxState
from app.models.organiser import Membership, Organiser, Role
from app.models.record import Reason, Record, Seal
from app.models.signature import (
    IS_COUNTED,
    IS_OPEN,
    Origin,
    Signature,
    State,
    Submission,
    SubmissionState,
    Suppression,
    Verification,
    VerificationMethod,
)
from app.models.tally import Facet, Fold, History, Ledger, Measure, Tally

__all__ = [
    "IS_COUNTED",
    "IS_OPEN",
    "IS_UNSENT",
    "Base",
    "BlockedName",
    "ClaimPolicy",
    "Collection",
    "Facet",
    "Fold",
    "History",
    "HoldPolicy",
    "Institution",
    "Ledger",
    "Letter",
    "LetterLanguage",
    "MailSlot",
    "Measure",
    "Membership",
    "Organiser",
    "Origin",
    "Outbox",
    "OutboxKind",
    "OutboxState",
    "Reason",
    "Record",
    "Role",
    "Seal",
    "Sector",
    "Signature",
    "State",
    "Submission",
    "SubmissionState",
    "Suppression",
    "Tally",
    "TextVersion",
    "Verification",
    "VerificationMethod",
    "WatchKey",
    "WatchName",
]
