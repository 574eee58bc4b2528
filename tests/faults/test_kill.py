"""Threats G, row 54: kill -9 in the middle of a burst loses nothing acknowledged.

The mail server is broken in every way meanwhile (row 57).
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from app.domain.drafts import Draft, sealing_context
from app.models import Outbox, Signature, Submission
from app.site import Site
from tests.house import FIELDS, KEYS, SLUG, settings
from tests.servers.behaviours import ARRIVED, FAULTS
from tests.servers.live import Answer, Live
from tests.servers.smtp import Mail, Sink

PEOPLE = 500
CLIENTS = 8
# One batch of the worker is in flight when it is killed.
IN_FLIGHT = 50


def _email(number: int) -> str:
    return f"person{number}@example.org"


class _Burst:
    """Clients that send their forms until each has its answer, as people do."""

    def __init__(
        self, send: Callable[[int], Answer], numbers: range, done: int
    ) -> None:
        self._send = send
        self._numbers = iter(numbers)
        self._done = done
        self._lock = threading.Lock()
        self.acknowledged: list[int] = []
        self.failed = 0
        self._threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]

    def _client(self) -> None:
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            while not self._answered(number):
                self.failed += 1
                time.sleep(0.05)
            self.acknowledged.append(number)

    def _answered(self, number: int) -> bool:
        try:
            answer = self._send(number)
        except (OSError, http.client.HTTPException):
            return False
        assert answer.status in (self._done, 502, 503), answer.text
        return answer.status == self._done

    def run(self, *faults: tuple[int, Callable[[], None]]) -> None:
        """Go on to the end, doing each fault once so many are acknowledged."""
        for thread in self._threads:
            thread.start()
        for after, fault in faults:
            while len(self.acknowledged) < after:
                assert any(thread.is_alive() for thread in self._threads)
                time.sleep(0.002)
            fault()
        for thread in self._threads:
            thread.join()


def test_row_54_nothing_acknowledged_is_lost(database_url: str, tmp_path: Path) -> None:
    environment = {
        "SECRET_KEYS": KEYS, "MAIL_LEASE": "5", "MAIL_RETRY": "0.05",
        "MAIL_TIMEOUT": "1",
    }  # fmt: skip
    with (
        Sink(*FAULTS) as sink,
        Live(
            tmp_path / "instance",
            database_url=database_url,
            sink=sink,
            environment=environment,
        ) as live,
    ):
        kills = 0

        def kill_web() -> None:
            live.kill_web()
            live.start_web(wait=False)

        def kill_worker() -> None:
            nonlocal kills
            kills += 1
            live.kill_worker()
            live.start_worker()

        def sign(number: int) -> Answer:
            fields = FIELDS | {"email": _email(number)}
            return live.post(f"/letters/{SLUG}/signatures", fields)

        signing = _Burst(sign, range(PEOPLE), 303)
        signing.run(
            (80, kill_web), (200, kill_worker), (320, kill_web), (440, kill_worker)
        )  # fmt: skip
        assert signing.failed, "nobody noticed that the web server was killed"
        _all_is_stored(live, signing)
        mails = _all_is_sent(live, sink, kills)

        paths = [_link(mails[_email(number)]) for number in range(100)]

        def confirm(number: int) -> Answer:
            return live.post(paths[number], {"action": "confirm"})

        confirming = _Burst(confirm, range(len(paths)), 200)
        confirming.run((30, kill_web), (60, kill_worker))
        _all_is_counted(live, confirming)


def _site(live: Live) -> Site:
    return Site.open(settings(live.environment["DATABASE_URL"], live.folder))


def _all_is_stored(live: Live, signing: _Burst) -> None:
    """Each form once, however often it was sent, and a mail asked for with each."""
    site = _site(live)
    with site.database.reading() as session:
        stored = [
            (identifier, sealed)
            for identifier, sealed in session.execute(
                select(Submission.id, Submission.sealed)
            )
            if sealed is not None
        ]
        mailed = set(session.scalars(select(Outbox.submission_id)))
    site.database.dispose()
    emails = []
    for identifier, sealed in stored:
        context = sealing_context(identifier)
        emails.append(
            Draft.from_bytes(site.keyring.open(sealed, context=context)).email
        )
    assert len(signing.acknowledged) == PEOPLE
    assert sorted(emails) == sorted(map(_email, signing.acknowledged))
    assert {identifier for identifier, _ in stored} == mailed


def _all_is_sent(live: Live, sink: Sink, kills: int) -> dict[str, list[Mail]]:
    """One mail to each, and for what a killed worker had in hand perhaps a second."""
    site = _site(live)

    def nothing_waits() -> bool:
        waits = select(func.count()).where(Outbox.state.in_(("ready", "leased")))
        with site.database.reading() as session:
            return session.scalar(waits) == 0

    live.wait_until(nothing_waits, within=90, what="end of the queue")
    with site.database.reading() as session:
        assert set(session.scalars(select(Outbox.state))) == {"sent"}
    site.database.dispose()
    mails: dict[str, list[Mail]] = defaultdict(list)
    for mail in sink.mails:
        mails[mail.recipients[0]].append(mail)
    assert mails.keys() == {_email(number) for number in range(PEOPLE)}
    assert not sink.script, "a fault of the mail server was never met"
    unsure = sum(fault in ARRIVED for fault in FAULTS)
    assert len(sink.mails) - PEOPLE <= IN_FLIGHT * kills + unsure
    for copies in mails.values():
        assert len({mail.message["Message-ID"] for mail in copies}) == 1
        assert _link(copies)
    return mails


def _link(copies: list[Mail]) -> str:
    """The one link that all copies of a mail carry."""
    (path,) = {p for m in copies for p in re.findall(r"/confirm/[\w.-]+", m.text)}
    return str(path)


def _all_is_counted(live: Live, confirming: _Burst) -> None:
    live.wait_until_ready()
    assert len(confirming.acknowledged) == 100
    site = _site(live)
    with site.database.reading() as session:
        counted = session.scalar(
            select(func.count()).where(
                Signature.origin == "confirmed", Signature.state == "counted"
            )
        )
        used = session.scalar(select(func.count()).where(Submission.state == "used"))
    site.database.dispose()
    assert (counted, used) == (100, 100)
    checked = live.flask("tally", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tally = live.get(f"/api/v1/letters/{SLUG}/tally")
    assert '"confirmed":100,' in tally.text
