"""What every edge needs to do its work: settings, database, keys, letters in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app
from sqlalchemy import select

from app.db import Database
from app.domain.keyring import Keyring, Unopenable
from app.domain.shelf import Shelf
from app.domain.tokens import Tokens
from app.models import Letter
from config import Config


@dataclass(frozen=True, slots=True)
class Site:
    """The running house, made once a process."""

    config: Config
    database: Database
    keyring: Keyring
    tokens: Tokens
    shelf: Shelf = field(default_factory=Shelf)

    @classmethod
    def open(cls, config: Config) -> Site:
        """The house that `config` describes; connects to nothing yet."""
        return cls(
            config=config,
            database=Database(config.database_url, pool_size=config.pool_size),
            keyring=Keyring(config.secret_keys),
            tokens=Tokens(config.secret_keys),
        )


class Unsafe(RuntimeError):
    """Starting would lose or refuse what was acknowledged; the message says why."""


def refuse_unsafe(site: Site) -> None:
    """Raise Unsafe where PostgreSQL does not wait for its disk, or a key is missing.

    In development nothing is lost that matters, and tests run faster without the disk.
    """
    setting = None if site.config.development else site.database.unsafe_setting()
    if setting is not None:
        raise Unsafe(
            f"PostgreSQL runs with {setting} off: a signature could be lost. "
            "Turn it on."
        )
    with site.database.snapshot() as session:
        peppers = session.execute(
            select(Letter.id, Letter.slug, Letter.pepper).where(
                Letter.deleted_at.is_(None)
            )
        ).all()
    for letter_id, slug, pepper in peppers:
        try:
            site.keyring.unwrap_pepper(letter_id, pepper)
        except Unopenable:
            raise Unsafe(
                f"No key of SECRET_KEYS opens what is kept of the letter {slug}: "
                "put back the one that was taken away."
            ) from None


def site() -> Site:
    """The house of the request in hand."""
    return cast(Site, current_app.extensions["undersigned"])
