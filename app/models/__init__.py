"""The whole schema: importing this package knows every table."""

from __future__ import annotations

from app.db import Base
from app.models.dispute import Backlog, Dispute, DisputeKind, DisputeResult
from app.models.letter import Collection, Letter, LetterLanguage, Sector, TextVersion
from app.models.mail import IS_UNSENT, MailSlot, Outbox, OutboxKind, OutboxState
from app.models.organiser import (
    EntryLink,
    FactorReset,
    Invitation,
    LinkPurpose,
    Membership,
    Organiser,
    Passkey,
    Role,
    SignIn,
)
from app.models.publication import (
    Correction,
    CorrectionCause,
    CorrectionKind,
    SearchWord,
)
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
    "Backlog",
    "Base",
    "BlockedName",
    "Collection",
    "Correction",
    "CorrectionCause",
    "CorrectionKind",
    "Dispute",
    "DisputeKind",
    "DisputeResult",
    "EntryLink",
    "Facet",
    "FactorReset",
    "Fold",
    "History",
    "Invitation",
    "Ledger",
    "Letter",
    "LetterLanguage",
    "LinkPurpose",
    "MailSlot",
    "Measure",
    "Membership",
    "Organiser",
    "Origin",
    "Outbox",
    "OutboxKind",
    "OutboxState",
    "Passkey",
    "Reason",
    "Record",
    "Role",
    "Seal",
    "SearchWord",
    "Sector",
    "SignIn",
    "Signature",
    "State",
    "Submission",
    "SubmissionState",
    "Suppression",
    "Tally",
    "TextVersion",
    "Verification",
    "VerificationMethod",
    "WatchName",
]
