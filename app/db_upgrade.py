"""Bring a database to the newest schema, with a copy of a SQLite file before.

`python -m app.db_upgrade` upgrades the database that DATABASE_URL names.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, make_url

ROOT = Path(__file__).parent.parent


def alembic_config(url: str) -> Config:
    """Alembic's settings for one database; migrations/env.py reads `url` from them."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def current(url: str) -> str | None:
    """The revision a database stands at, or None where it has no schema yet."""
    engine = create_engine(driver(url), poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: str, revision: str = "head") -> bool:
    """Run the migrations that are missing; True where there was something to do.

    A SQLite file that holds a schema is copied first, to `<file>.before-upgrade`,
    which the next upgrade overwrites: a migration that fails undoes itself, one that
    does the wrong thing does not.
    """
    config = alembic_config(url)
    scripts = ScriptDirectory.from_config(config)
    stands_at = current(url)
    if stands_at == scripts.get_current_head() and revision == "head":
        return False
    file = make_url(url).database
    if stands_at is not None and make_url(url).get_backend_name() == "sqlite":
        assert file is not None
        copy(Path(file), Path(f"{file}.before-upgrade"))
    command.upgrade(config, revision)
    return True


def copy(source: Path, target: Path) -> None:
    """Copy a SQLite database that may be in use, by SQLite's own backup interface."""
    target.unlink(missing_ok=True)
    # Made before anything is in it: a copy is as secret as the original.
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    with (
        closing(sqlite3.connect(source)) as original,
        closing(sqlite3.connect(target)) as duplicate,
    ):
        original.backup(duplicate)


def driver(url: str) -> str:
    """The same address with the driver that the house uses (psycopg 3)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


if __name__ == "__main__":
    upgrade(os.environ["DATABASE_URL"])
