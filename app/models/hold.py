"""Tables of what decides which confirmed signatures wait for a person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class ClaimPolicy(StrEnum):
    """When a claimed institution and the address must agree, from least to most."""

    OFF = "off"
    # Whoever names an institution of the letter's list writes from its domain.
    LISTED = "listed"
    # That, and whoever claims a high office does not write from a free provider.
    OFFICE = "office"
    # That, and whoever names any affiliation at all does not either.
    AFFILIATION = "affiliation"


class HoldPolicy(Base):
    """A letter's own settings of the hold rules; one without a row has the usual."""

    __tablename__ = "hold_policy"
    __table_args__ = (
        CheckConstraint(one_of("claim", ClaimPolicy), "claim"),
        # The higher the limit, the more of an index is read in the confirm POST.
        CheckConstraint(
            "network_limit IS NULL OR (network_limit >= 1 AND network_limit <= 1000)",
            "network_limit",
        ),
        CheckConstraint(
            "domain_limit IS NULL OR (domain_limit >= 1 AND domain_limit <= 1000)",
            "domain_limit",
        ),
    )

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    watch_list: Mapped[bool]
    rejected_before: Mapped[bool]
    public_figure: Mapped[bool]
    claim: Mapped[str] = mapped_column(String(11))
    # How many an hour are let through from one network, or one address domain.
    network_limit: Mapped[int | None]
    domain_limit: Mapped[int | None]


class Institution(Base):
    """A name that an affiliation may claim, with the domains that its people have."""

    __tablename__ = "institution"
    __table_args__ = (CheckConstraint("name_key <> ''", "name_key"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(400), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    # One or more, with a space between them.
    domains: Mapped[str] = mapped_column(String(1000))


class BlockedName(Base):
    """A key under which a name rejected as fake stays held on this letter.

    `of_key` is the look-alike key of the name itself; the other rows are its further
    spellings, which come and go with it.
    """

    __tablename__ = "blocked_name"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    name_key: Mapped[str] = mapped_column(String(400), primary_key=True)
    of_key: Mapped[str] = mapped_column(String(400), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class WatchName(Base):
    """A name that waits for a person whoever signs with it: famous, or a target.

    Without a letter it stands on the list that all letters share.
    """

    __tablename__ = "watch_name"
    __table_args__ = (
        UniqueConstraint("letter_id", "name_key"),
        # Both databases take nulls for different, so the shared list has its own.
        Index(
            "uq_watch_name_shared",
            "name_key",
            unique=True,
            sqlite_where=text("letter_id IS NULL"),
            postgresql_where=text("letter_id IS NULL"),
        ),
        CheckConstraint("name_key <> ''", "name_key"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    name_key: Mapped[str] = mapped_column(String(400))
    # The name as it was put on the list.
    name: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(Moment)


class WatchKey(Base):
    """One of the keys under which a watched name waits (name_keys.watched)."""

    __tablename__ = "watch_key"
    # All that confirming asks of a watch-list is read along this index.
    __table_args__ = (Index("ix_watch_key_key", "letter_id", "key"),)

    watch_name_id: Mapped[int] = mapped_column(
        ForeignKey("watch_name.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    # The letter of the name, again: one index then knows both.
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
