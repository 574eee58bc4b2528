"""Take reports on our mails from the mail server next door: LMTP, or SMTP."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from app import db
from app.db import Database, Transaction
from app.domain import bounces as effects
from app.domain.bounces import Taken
from app.domain.keyring import Keyring
from app.domain.shelf import Shelf
from app.mail import bounces
from app.mail.verp import Verp
from config import Config

log = logging.getLogger("undersigned.worker")

HOST = "127.0.0.1"
# A report may carry the whole mail that came back, with all that was put to it.
LARGEST = 16 * 1024 * 1024
_PATIENCE = 60.0
# So long, one after the other, is waited before a report is put off.
_MOMENTS = (0.5, 1.5)
# How long to wait for the port of a worker that is about to end.
_AGAIN = 5.0

_TAKEN = "250 2.0.0 Taken"
_NOT_OURS = "550 5.1.1 Only reports on our own mails are taken here"
_LATER = "451 4.3.0 Not at the moment, please try again"


class Reports:
    """Reads a report and does what follows from it, in one transaction."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._shelf = Shelf()

    def refused(
        self, session: Transaction, outbox_id: int, said: str, *, now: datetime
    ) -> None:
        """What a server refuses on the spot counts as what comes back later does."""
        status = bounces.status_in(said) or "5.0.0"
        kind = bounces.kind_of(status)
        if kind is not None:
            effects.take(session, keyring=self._keyring, shelf=self._shelf,
                         outbox_id=outbox_id, kind=kind, status=status, now=now)  # fmt: skip

    def take(self, content: bytes, *, outbox_id: int) -> Taken | None:
        """What was done with a report on one mail; None where it reports nothing."""
        finding = bounces.read(content)
        if finding is None:
            return None
        with self._database.writing() as session:
            taken = effects.take(
                session,
                keyring=self._keyring,
                shelf=self._shelf,
                outbox_id=outbox_id,
                kind=finding.kind,
                status=finding.status,
                now=db.now(),
            )
            session.commit()
        log.info("report on mail %s: %s %s, %s", outbox_id, finding.kind.value,
                 finding.status, taken.value)  # fmt: skip
        return taken


class _Door(SMTP):
    """One connection: LMTP after LHLO (RFC 2033), else SMTP."""

    # Whoever quotes a mail may quote a line that is longer than lines may be.
    line_length_limit = LARGEST
    lmtp = False

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        """Greet as EHLO does; from now on each recipient has an answer of its own."""
        self.lmtp = True
        await self.smtp_EHLO(hostname)


class _Porter:
    """The hooks that aiosmtpd calls."""

    def __init__(self, reports: Reports, verp: Verp) -> None:
        self._reports = reports
        self._verp = verp
        # One for each thread of aiosmtpd's would be more than the database is given.
        self._hands = ThreadPoolExecutor(2, thread_name_prefix="reports")

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self._verp.read(address) is None:
            return _NOT_OURS
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(
        self, server: _Door, session: Session, envelope: Envelope
    ) -> str:
        content = (envelope.original_content or b"")[: bounces.LONGEST]
        answers = [await self._answer(content, to) for to in envelope.rcpt_tos]
        if server.lmtp:
            return "\r\n".join(answers)
        return _LATER if _LATER in answers else _TAKEN

    async def handle_exception(self, error: Exception) -> str:
        log.exception("a report could not be taken", exc_info=error)
        return _LATER

    async def _answer(self, content: bytes, address: str) -> str:
        """The answer for one recipient.

        A mail server next door may be quicker than the worker, which writes down a
        few mails at a time that they have left: that is waited for.
        """
        loop = asyncio.get_running_loop()
        take = partial(self._take, content, address)
        for pause in _MOMENTS:
            answer = await loop.run_in_executor(self._hands, take)
            if answer != _LATER:
                return answer
            await asyncio.sleep(pause)
        return await loop.run_in_executor(self._hands, take)

    def _take(self, content: bytes, address: str) -> str:
        """The answer at this moment: whatever goes wrong here, nothing is lost."""
        outbox_id = self._verp.read(address)
        assert outbox_id is not None
        try:
            taken = self._reports.take(content, outbox_id=outbox_id)
        except Exception:
            log.exception("the report on mail %s must come again", outbox_id)
            return _LATER
        return _LATER if taken is Taken.NOT_YET else _TAKEN

    def close(self) -> None:
        """Let what is in hand end."""
        self._hands.shutdown()


class Receiver:
    """Listens on a port of this machine, on a thread of its own."""

    def __init__(self, reports: Reports, verp: Verp, port: int) -> None:
        self._porter = _Porter(reports, verp)
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    @classmethod
    def of(cls, config: Config, database: Database) -> Receiver | None:
        """What the settings ask for; None where they name no port."""
        if config.mail_bounces is None or config.mail_bounces_port is None:
            return None
        keyring = Keyring(config.secret_keys)
        verp = Verp(keyring, config.mail_bounces)
        return cls(Reports(database, keyring), verp, config.mail_bounces_port)

    def start(self) -> None:
        """Begin to listen; where the port is taken, as soon as it is free."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                server = await self._loop.create_server(
                    partial(
                        _Door,
                        self._porter,
                        hostname="localhost",
                        data_size_limit=LARGEST,
                        enable_SMTPUTF8=True,
                        timeout=_PATIENCE,
                        loop=self._loop,
                    ),
                    HOST,
                    self._port,
                )
            except OSError as error:
                log.warning("no reports are taken on port %s: %s", self._port, error)
                await self._pause()
                continue
            log.info("reports on mails are taken on %s:%s", HOST, self._port)
            await self._stopped.wait()
            server.close()
        self._porter.close()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), _AGAIN)
        except TimeoutError:
            return
