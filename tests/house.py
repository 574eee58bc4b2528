"""The whole house in one process, on either database, with a real SMTP server."""

from __future__ import annotations

import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

import config
from app import create_organise, create_public, db, i18n, prepared
from app.db_upgrade import upgrade
from app.domain import (
    hold_rules,
    letter_files,
    letter_loading,
    record,
    tally,
    tally_check,
    versions,
)
from app.front import Front
from app.models import Letter, Measure, Signature
from app.mount import Mount
from app.postman import Postman
from app.site import Site
from tests import warm
from tests.organising.people import Signed
from tests.servers.smtp import Mail, Sink

EXAMPLE = Path(__file__).parent.parent / "examples" / "deepfakes"
BASE = "http://localhost"
KEYS = "0123456789abcdef0123456789abcdef"
SLUG = "deepfakes"

FIELDS = {
    "name": "Alice Example",
    "email": "alice@example.org",
    "title": "Professor",
    "affiliation": "University of X",
    "sector": "academia",
    "country": "DE",
    "statement": "",
    "listed": "yes",
    "consent": "yes",
    "language": "en",
}


def settings(database_url: str, folder: Path, **given: str) -> config.Config:
    """The settings of a test house; times are short so that tests need not wait."""
    return config.load(
        {
            "SECRET_KEYS": KEYS,
            "BASE_URL": BASE,
            "DATABASE_URL": database_url,
            "INSTANCE": str(folder),
            "DEVELOPMENT": "1",
            "MAIL_TIMEOUT": "2",
            "MAIL_RETRY": "0.05",
            "MAIL_LEASE": "120",
            **given,
        }
    )


def fill(database_url: str, folder: Path) -> None:
    """Migrate a database and load the example letter into it."""
    upgrade(database_url)
    site = Site.open(settings(database_url, folder))
    load(site, EXAMPLE)
    site.database.dispose()


def load(site: Site, folder: Path) -> None:
    """Load a letter's folder, as `flask letter load` does."""
    with site.database.writing() as session:
        letter_loading.load(
            session,
            keyring=site.keyring,
            files=letter_files.read(folder),
            actor=record.SYSTEM,
            now=db.now(),
        )
        session.commit()


