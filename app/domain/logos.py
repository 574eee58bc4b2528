"""The picture of a letter's organiser: taken in as a picture, and made anew from it."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, UnidentifiedImageError
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import editing
from app.domain.editing import WrongValue
from app.models import Letter, Logo

BYTES = 2 * 1024 * 1024
# Of each side, before anything is unpacked: a small file can hold a huge picture.
MOST_PIXELS = 4096
# What is shown fits into half of this, sharp on every screen.
WIDTH, HEIGHT = 480, 128
# No SVG: it can carry scripts and addresses of other sites (threats 50).
_FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True, slots=True)
class Picture:
    """A logo as it is kept: PNG, without anything that the file had beside the picture."""

    content: bytes
    width: int
    height: int

    @property
    def hash(self) -> str:
        """Half of its SHA-256 in hexadecimal: another picture has another address."""
        return hashlib.sha256(self.content).hexdigest()[:32]


def read(content: bytes) -> Picture:
    """The picture in an uploaded file, scaled down and written anew.

    Raises WrongValue for the field "logo": none, too large a file ("heavy"), another
    kind of file ("kind"), too many pixels ("pixels"), a broken one ("broken").
    """
    if not content:
        raise WrongValue("logo", "empty")
    if len(content) > BYTES:
        raise WrongValue("logo", "heavy")
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise WrongValue("logo", "pixels") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, struct.error):
        raise WrongValue("logo", "kind") from None
    if max(image.size) > MOST_PIXELS:
        raise WrongValue("logo", "pixels")
    try:
        plain = image.convert("RGBA")
        plain.thumbnail((WIDTH, HEIGHT))
        written = io.BytesIO()
        plain.save(written, "PNG", optimize=True)
    except (OSError, SyntaxError, ValueError, EOFError, struct.error):
        raise WrongValue("logo", "broken") from None
    return Picture(written.getvalue(), *plain.size)


def put(
    session: Session, *, letter_id: int, picture: Picture, actor: str, now: datetime
) -> None:
    """Show this picture on the letter, in place of a former one. Raises ReadOnly."""
    letter = editing.take(session, letter_id=letter_id)
    former = _forget(session, letter_id)
    session.execute(
        insert(db.table(Logo)),
        {
            "letter_id": letter_id,
            "hash": picture.hash,
            "content": picture.content,
            "width": picture.width,
            "height": picture.height,
        },
    )
    editing.revise(session, letter, verb="letter.logo", actor=actor, now=now,
                   before=former, after=picture.hash)  # fmt: skip


def take_out(session: Session, *, letter_id: int, actor: str, now: datetime) -> None:
    """Show no picture any more; without one it is quiet. Raises ReadOnly."""
    letter = editing.take(session, letter_id=letter_id)
    former = _forget(session, letter_id)
    if former is not None:
        editing.revise(session, letter, verb="letter.logo_out", actor=actor, now=now,
                       before=former)  # fmt: skip


def _forget(session: Session, letter_id: int) -> str | None:
    kept = db.table(Logo)
    former = session.scalar(select(kept.c.hash).where(kept.c.letter_id == letter_id))
    if former is not None:
        session.execute(delete(kept).where(kept.c.letter_id == letter_id))
    return former


def content(session: Transaction, *, slug: str, hash: str) -> bytes | None:
    """The bytes of a letter's picture, if it is the one with this hash."""
    row = session.execute(
        select(Logo.content)
        .join(Letter, Letter.id == Logo.letter_id)
        .where(Letter.slug == slug, Logo.hash == hash)
    ).first()
    return bytes(row.content) if row else None
