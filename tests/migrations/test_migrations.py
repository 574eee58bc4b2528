"""The migrations make exactly what the models say, and can be taken back."""

from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, text

from app.db_upgrade import alembic_config, copy, current, driver, upgrade
from app.models import Base
from tests.servers.postgres import Postgres

Fresh = Callable[[], str]

REVISIONS = [
    script.revision
    for script in reversed(
        list(ScriptDirectory.from_config(alembic_config("")).walk_revisions())
    )
]

# What a PostgreSQL catalogue knows of tables, in words that can be compared.
POSTGRESQL_SCHEMA = """
    SELECT 'column', table_name, column_name,
           concat_ws(' ', data_type, character_maximum_length, is_nullable,
                     column_default, is_identity)
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', tablename, indexname, indexdef
      FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
      FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function', '', proname, pg_get_functiondef(oid)
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fresh]:
    """Makes empty databases of one kind."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/{uuid4().hex}.sqlite3"
        return
    server: Postgres = request.getfixturevalue("postgres")
    names: list[str] = []

    def make() -> str:
        names.append(f"migrations_{uuid4().hex}")
        return server.create(names[-1])

    yield make
    for name in names:
        server.drop(name)


def _schema(url: str) -> set[tuple[str, ...]]:
    """Every table, column, constraint, index and trigger but Alembic's own."""
    engine = create_engine(driver(url), poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            rows = connection.execute(text(POSTGRESQL_SCHEMA)).all()
            found = {tuple(map(str, row)) for row in rows}
        else:
            asked = text("SELECT type, tbl_name, sql FROM sqlite_master")
            found = {
                (kind, table, part)
                for kind, table, sql in connection.execute(asked)
                for part in _parts(sql)
            }
    return {row for row in found if "alembic_version" not in row[1]}


def _parts(sql: str | None) -> set[str]:
    # The order of constraints within CREATE TABLE says nothing.
    plain = re.sub(r"\s+", " ", (sql or "").replace('"', ""))
    return {part.strip() for part in re.split(r",(?![^()]*\))|\( | \)$", plain)}


def test_they_make_what_the_models_say(fresh: Fresh) -> None:
    migrated, modelled = fresh(), fresh()
    assert upgrade(migrated)
    engine = create_engine(driver(modelled), poolclass=NullPool)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
    # Models know no triggers: what only they can refuse stands in a migration.
    tables = {row for row in _schema(migrated) if row[0] not in ("trigger", "function")}
    assert tables == _schema(modelled)


def test_alembic_finds_nothing_to_add(fresh: Fresh) -> None:
    url = fresh()
    upgrade(url)
    command.check(alembic_config(url))


def test_every_one_goes_up_down_and_up_again(fresh: Fresh) -> None:
    url = fresh()
    for revision in REVISIONS:
        upgrade(url, revision)
        before = _schema(url)
        command.downgrade(alembic_config(url), "-1")
        upgrade(url, revision)
        assert _schema(url) == before
    command.downgrade(alembic_config(url), "base")
    assert _schema(url) == set()
    assert current(url) is None


def test_a_second_upgrade_has_nothing_to_do(fresh: Fresh) -> None:
    url = fresh()
    assert upgrade(url)
    assert not upgrade(url)
    assert current(url) == REVISIONS[-1]


def test_several_at_once_do_no_harm(fresh: Fresh) -> None:
    url = fresh()
    command_line = [sys.executable, "-m", "app.db_upgrade"]
    runs = [subprocess.Popen(command_line, env={"DATABASE_URL": url}) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert current(url) == REVISIONS[-1]


def test_a_migration_that_fails_leaves_nothing_half_done(fresh: Fresh) -> None:
    url = fresh()
    engine = create_engine(driver(url), poolclass=NullPool)
    last = Base.metadata.sorted_tables[-1].name
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {last} (in_the_way int)"))
    with pytest.raises(Exception, match="already exists"):
        upgrade(url)
    tables = {row[1] for row in _schema(url)}
    assert tables == {last}
    assert current(url) is None


def test_a_sqlite_file_is_copied_before_an_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/letters.sqlite3"
    saved = tmp_path / "letters.sqlite3.before-upgrade"
    upgrade(url)
    assert not saved.exists(), "there was nothing worth keeping"
    command.stamp(alembic_config(url), "base")
    with closing(sqlite3.connect(tmp_path / "letters.sqlite3")) as database:
        database.execute("CREATE TABLE kept AS SELECT 7 AS id")
        database.commit()
        copy(tmp_path / "letters.sqlite3", saved)
    with closing(sqlite3.connect(saved)) as database:
        assert database.execute("SELECT id FROM kept").fetchone() == (7,)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
