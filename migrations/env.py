"""Run the migrations on SQLite and PostgreSQL, one runner at a time, all or nothing."""

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text

from app.db import Moment
from app.db_upgrade import driver
from app.models import Base

# Any number will do, as long as every runner takes the same.
LOCK = 7241


def _url() -> str:
    given = context.config.attributes.get("url")
    return driver(
        given
        or context.get_x_argument(as_dictionary=True).get("url")
        # A migration never guesses which database is meant.
        or os.environ["DATABASE_URL"]
    )


def _engine(url: str) -> Engine:
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _: object) -> None:
            # Python must not commit by itself before each CREATE TABLE.
            connection.isolation_level = None
            connection.execute("PRAGMA busy_timeout=30000")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _render(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    # A migration stands on its own: it does not change when our column types do.
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def _run(connection: Connection) -> None:
    postgresql = connection.dialect.name == "postgresql"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=not postgresql,
        render_item=_render,
        compare_type=True,
        compare_server_default=True,
        # SQLite can undo DDL too, now that BEGIN is ours.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if postgresql:
            # Whoever waits longer for a table gives up before the web site stands.
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.run_migrations()


def _run_offline() -> None:
    context.configure(url=_url(), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run_offline()
else:
    with _engine(_url()).connect() as _connection:
        _run(_connection)
