"""The worker's hand on the files of letters: read, set elsewhere, kept whole."""

from __future__ import annotations

import logging

from app import db
from app.db import Database
from app.domain import pdfs, printing
from app.typesetting import NotSet, typeset
from config import Config

log = logging.getLogger("undersigned.worker")


class Printer:
    """Makes the files of letters that somebody has asked for, one at a time."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database

    def work(self) -> int:
        """Make the one that has waited longest; how many that were."""
        with self._database.snapshot() as session:
            if not pdfs.waiting(session, now=db.now()):
                return 0
        with self._database.transaction() as session:
            claim = pdfs.claim(session, now=db.now(), lease=self._config.lease)
            session.commit()
        if claim is None:
            return 0
        with self._database.reading() as session:
            content = printing.read(
                session,
                letter_id=claim.letter_id,
                language=claim.language,
                base=self._config.base_url,
                now=db.now(),
            )
        made = None
        if content is not None:
            # Nothing of the database is held meanwhile.
            try:
                # Longer it may not take: somebody else may do it then.
                made = typeset(content.values, limit=self._config.lease.total_seconds())
            except NotSet:
                log.exception("letter %s could not be printed", claim.letter_id)
        with self._database.transaction() as session:
            pdfs.keep(
                session,
                claim,
                made,
                version=content.version if content else None,
                altered=content.altered if content else 0,
            )
            session.commit()
        return 1
