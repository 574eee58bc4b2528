"""Tables of the letter itself: settings, languages, wordings, sectors, collections."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.bounce import BouncePolicy
from app.models.signature import one_of


class Change(StrEnum):
    """What a wording is to those who signed the one before it."""

    # The first in its language: there is nothing that it changes.
    FIRST = "first"
    # Made before the letter was published: nobody had signed.
    DRAFT = "draft"
    # The difference is shown publicly, and every signature stands under it.
    MINOR = "minor"
    # Those who signed an earlier one are asked again: keep or withdraw.
    MATERIAL = "material"


class Letter(Base):
    """A text that people sign, with the settings of its signing."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("country_policy IN ('no','optional','required')", "country"),
        CheckConstraint(
            "headline IN ('confirmed','verified','confirmed_and_collected')", "headline"
        ),
        CheckConstraint(one_of("bounce_policy", BouncePolicy), "bounce_policy"),
        CheckConstraint("slug = lower(slug) AND slug <> ''", "slug"),
        CheckConstraint(
            "closes_at IS NULL OR opens_at IS NULL OR closes_at > opens_at", "closing"
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    default_language: Mapped[str] = mapped_column(String(12))
    organiser: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(254))
    postal: Mapped[str] = mapped_column(String(400))
    accent: Mapped[str] = mapped_column(String(7))
    country_policy: Mapped[str] = mapped_column(String(8))
    allows_statement: Mapped[bool]
    headline: Mapped[str] = mapped_column(String(32))
    # Sectors with fewer signatures are published together; 0: each by itself.
    smallest_cell: Mapped[int] = mapped_column(server_default=text("0"))
    # Whether a signature counts on when its address takes our mails no more.
    bounce_policy: Mapped[str] = mapped_column(String(5), server_default="count")
    is_example: Mapped[bool]
    # A letter without a time of publication is a draft and shows nowhere; one
    # whose time lies ahead is under embargo and shows nowhere either.
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    opens_at: Mapped[datetime | None] = mapped_column(Moment)
    closes_at: Mapped[datetime | None] = mapped_column(Moment)
    paused: Mapped[bool]
    # Whether a verification stands only once a second organiser has agreed to it.
    second_reviewer: Mapped[bool] = mapped_column(server_default=false())
    # Names that came later than this are counted but not shown.
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)
    # Part of the public version: every change of a setting adds one.
    revision: Mapped[int]
    revised_at: Mapped[datetime] = mapped_column(Moment)
    # Before launch organisers may walk the whole way; all of it is wiped at launch.
    rehearsal: Mapped[bool] = mapped_column(server_default=false())
    # When the last rehearsal ended: its last forms may have come a moment later.
    rehearsed_until: Mapped[datetime | None] = mapped_column(Moment)
    # Read only from then on.
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    # What is left of a deleted letter is this row, for the record speaks of it.
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    # When nothing but this row and the record was left of it.
    wiped_at: Mapped[datetime | None] = mapped_column(Moment)
    # Wrapped by the key in the environment; without it no address is found again.
    pepper: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)


class LetterLanguage(Base):
    """What a letter is called in one language."""

    __tablename__ = "letter_language"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    addressee: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(500))


class Logo(Base):
    """The picture of a letter's organiser, made anew from what was uploaded."""

    __tablename__ = "logo"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    # Half a SHA-256 of the content: the name under which browsers may keep it.
    hash: Mapped[str] = mapped_column(String(32))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]


class TextVersion(Base):
    """One published wording of a letter in one language; never changed."""

    __tablename__ = "text_version"
    __table_args__ = (
        UniqueConstraint("letter_id", "language", "number"),
        CheckConstraint(one_of("change", Change), "change"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    language: Mapped[str] = mapped_column(String(12))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    # Rendered and sanitised once, when the version is made.
    html: Mapped[str] = mapped_column(Text)
    # SHA-256 of the source, in hex: what a signature is bound to.
    hash: Mapped[str] = mapped_column(String(64))
    # The value of a Change, as its writer said.
    change: Mapped[str] = mapped_column(String(8), server_default="first")
    # Signatories up to this id were asked again; null where nobody is (still) asked.
    asked_up_to: Mapped[int | None] = mapped_column(RowId)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Sector(Base):
    """One key of a letter's closed list of sectors, with its labels by language.

    A merged key is offered no more; its row stays, so that past hours keep a name.
    """

    __tablename__ = "sector"
    __table_args__ = (
        CheckConstraint("merged_into <> key", "merged_into"),
        CheckConstraint("(merged_into IS NULL) = (merged_at IS NULL)", "merged_at"),
    )

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int]
    labels: Mapped[dict[str, Any]] = mapped_column(JSON)
    merged_into: Mapped[str | None] = mapped_column(String(32))
    merged_at: Mapped[datetime | None] = mapped_column(Moment)
    # Signatures up to this id were recoded; null when that is done.
    recoded_up_to: Mapped[int | None] = mapped_column(RowId)


class Collection(Base):
    """Signatures gathered elsewhere, with the note that says where."""

    __tablename__ = "collection"
    __table_args__ = (
        UniqueConstraint("letter_id", "name"),
        CheckConstraint("without_names >= 0", "without_names"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    # The source in the letter's default language: what a reload knows it by.
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[dict[str, Any]] = mapped_column(JSON)
    # People of whom only the number is known.
    without_names: Mapped[int]
    without_names_sector: Mapped[str] = mapped_column(String(32))
    # Who took it in: never one who then verifies out of it.
    collected_by: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Moment)
