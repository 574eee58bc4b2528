"""What every edge needs to do its work: settings, database, keys, letters in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from app.db import Database
from app.domain.keyring import Keyring
from app.domain.letters import Shelf
from app.domain.tokens import Tokens
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


def site() -> Site:
    """The house of the request in hand."""
    return cast(Site, current_app.extensions["undersigned"])
