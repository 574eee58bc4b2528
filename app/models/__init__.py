"""The whole schema: importing this package knows every table."""

from __future__ import annotations

from app.db import Base
from app.models.launch import PreviewLink, Snapshot, SnapshotLine, Unveiling
from app.models.letter import (
    Change,
    Collection,
    Letter,
    LetterLanguage,
    Sector,
    TextVersion,
)
from app.models.mail import IS_UNSENT, MailSlot, Outbox, OutboxKind, OutboxState
from app.models.organiser import Membership, Organiser, Role
from app.models.record import Reason, Record, Seal
from app.models.signature import (
    IS_COUNTED,
    IS_OPEN,
    BlockedName,
    Origin,
    Signature,
    State,
    Submission,
    SubmissionState,
    Suppression,
    Verification,
    VerificationMethod,
    WatchName,
)
from app.models.tally import Facet, Fold, History, Ledger, Measure, Tally

__all__ = [
    "IS_COUNTED",
    "IS_OPEN",
    "IS_UNSENT",
    "Base",
    "BlockedName",
    "Change",
    "Collection",
    "Facet",
    "Fold",
    "History",
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
    "PreviewLink",
    "Reason",
    "Record",
    "Role",
    "Seal",
    "Sector",
    "Signature",
    "Snapshot",
    "SnapshotLine",
    "State",
    "Submission",
    "SubmissionState",
    "Suppression",
    "Tally",
    "TextVersion",
    "Unveiling",
    "Verification",
    "VerificationMethod",
    "WatchName",
]
