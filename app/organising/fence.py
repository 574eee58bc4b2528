"""What stands before every organiser route: our own name, our own pages, who it is."""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from flask import Flask, g, request, session
from werkzeug.exceptions import (
    Forbidden,
    MisdirectedRequest,
    RequestEntityTooLarge,
    ServiceUnavailable,
)

from app import db
from app.domain import sessions
from app.gate import DROPPED, OVERRUN
from app.mount import ROOM
from app.site import site

SAFE = ("GET", "HEAD", "OPTIONS")


def check() -> None:
    """Judge the name we are called by and who POSTs, and find who is signed in.

    A cookie rides on these requests, so a POST must say that it comes from a page of
    ours: one with neither Sec-Fetch-Site nor Origin is refused (threats 37).
    """
    config = site().config
    if request.host not in config.hosts:
        raise MisdirectedRequest
    if OVERRUN in request.environ:
        raise ServiceUnavailable(retry_after=5)
    if DROPPED in request.environ:
        raise RequestEntityTooLarge
    if request.method not in SAFE:
        _check_origin(config.origins)
    _find_person()


def may_upload(app: Flask, environ: WSGIEnvironment) -> bool:
    """Whether a request bears a session that we gave to somebody who signed in.

    Asked before its body is read, and of the cookie's signature alone.
    """
    if not environ["PATH_INFO"].startswith(f"{ROOM}/"):
        return False
    kept = app.session_interface.open_session(app, app.request_class(environ))
    return kept is not None and "key" in kept


def _check_origin(origins: frozenset[str]) -> None:
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        if fetch_site != "same-origin":
            raise Forbidden
    elif request.headers.get("Origin") not in origins:
        raise Forbidden


def _find_person() -> None:
    key = session.get("key")
    if key is None:
        # Half-way through a sign-in, or nobody: what Flask-Login holds is not enough.
        for name in ("_user_id", "_fresh", "_id"):
            session.pop(name, None)
        return
    now = db.now()
    slug = (request.view_args or {}).get("slug", "")
    person = sessions.find(site().database, key=str(key), slug=slug, now=now)
    if person is None:
        session.clear()
        return
    g.person = person
    if sessions.is_stale(person, now=now):
        with site().database.transaction() as connection:
            sessions.note(connection, sign_in_id=person.sign_in_id, now=now)
            connection.commit()
