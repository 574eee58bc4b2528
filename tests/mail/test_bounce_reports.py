"""Mails that come back: told by the mail server next door, over LMTP (threats 18)."""

from __future__ import annotations

import re
import smtplib
import socket
from contextlib import closing

import pytest
from sqlalchemy import func, select

from app.domain.keyring import Keyring
from app.mail.verp import Verp
from app.models import (
    MailFigure,
)
from app.receiving import LARGEST
from app.worker import Worker
from tests.house import FIELDS, KEYS, later, link
from tests.letters import another_letter, outbox_states, rows, sign_letter
from tests.mail.reports import (
    ADDRESS,
    SAYS,
    Office,
    report,
)
from tests.mail.work import row

ALICE = FIELDS["email"]


def test_the_envelope_names_the_mail_and_the_header_stays(office: Office) -> None:
    house = office.house
    house.sign()
    (mail,) = office.deliver()
    assert re.fullmatch(rf"b\+{row(house).id}\.[0-9a-z]{{8}}@letters\.example\.org",
                        mail.sender)  # fmt: skip
    assert "letters@localhost" in mail.message["From"]
    assert b"b+" not in mail.content.split(b"\r\n\r\n")[0]
    # Without the setting it is as before.
    house.sign(email="bob@example.org", name="Bob")
    (plain,) = house.deliver()
    assert plain.sender == "letters@localhost"


@pytest.mark.parametrize("name", ["postfix", "qmail", "gmail", "nested", "full"])
def test_a_confirmation_that_comes_back_shows_on_its_page(
    office: Office, name: str
) -> None:
    house = office.house
    inbox = house.sign().headers["Location"]
    (mail,) = office.deliver()
    assert "The address was refused" not in house.get(inbox).text
    office.comes(name, mail)
    page = house.get(inbox).text
    assert "The address was refused" in page
    assert "5." not in re.sub(r"<[^>]*>", "", page)
    answer = house.post(inbox, {"action": "address", "email": "alice@example.com"})
    assert answer.status_code == 303
    (other,) = office.deliver()
    assert other.recipients == ("alice@example.com",)
    assert house.post(link(other, "confirm"), {"action": "confirm"}).status_code == 200


@pytest.mark.parametrize("name", [n for n, says in SAYS.items() if says is None])
def test_what_reports_no_failure_changes_nothing(office: Office, name: str) -> None:
    inbox = office.house.sign().headers["Location"]
    (mail,) = office.deliver()
    before = rows(office.house)
    office.comes(name, mail)
    assert rows(office.house) == before
    assert outbox_states(office.house) == {"sent": 1}
    assert "The address was refused" not in office.house.get(inbox).text


def test_row_18_only_the_valid_report_suppresses(office: Office) -> None:
    house = office.house
    house.sign()
    (mail,) = office.deliver()
    local, _, domain = mail.sender.partition("@")
    forged = f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{domain}"
    with office.lmtp() as client:
        client.ehlo()
        for wrong in (forged, f"{local.replace('+', '+9')}@{domain}", ADDRESS,
                      "letters@localhost", "root"):  # fmt: skip
            client.docmd("MAIL", "FROM:<>")
            code, _ = client.rcpt(wrong)
            assert code == 550, wrong
            client.rset()
    assert office.bounces() == []
    large = report("full", mail.sender).replace(
        b"Please press the button", b"A" * 10_000_000
    )
    with office.lmtp() as client:
        client.sendmail("", [mail.sender], large)
        # Soft: nobody is suppressed by it.
        assert [tuple(one) for one in office.bounces()] == [("soft", "5.2.2")]
        with pytest.raises(smtplib.SMTPException):
            client.sendmail("", [mail.sender], b"x" * (LARGEST + 1))
    office.comes("carried", mail)
    house.sign(name="Alice Again")
    later(minutes=2)
    assert len(office.deliver()) == 1
    office.comes("postfix", mail)
    assert [one.kind for one in office.bounces()] == ["soft", "hard"]
    inbox = house.sign(name="Alice Once More").headers["Location"]
    later(minutes=4)
    assert office.deliver() == []
    assert row(house).answer == "came back before"
    # Whoever waits is told at once what there is to do, and nobody is told why.
    page = house.get(inbox).text
    assert "The address was refused" in page
    assert "we write nothing more to an address for a week" in page
    assert 'href="mailto:letter@example.org"' in page
    # Typed once more it is refused once more, and another one is written to.
    for address, mails in ((ALICE, 0), ("alice@example.com", 1)):
        answer = house.post(inbox, {"action": "address", "email": address})
        assert answer.status_code == 303
        inbox = answer.headers["Location"]
        later(minutes=6)
        assert len(office.deliver()) == mails
        assert ("The address was refused" in house.get(inbox).text) == (mails == 0)


