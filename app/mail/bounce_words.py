"""The words in which mail servers without RFC 3464 say that a mail has come back."""

from __future__ import annotations

import re

# Exim, qmail, Exchange, Gmail, Sendmail and the likes of them, as they begin.
_FAILED = re.compile(
    r"this message was created automatically by mail delivery software"
    r"|this is the qmail-send program"
    r"|i'm afraid i wasn't able to deliver your message"
    r"|did not reach the following recipient"
    r"|delivery has failed to these recipients"
    r"|your message to [^\n]{1,320} couldn'?t be delivered"
    r"|delivery to the following recipients? failed"
    r"|had permanent fatal errors"
    r"|could not be delivered to one or more recipients"
    r"|(?:your )?message (?:could not|couldn't|wasn't able to) be delivered"
    r"|message wasn't delivered to"
    r"|address not found"
    r"|unable to deliver your message",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"has not yet been delivered"
    r"|no action is required on your part"
    r"|warning message only"
    r"|you do not need to resend your message"
    r"|delivery attempts will continue"
    r"|will (?:be retried|retry|keep trying|continue to try)"
    r"|still trying"
    r"|delivery incomplete"
    r"|delivery is delayed|has been delayed",
    re.IGNORECASE,
)
# Where the copy of our own mail begins, which says nothing about its fate.
_COPY = re.compile(
    r"^[ \t>]*(?:-+ ?(?:this is a copy of|below this line is a copy|"
    r"original message|returned message|the header of the original|"
    r"transcript of message)|Original message headers:|Received: from )",
    re.IGNORECASE | re.MULTILINE,
)
_SERVERS = re.compile(
    r"mailer-daemon|postmaster|mail delivery (?:sub)?system|system administrator"
    r"|microsoftexchange[0-9a-f]{6}|mail-daemon|<>",
    re.IGNORECASE,
)
# A reply code of SMTP, where a sentence speaks of one.
_REPLY = re.compile(r"(?<![\d.])([45])(\d)(\d)(?= [^\d\s]|-)")
_FULL = re.compile(r"quota|mailbox (?:is )?full|out of storage", re.IGNORECASE)
_NOBODY = re.compile(
    r"recipient name is not recognized|no such (?:user|mailbox|recipient|person)"
    r"|(?:user|recipient|mailbox) (?:is )?(?:unknown|not found)|unknown user"
    r"|unrouteable address|does(?: not|n't) exist|no mailbox here by that name"
    r"|wasn't found at|couldn't be found|account (?:is )?(?:disabled|inactive)",
    re.IGNORECASE,
)
_FOR_GOOD = re.compile(r"permanent", re.IGNORECASE)


def failed(text: str) -> bool:
    """Whether a server says here that it has given a mail up."""
    return _FAILED.search(text) is not None


def delayed(text: str) -> bool:
    """Whether it says that it goes on trying."""
    return _DELAYED.search(text) is not None


def is_server(sender: str) -> bool:
    """Whether a sender is a mail server and not a person."""
    return _SERVERS.search(sender) is not None


def without_copy(text: str) -> str:
    """What stands before the copy of the mail that came back."""
    found = _COPY.search(text)
    return text[: found.start()] if found else text


def status(text: str) -> str:
    """The status that words come to (RFC 3463); empty where they say none."""
    if _FULL.search(text):
        return "5.2.2"
    if _NOBODY.search(text):
        return "5.1.1"
    reply = _REPLY.search(text)
    if reply:
        return f"{reply[1]}.0.0"
    return "5.0.0" if _FOR_GOOD.search(text) else ""
