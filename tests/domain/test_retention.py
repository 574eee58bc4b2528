"""Every period of the privacy notice, from both of its sides, and that it is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app import db
from app.domain import retention
from app.models import MailSlot, Outbox, Signature, Submission, Suppression
from tests.house import House, copy_sqlite, later, link
from tests.letters import outbox_states, rows
from tests.servers.behaviours import GREYLISTED, NO_SUCH_USER
from tests.servers.smtp import Sink

HOUR = timedelta(hours=1)
CANARY = "canary.address@example.org"
TYPED = {
    "email": CANARY,
    "name": "Nasrin Canaryname",
    "affiliation": "Canaryhouse",
    "statement": "My canary statement",
}


def retain(house: House, now: datetime) -> int:
    """Wipe as the worker does each hour, at the time given; how many rows ended."""
    with house.site.database.transaction() as session:
        ended = retention.run(session, now=now)
        session.commit()
    return ended


def submissions(house: House) -> list[tuple[str, bool]]:
    """Each form's state, and whether anything typed is left of it."""
    found = house.ask(
        select(
            Submission.state,
            Submission.sealed,
            Submission.address_key,
            Submission.content_key,
        )
    )
    return [(state, any(left)) for state, *left in found]


def on_both_sides(house: House, limit: datetime, changes: Callable[[], object]) -> None:
    """Nothing changes an hour before the limit, something does then, and only once."""
    before = changes()
    assert retain(house, limit - HOUR) == 0
    assert changes() == before
    assert retain(house, limit) > 0
    after = changes()
    assert after != before
    assert retain(house, limit) == 0
    assert retain(house, limit + HOUR) == 0
    assert changes() == after


def test_an_open_form_is_wiped_when_its_link_ends(house: House) -> None:
    house.sign(**TYPED)
    ((expires,),) = house.ask(select(Submission.expires_at))
    assert submissions(house) == [("open", True)]
    on_both_sides(house, expires, lambda: submissions(house))
    assert submissions(house) == [("expired", False)]


def test_a_form_lives_seven_days_and_its_link_as_long(house: House) -> None:
    path = house.confirm_link(**TYPED)
    later(days=7, hours=-1)
    retain(house, db.now())
    assert TYPED["name"] in house.get(path).text
    later(days=7, hours=1)
    # The link has ended by itself, before anybody has wiped anything.
    assert house.get(path).status_code == 410
    assert submissions(house) == [("open", True)]
    retain(house, db.now())
    assert house.get(path).status_code == 410
    assert house.post(path, {"action": "confirm"}).status_code == 410
    assert submissions(house) == [("expired", False)]
    assert house.signatures() == []


def test_the_mail_that_was_sent_is_forgotten_after_30_days(house: House) -> None:
    house.confirm(**TYPED)
    house.deliver()
    house.sink.refused["nobody@example.org"] = NO_SUCH_USER
    house.sign(email="nobody@example.org")
    house.deliver()
    retain(house, db.now() + timedelta(days=8))
    ended = [at for (at,) in house.ask(select(Outbox.ended_at).order_by(Outbox.id))]
    assert outbox_states(house) == {"sent": 2, "refused": 1}
    assert retain(house, min(ended) + retention.FINISHED - HOUR) == 0
    assert retain(house, max(ended) + retention.FINISHED) == 3
    assert outbox_states(house) == {}
    assert retain(house, max(ended) + retention.FINISHED) == 0


def test_a_mail_that_is_still_to_be_sent_is_kept_however_old(house: House) -> None:
    house.confirm(**TYPED)
    house.sink.refused[CANARY] = GREYLISTED
    house.deliver()
    house.sink.refused.clear()
    retain(house, db.now() + timedelta(days=300))
    assert outbox_states(house) == {"ready": 1}
    later(days=300)
    assert len(house.deliver()) == 1


