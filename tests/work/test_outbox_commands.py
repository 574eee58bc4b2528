"""`flask outbox`, as an operator types it, with a mail server that was out of order."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from sqlalchemy import select, update

from app import db
from app.domain import bounces, record
from app.models import BounceKind, Mailing, Outbox, Reason, Record
from tests.house import House, later, link
from tests.mail.news import readers, send_all, started
from tests.mail.work import row
from tests.servers.behaviours import GREYLISTED, NO_SUCH_USER, Behaviour, Step

ALICE = "alice@example.org"


def flask(house: House, *arguments: str, fine: bool = True) -> Result:
    result = house.app.test_cli_runner().invoke(args=["outbox", *arguments])
    assert (result.exit_code == 0) == fine, result.output
    assert "Traceback" not in result.output
    assert "@example.org" not in result.output
    return result


def signed(house: House) -> str:
    """Somebody has sent the form; the number of their mail."""
    assert house.sign(email=ALICE).status_code == 303
    return str(row(house).id)


def kill(house: House) -> None:
    """Let the newest mail be dead, as one that could not be made."""
    with house.writing() as session:
        session.execute(
            update(Outbox)
            .where(Outbox.id == row(house).id)
            .values(state="dead", answer="ValueError", ended_at=db.now())
        )


def test_a_dead_mail_that_is_retried_arrives(house: House) -> None:
    number = signed(house)
    kill(house)
    assert house.deliver() == []
    seen = flask(house, "list", "--state", "dead").output
    assert seen == f"{number}\tconfirm\tdead\t0 tried\t-\tValueError\n"
    assert flask(house, "retry", number).output == f"mail {number} is due now\n"
    (mail,) = house.deliver()
    house.post(link(mail, "confirm"), {"action": "confirm"})
    assert len(house.signatures()) == 1
    assert json.loads(flask(house, "count").output) == {"ready": 1, "sent": 1}
    refused = flask(house, "retry", number, fine=False).output
    assert refused == f"Error: Not possible: mail {number} is sent.\n"


def test_a_refused_mail_is_shown_without_its_address_and_retried(house: House) -> None:
    said = "550 5.1.1 <alice@example.org>: Recipient address rejected"
    house.sink.script.append(Behaviour(Step.RCPT, said))
    number = signed(house)
    house.deliver()
    shown = flask(house, "show", number).output
    assert "state\trefused\n" in shown
    assert "said\t550 5.1.1 (address) Recipient address rejected\n" in shown
    assert "(address)" in flask(house, "list").output
    flask(house, "retry", number)
    # The ceilings come before it: what an address may have had was a moment ago.
    assert house.deliver() == []
    later(minutes=1)
    assert len(house.deliver()) == 1


def test_a_mail_that_waits_need_not_wait(house: House) -> None:
    house.sink.script.append(GREYLISTED)
    number = signed(house)
    house.postman.deliver()
    with house.writing() as session:
        session.execute(update(Outbox).values(due_at=later(hours=3)))
    later(hours=1)
    assert house.deliver() == []
    assert f"{number}\tconfirm\tready\t1 tried\t" in flask(house, "list").output
    flask(house, "retry", number)
    assert len(house.deliver()) == 1


def test_a_mail_that_is_dropped_is_not_sent_and_the_record_says_why(
    house: House,
) -> None:
    number = signed(house)
    assert "Missing option" in flask(house, "drop", number, fine=False).output
    assert "reason" in flask(house, "drop", number, "--reason", " ", fine=False).output
    dropped = flask(house, "drop", number, "--reason", "Sent by a fault of ours")
    assert dropped.output == f"mail {number} is dropped\n"
    assert house.deliver() == []
    assert (row(house).state, row(house).answer) == ("void", "dropped")
    (line,) = house.ask(select(Record.__table__).where(Record.verb == "mail.drop"))
    assert (line.letter_id, line.actor, line.before) == (1, record.SYSTEM, "ready")
    assert line.subject == row(house).message_id
    reasons = select(Reason.text).where(Reason.record_id == line.id)
    assert [text for (text,) in house.ask(reasons)] == ["Sent by a fault of ours"]
    flask(house, "drop", number, "--reason", "Again", fine=False)
    flask(house, "retry", number, fine=False)


@pytest.mark.parametrize("command", ["show", "retry", "drop"])
def test_a_mail_that_is_not_there_is_said_so(house: House, command: str) -> None:
    more = ["--reason", "None"] if command == "drop" else []
    answer = flask(house, command, "4711", *more, fine=False)
    assert answer.output == "Error: There is no mail 4711.\n"


def test_a_mail_that_is_being_sent_is_left_to_its_worker(house: House) -> None:
    number = signed(house)
    with house.writing() as session:
        session.execute(update(Outbox).values(state="leased", lease_token="x"))
    assert "leased" in flask(house, "retry", number, fine=False).output
    assert "leased" in flask(house, "drop", number, "--reason", "x", fine=False).output


def test_the_figures_of_an_update_follow(house: House) -> None:
    readers(house, 2)
    started(house)
    house.sink.script.append(NO_SUCH_USER)
    send_all(house)

    def figures() -> tuple[int, int, int]:
        ((sent, refused, void),) = house.ask(
            select(Mailing.sent, Mailing.refused, Mailing.void)
        )
        return sent, refused, void

    assert figures() == (1, 1, 0)
    ((number,),) = house.ask(select(Outbox.id).where(Outbox.state == "refused"))
    flask(house, "retry", str(number))
    assert figures() == (1, 0, 0)
    flask(house, "drop", str(number), "--reason", "Nobody there")
    assert figures() == (1, 0, 1)


def test_a_mail_that_came_back_is_retried_and_may_come_back_again(house: House) -> None:
    number = signed(house)

    def come_back() -> bounces.Taken:
        with house.writing() as session:
            return bounces.take(
                session, keyring=house.site.keyring, shelf=house.site.shelf,
                outbox_id=int(number), kind=BounceKind.HARD, status="5.1.1",
                now=db.now(),
            )  # fmt: skip

    assert len(house.deliver()) == 1
    assert come_back() is bounces.Taken.NOTED
    later(minutes=2)
    assert house.sign(email=ALICE, name="Alice Anew").status_code == 303
    assert house.deliver() == [], "the address is left alone"
    # One word of whoever runs the house is enough: the mailbox is there.
    said = flask(house, "retry", number).output
    assert said == f"mail {number} is due now\n1 reports forgotten\n"
    (mail,) = house.deliver()
    assert mail.recipients == (ALICE,)
    # The second report is no repetition of the first.
    assert come_back() is bounces.Taken.NOTED
    assert "came back" in flask(house, "show", number).output
