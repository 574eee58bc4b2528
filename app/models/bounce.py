"""Tables of the mails that came back, and of the complaints about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment
from app.models.signature import one_of


class BounceKind(StrEnum):
    """What was reported of a mail."""

    # The address does not take it, and will not.
    HARD = "hard"
    # It was given up this time: a full mailbox, a server that did not answer.
    SOFT = "soft"
    # Its reader pressed "this is spam".
    COMPLAINT = "complaint"


class BouncePolicy(StrEnum):
    """What becomes of a counted signature whose address takes no mail any more."""

    COUNT = "count"
    HOLD = "hold"


class Bounce(Base):
    """One report of one mail: a second one of the same kind says nothing new.

    It goes when its mail goes from the outbox.
    """

    __tablename__ = "bounce"
    __table_args__ = (
        CheckConstraint(one_of("kind", BounceKind), "kind"),
        Index("ix_bounce_address_key", "address_key", "letter_id"),
    )

    outbox_id: Mapped[int] = mapped_column(
        ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(9), primary_key=True)
    # Which letter's mails to which address it stops; null where nobody is known
    # any more, or where it was no mail to a signatory.
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    address_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    # As RFC 3463 writes it: 5.1.1.
    status: Mapped[str] = mapped_column(String(9))
    at: Mapped[datetime] = mapped_column(Moment)


class Bouncing(Base):
    """A signature whose address takes our mails no more; its letter's team is told."""

    __tablename__ = "bouncing"
    __table_args__ = (Index("ix_bouncing_letter_id", "letter_id", "since"),)

    signature_id: Mapped[int] = mapped_column(
        ForeignKey("signature.id"), primary_key=True
    )
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))
    status: Mapped[str] = mapped_column(String(9))
    since: Mapped[datetime] = mapped_column(Moment)
