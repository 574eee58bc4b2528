"""Private links to a letter that the public does not see yet."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import Transaction
from app.domain import editing, names, record
from app.domain.tokens import InvalidToken, Purpose, Tokens
from app.models import Letter, PreviewLink


@dataclass(frozen=True, slots=True)
class Link:
    """One private link, as its makers see it."""

    id: bytes
    note: str
    created_by: str
    created_at: datetime
    revoked_at: datetime | None


def make(
    session: Session, *, letter_id: int, note: str, actor: str, now: datetime
) -> bytes:
    """A new link, for whom `note` says; its id. Raises WrongValue and ReadOnly."""
    letter = editing.take(session, letter_id=letter_id)
    cleaned = names.clean_line(note)
    if not cleaned or len(cleaned) > 200:
        raise editing.WrongValue("note", "long" if cleaned else "empty")
    identifier = secrets.token_bytes(16)
    session.add(
        PreviewLink(
            id=identifier,
            letter_id=letter_id,
            note=cleaned,
            created_by=actor,
            created_at=now,
        )
    )
    record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb="preview.make",
        subject=letter.slug,
        after=_short(identifier),
        at=now,
    )
    return identifier


def revoke(
    session: Session, *, letter_id: int, link_id: bytes, actor: str, now: datetime
) -> bool:
    """End a link at once; False where there is none (any more)."""
    ended = session.execute(
        update(PreviewLink)
        .where(
            PreviewLink.id == link_id,
            PreviewLink.letter_id == letter_id,
            PreviewLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if ended:
        record.write(
            session,
            letter_id=letter_id,
            actor=actor,
            verb="preview.revoke",
            subject=_short(link_id),
            at=now,
        )
    return bool(ended)


def links(session: Transaction, *, letter_id: int) -> list[Link]:
    """The links of a letter, newest first."""
    rows = session.execute(
        select(
            PreviewLink.id,
            PreviewLink.note,
            PreviewLink.created_by,
            PreviewLink.created_at,
            PreviewLink.revoked_at,
        )
        .where(PreviewLink.letter_id == letter_id)
        .order_by(PreviewLink.created_at.desc())
    )
    return [Link(*row) for row in rows]


def slug_behind(session: Transaction, *, tokens: Tokens, token: str) -> str | None:
    """The slug of the letter that a link opens; None where it opens nothing."""
    try:
        identifier = tokens.read(Purpose.PREVIEW, token)
    except InvalidToken:
        return None
    return session.scalar(
        select(Letter.slug)
        .join(PreviewLink, PreviewLink.letter_id == Letter.id)
        .where(
            PreviewLink.id == identifier,
            PreviewLink.revoked_at.is_(None),
            Letter.deleted_at.is_(None),
        )
    )


def _short(identifier: bytes) -> str:
    """By what the record knows a link: too short to open it."""
    return identifier[:4].hex()
