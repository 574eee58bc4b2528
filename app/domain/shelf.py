"""Letters kept in memory for as long as their revision stands."""

from __future__ import annotations

from datetime import datetime
from time import monotonic

from sqlalchemy.orm import Session

from app.db import Transaction
from app.domain.letters import Settings, load
from app.domain.versions import Version, version


class Shelf:
    """Letters kept in memory for as long as their revision stands."""

    def __init__(self) -> None:
        self._kept: dict[int, Settings] = {}
        self._seen: dict[int, float] = {}
        self._ids: dict[str, int] = {}

    def get(
        self, session: Transaction, *, slug: str, now: datetime
    ) -> tuple[Settings, Version] | None:
        """The letter and its version as they stand in the database now."""
        current = version(session, slug=slug, now=now)
        return (self.settings(session, current), current) if current else None

    def known(self, slug: str) -> Settings | None:
        """The letter as it stood when it was last looked at, however long ago."""
        return self._kept.get(self._ids.get(slug, 0))

    def saw(self, settings: Settings) -> None:
        """Somebody has found this revision to be the one that stands now."""
        self._seen[settings.id] = monotonic()

    def recent(self, slug: str) -> Settings | None:
        """The letter as it stood at most a second ago, without asking the database."""
        letter_id = self._ids.get(slug)
        return None if letter_id is None else self._recent(letter_id)

    def of(self, session: Transaction, *, letter_id: int, now: datetime) -> Settings:
        """The letter with this id as it stood at most a second ago."""
        kept = self._recent(letter_id)
        if kept is not None:
            return kept
        current = version(session, letter_id=letter_id, now=now)
        if current is None:
            raise LookupError(letter_id)
        return self.settings(session, current)

    def settings(self, session: Transaction, current: Version) -> Settings:
        """The letter as it stood when this version of it was read."""
        settings = self._kept.get(current.letter_id)
        if settings is None or settings.revision != current.revision:
            bound = session if isinstance(session, Session) else Session(session)
            settings = load(bound, letter_id=current.letter_id)
            self._kept[settings.id] = settings
            self._ids[settings.slug] = settings.id
        self._seen[settings.id] = monotonic()
        return settings

    def _recent(self, letter_id: int) -> Settings | None:
        if monotonic() - self._seen.get(letter_id, -2.0) > 1:
            return None
        return self._kept.get(letter_id)
