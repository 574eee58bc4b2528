"""Hand mails to the SMTP server: one kept connection, three kinds of failure."""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast

import flask_mail

from config import Config


class Result(Enum):
    """How one hand-over ended."""

    SENT = auto()
    # This address is refused for good: the mail ends.
    ADDRESS_REFUSED = auto()
    # We are refused, or nobody answers: no mail is to blame, all of them wait.
    HOUSE_REFUSED = auto()
    # Trouble on the way, before the mail can have arrived.
    TROUBLE = auto()
    # Trouble after the mail was handed over: it may have arrived (RFC 1047).
    UNKNOWN = auto()
    # It could not be made: nothing was handed over, and nothing will be.
    UNMADE = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a hand-over with what the server said."""

    result: Result
    text: str


# What is written down of a mail that a server took.
TAKEN = "250"


class _SafeConnection(flask_mail.Connection):
    """Flask-Mail's connection with time-outs, and with certificates verified.

    As it comes it accepts any certificate and waits for ever. Nothing is sent by its
    `send`, which wants a message made anew and asks the resolver for this machine's
    name each time.
    """

    timeout: float = 120

    def configure_host(self) -> smtplib.SMTP:
        """Connect, with STARTTLS or TLS where asked for, and log in."""
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(
                self.mail.server,
                self.mail.port,
                timeout=self.timeout,
                context=ssl.create_default_context(),
            )
        else:
            host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=self.timeout)
        try:
            if self.mail.use_tls:
                # Raises where the server does not offer it: no plain text instead.
                host.starttls(context=ssl.create_default_context())
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host


class Transport:
    """Sends prepared mails over one connection, opened when it is needed."""

    def __init__(self, config: Config) -> None:
        self._mail = flask_mail.Mail().init_mail(
            {
                "MAIL_SERVER": config.mail_server,
                "MAIL_PORT": config.mail_port,
                "MAIL_USERNAME": config.mail_username,
                "MAIL_PASSWORD": config.mail_password,
                "MAIL_USE_TLS": config.mail_security == "starttls",
                "MAIL_USE_SSL": config.mail_security == "tls",
                "MAIL_DEFAULT_SENDER": config.mail_from,
            }
        )
        self._sender = flask_mail.sanitize_address(config.mail_from)
        self._timeout = config.mail_timeout
        self._connection: Any = None

    def send(self, content: bytes, *, to: str, sender: str | None = None) -> Answer:
        """Hand one mail over; never raises for what a server can do to us.

        `sender` is where reports on it go: the envelope's, which no reader sees.
        """
        if self._connection is None:
            try:
                self._open()
            except (OSError, smtplib.SMTPException) as error:
                self.close()
                return Answer(Result.HOUSE_REFUSED, _words(error))
        try:
            self._connection.host.sendmail(sender or self._sender, [to], content)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return self._judged(code, text)
        except smtplib.SMTPSenderRefused as error:
            self.close()
            return Answer(Result.HOUSE_REFUSED, _words(error))
        except smtplib.SMTPDataError as error:
            return self._data_refused(error)
        except smtplib.SMTPNotSupportedError as error:
            return Answer(Result.ADDRESS_REFUSED, _words(error))
        except (OSError, smtplib.SMTPException) as error:
            # The connection broke, and whether before or after the mail was taken
            # is not to be known: a repeat counts as one more mail.
            self.close()
            return Answer(Result.UNKNOWN, _words(error))
        return Answer(Result.SENT, TAKEN)

    def close(self) -> None:
        """End the connection, politely if the server still listens."""
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        try:
            connection.host.quit()
        except (OSError, smtplib.SMTPException):
            connection.host.close()

    def _open(self) -> None:
        connection = _SafeConnection(cast(flask_mail.Mail, self._mail))
        connection.timeout = self._timeout
        connection.host = connection.configure_host()
        self._connection = connection

    def _judged(self, code: int, text: bytes | str) -> Answer:
        """A refusal at RCPT: the address for good, the address for now, or us."""
        words = _said(code, text)
        if code == 421:
            self.close()
        if 500 <= code < 600:
            # X.7.X speaks of policy and standing, which are ours (RFC 3463).
            about_us = re.search(r"\b5\.7\.\d+", words) is not None
            return Answer(
                Result.HOUSE_REFUSED if about_us else Result.ADDRESS_REFUSED, words
            )
        return Answer(Result.TROUBLE, words)

    def _data_refused(self, error: smtplib.SMTPDataError) -> Answer:
        """A refusal after the mail was shown: of the mailbox, of us, or for now."""
        words = _words(error)
        if error.smtp_code == 421:
            self.close()
        if 500 <= error.smtp_code < 600:
            of_mailbox = re.search(r"\b5\.[12]\.\d+", words) is not None
            return Answer(
                Result.ADDRESS_REFUSED if of_mailbox else Result.HOUSE_REFUSED, words
            )
        return Answer(Result.TROUBLE, words)


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {words}".split())[:200]


def _words(error: Exception) -> str:
    """What went wrong in one line, without addresses where we can help it."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
