"""What stands before every public route: no session, our own name, our own forms."""

from __future__ import annotations

from flask import Flask, Request, request
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.exceptions import MisdirectedRequest, ServiceUnavailable
from werkzeug.routing import BaseConverter

from app.gate import OVERRUN
from app.signing import guard
from app.site import site


class SessionUsed(RuntimeError):
    """A public route touched the session, which it must never do."""


class _Fence(dict[str, object], SessionMixin):
    """Stands where Flask expects a session, and refuses every use of it."""

    def _refuse(self, *_: object, **__: object) -> None:
        raise SessionUsed("public routes have no session")

    __getitem__ = __setitem__ = __delitem__ = _refuse
    get = pop = setdefault = update = clear = _refuse
    __contains__ = __iter__ = __len__ = _refuse  # type: ignore[assignment]


class NoSessions(SessionInterface):
    """No cookie comes in and none goes out."""

    def open_session(self, app: Flask, request: Request) -> _Fence:
        return _Fence()

    def save_session(self, *_: object) -> None:
        """There is nothing to save."""


class Slug(BaseConverter):
    """The name of a letter in an address: whatever else stands there is not found.

    PostgreSQL refuses some texts altogether, such as those with a NUL in them.
    """

    regex = r"[a-z0-9-]{1,64}"


def check() -> None:
    """What is judged before any route: the name we are called by, and who POSTs."""
    config = site().config
    if request.host not in config.hosts:
        raise MisdirectedRequest
    if OVERRUN in request.environ:
        raise ServiceUnavailable(retry_after=5)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        guard.check_origin(request, config.origins)
