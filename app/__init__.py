"""The only wiring: which rooms make which application.

The rooms are imported where they are wired, so that whatever needs none of them (what
starts the processes, the development inbox) is there in a moment.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.site import Site


def create_public(site: Site) -> Flask:
    """The application for signatories and readers: no session, no cookie."""
    from flask import Flask
    from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
    from werkzeug.exceptions import HTTPException
    from werkzeug.middleware.proxy_fix import ProxyFix

    from app import answers, cli, fence, operations, problems, urls
    from app.publishing import (
        api,
        corrections,
        embeds,
        feeds,
        logos,
        oembed,
        openapi,
        pages,
        pdfs,
        quoting,
        signatories,
        snapshots,
        updates,
        wordings,
    )
    from app.signing import (
        confirming,
        correcting,
        disputing,
        hooks,
        inviting,
        lost_link,
        manage,
        own_data,
        previewing,
        receipts,
        routes,
        unsubscribing,
    )

    app = Flask("app", static_folder=None, template_folder=None)
    app.url_map.converters["language"] = urls.LanguageConverter
    app.session_interface = fence.NoSessions()
    app.extensions["undersigned"] = site
    app.url_map.strict_slashes = True
    app.url_map.converters["slug"] = fence.Slug
    for room in (
        routes,
        confirming,
        manage,
        unsubscribing,
        correcting,
        own_data,
        receipts,
        lost_link,
        inviting,
        disputing,
        previewing,
        hooks,
    ):
        app.register_blueprint(room.bp)
    for shown in (
        api,
        pages,
        logos,
        pdfs,
        signatories,
        corrections,
        snapshots,
        wordings,
        updates,
        embeds,
        oembed,
        quoting,
        openapi,
        feeds,
    ):
        app.register_blueprint(shown.bp)
    app.register_blueprint(operations.bp)
    if site.config.development:
        from app import development

        app.register_blueprint(development.bp)
    app.before_request(fence.check)
    app.after_request(answers.harden)
    app.register_error_handler(HTTPException, problems.on_http)
    for away in (OperationalError, InterfaceError, TimeoutError):
        app.register_error_handler(away, problems.on_database)
    app.register_error_handler(Exception, problems.on_fault)
    if site.config.trusted_proxies:
        hops = site.config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    cli.register(app)
    logging.getLogger("undersigned").setLevel(site.config.log_level)
    return app


def create_organise(site: Site) -> Flask:
    """The application for organisers: sessions, sign-in, and every room of theirs."""
    from flask import Flask
    from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
    from werkzeug.exceptions import HTTPException
    from werkzeug.middleware.proxy_fix import ProxyFix

    from app import answers
    from app.fence import Slug
    from app.organising import ROOMS, fence, problems, security

    app = Flask("app", static_folder=None, template_folder=None)
    app.extensions["undersigned"] = site
    app.url_map.strict_slashes = True
    app.url_map.converters["slug"] = Slug
    # A long letter or a watch-list that is typed in; files are not counted here.
    app.config["MAX_FORM_MEMORY_SIZE"] = 2 * 1024 * 1024
    app.before_request(fence.check)
    app.after_request(answers.harden)
    security.install(app, site.config)
    for blueprint in ROOMS:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, problems.on_http)
    for away in (OperationalError, InterfaceError, TimeoutError):
        app.register_error_handler(away, problems.on_database)
    app.register_error_handler(Exception, problems.on_fault)
    if site.config.trusted_proxies:
        hops = site.config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app
