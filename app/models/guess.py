"""Table of how often passwords and codes were tried of late."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Moment


class Guess(Base):
    """Tries within one stretch of time, of an account, a browser or a network.

    The key stands for one of them on one day (Keyring.guess_key), and says no more.
    """

    __tablename__ = "guess"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    number: Mapped[int]
