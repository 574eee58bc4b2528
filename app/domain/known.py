"""What the house knows about one signature, for the one screen where it is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app import db
from app.db import Transaction
from app.domain import addresses, disputes, drafts, requests, resting, standing
from app.domain.free_mail import FREE_MAIL
from app.domain.keyring import Keyring
from app.domain.look_alikes import look_alike_key
from app.models import (
    BlockedName,
    DeskMove,
    Letter,
    LetterLanguage,
    Membership,
    Organiser,
    Signature,
    State,
    Verification,
)

# As many namesakes and former moves as fit on the screen.
MOST = 10

# What an address at an institution has around the institution's own name.
_COMMON = frozenset(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "ac",
        "co",
        "the",
        "of",
        "for",
        "and",
        "at",
        "de",
        "la",
        "le",
        "les",
        "des",
        "du",
        "der",
        "die",
        "das",
        "und",
        "et",
        "y",
        "university",
        "universität",
        "universite",
        "universidad",
        "institute",
        "institut",
        "college",
        "school",
        "department",
        "mail",
        "www",
        "cs",
        "student",
        "students",
        "alumni",
    ]
)


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another signature under a name that looks the same."""

    public_id: str
    name: str
    description: str
    state: str
    letter: str


@dataclass(frozen=True, slots=True)
class Known:
    """All that helps to tell whether a signature is from whom it says."""

    row: Any
    look: str
    # The domain alone: nobody at the desk needs the address.
    domain: str | None
    domain_is: str
    here: list[Namesake]
    elsewhere: list[Namesake]
    # How many more there are on letters where this organiser has no part.
    unseen: int
    blocked: bool
    verifications: list[Any]
    requests: list[Any]
    moves: list[Any]
    objections: list[disputes.Shown]
    may_ask: bool
    # Since when, and with which status, mail to the address comes back.
    bouncing: Any | None


def about(
    session: Transaction,
    *,
    keyring: Keyring,
    signature_id: int,
    organiser_id: int,
) -> Known:
    """Gather what is known of a signature; a handful of look-ups, each by an index."""
    row = session.execute(
        select(db.table(Signature)).where(Signature.id == signature_id)
    ).one()
    address = drafts.signature_address(
        session, keyring=keyring, signature_id=signature_id
    )
    domain = addresses.domain_of(address) if address else None
    elsewhere, unseen = _elsewhere(session, row, organiser_id)
    return Known(
        row=row,
        look=standing.look(session, signature_id=signature_id),
        domain=domain,
        domain_is=domain_is(domain, row.affiliation),
        here=_here(session, row),
        elsewhere=elsewhere,
        unseen=unseen,
        blocked=_blocked(session, row),
        verifications=_verifications(session, signature_id),
        requests=requests.history(session, signature_id=signature_id),
        moves=_moves(session, signature_id),
        objections=disputes.of(session, keyring=keyring, signature_id=signature_id),
        may_ask=requests.may_ask(session, signature_id=signature_id),
        bouncing=resting.mark_of(session, signature_id=signature_id),
    )


def domain_is(domain: str | None, affiliation: str | None) -> str:
    """How an address domain and an affiliation go together.

    "none", "free" where anybody gets one, "theirs" where a word or the initials of
    the affiliation stand in the domain, else "other".
    """
    if domain is None:
        return "none"
    if domain in FREE_MAIL:
        return "free"
    labels = set(re.split(r"[.-]", domain)) - _COMMON
    words = re.findall(r"\w+", (affiliation or "").lower())
    plain = {look_alike_key(word) for word in words if word not in _COMMON}
    initials = {
        "".join(word[0] for word in words),
        "".join(word[0] for word in words if word not in {"of", "the", "and", "for"}),
    }
    for label in labels:
        key = look_alike_key(label)
        if key in plain or (len(label) > 2 and label in initials):
            return "theirs"
        if any(len(word) > 3 and word in key for word in plain):
            return "theirs"
    return "other"


_NAMESAKE = (
    Signature.public_id,
    Signature.name,
    Signature.title,
    Signature.affiliation,
    Signature.state,
)


def _namesake(row: Any, letter: str = "") -> Namesake:
    description = ", ".join(part for part in (row.title, row.affiliation) if part)
    return Namesake(row.public_id, row.name or "", description, row.state, letter)


