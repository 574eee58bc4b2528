"""What the SMTP server of the tests can do wrong, each fault with a name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Where a behaviour shows: once a connection, or once a mail."""

    CONNECT = "connect"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


@dataclass(frozen=True)
class Behaviour:
    """What the server does at one step: wait, then answer so, then hang up or not.

    Without an `answer` the step goes on as it should, after the wait.
    """

    step: Step
    answer: str | None = None
    wait: float = 0.0
    hang_up: bool = False


ACCEPT = Behaviour(Step.MAIL)
BUSY = Behaviour(Step.CONNECT, "421 4.3.2 Too busy, come back later", hang_up=True)
GARBAGE = Behaviour(Step.CONNECT, "\x00\x01 garbage \x7f", hang_up=True)
SILENT = Behaviour(Step.CONNECT, wait=3600.0)
NO_TLS = Behaviour(Step.STARTTLS, "454 4.7.0 TLS not available now")
WRONG_PASSWORD = Behaviour(Step.AUTH, "535 5.7.8 Authentication credentials invalid")
SENDER_REFUSED = Behaviour(Step.MAIL, "550 5.7.1 We do not take mail from you")
NO_SUCH_USER = Behaviour(Step.RCPT, "550 5.1.1 No such user here")
MAILBOX_FULL = Behaviour(Step.RCPT, "452 4.2.2 Mailbox full")
GREYLISTED = Behaviour(Step.RCPT, "451 4.7.1 Greylisted, try again later")
DROP_IN_DATA = Behaviour(Step.DATA, hang_up=True)
CONTENT_REFUSED = Behaviour(Step.DOT, "554 5.7.1 Message refused")
# The mail is taken and recorded, but its sender never learns so (RFC 1047).
DROP_AFTER_DOT = Behaviour(Step.DOT, hang_up=True)
HANG_AFTER_DOT = Behaviour(Step.DOT, wait=3600.0)


def late_banner(seconds: float) -> Behaviour:
    """A server that says nothing for a while, and is then as it should be."""
    return Behaviour(Step.CONNECT, wait=seconds)


# Every fault; those that hang up come before those that a new connection meets.
FAULTS = (
    GREYLISTED, DROP_IN_DATA, BUSY, SENDER_REFUSED, GARBAGE, DROP_AFTER_DOT,
    MAILBOX_FULL, HANG_AFTER_DOT, SILENT, CONTENT_REFUSED,
    Behaviour(Step.MAIL, "421 4.7.0 Too many, come back later"), BUSY,
)  # fmt: skip
# After these the mail has arrived, and its sender cannot know.
ARRIVED = {DROP_AFTER_DOT, HANG_AFTER_DOT}
