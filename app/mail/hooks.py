"""Read what a mail provider reports by a webhook: Standard Webhooks, and our events.

https://www.standardwebhooks.com: the header webhook-signature holds, with spaces
between them, `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.mail import bounces
from app.mail.verp import Verp
from app.models import BounceKind

# How far the provider's clock may be off, and how late a repeat may come.
TOLERANCE = timedelta(minutes=5)
# Why a report must come again.
IN_HAND = "one of the mails is being handed over right now"
_LONGEST_ID = 200
# The Message-IDs of this house, with brackets or without.
_OURS = re.compile(r"\s*<?([0-9a-f]{32})@")


class Unsigned(Exception):
    """Nobody who knows a secret of ours has sent it, or not just now."""


class BadEvent(ValueError):
    """What was sent is not what is expected; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Event:
    """What became of one mail, which is named by one of two."""

    kind: BounceKind
    status: str
    outbox_id: int | None
    message_id: str | None


def check(
    secrets: Sequence[bytes],
    body: bytes,
    *,
    identifier: str,
    at: str,
    signature: str,
    now: datetime,
) -> None:
    """Raise Unsigned unless `body` was signed with one of `secrets` within minutes.

    `identifier`, `at` and `signature` are the three headers as they came.
    """
    if not identifier or len(identifier) > _LONGEST_ID:
        raise Unsigned("webhook-id is missing")
    if not (at.isascii() and at.isdecimal() and len(at) <= 12):
        raise Unsigned("webhook-timestamp is not a number of seconds")
    if abs(int(at) - now.timestamp()) > TOLERANCE.total_seconds():
        raise Unsigned("webhook-timestamp is more than five minutes away from now")
    signed = f"{identifier}.{at}.".encode() + body
    given = [
        _decoded(part.removeprefix("v1,"))
        for part in signature[:2000].split()
        if part.startswith("v1,")
    ]
    fits = False
    for secret in secrets:
        wanted = hmac.digest(secret, signed, "sha256")
        for one in given:
            fits |= hmac.compare_digest(one, wanted)
    if not fits:
        raise Unsigned("no webhook-signature fits")


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def read(body: bytes, verp: Verp | None) -> list[Event]:
    """The events in a body: {"events": [{"type", "message_id" or "sender", "status"}]}.

    An event that reports no failure is left out. Raises BadEvent.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise BadEvent("the body is not JSON") from None
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise BadEvent("events is not a list")
    found = (_event(number, one, verp) for number, one in enumerate(events))
    return [event for event in found if event is not None]


def _event(number: int, one: Any, verp: Verp | None) -> Event | None:
    where = f"events[{number}]"
    if not isinstance(one, dict):
        raise BadEvent(f"{where} is not an object")
    kind: BounceKind | None = BounceKind.COMPLAINT
    status = ""
    if one.get("type") == "bounce":
        status = str(one.get("status", ""))
        if not bounces.STATUS.fullmatch(status):
            raise BadEvent(f"{where}.status is not a status of RFC 3463, as 5.1.1")
        kind = bounces.kind_of(status)
    elif one.get("type") != "complaint":
        raise BadEvent(f"{where}.type is neither bounce nor complaint")
    sender, message_id = one.get("sender"), one.get("message_id")
    if not (isinstance(sender, str) or isinstance(message_id, str)):
        raise BadEvent(f"{where} names no mail by sender or message_id")
    if kind is None:
        return None
    outbox_id = verp.read(sender) if verp and isinstance(sender, str) else None
    name = None
    if outbox_id is None and isinstance(message_id, str):
        ours = _OURS.match(message_id)
        name = ours[1] if ours else None
    return Event(kind, status, outbox_id, name)