def _here(session: Transaction, row: Any) -> list[Namesake]:
    """Those on the same letter, the withdrawn left out."""
    if row.name_key is None:
        return []
    rows = session.execute(
        select(*_NAMESAKE)
        .where(
            Signature.letter_id == row.letter_id,
            Signature.name_key == row.name_key,
            Signature.id != row.id,
            Signature.state != State.WITHDRAWN.value,
        )
        .order_by(Signature.id.desc())
        .limit(MOST)
    )
    return [_namesake(found) for found in rows]


def _elsewhere(
    session: Transaction, row: Any, organiser_id: int
) -> tuple[list[Namesake], int]:
    """Those on other letters of the house: in full where the organiser has a part."""
    if row.name_key is None:
        return [], 0
    # By the letters' ids, so that each is one look into the index of names.
    others = session.scalars(
        select(Letter.id).where(Letter.id != row.letter_id).order_by(Letter.id.desc())
    ).all()
    own = {
        letter_id: title
        for letter_id, title in session.execute(
            select(Letter.id, LetterLanguage.title)
            .join(Membership, Membership.letter_id == Letter.id)
            .join(
                LetterLanguage,
                (LetterLanguage.letter_id == Letter.id)
                & (LetterLanguage.language == Letter.default_language),
            )
            .where(Membership.organiser_id == organiser_id)
        )
    }
    found = (
        Signature.name_key == row.name_key,
        Signature.state != State.WITHDRAWN.value,
    )
    seen = session.execute(
        select(*_NAMESAKE, Signature.letter_id)
        .where(Signature.letter_id.in_([i for i in others if i in own]), *found)
        .order_by(Signature.id.desc())
        .limit(MOST)
    ).all()
    unseen = session.scalar(
        select(func.count()).where(
            Signature.letter_id.in_([i for i in others if i not in own]), *found
        )
    )
    return [_namesake(found, own[found.letter_id]) for found in seen], unseen or 0


def _blocked(session: Transaction, row: Any) -> bool:
    return row.name_key is not None and (
        session.scalar(
            select(BlockedName.name_key).where(
                BlockedName.letter_id == row.letter_id,
                BlockedName.name_key == row.name_key,
            )
        )
        is not None
    )


def _verifications(session: Transaction, signature_id: int) -> list[Any]:
    """All accounts, newest first, with the names of who gave them."""
    rows = session.execute(
        select(db.table(Verification))
        .where(Verification.signature_id == signature_id)
        .order_by(Verification.id.desc())
        .limit(MOST)
    ).all()
    names = organiser_names(
        session, [actor for row in rows for actor in (row.verified_by, row.second_by)]
    )
    return [
        {
            **row._mapping,
            "by": names.get(row.verified_by, row.verified_by),
            "second": names.get(row.second_by, row.second_by),
        }
        for row in rows
    ]


def organiser_names(
    session: Transaction, actors: list[str | None]
) -> dict[str | None, str]:
    """What the organisers behind these actors are called."""
    ids = {
        int(actor.partition(":")[2])
        for actor in actors
        if actor and actor.startswith("organiser:")
    }
    rows = session.execute(
        select(Organiser.id, Organiser.name, Organiser.email).where(
            Organiser.id.in_(ids)
        )
    )
    return {f"organiser:{row.id}": row.name or row.email for row in rows}


def _moves(session: Transaction, signature_id: int) -> list[Any]:
    """What the desk did to it, newest first."""
    return list(
        session.execute(
            select(DeskMove.verb, DeskMove.at, DeskMove.undone_at, Organiser.name)
            .join(Organiser, Organiser.id == DeskMove.organiser_id)
            .where(DeskMove.signature_id == signature_id)
            .order_by(DeskMove.id.desc())
            .limit(MOST)
        )
    )


def last_move(
    session: Transaction, *, signature_id: int
) -> tuple[str, str, datetime] | None:
    """(name, verb, when) of the newest decision on a signature that stands."""
    row = session.execute(
        select(Organiser.name, DeskMove.verb, DeskMove.at)
        .join(Organiser, Organiser.id == DeskMove.organiser_id)
        .where(DeskMove.signature_id == signature_id, DeskMove.undone_at.is_(None))
        .order_by(DeskMove.id.desc())
        .limit(1)
    ).first()
    return (row.name, row.verb, row.at) if row else None
