"""People of a file who have an address are asked to confirm: each once, and no more."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from app import db
from app.db import Transaction, insert_for
from app.domain import addresses, outgoing, record
from app.domain.drafts import ASKED, LIFETIME, Draft, sealing_context, wipe
from app.domain.import_rows import Row
from app.domain.jobs import Turn
from app.domain.letters import CONSENT_VERSION, Settings
from app.models import (
    IS_OPEN,
    Asked,
    OutboxKind,
    Signature,
    Submission,
    SubmissionState,
)

# People who sign now must not wait behind a file: the questions go out at this pace.
APART = timedelta(seconds=0.1)


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody to be asked, with their form as it will lie behind the link."""

    address_key: bytes
    submission: dict[str, Any]


def question(turn: Turn, settings: Settings, row: Row) -> Question:
    """The form of somebody with an address, to be confirmed by nobody but them."""
    keyring = turn.tools.keyring
    wording = settings.wording(None)
    draft = Draft(
        email=row.email,
        name=row.name,
        title=row.title,
        affiliation=row.affiliation,
        sector=row.sector,
        country=row.country,
        statement=row.statement,
        listed=True,
        public_figure=False,
        identification_only=False,
        wants_updates=False,
        may_contact=False,
        language=wording.language,
        text_version_id=wording.text_version_id,
        consent_version=CONSENT_VERSION + ASKED,
    )
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    identifier = secrets.token_bytes(16)
    address_key = keyring.address_key(pepper, addresses.canonical(row.email))
    due = turn.now + APART * row.number
    return Question(
        address_key,
        {
            "id": identifier,
            "letter_id": settings.id,
            "state": SubmissionState.OPEN.value,
            "address_key": address_key,
            # Nobody sends this form twice: the address is asked once.
            "content_key": secrets.token_bytes(32),
            "sealed": keyring.seal(
                draft.to_bytes(), context=sealing_context(identifier)
            ),
            "language": draft.language,
            "code_tries": 0,
            "mail_number": 1,
            "mailed_at": due,
            "created_at": turn.now,
            "expires_at": due + LIFETIME,
        },
    )


def ask(
    session: Transaction, mine: Any, wanted: Iterable[Question], turn: Turn
) -> None:
    """Ask people to confirm, each address once for ever on this letter.

    Whoever has signed or is being asked by their own form is passed over in silence,
    and counted all the same: nobody learns from a file whether an address has signed
    (threats 48). The ceilings are judged when the mails are sent, as with all others.
    """
    letter_id = mine.letter_id
    by_key = {one.address_key: one.submission for one in wanted}
    if not by_key:
        return
    record.write(session, letter_id=letter_id, actor=turn.claim.actor,
                 verb="import.ask", subject=mine.public_id,
                 after=f"{len(by_key)} asked", at=turn.now)  # fmt: skip
    new = session.execute(
        insert_for(session)(db.table(Asked))
        .on_conflict_do_nothing()
        .returning(Asked.address_key),
        [
            {"letter_id": letter_id, "address_key": key, "import_id": mine.id,
             "submission_id": submission["id"]}
            for key, submission in by_key.items()
        ],
    )  # fmt: skip
    fresh = {bytes(key) for key in new.scalars()}
    for model, condition in ((Signature, None), (Submission, IS_OPEN)):
        known = select(model.address_key).where(
            model.letter_id == letter_id, model.address_key.in_(fresh)
        )
        if condition is not None:
            known = known.where(condition)
        fresh -= {bytes(key) for key in session.scalars(known) if key is not None}
    rows = [row for key, row in by_key.items() if key in fresh]
    if not rows:
        return
    session.execute(insert(db.table(Submission)), rows)
    outgoing.ask_many(
        session,
        kind=OutboxKind.CONFIRM,
        submissions=[(row["id"], row["mailed_at"]) for row in rows],
        now=turn.now,
    )


def void(
    session: Transaction, *, letter_id: int, import_id: int, size: int
) -> tuple[int, int]:
    """End the questions of an import that were not answered, some at a time.

    How many of its questions were looked at, and how many of them were still open.
    """
    asked = session.execute(
        select(Asked.address_key, Asked.submission_id)
        .where(Asked.import_id == import_id, Asked.submission_id.is_not(None))
        .limit(size)
    ).all()
    if not asked:
        return 0, 0
    theirs = Submission.id.in_([row.submission_id for row in asked])
    ended = session.execute(wipe(SubmissionState.VOID).where(IS_OPEN, theirs))
    session.execute(
        update(db.table(Asked))
        .where(
            Asked.letter_id == letter_id,
            Asked.address_key.in_([row.address_key for row in asked]),
        )
        .values(submission_id=None)
    )
    return len(asked), ended.rowcount  # type: ignore[attr-defined]