def test_row_18_a_report_of_nine_days_later_is_about_something_else(
    office: Office,
) -> None:
    office.house.sign()
    (mail,) = office.deliver()
    later(days=9)
    office.comes("postfix", mail)
    assert office.bounces() == []
    assert outbox_states(office.house) == {"sent": 1}
    # A complaint may come whenever somebody tidies up.
    office.comes("complaint", mail)
    assert [one.kind for one in office.bounces()] == ["complaint"]


def test_another_letter_and_another_address_are_written_to(office: Office) -> None:
    house = office.house
    another_letter(house, "second")
    house.sign()
    office.comes("postfix", office.deliver()[0])
    house.sign(email="bob@example.org", name="Bob")
    sign_letter(house, "second")
    later(minutes=2)
    assert {mail.recipients for mail in office.deliver()} == {
        (ALICE,),
        ("bob@example.org",),
    }


def test_an_address_is_tried_again_after_a_week(office: Office) -> None:
    house = office.house
    house.sign()
    office.comes("postfix", office.deliver()[0])
    later(days=7, minutes=1)
    house.sign(name="Alice Later")
    (mail,) = office.deliver()
    assert mail.recipients == (ALICE,)
    assert house.post(link(mail, "confirm"), {"action": "confirm"}).status_code == 200


def test_a_repeat_says_nothing_new(office: Office) -> None:
    office.house.sign()
    (mail,) = office.deliver()
    for _ in range(3):
        office.comes("postfix", mail)
    with smtplib.SMTP("127.0.0.1", office.port) as client:
        client.sendmail("", [mail.sender] * 2, report("postfix", mail.sender))
    assert [one.kind for one in office.bounces()] == ["hard"]
    figures = select(func.sum(MailFigure.came_back), func.sum(MailFigure.mailed))
    assert office.house.ask(figures) == [(1, 1)]


def test_smtp_is_spoken_as_well(office: Office) -> None:
    office.house.sign()
    (mail,) = office.deliver()
    with smtplib.SMTP("127.0.0.1", office.port) as client:
        client.sendmail("", [mail.sender], report("exim", mail.sender))
    assert [one.kind for one in office.bounces()] == ["hard"]


def test_each_recipient_has_an_answer_of_its_own(office: Office) -> None:
    house = office.house
    house.sign()
    (one,) = office.deliver()
    house.sign(email="bob@example.org", name="Bob")
    waiting = row(house).id
    verp = Verp(Keyring([KEYS.encode()]), ADDRESS)
    with office.lmtp() as client:
        client.ehlo()
        client.docmd("MAIL", "FROM:<>")
        for to in (one.sender, verp.make(waiting), verp.make(999)):
            assert client.rcpt(to)[0] == 250
        client.putcmd("DATA")
        assert client.getreply()[0] == 354
        client.send(
            report("postfix", one.sender).replace(b"\n", b"\r\n") + b"\r\n.\r\n"
        )
        # The second mail has not left yet; the third is gone and forgotten.
        assert [client.getreply()[0] for _ in range(3)] == [250, 451, 250]
    assert [one.kind for one in office.bounces()] == ["hard"]


def test_a_database_that_is_away_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = office.house
    house.sign()
    (mail,) = office.deliver()
    with house.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE outbox RENAME TO outbox_gone")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        office.comes("postfix", mail)
    assert refused.value.smtp_code == 451
    with house.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE outbox_gone RENAME TO outbox")
    office.comes("postfix", mail)
    assert [one.kind for one in office.bounces()] == ["hard"]


def test_garbage_upsets_nobody(office: Office) -> None:
    office.house.sign()
    (mail,) = office.deliver()
    for garbage in (b"\x00\xff\r\n" * 100, b"GET / HTTP/1.1\r\n\r\n", b"A" * 100_000,
                    b"LHLO x\r\nDATA\r\nRCPT TO:<>\r\nMAIL FROM:<\xff>\r\n"):  # fmt: skip
        with closing(socket.create_connection(("127.0.0.1", office.port))) as wire:
            wire.sendall(garbage)
    for content in (b"", b"\x00" * 1000, b"Content-Type: multipart/report\r\n\r\n",
                    b"x" * 200_000, b"\r\n" * 1000):  # fmt: skip
        with office.lmtp() as client:
            client.sendmail("", [mail.sender], content)
    assert office.bounces() == []
    office.comes("postfix", mail)
    assert [one.kind for one in office.bounces()] == ["hard"]


def test_a_second_worker_waits_for_the_port(office: Office) -> None:
    second = Worker(office.worker._config, office.house.site.database)
    assert second.receiver is not None
    second.receiver.start()
    second.receiver.stop()
    office.house.sign()
    office.comes("postfix", office.deliver()[0])
    assert [one.kind for one in office.bounces()] == ["hard"]
