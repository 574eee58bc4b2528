"""Read what mail servers send back: reports, letters in their own words, complaints.

Pure reading: nothing here knows which mail of ours is meant (the address that the
report came to says so) nor does anything about it. RFC 3464 for reports, RFC 5965 for
complaints. A report counts only where it says that delivery has failed: delays,
confirmations and absence notes do not. Where several are spoken of, the mildest counts,
and what a report quotes is no report of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

from app.mail import bounce_words
from app.models import BounceKind

# So much of a report is read: all of them say what they mean at the beginning.
LONGEST = 128 * 1024
# RFC 3463 section 2, where the second number is never more than 7 and the first one
# says for how long.
STATUS = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?!\.?\d)")
# A full mailbox and a domain that cannot be found today may do so tomorrow.
_SOFT = frozenset({"5.2.2", "5.4.4"})
_UNCLEAR = frozenset({"4.0.0", "5.0.0"})
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "other", "virus"})
_NOT_FAILED = frozenset({"delayed", "delivered", "relayed", "expanded"})
# So many characters of what is written in words.
_LONGEST_WORDS = 20_000
_STYLE = re.compile(r"<style\b[^<]*", re.IGNORECASE)
_EMPTY_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
_MARKUP = re.compile(r"<[^<>]*>")
# How deep parts of parts are looked for.
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report says of the mail it is about."""

    kind: BounceKind
    # RFC 3463; a complaint has none.
    status: str = ""


def kind_of(status: str) -> BounceKind | None:
    """Whether a status ends an address or this one mail; None: it is no failure.

    5.7.x speaks of policy and of our standing, not of the address (RFC 3463, 3.8).
    """
    if status.startswith(("4.", "5.7.")) or status in _SOFT:
        return BounceKind.SOFT
    return BounceKind.HARD if status.startswith("5.") else None


def read(content: bytes) -> Finding | None:
    """What a mail to a bounce address says; None where it reports no failure.

    Never raises: whatever cannot be read reports nothing.
    """
    try:
        message = message_from_bytes(content[:LONGEST])
        parts = list(_parts(message))
        complaint = _complaint(parts)
        if complaint is not None:
            return complaint
        statuses = [part for part in parts if _type(part) == "message/delivery-status"]
        if statuses:
            return _mildest([fields for part in statuses for fields in _blocks(part)])
        return _in_words(message, parts)
    except Exception:  # noqa: BLE001 - anybody may send anything
        return None


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts of a mail, but not those of a mail that it carries with it."""
    yield message
    if message.get_content_maintype() == "multipart" and depth < _DEEPEST:
        inner = message.get_payload()
        for part in inner if isinstance(inner, list) else ():
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)


def _type(part: Message) -> str:
    # Exchange and others write it with a global suffix (RFC 6533).
    kind = part.get_content_type()
    return kind.replace("message/global-delivery-status", "message/delivery-status")


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a status, which stand as mails without a body."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        # Its encoding hid what it is from the parser.
        return _split(_text(part))
    blocks: list[Message] = []
    for block in payload:
        if isinstance(block, Message):
            # Of a type that is not the usual one the parser takes all but the first
            # group for the body of a mail.
            blocks += [block, *_split(_text(block))]
    return blocks


def _split(text: str) -> list[Message]:
    return [message_from_string(group) for group in _EMPTY_LINE.split(text)]


def _field(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


def _mildest(groups: list[Message]) -> Finding | None:
    """What the groups for recipients say together (RFC 3464, section 2.3)."""
    found: list[Finding] = []
    for fields in groups:
        action = _field(fields, "Action").split(" ")[0].lower()
        status = _status_of(fields)
        if action in _NOT_FAILED:
            return None
        kind = kind_of(status) if status else None
        if kind is not None and action in ("failed", ""):
            found.append(Finding(kind, status))
    return min(found, key=lambda one: one.kind is BounceKind.HARD, default=None)


def _status_of(fields: Message) -> str:
    """The status of one recipient; what the other server said where it says more."""
    status = status_in(_field(fields, "Status"))
    if status and status not in _UNCLEAR:
        return status
    return status_in(_field(fields, "Diagnostic-Code")) or status


def status_in(text: str) -> str:
    """The first status (RFC 3463) that stands in what a server said, or nothing."""
    found = STATUS.search(text[:4000])
    return found[1] if found else ""


def _complaint(parts: list[Message]) -> Finding | None:
    """A complaint (RFC 5965); one that a mail was no spam is none."""
    for part in parts:
        if _type(part) == "message/feedback-report":
            for fields in _blocks(part):
                if _field(fields, "Feedback-Type").lower() in _COMPLAINTS:
                    return Finding(BounceKind.COMPLAINT)
    return None


# -- In their own words ------------------------------------------------------------


def _in_words(message: Message, parts: list[Message]) -> Finding | None:
    """What a server without the standard wrote, by the words that it is known for."""
    text = "\n".join(
        _plain(part)
        for part in parts
        if part.get_content_type() in ("text/plain", "text/html")
    )[:_LONGEST_WORDS]
    text = bounce_words.without_copy(text)
    failed = message.get("X-Failed-Recipients") is not None or bounce_words.failed(text)
    if not failed or not _from_a_server(message) or bounce_words.delayed(text):
        return None
    status = status_in(text) or bounce_words.status(text)
    kind = kind_of(status) if status else None
    return Finding(kind, status) if kind is not None else None


def _from_a_server(message: Message) -> bool:
    """Whether a mail server wrote it, and not a person or an answering machine."""
    sender = f"{message.get('From', '')} {message.get('Return-Path', '')}"
    return bounce_words.is_server(sender)


def _plain(part: Message) -> str:
    text = _text(part)[:_LONGEST_WORDS]
    if part.get_content_type() == "text/html":
        text = _MARKUP.sub(" ", _STYLE.sub(" ", text))
    return text


def _text(part: Message) -> str:
    """The text of a part, in whatever character set it is said to be, or is."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
