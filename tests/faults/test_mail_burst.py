"""The mail server broken in every way in the middle of a burst (threats 55 and 57)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.db import Database
from app.mail import outbox
from app.models import Outbox
from tests.house import FIELDS, KEYS, SLUG
from tests.servers.behaviours import ARRIVED, FAULTS, NO_SUCH_USER
from tests.servers.live import Live
from tests.servers.smtp import Mail, Sink

PEOPLE, KILLS = 1000, 10
NOBODY = "nobody@example.org"


# A mail of which nobody knows whether it came waits a minute, like any second one.
@pytest.mark.long
def test_rows_55_and_57_everybody_has_their_mail_once_it_is_repaired(
    database_url: str, tmp_path: Path
) -> None:
    environment = {
        "SECRET_KEYS": KEYS, "MAIL_LEASE": "3", "MAIL_RETRY": "0.05",
        "MAIL_TIMEOUT": "1",
    }  # fmt: skip
    with (
        Sink(*FAULTS) as sink,
        Live(tmp_path / "instance", database_url=database_url, sink=sink,
             environment=environment) as live,
    ):  # fmt: skip
        sink.refused[NOBODY] = NO_SUCH_USER
        pages = _sign(live)
        _wait_for_the_end(live)
        _each_has_one(sink)
        _each_page_says_so(live, pages)


def _sign(live: Live) -> dict[str, str]:
    """Let all of them sign while the worker is killed now and then; their pages."""

    def sign(email: str) -> tuple[str, str]:
        answer = live.post(f"/letters/{SLUG}/signatures", FIELDS | {"email": email})
        # Whatever state the mail server is in.
        assert answer.status == 303, answer.text
        return email, answer.headers["Location"]

    emails = [NOBODY, *(f"person{n}@example.org" for n in range(PEOPLE))]
    pages: dict[str, str] = {}
    cuts = [len(emails) * n // (KILLS + 1) for n in range(KILLS + 2)]
    with ThreadPoolExecutor(8) as pool:
        for number, (begin, end) in enumerate(pairwise(cuts)):
            pages.update(pool.map(sign, emails[begin:end]))
            if number < KILLS:
                live.kill_worker()
                live.start_worker()
    assert len(pages) == len(emails)
    return pages


def _wait_for_the_end(live: Live) -> None:
    database = Database(live.environment["DATABASE_URL"])
    waits = select(func.count()).where(Outbox.state.in_(("ready", "leased")))

    def nothing_waits() -> bool:
        with database.reading() as session:
            return session.scalar(waits) == 0

    live.wait_until(nothing_waits, within=240, what="end of the queue")
    with database.reading() as session:
        states = Counter(session.scalars(select(Outbox.state)))
    database.dispose()
    assert states.keys() == {"sent", "refused"}
    assert states["refused"] == 1


def _each_has_one(sink: Sink) -> None:
    """A mail each; a second one only where nobody could know that the first came."""
    assert not sink.script, "a fault was never met"
    mails: dict[str, list[Mail]] = defaultdict(list)
    for mail in sink.mails:
        mails[mail.recipients[0]].append(mail)
    assert mails.keys() == {f"person{n}@example.org" for n in range(PEOPLE)}
    unsure = sum(fault in ARRIVED for fault in FAULTS)
    assert len(sink.mails) - PEOPLE <= outbox.BATCH * KILLS + unsure
    for copies in mails.values():
        assert len(copies) <= 1 + KILLS + unsure
        assert len({mail.message["Message-ID"] for mail in copies}) == 1
        links = {
            path for m in copies for path in re.findall(r"/confirm/[\w.-]+", m.text)
        }
        assert len(links) == 1


def _each_page_says_so(live: Live, pages: dict[str, str]) -> None:
    """Whoever signed sees that the mail has left, and one that it cannot arrive."""
    for email, page in pages.items():
        refused = "The address was refused" in live.get(page).text
        assert refused is (email == NOBODY)
