"""One mail more, three days later, to whoever has not confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import db
from app.domain import chores, outgoing
from app.models import MailMark, Outbox, OutboxKind, Submission
from tests.house import House, code, later, link
from tests.letters import another_letter, sign_letter
from tests.mail.work import row
from tests.servers.behaviours import NO_SUCH_USER
from tests.servers.smtp import Mail

ALICE = "alice@example.org"
SUBJECTS = {
    "en": "Still to confirm: ",
    "de": "Noch zu bestätigen: ",
    "fr": "Reste à confirmer\u00a0: ",
}


def tend(house: House) -> int:
    """Do the chores and deliver until there is nothing left; how much there was."""
    done = 0
    while True:
        with house.writing() as session:
            waits = chores.waiting(session, now=db.now())
            done += chores.do(session, now=db.now()) if waits else 0
        house.deliver()
        if not waits:
            return done


def mails_of(house: House, **passed: float) -> list[Mail]:
    """What the worker sends at that time."""
    before = len(house.sink.mails)
    later(**passed)
    tend(house)
    return list(house.sink.mails[before:])


def reminders(house: House) -> list[tuple[str, str | None]]:
    """How each reminder that was asked for has ended."""
    asked = select(Outbox.state, Outbox.answer).where(Outbox.kind == "reminder")
    return [(state, answer) for state, answer in house.ask(asked.order_by(Outbox.id))]


@pytest.mark.parametrize("language", SUBJECTS)
def test_who_has_not_confirmed_is_reminded_once_after_three_days(
    house: House, language: str
) -> None:
    house.sign(language=language)
    (first,) = house.deliver()
    assert mails_of(house, days=2.99) == []
    (mail,) = mails_of(house, days=3)
    assert mail.recipients == (ALICE,)
    assert str(mail.message["Subject"]).startswith(SUBJECTS[language])
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"] != first.message["Message-ID"]
    assert (link(mail, "confirm"), code(mail)) == (link(first, "confirm"), code(first))
    for hours in range(73, 24 * 8, 12):
        assert mails_of(house, hours=hours) == []
    assert len(reminders(house)) == 1


def test_the_link_of_the_reminder_confirms(house: House) -> None:
    house.sign()
    house.deliver()
    (mail,) = mails_of(house, days=3)
    house.post(link(mail, "confirm"), {"action": "confirm"})
    assert len(house.signatures()) == 1


def test_who_has_confirmed_or_said_no_is_not_reminded(house: House) -> None:
    house.confirm(email="confirms@example.org")
    refusing = house.confirm_link(email="refuses@example.org")
    house.post(refusing, {"action": "not_me"})
    tend(house)
    assert mails_of(house, days=3) == []
    assert reminders(house) == []


def test_who_confirms_before_it_leaves_is_not_reminded(house: House) -> None:
    confirm = house.confirm_link()
    later(days=3)
    with house.writing() as session:
        assert chores.do(session, now=db.now()) == 1
    house.post(confirm, {"action": "confirm"})
    (mail,) = house.deliver()
    assert "/manage/" in mail.text
    assert reminders(house) == [("void", "link used")]


def test_who_has_signed_with_another_form_is_not_reminded(house: House) -> None:
    house.confirm()
    later(minutes=2)
    house.sign(name="Alice B. Example")
    assert "/manage/" in house.deliver()[-1].text
    assert mails_of(house, days=3, minutes=3) == []
    assert reminders(house) == [("void", "signed")]


def test_who_has_two_forms_open_is_reminded_of_the_newest(house: House) -> None:
    house.sign()
    house.deliver()
    later(days=1)
    newest = house.confirm_link(name="Alice B. Example")
    assert mails_of(house, days=3, minutes=1) == []
    (mail,) = mails_of(house, days=4, minutes=1)
    assert link(mail, "confirm") == newest


def test_a_form_that_is_filled_in_later_is_no_reason_to_remind_again(
    house: House,
) -> None:
    house.sign()
    house.deliver()
    assert len(mails_of(house, days=3)) == 1
    later(days=4)
    house.confirm_link(name="Alice B. Example")
    assert mails_of(house, days=7, minutes=1) == []
    assert len(reminders(house)) == 1


def test_whose_first_mail_did_not_arrive_is_not_reminded(house: House) -> None:
    house.sink.script.append(NO_SUCH_USER)
    house.sign(email="refused@example.org")
    house.deliver()
    house.sign(email="dead@example.org")
    with house.writing() as session:
        session.execute(
            update(Outbox)
            .where(Outbox.state == "ready")
            .values(state="dead", ended_at=db.now())
        )
    assert mails_of(house, days=3) == []
    assert reminders(house) == []


def test_reminders_are_under_the_ceilings(house: House) -> None:
    inbox = house.sign().headers["Location"]
    house.deliver()
    for minutes in (2, 4):
        later(minutes=minutes)
        house.post(inbox, {"action": "resend"})
        assert len(house.deliver()) == 1
    assert mails_of(house, days=3, minutes=5) == []
    assert reminders(house) == [("void", "ceiling")]


def test_nobody_is_reminded_of_a_letter_that_has_closed(house: House) -> None:
    house.sign()
    house.deliver()
    house.set_letter(closes_at=later(days=2, hours=20))
    # The worker may be a second behind.
    house.postman._maker._shelf._seen.clear()
    # The link itself still works, for a day.
    assert mails_of(house, days=3, hours=1) == []
    assert reminders(house) == [("void", "closed")]


def test_each_letter_reminds_by_itself(house: House) -> None:
    another_letter(house, "other")
    house.sign()
    sign_letter(house, "other")
    house.deliver()
    later(minutes=2)
    house.deliver()
    first = mails_of(house, days=3, minutes=1)
    second = mails_of(house, days=3, minutes=4)
    assert len(first) == len(second) == 1
    assert link(first[0], "confirm") != link(second[0], "confirm")


def test_two_workers_ask_for_it_once(house: House) -> None:
    house.sign()
    house.deliver()
    later(days=3)
    with house.writing() as session:
        assert chores.do(session, now=db.now()) == 1
    # As when a worker was killed before it could write how far it had come.
    with house.writing() as session:
        session.execute(update(MailMark).values(reminded_to=None))
    with house.writing() as session:
        chores.do(session, now=db.now())
        outgoing.ask(
            session,
            kind=OutboxKind.REMINDER,
            submission_id=row(house).submission_id,
            now=db.now(),
        )
    assert len(house.deliver()) == 1


def test_the_forms_of_that_age_are_found_by_an_index_in_batches(house: House) -> None:
    for n in range(250):
        house.sign(email=f"person{n}@example.org")
    house.deliver()
    with house.writing() as session:
        forms = session.scalars(select(Submission.id).order_by(Submission.id)).all()
        for place, form in enumerate(forms):
            ends = db.now() + timedelta(days=7, seconds=place)
            session.execute(
                update(Submission).where(Submission.id == form).values(expires_at=ends)
            )
    later(days=3, minutes=10)
    with house.writing() as session:
        assert chores.do(session, now=db.now()) == 100
        # Nothing more is asked for while those are still to leave.
        assert not chores.waiting(session, now=db.now())
    assert len(house.deliver()) == 100
    assert tend(house) == 150
    assert len(reminders(house)) == 250