def test_the_row_of_an_ended_form_is_gone_30_days_later(house: House) -> None:
    house.sign(**TYPED)
    house.confirm(email="second@example.org")
    house.deliver()
    expiries = [at for (at,) in house.ask(select(Submission.expires_at))]
    retain(house, max(expiries) + HOUR)
    with house.writing() as session:
        session.query(Outbox).delete()
    retain(house, max(expiries) + timedelta(days=20))
    assert sorted(submissions(house)) == [("expired", False), ("used", False)]
    assert retain(house, min(expiries) + retention.FINISHED - HOUR) == 0
    assert retain(house, max(expiries) + retention.FINISHED) == 2
    assert submissions(house) == []
    assert len(house.signatures()) == 1
    house.check()


def test_a_form_is_kept_while_a_mail_still_names_it(house: House) -> None:
    house.sign(**TYPED)
    house.deliver()
    later(days=36, hours=23)
    with house.writing() as session:
        mail = session.scalars(select(Outbox)).one()
        mail.ended_at = db.now()
    retain(house, db.now() + timedelta(days=29))
    assert submissions(house) == [("expired", False)]
    retain(house, db.now() + timedelta(days=30))
    assert submissions(house) == []
    assert outbox_states(house) == {}


def test_not_me_holds_for_ever_and_can_be_taken_back_for_ever(house: House) -> None:
    path = house.confirm_link(**TYPED)
    house.post(path, {"action": "not_me"})
    later(days=400)
    retain(house, db.now())
    assert rows(house)["suppression"] == 1
    assert submissions(house) == [("void", False)]
    house.sign(**TYPED)
    assert house.deliver() == []
    house.post(path, {"action": "take_back"})
    assert house.ask(select(Suppression.letter_id)) == []
    later(days=400, hours=1)
    house.sign(**TYPED)
    assert len(house.deliver()) == 1


def test_slots_outlive_the_longest_ceiling_and_no_more(house: House) -> None:
    house.sign(**TYPED)
    house.deliver()
    ((at,),) = house.ask(select(MailSlot.at))
    with house.writing() as session:
        session.query(Submission).update({"expires_at": at + timedelta(days=90)})
    on_both_sides(house, at + retention.SLOTS, lambda: rows(house)["mail_slot"])
    assert rows(house)["mail_slot"] == 0


def test_a_signature_is_touched_by_no_period(house: House) -> None:
    house.confirm(**TYPED)
    house.deliver()
    before = house.signatures()
    numbers = house.numbers()
    for days in (8, 31, 40, 4000):
        retain(house, db.now() + timedelta(days=days))
    assert house.signatures() == before
    assert house.numbers() == numbers
    assert rows(house)["submission"] == rows(house)["outbox"] == 0
    house.check()


def stored(folder: Path) -> bytes:
    """Every byte of the SQLite file and of what lies beside it."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("end", ["expired", "not me", "erased"])
def test_what_was_wiped_is_in_no_byte_of_the_file(
    filled_sqlite: Path, tmp_path: Path, end: str
) -> None:
    folder = tmp_path / "database"
    with Sink() as sink:
        house = House(copy_sqlite(filled_sqlite, folder), tmp_path, sink)
        try:
            sealed, secrets = live_and_end(house, end, folder)
        finally:
            house.close()
    with sqlite3.connect(folder / "undersigned.sqlite3") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    left = stored(folder)
    assert sealed not in left
    for secret in secrets:
        assert secret.encode() not in left


def live_and_end(house: House, end: str, folder: Path) -> tuple[bytes, list[str]]:
    """Sign, and let it end; what was sealed, and the words that were typed."""
    path = house.confirm_link(**TYPED)
    ((sealed,),) = house.ask(select(Submission.sealed))
    assert sealed in stored(folder)
    # An open form shows nothing of what is in it even to whoever has the file.
    for word in TYPED.values():
        assert word.encode() not in stored(folder)
    if end == "expired":
        retain(house, db.now() + timedelta(days=8))
    elif end == "not me":
        house.post(path, {"action": "not_me"})
    else:
        house.post(path, {"action": "confirm"})
        manage = link(house.deliver()[0], "manage")
        ((sealed,),) = house.ask(
            select(Signature.address_sealed).where(
                Signature.address_sealed.is_not(None)
            )
        )
        assert TYPED["name"].encode() in stored(folder)
        house.post(manage, {"action": "erase", "sure": "yes"})
    return sealed, list(TYPED.values())
