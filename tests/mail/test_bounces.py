"""Mails that come back: told by the mail server next door, over LMTP (threats 18)."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app import db
from app.domain import outgoing, retention
from app.domain.keyring import Keyring
from app.mail import bounces
from app.mail.verp import Verp
from app.models import (
    Bounce,
    BounceKind,
    Bouncing,
    DeskEntry,
    MailFigure,
    Outbox,
    OutboxKind,
    Record,
    Signature,
)
from app.receiving import LARGEST
from app.worker import Worker
from tests.house import FIELDS, KEYS, House, later, link, settings
from tests.letters import another_letter, outbox_states, rows, sign_letter
from tests.mail.work import row, work
from tests.servers.smtp import Mail
from tests.signing.test_own_line import LINE, change

REPORTS = Path(__file__).parent.parent / "data" / "bounces"
ADDRESS = "b@letters.example.org"
ALICE = FIELDS["email"]
HARD, SOFT, COMPLAINT = BounceKind.HARD, BounceKind.SOFT, BounceKind.COMPLAINT

# What each report says.
SAYS: dict[str, tuple[BounceKind, str] | None] = {
    "postfix": (HARD, "5.1.1"),
    "postfix_delayed": None,
    "postfix_expired": (SOFT, "4.4.1"),
    "full": (SOFT, "5.2.2"),
    "no_domain": (SOFT, "5.4.4"),
    "policy": (SOFT, "5.7.1"),
    "unclear": (SOFT, "4.2.2"),
    "several": (SOFT, "4.2.2"),
    "expanded": None,
    "delivered": None,
    "global": (HARD, "5.1.1"),
    "no_charset": (HARD, "5.1.1"),
    "no_action": (HARD, "5.1.1"),
    "nested": (HARD, "5.1.1"),
    "carried": None,
    "exim": (HARD, "5.1.1"),
    "exim_no_code": (HARD, "5.1.1"),
    "exim_delayed": None,
    "qmail": (HARD, "5.1.1"),
    "sendmail": (HARD, "5.0.0"),
    "exchange": (HARD, "5.1.10"),
    "exchange_words": (HARD, "5.1.1"),
    "outlook_html": (HARD, "5.1.10"),
    "gmail": (HARD, "5.1.1"),
    "gmail_words": (HARD, "5.1.1"),
    "gmail_delayed": None,
    "away": None,
    "left": None,
    "complaint": (COMPLAINT, ""),
    "not_spam": None,
}


def report(name: str, address: str = ADDRESS) -> bytes:
    """A report as it comes to the address that bounces go to."""
    return (
        (REPORTS / f"{name}.eml").read_bytes().replace(b"@@BOUNCE@@", address.encode())
    )


# -- Reading -----------------------------------------------------------------------


def test_every_report_is_in_the_table() -> None:
    assert {path.stem for path in REPORTS.glob("*.eml")} == SAYS.keys()


@pytest.mark.parametrize("name", SAYS)
def test_what_a_report_says(name: str) -> None:
    finding = bounces.read(report(name))
    assert (finding and (finding.kind, finding.status)) == SAYS[name]
    crlf = report(name).replace(b"\n", b"\r\n")
    assert bounces.read(crlf) == finding


_PIECES = [
    re.sub(rb"[\x80-\xff]", b"?", part)
    for path in sorted(REPORTS.glob("*.eml"))
    for part in path.read_bytes().split(b"\n\n")
]


@given(st.one_of(
    st.binary(max_size=2000),
    st.lists(st.sampled_from(_PIECES), max_size=20).map(b"\n\n".join),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=60)), max_size=20)
    .map(b"\n".join),
))  # fmt: skip
def test_no_mail_whatsoever_upsets_the_reader(content: bytes) -> None:
    finding = bounces.read(content)
    assert finding is None or isinstance(finding.kind, BounceKind)


def test_parts_in_parts_without_end_are_no_report() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
        for n in range(5000)
    )
    assert bounces.read(deep + report("postfix")) is None


@given(st.text(max_size=80) | st.from_regex(r"b\+[0-9]{1,20}\.[0-9a-z]{8}@.{1,30}"))
def test_no_address_but_ours_names_a_mail(text: str) -> None:
    verp = Verp(Keyring([KEYS.encode()]), ADDRESS)
    assert verp.read(text) is None


@given(st.integers(1, 2**63 - 1))
def test_our_address_names_its_mail_under_old_keys_as_well(outbox_id: int) -> None:
    old, new = b"an old secret of the house", b"a new secret of the house"
    address = Verp(Keyring([old]), ADDRESS).make(outbox_id)
    local, _, domain = address.partition("@")
    assert len(local) <= 64
    assert domain == "letters.example.org"
    rotated = Verp(Keyring([new, old]), ADDRESS)
    assert rotated.read(address) == rotated.read(address.upper()) == outbox_id
    assert rotated.find(f"Bounces <{address}>, other@example.org") == outbox_id
    assert Verp(Keyring([new]), ADDRESS).read(address) is None
    wrong = "1" if local[-1] != "1" else "2"
    assert rotated.read(f"{local[:-1]}{wrong}@{domain}") is None
    assert rotated.read(address.replace("b+", "c+")) is None


# -- The door ----------------------------------------------------------------------


@dataclass(frozen=True)
class Office:
    """A worker with its door for reports."""

    house: House
    worker: Worker
    port: int

    def deliver(self) -> list[Mail]:
        """Let the worker send all that is due; the mails that came of it."""
        before = len(self.house.sink.mails)
        work(self.house, self.worker.postman)
        return list(self.house.sink.mails[before:])

    def lmtp(self) -> smtplib.LMTP:
        """A connection as Postfix makes it."""
        return smtplib.LMTP("127.0.0.1", self.port)

    def comes(self, name: str, mail: Mail | str) -> None:
        """The report comes to the envelope sender of a mail."""
        to = mail if isinstance(mail, str) else mail.sender
        with self.lmtp() as client:
            client.sendmail("", [to], report(name, to))

    def bounces(self) -> list[Any]:
        """What is kept of reports."""
        return self.house.ask(select(Bounce.kind, Bounce.status).order_by(Bounce.at))


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def office(house: House, database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The house's worker, with its door open."""
    port = free_port()
    config = settings(database_url, tmp_path, MAIL_PORT=str(house.sink.port),
                      MAIL_BOUNCES=ADDRESS, MAIL_BOUNCES_PORT=str(port))  # fmt: skip
    worker = Worker(config, house.site.database)
    assert worker.receiver is not None
    worker.receiver.start()
    until = monotonic() + 10
    while monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            sleep(0.02)
    yield Office(house, worker, port)
    worker.receiver.stop()
    worker.postman.close()


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
    # Whoever waits is told at once, and nobody is told why.
    assert "The address was refused" in house.get(inbox).text


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


