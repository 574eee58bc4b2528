"""Who is at the screen, and what they may do on which letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Response, abort, session
from sqlalchemy import bindparam, select

from app import db
from app.domain import record, rights
from app.domain.letters import Settings
from app.domain.rights import Act
from app.models import Membership, Role
from app.site import site


@dataclass(frozen=True, slots=True)
class Here:
    """The organiser and the letter of a request."""

    organiser_id: int
    actor: str
    role: Role
    settings: Settings
    now: datetime


_part = db.table(Membership).c
_ROLE = select(_part.role).where(
    _part.letter_id == bindparam("letter"), _part.organiser_id == bindparam("organiser")
)
View = Callable[..., Response]


def on_letter(act: Act) -> Callable[[View], View]:
    """Let in who may do `act` on the letter in the address.

    404 for a letter that is not theirs, 403 for a role that may not.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def run(slug: str, **rest: Any) -> Response:
            organiser_id = session.get("organiser_id")
            if organiser_id is None:
                abort(401)
            now = db.now()
            with site().database.snapshot() as connection:
                found = site().shelf.get(connection, slug=slug, now=now)
                if found is None:
                    abort(404)
                settings = found[0]
                role = connection.scalar(
                    _ROLE, {"letter": settings.id, "organiser": organiser_id}
                )
            if role is None:
                abort(404)
            if not rights.may(Role(role), act):
                abort(403)
            actor = record.organiser(organiser_id)
            return view(Here(organiser_id, actor, Role(role), settings, now), **rest)

        return run

    return decorate
