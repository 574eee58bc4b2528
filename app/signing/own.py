"""Whose page it is: the signature behind a manage link, as every page of it needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response
from sqlalchemy import select

from app import answers, db, urls
from app.db import Transaction
from app.domain import letters, signatories
from app.domain.letters import Settings
from app.domain.showing import Part
from app.domain.tokens import InvalidToken, Purpose
from app.domain.verbs import RETURN_WITHIN
from app.domain.versions import Version
from app.domain.views import LetterView, PublicLine
from app.models import Letter, Signature, State
from app.signing.confirming import unknown_link
from app.site import site

LIVING = (State.COUNTED.value, State.HELD.value)

__all__ = ["LIVING", "Mine", "find", "moved_on", "unknown_link"]


@dataclass(frozen=True, slots=True)
class Mine:
    """One's own signature: its columns, and its letter in its language."""

    row: Any
    settings: Settings
    version: Version
    view: LetterView

    @property
    def id(self) -> int:
        """What lifecycle calls it."""
        return int(self.row.id)

    @property
    def living(self) -> bool:
        """Whether it counts, or waits for a person."""
        return self.row.state in LIVING

    @property
    def hidden(self) -> list[str]:
        """The parts that an organiser keeps out of sight."""
        return [part.value for part in Part if self.row._mapping[part.column]]

    @property
    def line(self) -> PublicLine | None:
        """The line as readers see it; None once it is wiped."""
        if self.row.name is None:
            return None
        line = signatories.line(self.row, self.settings, self.view.language)
        return self.as_read(line)

    def as_read(self, line: PublicLine) -> PublicLine:
        """A line without what an organiser keeps out of sight."""
        return line._replace(
            statement=None if Part.STATEMENT in self.hidden else line.statement,
            affiliation=None if Part.AFFILIATION in self.hidden else line.affiliation,
        )

    @property
    def back_until(self) -> Any:
        """Until when a withdrawal can be taken back; None where it cannot."""
        since = self.row.withdrawn_at
        if since is None or since + RETURN_WITHIN <= db.now():
            return None
        return since + RETURN_WITHIN


def find(session: Transaction, token: str) -> Mine | None:
    """The signature behind a manage token, or None."""
    try:
        public_id = site().tokens.read(Purpose.MANAGE, token).decode()
    except (InvalidToken, UnicodeDecodeError):
        return None
    signature = db.table(Signature)
    row = session.execute(
        select(signature, Letter.slug)
        .join(Letter, Letter.id == signature.c.letter_id)
        .where(signature.c.public_id == public_id)
    ).first()
    if row is None:
        return None
    now = db.now()
    found = site().shelf.get(session, slug=row.slug, now=now)
    assert found is not None
    settings, version = found
    view = letters.view(settings, language=row.language, now=now)
    return Mine(row, settings, version, view)


def moved_on(token: str) -> Response:
    """Back to one's own page, which says how things stand by now."""
    return answers.see_other(urls.manage(token))
