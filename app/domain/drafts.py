"""A filled-in form and the link to it: what it holds, and what the link still is."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Update, bindparam, select, tuple_, update

from app import db, prepared
from app.db import Transaction
from app.domain.keyring import Keyring
from app.domain.letters import Phase, Settings
from app.domain.shelf import Shelf
from app.models import IS_OPEN, Signature, Submission, SubmissionState
from app.prepared import Statement, Step

# How long a link works; judged by the row, at this house's one clock.
LIFETIME = timedelta(days=7)
# Marks the consent that is asked for on the page behind the link and not on a form.
ASKED = "/asked"
# Who signed before the closing may confirm this long after it.
GRACE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Draft:
    """A filled-in form, cleaned and judged; its address is personal data."""

    email: str
    name: str
    title: str
    affiliation: str
    sector: str
    country: str
    statement: str
    listed: bool
    public_figure: bool
    identification_only: bool
    wants_updates: bool
    may_contact: bool
    language: str
    text_version_id: int
    consent_version: str
    # The invitation whose link the form came through, if it came through one.
    invitation: str = ""

    @property
    def asked(self) -> bool:
        """Whether an import asks them: they saw no form, and gave no consent yet."""
        return self.consent_version.endswith(ASKED)

    def to_bytes(self) -> bytes:
        """The form as canonical JSON in UTF-8."""
        return json.dumps(
            {name: getattr(self, name) for name in _FIELDS},
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Draft:
        """The form that `to_bytes` wrote."""
        return cls(**json.loads(raw))


_FIELDS = tuple(sorted(field.name for field in fields(Draft)))


class LinkState(StrEnum):
    """What a mailed link still is."""

    OPEN = "open"
    USED = "used"
    VOID = "void"
    EXPIRED = "expired"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Opened:
    """A submission as its link finds it; `draft` only while it is open."""

    id: bytes
    settings: Settings
    state: LinkState
    language: str
    draft: Draft | None
    signature_id: int | None
    network_key: bytes | None


_columns = db.table(Submission).c
_asked = db.table(Submission).alias("asked")
_SHOWN = select(
    _columns.id,
    _columns.letter_id,
    _columns.state,
    _columns.language,
    _columns.sealed,
    _columns.expires_at,
    _columns.signature_id,
    _columns.network_key,
)
_BY_ID = _SHOWN.where(_columns.id == bindparam("submission"))
_OPEN = Statement(lambda _: _BY_ID)
# All open forms of a person, locked in one order: whoever confirms two of them at
# once would otherwise hold one each and wait for the other for ever.
_OPEN_LOCKED = Statement(
    lambda _: (
        _SHOWN.where(
            tuple_(_columns.letter_id, _columns.address_key)
            == select(_asked.c.letter_id, _asked.c.address_key)
            .where(_asked.c.id == bindparam("submission"))
            .scalar_subquery(),
            IS_OPEN,
        )
        .order_by(_columns.id)
        .with_for_update()
    )
)
_ENDED_LOCKED = Statement(lambda _: _BY_ID.with_for_update())


class _Row(NamedTuple):
    """What a link leads to, as the driver has it."""

    id: bytes
    letter_id: int
    state: str
    language: str
    sealed: bytes | None
    expires_at: datetime | str
    signature_id: int | None
    network_key: bytes | None


def _rows(session: Transaction, statement: Statement, submission: bytes) -> list[_Row]:
    rows = prepared.run(session, Step(statement, {"submission": submission}))
    return [_Row._make(row) for row in rows]


def sealing_context(identifier: bytes) -> bytes:
    return b"submission:" + identifier


def open_link(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    submission_id: bytes,
    now: datetime,
    lock: bool = False,
) -> Opened | None:
    """What stands behind a mailed link at `now`; None where there is nothing (left).

    `lock` keeps the person's open forms for the rest of the transaction (PostgreSQL;
    SQLite has one writer anyway).
    """
    theirs = _rows(session, _OPEN_LOCKED, submission_id) if lock else []
    row = next((row for row in theirs if row.id == submission_id), None)
    if row is None:
        found = _rows(session, _ENDED_LOCKED if lock else _OPEN, submission_id)
        if not found:
            return None
        row = found[0]
    return _opened(session, row, keyring, shelf, now)


def _opened(
    session: Transaction, row: _Row, keyring: Keyring, shelf: Shelf, now: datetime
) -> Opened:
    settings = shelf.of(session, letter_id=row.letter_id, now=now)
    state = LinkState(row.state)
    if state is LinkState.OPEN and db.moment(row.expires_at) <= now:
        state = LinkState.EXPIRED
    elif state is LinkState.OPEN and not may_confirm(settings, now):
        state = LinkState.CLOSED
    draft = None
    if row.sealed is not None and state is LinkState.OPEN:
        context = sealing_context(row.id)
        draft = Draft.from_bytes(keyring.open(row.sealed, context=context))
    return Opened(
        row.id,
        settings,
        state,
        row.language,
        draft,
        row.signature_id,
        row.network_key,
    )


@dataclass(frozen=True, slots=True)
class Form:
    """A submission that was read with others, not yet opened."""

    row: _Row
    # The public id of the signature that the address has on the letter by now.
    signature: str | None


def forms(
    session: Transaction, *, submission_ids: Collection[bytes]
) -> dict[bytes, Form]:
    """The submissions with these ids, as many as there still are."""
    if not submission_ids:
        return {}
    rows = session.execute(_WITH_SIGNATURE, {"ids": sorted(submission_ids)})
    return {row.id: Form(_Row._make(row[:-1]), row[-1]) for row in rows}


_signature = db.table(Signature).c
_WITH_SIGNATURE = (
    _SHOWN.add_columns(_signature.public_id)
    .join_from(
        db.table(Submission),
        db.table(Signature),
        (_signature.letter_id == _columns.letter_id)
        & (_signature.address_key == _columns.address_key),
        isouter=True,
    )
    .where(_columns.id.in_(bindparam("ids", expanding=True)))
)


def open_form(
    session: Transaction, form: Form, *, keyring: Keyring, shelf: Shelf, now: datetime
) -> Opened:
    """What stands behind the link to a form. Raises Unopenable."""
    return _opened(session, form.row, keyring, shelf, now)


def may_confirm(settings: Settings, now: datetime) -> bool:
    """Whether links of this letter still confirm: until a day after its closing."""
    if not settings.walkable(now):
        return False
    return settings.phase(now - GRACE) is not Phase.CLOSED


def address_context(public_id: str) -> bytes:
    """What the sealed address of a signature is bound to."""
    return b"signature:" + public_id.encode()


def signature_address(
    session: Transaction, *, keyring: Keyring, signature_id: int
) -> str | None:
    """The address of a signature, or None once it is wiped."""
    row = session.execute(
        select(Signature.public_id, Signature.address_sealed).where(
            Signature.id == signature_id
        )
    ).first()
    if row is None:
        return None
    return sealed_address(row.address_sealed, keyring=keyring, public_id=row.public_id)


def sealed_address(
    sealed: bytes | None, *, keyring: Keyring, public_id: str
) -> str | None:
    """The same out of what the row holds. Raises Unopenable."""
    if sealed is None:
        return None
    return keyring.open(sealed, context=address_context(public_id)).decode()


def wipe(state: SubmissionState) -> Update:
    """An UPDATE that ends open submissions and wipes what was typed."""
    return (
        update(Submission)
        .values(
            state=state.value,
            address_key=None,
            content_key=None,
            sealed=None,
            network_key=None,
        )
        .execution_options(synchronize_session=False)
    )
