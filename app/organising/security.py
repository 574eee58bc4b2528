"""The wiring of signing in: Flask-Security, its sessions, and its forms' protection."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

from flask import Flask, Response, after_this_request, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import NotFound

from app import db
from app.domain import accounts, factors, record, sessions
from app.organising import guessing, hardening, shell
from app.organising.store import Account, Store
from app.site import site
from config import Config

# Routes of Flask-Security's that the house does not offer: no second factor is
# rescued by mail, and its scripts are not ours.
CLOSED = frozenset({"security.two_factor_rescue", "security.static"})


def install(app: Flask, config: Config) -> None:
    """Hang signing in on the organisers' application."""
    from flask_login import user_logged_out
    from flask_security import Security, user_authenticated
    from flask_security.signals import (
        tf_disabled,
        tf_profile_changed,
        wan_deleted,
        wan_registered,
    )

    app.config.update(hardening.settings(config))
    CSRFProtect(app)
    store = Store(app, _changed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        security = Security(
            app,
            store,
            totp_cls=hardening.OneTimeTotp,
            webauthn_util_cls=hardening.PasskeyUtil,
            render_template=shell.security_page,
        )
    # It would read the whole account at each request, for roles that nobody has here.
    security.principal.identity_loaders.clear()
    user_authenticated.connect(_begin, app)
    user_logged_out.connect(_end, app)
    for signal, verb in (
        (tf_profile_changed, "organiser.factor"),
        (tf_disabled, "organiser.factor_off"),
        (wan_registered, "organiser.passkey"),
        (wan_deleted, "organiser.passkey_off"),
    ):
        # The signals hold their receivers weakly: ours live as long as they do.
        signal.connect(partial(_signalled, verb=verb), app, weak=False)
    app.before_request(_close)
    app.before_request(guessing.check)
    app.after_request(shell.after_security)


def _close() -> None:
    if request.endpoint in CLOSED:
        raise NotFound


def _begin(_: Flask, user: Account, **__: Any) -> None:
    """Begin a session of its own for whoever has proved who they are.

    Everything that the cookie held before is of no use any more (threats 44).
    """
    # Nobody is remembered by a second cookie: sessions are listed, that one is not.
    for name in ("csrf_token", "_remember", "_remember_seconds"):
        session.pop(name, None)
    g.pop("csrf_token", None)
    browser = shell.browser(request.user_agent.string)
    organiser_id, email = user.id, user.email

    @after_this_request
    def begin(response: Response) -> Response:
        # One writer at a time: what signing in has changed is written first.
        current_app.extensions["security"].datastore.commit()
        with site().database.transaction() as connection:
            session["key"] = sessions.begin(
                connection, organiser_id=organiser_id, browser=browser, now=db.now()
            )
            # Whoever gets in has not lost what it takes.
            factors.keep(
                connection,
                organiser_id=organiser_id,
                actor=record.organiser(organiser_id),
                now=db.now(),
            )
            connection.commit()
        guessing.remember(response, email)
        return response


def _signalled(_: Flask, user: Account, *, verb: str, **__: Any) -> None:
    _changed(user, verb)


def _changed(user: Account, verb: str) -> None:
    """Record a changed way to sign in, and tell its owner, once it is written."""
    organiser_id = user.id

    @after_this_request
    def tell(response: Response) -> Response:
        current_app.extensions["security"].datastore.commit()
        with site().database.transaction() as connection:
            accounts.changed(
                connection, organiser_id=organiser_id, verb=verb, now=db.now()
            )
            connection.commit()
        return response


def _end(_: Flask, **__: Any) -> None:
    """End the session in the table too: the cookie may be kept by somebody else."""
    person = g.pop("person", None)

    @after_this_request
    def end(response: Response) -> Response:
        session.clear()
        if person is not None:
            with site().database.transaction() as connection:
                sessions.end(
                    connection,
                    organiser_id=person.id,
                    sign_in_id=person.sign_in_id,
                    now=db.now(),
                )
                connection.commit()
        return response
