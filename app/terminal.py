"""What the commands share: a transaction, who acts, and refusals as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import lifecycle, organisers, record, verification
from app.models import Letter
from app.site import site


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction that commits at the end, and turns refusals into sentences."""
    try:
        with site().database.writing() as session:
            yield session
            session.commit()
    except lifecycle.NotAllowed as error:
        raise click.ClickException(
            f"Not possible: the signature is {error.met}, and {error.verb.value} "
            "does not apply to that."
        ) from None
    except lifecycle.ReasonMissing:
        raise click.ClickException("A reason is required: --reason '...'") from None
    except verification.EvidenceMissing:
        raise click.ClickException("Evidence is required: --evidence '...'") from None


def letter_id(session: Session, slug: str | None) -> int | None:
    """The letter that is meant; None for all of them."""
    if slug is None:
        return None
    letter_id = session.scalar(select(Letter.id).where(Letter.slug == slug))
    if letter_id is None:
        raise click.ClickException(f"There is no letter {slug}.")
    return letter_id


def actor(session: Session, email: str, letter_id: int | None = None) -> str:
    """The organiser behind an address, who must have a part in the letter."""
    found = organisers.find(session, email=email, letter_id=letter_id)
    if found is None:
        raise click.ClickException(
            f"{email} may not do that: flask organiser add {email} gives a role."
        )
    return record.organiser(found)
