"""Tables of the people who run letters: roles, ways to sign in, invitations."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class Role(StrEnum):
    """What an organiser may do on one letter, from most to least."""

    OWNER = "owner"
    EDITOR = "editor"
    VERIFIER = "verifier"
    VIEWER = "viewer"


class LinkPurpose(StrEnum):
    """What a mailed or printed link lets its holder do, once."""

    FIRST = "first"
    RESET = "reset"


def _handle() -> str:
    return secrets.token_hex(32)


class Organiser(Base):
    """A person who runs letters; known to the record by the id.

    The columns below `created_at` are named as Flask-Security asks for them.
    """

    __tablename__ = "organiser"
    __table_args__ = (CheckConstraint("email = lower(email)", "email"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(Moment)
    # argon2id; null until somebody has set one, and for ever with passkeys alone.
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    # What a session names its organiser by; a new one ends every session.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=_handle)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(16))
    # Encrypted by a key that the database does not hold, as are the codes.
    tf_totp_secret: Mapped[str | None] = mapped_column(String(400))
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)
    # The newest time step whose code was used: no code opens twice.
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)


class Membership(Base):
    """An organiser's role on one letter."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), "role"),
        Index("ix_membership_organiser_id", "organiser_id"),
    )

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Passkey(Base):
    """A WebAuthn credential of an organiser, named as Flask-Security asks for it."""

    __tablename__ = "passkey"
    __table_args__ = (Index("ix_passkey_organiser_id", "organiser_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str] | None] = mapped_column(JSON)
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(16))
    lastuse_datetime: Mapped[datetime] = mapped_column(Moment)


class SignIn(Base):
    """One session of an organiser: listed to them, and revocable."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_organiser_id", "organiser_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    # SHA-256 of what the cookie holds: the table opens no session.
    key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    # The browser in a few words, so that its owner knows it again.
    browser: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Invitation(Base):
    """A role on a letter, offered to an address: single use, for 72 hours."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), "role"),
        CheckConstraint("email = lower(email)", "email"),
        CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", "one_end"),
        Index("ix_invitation_letter_id", "letter_id"),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(8))
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("organiser.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class EntryLink(Base):
    """A link that lets an organiser set a new way to sign in, once."""

    __tablename__ = "entry_link"
    __table_args__ = (
        CheckConstraint(one_of("purpose", LinkPurpose), "purpose"),
        Index("ix_entry_link_organiser_id", "organiser_id"),
    )

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id"))
    purpose: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class FactorReset(Base):
    """A lost second factor that an owner resets after a waiting time."""

    __tablename__ = "factor_reset"

    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id"), primary_key=True
    )
    # The letter of the owner who asked, where the record has its line.
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    due_at: Mapped[datetime] = mapped_column(Moment)