# -- Signatures --------------------------------------------------------------------


def confirmed(office: Office, **fields: str) -> Mail:
    """Somebody signs and confirms; the mail that they get then."""
    office.house.sign(**fields)
    (mail,) = office.deliver()
    path = link(mail, "confirm")
    assert office.house.post(path, {"action": "confirm"}).status_code == 200
    later(minutes=2)
    (signed,) = office.deliver()
    return signed


def again(office: Office, kind: OutboxKind = OutboxKind.SIGNED) -> list[Mail]:
    """Ask for one more mail to the newest signature."""
    now = db.now()
    with office.house.writing() as session:
        signature_id = session.scalar(select(func.max(Signature.id)))
        outgoing.ask_anew(session, kind=kind, signature_id=signature_id, due_at=now,
                          now=now)  # fmt: skip
    return office.deliver()


def bouncing(office: Office) -> list[Any]:
    """The signatures whose address takes nothing any more."""
    return office.house.ask(select(Bouncing.signature_id, Bouncing.status))


def test_a_signature_whose_mail_comes_back_is_marked_and_counts_on(
    office: Office,
) -> None:
    house = office.house
    office.comes("postfix", confirmed(office))
    ((signature_id, status),) = bouncing(office)
    assert (signature_id, status) == (house.signatures()[-1].id, "5.1.1")
    assert house.signatures()[-1].state == "counted"
    # It is written to no more.
    assert again(office, OutboxKind.RELEASED) == []
    assert row(house).answer == "came back before"


def test_its_owner_may_say_that_the_mailbox_works_again(office: Office) -> None:
    house = office.house
    signed = confirmed(office)
    manage = link(signed, "manage")
    assert "Write to me again" not in house.get(manage).text
    office.comes("postfix", signed)
    assert "Write to me again" in house.get(manage).text
    assert len(bouncing(office)) == 1, "to look changes nothing"
    for _ in range(2):
        again_ = house.post(manage, {"action": "write_again"})
        assert again_.status_code == 303
    assert bouncing(office) == []
    assert "Write to me again" not in house.get(manage).text
    assert [mail.recipients for mail in again(office)] == [(ALICE,)]


def test_a_letter_may_hold_them(office: Office) -> None:
    house = office.house
    house.set_letter(bounce_policy="hold")
    before = house.numbers()
    signed = confirmed(office)
    for _ in range(2):
        office.comes("postfix", signed)
    signature = house.signatures()[-1]
    assert (signature.state, signature.hold_reasons) == ("held", "bounced")
    assert house.numbers() == before
    house.check()


