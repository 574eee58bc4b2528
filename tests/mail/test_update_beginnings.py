"""When an update may begin, and what is written down of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import db
from app.domain import (
    editing,
    mailing_moves,
    mailings,
)
from app.domain.mailings import NotNow
from app.models import MailingKind, MailingState
from tests.house import House
from tests.mail.news import (
    do,
    draft,
    pass_by,
    readers,
    send_all,
    shown,
    started,
    turn,
)
from tests.work.labour import ACTOR, letter_id, lines


def test_a_planned_one_begins_when_it_is_time(house: House) -> None:
    readers(house, 2)
    public_id = draft(house)
    do(house, mailing_moves.schedule, public_id, at=db.now() + timedelta(hours=2))
    assert turn(house) == 0
    pass_by(hours=1, minutes=59)
    assert turn(house) == 0
    assert shown(house, public_id).state is MailingState.SCHEDULED
    pass_by(minutes=2)
    assert turn(house) == 0
    assert shown(house, public_id).state is MailingState.RUNNING
    assert len(send_all(house)) == 2


def test_a_planned_one_can_be_taken_back(house: House) -> None:
    readers(house, 2)
    public_id = draft(house)
    do(house, mailing_moves.schedule, public_id, at=db.now() + timedelta(hours=2))
    do(house, mailing_moves.take_back, public_id)
    pass_by(days=1)
    assert turn(house) == 0
    assert shown(house, public_id).state is MailingState.DRAFT


def test_three_a_week_and_no_more(house: House) -> None:
    readers(house, 1)
    drafts = [draft(house) for _ in range(5)]
    do(house, mailing_moves.start, drafts[0])
    do(house, mailing_moves.schedule, drafts[1], at=db.now() + timedelta(days=3))
    do(house, mailing_moves.schedule, drafts[2], at=db.now() + timedelta(days=6))
    for act, more in (
        (mailing_moves.start, {}),
        (mailing_moves.schedule, {"at": db.now() + timedelta(days=6, hours=23)}),
        # Within the week of the second and third there would be one too many as well.
        (mailing_moves.schedule, {"at": db.now() + timedelta(minutes=5)}),
    ):
        with pytest.raises(NotNow, match="week"):
            do(house, act, drafts[3], **more)
    at = db.now() + timedelta(days=7, minutes=1)
    do(house, mailing_moves.schedule, drafts[3], at=at)
    with pytest.raises(NotNow, match="week"):
        do(house, mailing_moves.schedule, drafts[4], at=at + timedelta(days=1))
    pass_by(days=8)
    for _ in range(5):
        turn(house)
    assert [shown(house, one).started_at is not None for one in drafts] == [
        True, True, True, True, False,
    ]  # fmt: skip


# A minute before it, for starting them takes a while.
@pytest.mark.parametrize(("seconds", "may"), [(-60, False), (1, True)])
def test_the_border_of_the_week(house: House, seconds: int, may: bool) -> None:
    for _ in range(mailing_moves.MOST):
        started(house)
    public_id = draft(house)
    pass_by(days=7, seconds=seconds)
    if may:
        do(house, mailing_moves.start, public_id)
    else:
        with pytest.raises(NotNow):
            do(house, mailing_moves.start, public_id)


def test_nothing_begins_without_the_letters_first_language(house: House) -> None:
    public_id = draft(house, {"de": ("Wir trafen", "die Ministerin")})
    with pytest.raises(NotNow, match="text"):
        do(house, mailing_moves.start, public_id)


def test_nothing_is_written_for_a_letter_nobody_can_read(house: House) -> None:
    public_id = draft(house)
    house.set_letter(published_at=None)
    with pytest.raises(NotNow, match="unpublished"):
        do(house, mailing_moves.start, public_id)


def test_everything_is_in_the_record(house: House) -> None:
    readers(house, 3)
    public_id = started(house)
    do(house, mailing_moves.pause, public_id)
    do(house, mailing_moves.resume, public_id)
    do(house, mailing_moves.stop, public_id)
    verbs = [verb for verb, _, _ in lines(house)]
    assert verbs == [
        "update.create", "update.change", "update.start", "update.pause",
        "update.resume", "update.stop",
    ]  # fmt: skip


def test_an_archived_letter_writes_nothing_new(house: House) -> None:
    public_id = draft(house)
    house.set_letter(archived_at=db.now())
    for act in (mailing_moves.start, mailings.discard):
        with pytest.raises(editing.ReadOnly):
            do(house, act, public_id)


def test_the_thanks_come_once_when_it_has_closed(house: House) -> None:
    which = letter_id(house)
    with pytest.raises(NotNow, match="open"):
        draft(house, kind=MailingKind.CLOSING)
    readers(house, 7)
    house.set_letter(closes_at=db.now() - timedelta(minutes=1))
    public_id = draft(house, kind=MailingKind.CLOSING)
    with house.writing() as session:
        again = mailings.create(session, letter_id=which, kind=MailingKind.CLOSING,
                                actor=ACTOR, now=db.now())  # fmt: skip
    assert again == public_id
    do(house, mailing_moves.start, public_id)
    mails = send_all(house)
    assert len(mails) == 7
    assert "The letter has closed with 7 signatures." in mails[0].text