class Ear(logging.Handler):
    """Hands each message of a log to a function."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        super().__init__()
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear(record.getMessage())


class House:
    """One house: ask its pages, run its worker's errands, read its mails."""

    def __init__(
        self, database_url: str, folder: Path, sink: Sink, **given: str
    ) -> None:
        given.setdefault("MAIL_PORT", str(sink.port))
        self.sink = sink
        self.folder = folder
        self.site = Site.open(settings(database_url, folder, **given))
        warm.share_compiled(self.site)
        self.app = warm.APPLICATIONS.take(create_public, self.site)
        self.front = self.new_front()
        self.client = Client(self.front)
        self.postman = Postman(self.site.config, self.site.database)

    def new_front(self, *, memory: bool = True) -> Front:
        """A front layer of its own, as each web process has one."""

        def version(slug: str) -> str | None:
            with self.site.database.reading() as session:
                found = versions.version(session, slug=slug, now=db.now())
            return found.key if found is not None and found.visible else None

        return Front(
            Mount(self.app, self._organise),
            hosts=self.site.config.hosts,
            ask_version=version,
            static=i18n.STATIC,
            memory=memory,
        )

    @cached_property
    def organise(self) -> Flask:
        """The organisers' application, made when first asked for."""
        return warm.APPLICATIONS.take(create_organise, self.site)

    def _organise(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self.organise(environ, start_response)

    def organiser(self, role: str | None = "owner", **given: Any) -> Signed:
        """Somebody with this role on the example letter (None: on no letter), signed in.

        `given` may name `slug`, `email`, `name`, and `signed_in=False`.
        """
        return Signed(self, role, **given)

    def close(self) -> None:
        """Let go of connections, and set the clock right again."""
        db.move_clock(timedelta(0))
        self.postman.close()
        self.site.database.dispose()
        warm.APPLICATIONS.give_back(self.app)
        if "organise" in self.__dict__:
            warm.APPLICATIONS.give_back(self.organise)

    # -- Asking ------------------------------------------------------------------

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET as a browser does it; header names with underscores."""
        return self.client.get(
            path, base_url=BASE, headers=_named({"Host": "localhost", **headers})
        )

    def post(
        self, path: str, fields: Mapping[str, str] | bytes, **headers: str
    ) -> TestResponse:
        """POST a form as a browser on our own page does it."""
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        sent = {
            "Host": "localhost",
            "Content_Type": "application/x-www-form-urlencoded",
            "Sec_Fetch_Site": "same-origin",
            **headers,
        }
        return self.client.post(path, base_url=BASE, data=body, headers=_named(sent))

    def fresh(self, path: str, **headers: str) -> TestResponse:
        """GET past the memory: what a process that has just started answers."""
        client = Client(self.new_front())
        return client.get(
            path, base_url=BASE, headers=_named({"Host": "localhost", **headers})
        )

    # -- Living the way ----------------------------------------------------------

    def sign(self, **fields: str) -> TestResponse:
        """Send the sign form of the example letter."""
        return self.post(f"/letters/{SLUG}/signatures", FIELDS | fields)

    def deliver(self) -> list[Mail]:
        """Let the worker send all that is due; the mails that came of it."""
        before = len(self.sink.mails)
        with self.app.app_context():
            while self.postman.deliver():
                pass
        return list(self.sink.mails[before:])

    def confirm_link(self, **fields: str) -> str:
        """Sign, and give the path of the link in the mail that comes."""
        assert self.sign(**fields).status_code == 303
        # A mail that had to wait, for another of a minute ago, may come after it.
        mails = reversed(self.deliver())
        return link(next(one for one in mails if "/confirm/" in one.text), "confirm")

    def confirm(self, **fields: str) -> str:
        """Sign and confirm; the path of the manage link on the page that follows."""
        answer = self.post(self.confirm_link(**fields), {"action": "confirm"})
        assert answer.status_code == 200, answer.text
        found = re.search(r"/manage/[\w.-]+", answer.text)
        assert found is not None, answer.text
        return found[0]

    def fold(self) -> int:
        """Fold the ledger, as the worker does each second."""
        with self.writing() as session:
            return tally.fold(session)

    # -- Looking into the database -----------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed."""
        with self.site.database.writing() as session:
            yield session
            session.commit()

    def ask(self, statement: Any) -> list[Any]:
        """The rows that a statement selects."""
        with self.site.database.reading() as session:
            return list(session.execute(statement).all())

    def signatures(self) -> list[Any]:
        """The confirmed signatures, oldest first."""
        return self.ask(
            select(Signature.__table__)
            .where(Signature.origin == "confirmed")
            .order_by(Signature.id)
        )

    def numbers(self) -> dict[str, int]:
        """The totals as the database has them at this moment."""
        with self.site.database.reading() as session:
            letter_id = session.scalar(select(Letter.id).where(Letter.slug == SLUG))
            assert letter_id is not None
            counted = tally.read(session, letter_id=letter_id)
        return {measure: tally.total(counted, measure) for measure in Measure}

    def check(self) -> None:
        """The published numbers are what the signatures add up to."""
        with self.site.database.reading() as session:
            assert tally_check.check(session) == []

    def set_letter(self, **columns: Any) -> None:
        """Change settings of the letter, as an organiser would."""
        with self.writing() as session:
            session.execute(
                update(Letter)
                .where(Letter.slug == SLUG)
                .values(revision=Letter.revision + 1, **columns)
            )
        # A process may be a second behind; tests need not wait for it.
        self.site.shelf._seen.clear()

    @contextmanager
    def statements_with_values(self) -> Iterator[list[tuple[str, Any]]]:
        """The same with what is bound to each, for asking after their plans."""
        said: list[tuple[str, Any]] = []

        def listen(_c: Any, _k: Any, statement: str, values: Any, *_: Any) -> None:
            said.append((statement, values))

        def execute(dialect: Any, driver: Any, text: str, bound: Any) -> Any:
            said.append((text, bound))
            return run(dialect, driver, text, bound)

        run = prepared.execute
        prepared.execute = execute
        engines: set[Engine] = {self.site.database.engine, self.site.database._readers}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", listen)
        try:
            yield said
        finally:
            prepared.execute = run
            for engine in engines:
                event.remove(engine, "before_cursor_execute", listen)

    def let_many_sign(self) -> None:
        """Hold nobody for how many sign from one place: tests do so from one."""
        with self.writing() as session:
            hold_rules.save(
                session,
                letter_id=1,
                rules=hold_rules.HoldRules(network_limit=None, domain_limit=None),
                actor=record.SYSTEM,
                now=db.now(),
            )
        self.site.shelf._seen.clear()

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is said to the database inside the block, from any thread."""
        said: list[str] = []

        def hear(statement: str) -> None:
            said.append(" ".join(statement.split()))

        def listen(_c: Any, _k: Any, statement: str, *_: Any) -> None:
            hear(statement)

        database = self.site.database
        engines: set[Engine] = {database.engine, database._readers}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", listen)
        handler = Ear(hear)
        level = prepared.log.level
        prepared.log.addHandler(handler)
        prepared.log.setLevel(logging.DEBUG)
        try:
            yield said
        finally:
            prepared.log.setLevel(level)
            prepared.log.removeHandler(handler)
            for engine in engines:
                event.remove(engine, "before_cursor_execute", listen)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def link(mail: Mail, room: str) -> str:
    """The path of the link into `room` ("confirm", "manage") that a mail carries."""
    found = re.search(rf"{BASE}(/{room}/[\w.-]+)", mail.text)
    assert found is not None, mail.text
    return urlsplit(found[1]).path


def code(mail: Mail) -> str:
    """The short code that a confirmation mail carries."""
    found = re.search(r"^    ([0-9A-Z]{4}[ -]?[0-9A-Z]{4})", mail.text, re.MULTILINE)
    assert found is not None, mail.text
    return found[1]


def message(mail: Mail) -> EmailMessage:
    """The parsed mail."""
    return mail.message


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    """Run `work(number)` in as many threads at once; what each returned, in order."""
    results: list[Any] = [None] * times
    gate = threading.Barrier(times)

    def run(number: int) -> None:
        gate.wait()
        try:
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001 - handed to the test
            results[number] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def later(**passed: float) -> datetime:
    """Move the house's clock on from the machine's; the time it then shows."""
    db.move_clock(timedelta(**passed))
    return db.now()


def copy_sqlite(template: Path, folder: Path) -> str:
    """A copy of a filled SQLite file; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "undersigned.sqlite3")
    return f"sqlite:///{folder}/undersigned.sqlite3"
