"""The whole schema: importing this package knows every table."""

from __future__ import annotations

from app.db import Base
from app.models.desk import (
    DeskEntry,
    DeskLock,
    DeskMove,
    EvidenceRequest,
    RequestAnswer,
    RequestKind,
    SignInvitation,
)
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
    "Collection",
    "DeskEntry",
    "DeskLock",
    "DeskMove",
    "EntryLink",
    "EvidenceRequest",
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
    "RequestAnswer",
    "RequestKind",
    "Role",
    "Seal",
    "Sector",
    "SignIn",
    "SignInvitation",
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
