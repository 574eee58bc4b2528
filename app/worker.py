"""The clock's edge: deliver mail, fold, seal, do long work, end what is old."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from sqlalchemy.exc import DBAPIError

from app import db
from app.db import Database
from app.domain import (
    backlog,
    chores,
    heads,
    mail_figures,
    mailing_walk,
    record,
    retention,
    tally,
)
from app.domain.mailing_walk import Pace
from app.postman import Postman
from app.printer import Printer
from app.receiving import Receiver
from app.workbench import Workbench
from config import Config

log = logging.getLogger("undersigned.worker")

TEND_EVERY = 1.0
# So much of it at a time: what else is due must not wait, nor people who sign.
TEND_FOR = 0.4
# Whether an update has its turn.
WALK_EVERY = 1.0
SEAL_EVERY = 20.0
# Whether an hour is over.
CLOSE_EVERY = 20.0
RETENTION_EVERY = 3600.0
# Whether a figure of an hour ago is to be taken anew.
LOOK_EVERY = 60.0
# Whether an owner is to have the head of the record.
TELL_EVERY = 600.0
# Who has confirmed, by mail domain.
COUNT_EVERY = 60.0


class Worker:
    """Runs the house's errands until it is told to stop."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self._stop = threading.Event()
        self.postman = Postman(config, database)
        self.workbench = Workbench(config, database, stopped=self._stop.is_set)
        self.receiver = Receiver.of(config, database)
        self.printer = Printer(config, database)

    def stop(self) -> None:
        """End after the errand in hand."""
        self._stop.set()

    def run(self) -> None:
        """Deliver, fold and do long work, each on a thread of its own."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: self.stop())
        errands = threading.Thread(target=self._errands, name="errands", daemon=True)
        works = threading.Thread(target=self._works, name="works", daemon=True)
        prints = threading.Thread(target=self._prints, name="prints", daemon=True)
        errands.start()
        works.start()
        if self.receiver is not None:
            self.receiver.start()
        prints.start()
        pause = timedelta(0)
        while not self._stop.wait(pause.total_seconds()):
            handled = self._careful(self.postman.deliver)
            pause = timedelta(seconds=0 if handled else 0.2)
        self.postman.close()
        if self.receiver is not None:
            self.receiver.stop()
        errands.join(timeout=5)
        works.join(timeout=5)
        prints.join(timeout=5)

    def _works(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = 0.0 if self._careful(self.workbench.work) else 0.5

    def _prints(self) -> None:
        while not self._stop.wait(0.5):
            self._careful(self.printer.work)

    def _errands(self) -> None:
        due = dict.fromkeys(
            (
                self.fold,
                self.close_hours,
                self.tend,
                self.walk,
                self.seal,
                self.retain,
                self.look,
                self.count,
                self.tell,
            ),
            0.0,
        )
        every = {
            self.fold: self._config.fold_every,
            self.close_hours: CLOSE_EVERY,
            self.tend: TEND_EVERY,
            self.walk: WALK_EVERY,
            self.seal: SEAL_EVERY,
            self.retain: RETENTION_EVERY,
            self.look: LOOK_EVERY,
            self.count: COUNT_EVERY,
            self.tell: TELL_EVERY,
        }
        while not self._stop.wait(min(0.2, self._config.fold_every)):
            for errand, at in due.items():
                if monotonic() >= at:
                    self._careful(errand)
                    due[errand] = monotonic() + every[errand]

    def _careful(self, errand: Callable[[], int]) -> int:
        """Do an errand; a database that is away is waited for, not died of."""
        try:
            return errand()
        except DBAPIError:
            log.exception("the database did not answer")
            self._stop.wait(1)
            return 0

    def fold(self) -> int:
        """Fold ledger rows into the numbers."""
        with self._database.transaction() as session:
            moved = tally.fold(session)
            session.commit()
            return moved

    def close_hours(self) -> int:
        """Let the hours that are over and complete be quoted."""
        with self._database.transaction() as session:
            closed = tally.close(session, now=db.now())
            session.commit()
        return closed

    def tend(self) -> int:
        """Do batches of what letters have waiting: recode, ask again, show, wipe."""
        until, done = monotonic() + TEND_FOR, 0
        while monotonic() < until and not self._stop.is_set():
            with self._database.reading() as session:
                if not chores.waiting(session, now=db.now()):
                    break
            with self._database.writing() as session:
                done += chores.do(session, now=db.now())
                session.commit()
        return done

    def walk(self) -> int:
        """Ask for the next mails of the updates whose turn it is."""
        pace = Pace(self._config.updates_per_minute, self._config.updates_per_domain)
        until, asked = monotonic() + TEND_FOR, 0
        while monotonic() < until and not self._stop.is_set():
            with self._database.reading() as session:
                if not mailing_walk.due(session, now=db.now()):
                    break
            with self._database.writing() as session:
                asked += mailing_walk.walk(session, pace=pace, now=db.now())
                session.commit()
        return asked

    def seal(self) -> int:
        """Seal what the record has gained; the head goes to the log as well."""
        with self._database.writing() as session:
            before = record.head(session)
            head = record.seal(session)
            session.commit()
        if head.position != before.position:
            log.info("record sealed up to %s: %s", head.position, head.hash)
        return head.position - before.position

    def retain(self) -> int:
        """End what has outlived its period."""
        with self._database.transaction() as session:
            ended = retention.run(session, now=db.now())
            session.commit()
        return ended

    def look(self) -> int:
        """See how many signatures wait for a person, letter by letter, each hour."""
        with self._database.transaction() as session:
            changed = backlog.look(session, now=db.now())
            session.commit()
        return changed

    def count(self) -> int:
        """Count who has confirmed, by mail domain, and see which have fallen silent."""
        with self._database.transaction() as session:
            counted = mail_figures.count(session, now=db.now())
            session.commit()
        return counted

    def tell(self) -> int:
        """Mail the head of the record to the owners, once a day."""
        with self._database.transaction() as session:
            asked = heads.ask(session, now=db.now())
            session.commit()
        return asked
