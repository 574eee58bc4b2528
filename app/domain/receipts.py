"""Receipts: what the house says of a signature, signed so that anybody can check it.

A receipt is a JSON object of three texts: what is said (itself JSON), the id of the
key, and the Ed25519 signature (RFC 8032) over the UTF-8 bytes of what is said. It has
neither the address nor anything that leads to it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.db import Transaction
from app.domain import listing, signatories, tokens
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.domain.tally import NOT_SAID
from app.domain.views import PublicLine
from app.models import State, TextVersion

KIND = "undersigned-receipt-v1"
# Byte-order mark, word joiner, and the space of no width: none of them is in a receipt.
_INVISIBLE = re.compile("[\ufeff\u2060\u200b]")
_FIELDS = ("statement", "key", "signature")


class Verdict(StrEnum):
    """What can be said of a text that is shown to us as a receipt."""

    GENUINE = "genuine"
    # A key of ours is named, and it did not sign this.
    ALTERED = "altered"
    # No key of this house is named.
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


class Now(StrEnum):
    """How it stands now, as far as the public list shows it."""

    SAME = "same"
    CHANGED = "changed"
    NOT_SHOWN = "not_shown"
    # It never was in the list, or its letter is public no more.
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that was looked at; `said` only if we said it."""

    verdict: Verdict
    said: dict[str, Any] | None = None


def issue(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    row: Any,
    line: PublicLine | None,
    house: str,
    now: datetime,
) -> str:
    """The receipt of a signature that stands, as text.

    `line` is what readers see of it. The receipt of one that waits, or is only
    counted, names nobody: what is not public is not vouched for.
    """
    version = session.execute(
        select(TextVersion.language, TextVersion.number, TextVersion.hash).where(
            TextVersion.id == row.text_version_id
        )
    ).one()
    public = row.state == State.COUNTED and row.listed and line is not None
    said = json.dumps(
        {
            "kind": KIND,
            "house": house,
            "letter": settings.slug,
            "text_hash": version.hash,
            "text_version": version.number,
            "text_language": version.language,
            "signature": row.public_id,
            "state": row.state,
            "confirmed_at": _time(row.confirmed_at),
            "line": _line(line, row) if public and line is not None else None,
            "issued_at": _time(now),
        },
        ensure_ascii=False,
    )
    key, signature = keyring.sign_receipt(said.encode())
    receipt = dict(zip(_FIELDS, (said, key, tokens.encode(signature)), strict=True))
    return json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"


def _line(line: PublicLine, row: Any) -> dict[str, Any]:
    return {
        "name": line.name,
        "title": line.title,
        "affiliation": line.affiliation,
        "identification_only": line.identification_only,
        "sector": row.sector,
        "country": None if row.country == NOT_SAID else row.country,
        "statement": line.statement,
        "verified": line.verified,
    }


def check(text: str, *, keyring: Keyring) -> Checked:
    """Look at what somebody shows us as a receipt; asks nobody and stores nothing.

    What mail programs and editors do to white space is undone: we write single spaces
    alone, and that it is what we signed is told by the signature.
    """
    checked = _look(text, keyring)
    if checked.said is None and (mended := _mended(text)) != text:
        return _look(mended, keyring)
    return checked


def _mended(text: str) -> str:
    """With single spaces in place of no-break ones and of the breaks of long lines."""
    return " ".join(_INVISIBLE.sub("", text).split())


def _look(text: str, keyring: Keyring) -> Checked:
    try:
        receipt = json.loads(text)
        said, key, signature = (receipt[name] for name in _FIELDS)
        message, key = said.encode(), str(key)
        raw = tokens.decode(signature)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError,
            tokens.InvalidToken):  # fmt: skip
        return Checked(Verdict.UNREADABLE)
    if key not in dict(keyring.receipt_keys()):
        return Checked(Verdict.FOREIGN)
    if not keyring.signed_receipt(key, message, raw):
        return Checked(Verdict.ALTERED)
    return Checked(Verdict.GENUINE, json.loads(said))


def stands(session: Transaction, *, settings: Settings, said: dict[str, Any]) -> Now:
    """Whether what a receipt says is still so, by what everybody can read."""
    row = listing.one(session, settings=settings, public_id=said["signature"])
    if said["line"] is None:
        return Now.UNTOLD
    if row is None:
        return Now.NOT_SHOWN
    line = signatories.line(row, settings, settings.default_language)
    return Now.SAME if _line(line, row) == said["line"] else Now.CHANGED


def _time(value: datetime) -> str:
    """A time as RFC 3339 writes it, to the second."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")
