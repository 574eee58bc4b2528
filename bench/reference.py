"""The plainest programs that do the same kind of thing: what ours is measured against."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
)

# ---- A bare WSGI function: the very bytes that ours gives out --------------------

HEAD, _, BODY = Path(os.environ["BENCH_ANSWER"]).read_bytes().partition(b"\n\n")
HEADERS = [
    (name, value)
    for name, _, value in (text.partition(": ") for text in HEAD.decode().splitlines())
]


def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", HEADERS)
    return [BODY]


# ---- A bare Flask route; one that does an INSERT and a COMMIT --------------------

flask = Flask("reference")
engine = create_engine(os.environ["DATABASE_URL"])  # PostgreSQL: psycopg 3
line = Table(
    "bench_line",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", String(200)),
    Column("at", DateTime(timezone=True)),
)

if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=5000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@flask.get("/")
def hello() -> str:
    return "Hello, world!"


@flask.post("/")
def insert_one() -> str:
    with engine.begin() as connection:
        connection.execute(
            insert(line).values(text="Hello, world!", at=datetime.now(UTC))
        )
    return "Hello, world!"


if __name__ == "__main__":
    line.metadata.create_all(engine)
