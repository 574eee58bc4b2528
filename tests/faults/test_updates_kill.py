"""Threats G, row 54, for updates: kill -9 in the middle of one misses and bothers nobody."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from app.mail.outbox import UPDATES_AT_ONCE
from tests.house import KEYS, House
from tests.mail.news import address, readers, shown, started
from tests.servers.live import Live
from tests.servers.smtp import Mail, Sink

PEOPLE = 200
# When the worker is killed, by how many mails have come.
KILLS = (40, 110)


def test_row_54_an_update_reaches_everybody_once(
    database_url: str, tmp_path: Path
) -> None:
    environment = {
        "SECRET_KEYS": KEYS,
        "MAIL_LEASE": "3",
        "MAIL_RETRY": "0.05",
        "MAIL_UPDATES_PER_MINUTE": "60000",
        "MAIL_UPDATES_PER_DOMAIN": "60000",
    }
    with (
        Sink() as sink,
        Live(
            tmp_path / "instance",
            database_url=database_url,
            sink=sink,
            environment=environment,
        ) as live,
    ):
        house = House(live.environment["DATABASE_URL"], live.folder, sink)
        readers(house, PEOPLE)
        public_id = started(house)
        for number in KILLS:
            sink.wait_for(number, within=60)
            live.kill_worker()
            live.start_worker()
        live.wait_until(
            lambda: not shown(house, public_id).unended, within=90, what="its end"
        )
        done = shown(house, public_id)
        house.close()
    assert (done.state, done.total, done.sent) == ("done", PEOPLE, PEOPLE)
    mails: dict[str, list[Mail]] = defaultdict(list)
    for mail in sink.mails:
        mails[mail.recipients[0]].append(mail)
    assert mails.keys() == {address(number) for number in range(PEOPLE)}
    assert len(sink.mails) - PEOPLE <= UPDATES_AT_ONCE * len(KILLS)
    for copies in mails.values():
        assert len(copies) <= 2, "no more than one repeat"
        assert len({mail.message["Message-ID"] for mail in copies}) == 1
        assert len({mail.message["List-Unsubscribe"] for mail in copies}) == 1
