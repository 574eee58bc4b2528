"""The SMTP server of the tests misbehaves exactly as told; Python's client sees how."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable

import pytest

from tests.servers import behaviours as faults
from tests.servers.behaviours import Behaviour
from tests.servers.smtp import Sink

MAIL = b"Subject: Hello\r\nTo: alice@example.org\r\n\r\nDear Alice,\r\n..and dots\r\n"


def _send(sink: Sink, to: str = "alice@example.org", timeout: float = 5) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=timeout) as client:
        client.sendmail("bob@example.org", [to], MAIL)


def test_it_records_the_envelope_the_bytes_and_the_message() -> None:
    with Sink() as sink:
        _send(sink)
        [mail] = sink.wait_for(1, to="alice@example.org")
    assert (mail.sender, mail.recipients) == ("bob@example.org", ("alice@example.org",))
    assert mail.content == MAIL
    assert mail.message["Subject"] == "Hello"
    assert mail.text.splitlines() == ["Dear Alice,", "..and dots"]


def test_it_waits_no_longer_than_told_for_a_mail() -> None:
    with Sink() as sink, pytest.raises(TimeoutError, match="0 of 1"):
        sink.wait_for(1, within=0.05)


REFUSALS: list[tuple[Behaviour, type[smtplib.SMTPException], int]] = [
    (faults.BUSY, smtplib.SMTPConnectError, 421),
    (faults.SENDER_REFUSED, smtplib.SMTPSenderRefused, 550),
    (faults.CONTENT_REFUSED, smtplib.SMTPDataError, 554),
]


@pytest.mark.parametrize(("behaviour", "error", "code"), REFUSALS)
def test_it_refuses_once_and_then_takes_the_mail(
    behaviour: Behaviour, error: type[smtplib.SMTPResponseException], code: int
) -> None:
    with Sink(behaviour) as sink:
        with pytest.raises(error) as caught:
            _send(sink)
        assert caught.value.smtp_code == code
        assert sink.mails == []
        _send(sink)
        assert len(sink.wait_for(1)) == 1
        assert sink.connections == 2


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(faults.NO_SUCH_USER, 550), (faults.GREYLISTED, 451), (faults.MAILBOX_FULL, 452)],
)
def test_it_refuses_a_recipient(behaviour: Behaviour, code: int) -> None:
    with Sink(faults.ACCEPT, behaviour) as sink:
        _send(sink)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            _send(sink)
        assert caught.value.recipients["alice@example.org"][0] == code
        assert len(sink.mails) == 1


def test_it_refuses_one_address_for_good() -> None:
    with Sink() as sink:
        sink.refused["gone@example.org"] = faults.NO_SUCH_USER
        for _ in range(2):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                _send(sink, "gone@example.org")
        _send(sink)
        assert len(sink.wait_for(1)) == 1


@pytest.mark.parametrize(
    ("behaviour", "recorded"),
    [(faults.DROP_IN_DATA, 0), (faults.DROP_AFTER_DOT, 1)],
)
def test_it_hangs_up_while_a_mail_comes_in(behaviour: Behaviour, recorded: int) -> None:
    with Sink(behaviour) as sink:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            _send(sink)
        assert len(sink.mails) == recorded
        _send(sink)
        assert len(sink.wait_for(recorded + 1)) == recorded + 1


def test_it_speaks_garbage() -> None:
    with Sink(faults.GARBAGE) as sink, pytest.raises(smtplib.SMTPException):
        _send(sink)


@pytest.mark.parametrize("behaviour", [faults.SILENT, faults.HANG_AFTER_DOT])
def test_it_hangs(behaviour: Behaviour) -> None:
    with (
        Sink(behaviour) as sink,
        pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"),
    ):
        _send(sink, timeout=0.3)


def test_its_banner_comes_late() -> None:
    with Sink(faults.late_banner(0.4)) as sink:
        before = time.monotonic()
        _send(sink)
        assert time.monotonic() - before >= 0.4
        assert len(sink.wait_for(1)) == 1


def test_starttls_is_offered_and_fails_when_told() -> None:
    with (
        Sink(faults.NO_TLS, tls=True) as sink,
        smtplib.SMTP(sink.host, sink.port) as client,
        pytest.raises(smtplib.SMTPResponseException) as caught,
    ):
        client.starttls(context=ssl.create_default_context())
    assert caught.value.smtp_code == 454


def _trusting(sink: Sink) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(sink.authority))


def _strict(_sink: Sink) -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.mark.parametrize(
    ("tls", "context"),
    [("trusted", _strict), (True, _trusting)],
    ids=["unknown authority", "other host"],
)
def test_a_careful_client_rejects_its_certificate(
    tls: bool | str, context: Callable[[Sink], ssl.SSLContext]
) -> None:
    with (
        Sink(tls=tls) as sink,
        smtplib.SMTP("localhost", sink.port) as client,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        client.starttls(context=context(sink))


def test_it_takes_mail_over_tls_with_the_right_password_only() -> None:
    login = ("letters", "s3cret")
    with Sink(faults.WRONG_PASSWORD, tls="trusted", login=login) as sink:
        for password in ("s3cret", "wrong"):
            with smtplib.SMTP("localhost", sink.port) as client:
                client.starttls(context=_trusting(sink))
                with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
                    client.login("letters", password)
                assert caught.value.smtp_code == 535
        with smtplib.SMTP("localhost", sink.port) as client:
            client.starttls(context=_trusting(sink))
            client.login(*login)
            client.sendmail("bob@example.org", ["alice@example.org"], MAIL)
        assert len(sink.wait_for(1)) == 1
