"""Who may see and do what: the one place where organiser routes are let in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import g, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, NotFound

from app import answers, db, urls
from app.domain import record, rights
from app.domain.letters import Settings
from app.domain.rights import Act
from app.domain.sessions import Person
from app.models import Role
from app.organising.fence import SAFE
from app.organising.hardening import FRESH
from app.site import site

View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class Here:
    """Who acts on which letter, when: what a view hands to the domain."""

    organiser_id: int
    actor: str
    role: Role
    settings: Settings
    now: datetime

    def may(self, act: Act) -> bool:
        """Whether this organiser may do that here as well."""
        return rights.may(self.role, act)


def on_letter(act: Act, *, newest: bool = False) -> Callable[[View], View]:
    """Let a view below /letters/<slug:slug>/ be used by who may do `act` there.

    Nobody signed in is sent to sign in; a letter of others is not found (404), and a
    role that may not is told so (403). The view gets `here` in place of the slug; its
    settings may be a second old, save for a view that is `newest`: one that shows
    what has just been changed.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(*, slug: str, **values: Any) -> ResponseReturnValue:
            person = g.get("person")
            if person is None:
                return _to_sign_in()
            here = _here(person, slug, newest=newest)
            if not rights.may(here.role, act):
                raise Forbidden
            return view(here=here, **values)

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return wrap


def signed_in(view: View) -> View:
    """Let a view be used by whoever is signed in; it gets `person`."""

    @wraps(view)
    def guarded(**values: Any) -> ResponseReturnValue:
        person: Person | None = g.get("person")
        if person is None:
            return _to_sign_in()
        return view(person=person, **values)

    guarded.act = None  # type: ignore[attr-defined]
    return guarded


def open_to_all(view: View) -> View:
    """Mark a view as one that needs no sign-in: what opens it stands in its link."""
    view.act = None  # type: ignore[attr-defined]
    return view


def fresh(view: View) -> View:
    """Ask who has not signed in within the last minutes to prove it again.

    Stands below `on_letter` or `signed_in`: exports, team, keys (threats 44).
    """

    @wraps(view)
    def guarded(**values: Any) -> ResponseReturnValue:
        if not is_fresh():
            # A form that was sent is not sent again by a redirect: its page is shown.
            return answers.see_other(f"{urls.organise('again')}?next={_next()}")
        return view(**values)

    return guarded


def is_fresh() -> bool:
    """Whether who is signed in has proved it within the last minutes."""
    proved = float(session.get("fs_paa", 0))
    # By the clock of the house, which tests move; Flask-Security stamps the machine's.
    return timedelta(seconds=db.now().timestamp() - proved) < FRESH


def _to_sign_in() -> ResponseReturnValue:
    return answers.see_other(f"{urls.organise('sign-in')}?next={_next()}")


def _next() -> str:
    asked = request.full_path.rstrip("?") if request.method in SAFE else request.path
    return quote(f"{request.script_root}{asked}", safe="/")


def _here(person: Person, slug: str, *, newest: bool) -> Here:
    now, database, shelf = db.now(), site().database, site().shelf
    if person.letter_id is None or person.role is None:
        raise NotFound
    settings = None if newest else shelf.recent(slug)
    if settings is None:
        with database.snapshot() as connection:
            found = shelf.get(connection, slug=slug, now=now) if newest else None
            settings = (
                found[0]
                if found
                else shelf.of(connection, letter_id=person.letter_id, now=now)
            )
    return Here(
        organiser_id=person.id,
        actor=record.organiser(person.id),
        role=Role(person.role),
        settings=settings,
        now=now,
    )
