"""The only wiring: which rooms make which application."""

from __future__ import annotations

import logging

from flask import Flask, Request, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import DBAPIError, TimeoutError
from werkzeug.exceptions import HTTPException, MisdirectedRequest

from app import answers, problems
from app.signing import guard
from app.site import Site


class SessionUsed(RuntimeError):
    """A public route touched the session, which it must never do."""


class _Fence(dict[str, object], SessionMixin):
    """Stands where Flask expects a session, and refuses every use of it."""

    def _refuse(self, *_: object, **__: object) -> None:
        raise SessionUsed("public routes have no session")

    __getitem__ = __setitem__ = __delitem__ = _refuse  # type: ignore[assignment]
    get = pop = setdefault = update = clear = _refuse  # type: ignore[assignment]
    __contains__ = __iter__ = __len__ = _refuse  # type: ignore[assignment]


class _NoSessions(SessionInterface):
    """No cookie comes in and none goes out."""

    def open_session(self, app: Flask, request: Request) -> _Fence:
        return _Fence()

    def save_session(self, *_: object) -> None:
        """There is nothing to save."""


def create_public(site: Site) -> Flask:
    """The application for signatories and readers: no session, no cookie."""
    from app import cli, operations
    from app.publishing import api, pages
    from app.signing import confirming, manage, routes

    app = Flask("app", static_folder=None, template_folder=None)
    app.session_interface = _NoSessions()
    app.extensions["undersigned"] = site
    app.url_map.strict_slashes = True
    for blueprint in (routes.bp, confirming.bp, manage.bp, api.bp, pages.bp):
        app.register_blueprint(blueprint)
    app.register_blueprint(operations.bp)
    if site.config.development:
        from app import development

        app.register_blueprint(development.bp)
    app.before_request(_check)
    app.after_request(answers.harden)
    app.register_error_handler(HTTPException, problems.on_http)
    app.register_error_handler(DBAPIError, problems.on_database)
    app.register_error_handler(TimeoutError, problems.on_database)
    app.register_error_handler(Exception, problems.on_fault)
    cli.register(app)
    logging.getLogger("undersigned").setLevel(site.config.log_level)
    return app


def _check() -> None:
    """What is judged before any route: the name we are called by, and who POSTs."""
    from app.site import site

    config = site().config
    if request.host not in config.hosts:
        raise MisdirectedRequest
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        guard.check_origin(request, config.origins)
