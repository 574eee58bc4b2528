"""What becomes of mails when the SMTP server refuses, stalls or hangs up (threats 57)."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import event, select, update

from app.models import Outbox, Signature
from tests.house import FIELDS, House, later, link
from tests.letters import outbox_states
from tests.mail.work import Hire, repaired, row, sign_people, slots, work
from tests.servers.behaviours import (
    DROP_AFTER_DOT,
    DROP_IN_DATA,
    GREYLISTED,
    HANG_AFTER_DOT,
    MAILBOX_FULL,
    NO_SUCH_USER,
    Behaviour,
    Step,
)

RATE_LIMITED = Behaviour(Step.MAIL, "421 4.7.0 Too many, come back later")
# A mailbox that is closed is known by the server only once it has seen the mail.
CLOSED_AT_DOT = Behaviour(Step.DOT, "550 5.2.1 Mailbox disabled")


# -- An address is refused for good -----------------------------------------------


@pytest.mark.parametrize("refusal", [NO_SUCH_USER, CLOSED_AT_DOT])
def test_a_refused_address_ends_its_mail_and_no_other(
    house: House, refusal: Behaviour
) -> None:
    house.sign(email="nobody@example.org")
    house.sink.script.append(refusal)
    assert house.deliver() == []
    assert outbox_states(house) == {"refused": 1}
    sign_people(house, 3)
    assert len(house.deliver()) == 3
    later(days=1)
    assert house.deliver() == []
    assert outbox_states(house) == {"refused": 1, "sent": 3}
    assert not house.postman.breaker_open


def test_the_inbox_page_says_so_and_the_address_can_be_put_right(house: House) -> None:
    inbox = house.sign(email="alcie@example.org").headers["Location"]
    assert "The address was refused" not in house.get(inbox).text
    house.sink.refused["alcie@example.org"] = NO_SUCH_USER
    assert house.deliver() == []
    page = house.get(inbox).text
    assert "The address was refused" in page
    assert "5.1.1" not in page

    answer = house.post(inbox, {"action": "address", "email": "alice@example.org"})
    assert answer.status_code == 303
    assert answer.headers["Location"] != inbox
    (mail,) = house.deliver()
    assert mail.recipients == ("alice@example.org",)
    assert house.signatures() == []
    new = link(mail, "confirm")
    assert FIELDS["name"] in house.get(new).text
    assert house.post(new, {"action": "confirm"}).status_code == 200
    (signature,) = house.signatures()
    assert signature.name == FIELDS["name"]
    # The old page can no more be used to send the same form elsewhere.
    again = house.post(inbox, {"action": "address", "email": "eve@example.org"})
    assert again.status_code == 409
    assert all("eve" not in m.recipients[0] for m in house.deliver())


# -- Trouble on the way -----------------------------------------------------------

TROUBLE = {"greylisted": GREYLISTED, "full": MAILBOX_FULL}


@pytest.mark.parametrize("fault", TROUBLE.values(), ids=TROUBLE.keys())
def test_a_passing_refusal_is_tried_again_and_takes_no_slot(
    house: House, hire: Hire, fault: Behaviour
) -> None:
    house.sign()
    postman = hire(MAIL_RETRY="60")
    house.sink.script.append(fault)
    work(house, postman)
    assert house.sink.mails == []
    assert (row(house).state, row(house).attempts) == ("ready", 1)
    assert slots(house) == 0
    work(house, postman)
    assert house.sink.mails == []
    later(seconds=75)
    work(house, postman)
    assert len(house.sink.mails) == 1
    assert outbox_states(house) == {"sent": 1}
    assert slots(house) == 1


def test_trouble_with_one_mail_does_not_keep_the_others(house: House) -> None:
    people = sign_people(house, 6)
    house.sink.refused[people[0]] = GREYLISTED
    house.sink.refused[people[3]] = NO_SUCH_USER
    house.deliver()
    assert outbox_states(house) == {"sent": 4, "refused": 1, "ready": 1}


def test_a_server_that_says_421_in_the_middle_gets_every_mail_later(
    house: House, hire: Hire
) -> None:
    people = sign_people(house, 4)
    postman = hire(MAIL_RETRY="60")
    house.sink.script.append(RATE_LIMITED)
    work(house, postman)
    later(minutes=2)
    repaired(house, postman)
    later(minutes=4)
    repaired(house, postman)
    assert sorted(mail.recipients[0] for mail in house.sink.mails) == people
    assert outbox_states(house) == {"sent": 4}


@pytest.mark.parametrize(
    ("fault", "copies"),
    [(DROP_IN_DATA, 1), (DROP_AFTER_DOT, 2), (HANG_AFTER_DOT, 2)],
    ids=["in the data", "after the dot", "silence after the dot"],
)
def test_a_drop_costs_at_most_one_copy_and_that_one_is_the_same_mail(
    house: House, hire: Hire, fault: Behaviour, copies: int
) -> None:
    house.sign()
    postman = hire(MAIL_RETRY="60", MAIL_TIMEOUT="0.5")
    house.sink.script.append(fault)
    work(house, postman)
    assert (row(house).state, row(house).attempts) == ("ready", 1)
    assert slots(house) == 1
    later(minutes=2)
    work(house, postman)
    mails = house.sink.mails
    assert len(mails) == copies
    assert len({mail.message["Message-ID"] for mail in mails}) == 1
    assert len({link(mail, "confirm") for mail in mails}) == 1
    assert outbox_states(house) == {"sent": 1}
    assert slots(house) == 2
    later(days=1)
    work(house, postman)
    assert len(house.sink.mails) == copies


def test_after_a_drop_the_next_mail_of_the_batch_finds_a_new_connection(
    house: House, hire: Hire
) -> None:
    sign_people(house, 4)
    house.sink.script.append(DROP_IN_DATA)
    work(house, hire(MAIL_RETRY="60"))
    assert outbox_states(house) == {"sent": 3, "ready": 1}
    assert house.sink.connections == 2


def test_what_a_slow_server_keeps_waiting_is_put_back_while_it_is_still_ours(
    house: House, hire: Hire
) -> None:
    postman = hire(MAIL_LEASE="2")
    people = sign_people(house, 4)
    # As many as it takes of a server that was quick until now.
    postman._size = 4
    house.sink.script.append(Behaviour(Step.DOT, wait=1.2))
    assert postman.deliver() == 4
    assert outbox_states(house) == {"sent": 1, "ready": 3}
    assert {n for (n,) in house.ask(select(Outbox.attempts))} == {0, 1}
    # From now on no more are taken in hand than leave within a second.
    assert postman.deliver() == 1
    work(house, postman)
    assert outbox_states(house) == {"sent": 4}
    assert sorted(mail.recipients[0] for mail in house.sink.mails) == people


def test_many_mails_ask_the_database_no_more_often_than_two(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    statements: list[str] = []
    event.listen(
        house.site.database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *_: statements.append(statement),
    )

    def asked(number: int, name: str) -> int:
        for n in range(number):
            house.sign(email=f"{name}{n}@example.org")
        house.postman._size = number
        statements.clear()
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="undersigned.statements"):
            assert house.postman.deliver() == number
        assert len(house.sink.mails) == number
        house.sink.mails.clear()
        return len(statements) + sum(
            record.name == "undersigned.statements" for record in caplog.records
        )

    few = asked(2, "first")
    # The letter itself is looked at anew once a second.
    assert asked(14, "second") <= few + 3


# -- The ceilings hold ------------------------------------------------------------


def test_a_server_that_always_drops_after_the_dot_sends_nobody_more_than_3(
    house: House,
) -> None:
    house.sign()
    house.sink.script.extend([DROP_AFTER_DOT] * 20)
    for hour in range(0, 7 * 24, 6):
        later(hours=hour)
        house.deliver()
    assert len(house.sink.mails) == 3
    assert len({mail.message["Message-ID"] for mail in house.sink.mails}) == 1
    assert (row(house).state, row(house).answer) == ("void", "ceiling")


def test_greylisting_does_not_use_the_ceiling_up(house: House) -> None:
    house.sign()
    house.sink.script.extend([GREYLISTED] * 6)
    for hour in range(0, 48, 5):
        later(hours=hour)
        house.deliver()
    assert len(house.sink.mails) == 1
    assert outbox_states(house) == {"sent": 1}
    assert slots(house) == 1


def test_mails_to_one_address_leave_a_minute_apart(house: House) -> None:
    house.sign(name="First")
    house.sign(name="Second")
    house.sign(name="Third", email=FIELDS["email"].upper())
    assert len(house.deliver()) == 1
    # Whoever waits is not told from whoever was sent something.
    assert outbox_states(house) == {"sent": 1, "ready": 2}
    for seconds, mails in [(58, 0), (62, 1), (118, 0), (124, 1)]:
        later(seconds=seconds)
        assert len(house.deliver()) == mails
    assert outbox_states(house) == {"sent": 3}
    assert {n for (n,) in house.ask(select(Outbox.attempts))} == {1}


def test_a_retry_that_meets_the_minute_waits_for_its_turn(
    house: House, hire: Hire
) -> None:
    postman = hire(MAIL_RETRY="15")
    house.sign(name="First")
    house.sink.script.append(GREYLISTED)
    for name, seconds, mails in [
        ("Second", 0, 0),
        ("Second", 1, 1),
        ("Second", 30, 1),
        ("Second", 65, 2),
    ]:
        later(seconds=seconds)
        work(house, postman)
        assert len(house.sink.mails) == mails
        house.sign(name=name)


# -- What nobody waits for is not sent --------------------------------------------


@pytest.mark.parametrize("verb", ["erase", "withdraw"])
@pytest.mark.parametrize("tried", [False, True], ids=["untried", "tried before"])
def test_the_mail_of_a_signature_that_is_gone_is_not_sent(
    house: House, verb: str, tried: bool
) -> None:
    manage = house.confirm()
    if tried:
        house.sink.refused[FIELDS["email"]] = GREYLISTED
        assert house.deliver() == []
        house.sink.refused.clear()
        later(minutes=5)
    answer = house.post(manage, {"action": verb, "sure": "yes"})
    assert answer.status_code == 200
    # Who withdraws is told so, once, and hears no more of having signed.
    told = [mail.message["Subject"] for mail in house.deliver()]
    withdrawn = ["Your signature is withdrawn: Three laws against harmful deepfakes"]
    assert told == (withdrawn if verb == "withdraw" else [])
    states = dict(house.ask(select(Outbox.kind, Outbox.state)))
    assert states["signed"] == "void"
    later(days=1)
    assert house.deliver() == []


def test_a_form_that_was_confirmed_or_has_expired_is_mailed_no_more(
    house: House,
) -> None:
    house.sink.refused["late@example.org"] = GREYLISTED
    inbox = house.sign().headers["Location"]
    path = link(house.deliver()[0], "confirm")
    house.sign(email="late@example.org")
    assert house.deliver() == []
    later(minutes=2)
    house.post(inbox, {"action": "resend"})
    house.post(path, {"action": "confirm"})
    (signed,) = house.deliver()
    assert "/manage/" in signed.text
    house.sink.refused.clear()
    later(days=7, minutes=1)
    assert house.deliver() == []
    states = house.ask(select(Outbox.kind, Outbox.state, Outbox.answer))
    assert sorted((k, s, a) for k, s, a in states) == [
        ("confirm", "sent", "250"),
        ("confirm", "void", "link expired"),
        ("confirm", "void", "link used"),
        ("signed", "sent", "250"),
    ]


def test_a_dead_mail_does_not_stop_the_others(house: House) -> None:
    house.confirm(email="broken@example.org")
    people = sign_people(house, 5)
    ((broken,),) = house.ask(select(Outbox.id).where(Outbox.kind == "signed"))
    with house.writing() as session:
        session.execute(update(Signature).values(address_sealed=b"not sealed by us"))
    assert sorted(mail.recipients[0] for mail in house.deliver()) == people
    assert house.ask(
        select(Outbox.state, Outbox.answer).where(Outbox.id == broken)
    ) == [("dead", "Unopenable")]
    assert house.deliver() == []


def test_no_address_is_in_what_the_outbox_keeps(house: House) -> None:
    people = sign_people(house, 3)
    house.sink.refused[people[0]] = NO_SUCH_USER
    house.sink.refused[people[1]] = GREYLISTED
    house.sink.script.append(DROP_IN_DATA)
    house.deliver()
    kept = "\n".join(map(str, house.ask(select(Outbox.__table__))))
    assert not re.search(r"person|example\.org", kept)
