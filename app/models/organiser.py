"""Tables of the people who run letters, and what each may do on which."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment, RowId
from app.models.signature import one_of


class Role(StrEnum):
    """What an organiser may do on one letter, from most to least."""

    OWNER = "owner"
    EDITOR = "editor"
    VERIFIER = "verifier"
    VIEWER = "viewer"


class Organiser(Base):
    """A person who runs letters; known to the record by the address."""

    __tablename__ = "organiser"
    __table_args__ = (CheckConstraint("email = lower(email)", "email"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Membership(Base):
    """An organiser's role on one letter."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint(one_of("role", Role), "role"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id"), primary_key=True
    )
    role: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Moment)