def test_its_owner_lifts_the_hold_and_a_mailbox_that_fails_still_sets_it_anew(
    office: Office,
) -> None:
    house = office.house
    house.set_letter(bounce_policy="hold")
    before = house.numbers()["confirmed"]
    signed = confirmed(office)
    manage = link(signed, "manage")
    office.comes("postfix", signed)
    assert house.signatures()[-1].state == "held"
    assert "counts again at once" in house.get(manage).text
    for _ in range(2):
        assert house.post(manage, {"action": "write_again"}).status_code == 303
    row_ = house.signatures()[-1]
    assert (row_.state, row_.hold_reasons) == ("counted", None)
    assert house.numbers()["confirmed"] == before + 1
    assert "It is confirmed and counts" in house.get(manage).text
    lines = select(Record.verb, Record.actor).where(Record.subject == row_.public_id)
    assert [tuple(line) for line in house.ask(lines.order_by(Record.id))][-3:] == [
        ("hold", "system"), ("release", "signatory"), ("write_again", "signatory")
    ]  # fmt: skip
    house.check()
    # The mail that tells of it proves the word, or not.
    (told,) = office.deliver()
    assert told.recipients == (ALICE,)
    office.comes("postfix", told)
    assert house.signatures()[-1].state == "held"
    assert house.numbers()["confirmed"] == before
    house.check()


def test_the_owner_lifts_no_hold_that_stands_for_another_reason(
    office: Office,
) -> None:
    house = office.house
    house.set_letter(bounce_policy="hold")
    signed = confirmed(office)
    manage = link(signed, "manage")
    office.comes("postfix", signed)
    fields = LINE | {"public_figure": "yes"}
    change(house, manage, **fields)
    assert house.signatures()[-1].hold_reasons == "public_figure bounced"
    assert "counts again at once" not in house.get(manage).text
    house.post(manage, {"action": "write_again"})
    held = house.signatures()[-1]
    assert (held.state, held.hold_reasons) == ("held", "public_figure")
    piles = select(DeskEntry.pile).where(DeskEntry.signature_id == held.id)
    assert {pile for (pile,) in house.ask(piles)} == {"waiting", "public_figure"}
    assert bouncing(office) == []
    # It is written to again, and nobody is told that it counts.
    assert office.deliver() != []
    assert all("counts now" not in mail.text for mail in house.sink.mails)
    house.check()


def test_the_confirmation_of_one_who_confirmed_has_arrived(office: Office) -> None:
    office.house.sign()
    (mail,) = office.deliver()
    office.house.post(link(mail, "confirm"), {"action": "confirm"})
    office.comes("postfix", mail)
    assert bouncing(office) == []
    later(minutes=2)
    assert len(office.deliver()) == 1


def test_the_fifth_time_that_a_mail_is_given_up_is_as_good_as_a_refusal(
    office: Office,
) -> None:
    mail = confirmed(office)
    for number in range(1, 6):
        assert bouncing(office) == []
        office.comes("full" if number % 2 else "postfix_expired", mail)
        if number < 5:
            later(minutes=2 + number)
            (mail,) = again(office)
    assert [one.kind for one in office.bounces()] == ["soft"] * 5
    assert len(bouncing(office)) == 1


def test_a_complaint_ends_the_news_and_is_told_in_numbers(office: Office) -> None:
    house = office.house
    signed = confirmed(office, wants_updates="yes")
    assert house.signatures()[-1].wants_updates
    office.comes("complaint", signed)
    signature = house.signatures()[-1]
    assert (signature.state, signature.wants_updates) == ("counted", False)
    assert bouncing(office) == []
    complained = select(func.sum(MailFigure.complained), func.sum(MailFigure.came_back))
    assert house.ask(complained) == [(1, 0)]
    # What others can cause is not sent either, and looks like any other answer.
    inbox = house.sign(name="Somebody Else").headers["Location"]
    later(minutes=5)
    assert office.deliver() == []
    assert "The address was refused" not in house.get(inbox).text
    # What the person must know is.
    assert len(again(office)) == 1


def test_a_complaint_about_what_others_caused_ends_the_news_as_well(
    office: Office,
) -> None:
    confirmed(office, wants_updates="yes")
    office.house.sign(name="Somebody Else")
    later(minutes=5)
    (mail,) = office.deliver()
    assert "manage" in mail.text
    office.comes("complaint", mail)
    assert not office.house.signatures()[-1].wants_updates


def test_who_is_erased_leaves_no_trace_in_the_reports(office: Office) -> None:
    signed = confirmed(office)
    office.comes("postfix", signed)
    office.house.post(link(signed, "manage"), {"action": "erase", "sure": "yes"})
    assert bouncing(office) == []
    assert office.bounces() == []


def test_reports_go_with_their_mails(office: Office) -> None:
    office.house.sign()
    office.comes("postfix", office.deliver()[0])
    later(days=31)
    with office.house.writing() as session:
        retention.run(session, now=db.now() + timedelta(days=1))
    assert office.bounces() == []
    assert office.house.ask(select(Outbox.id)) == []
