"""The organisers' application of a house: ask its pages, and show them to a browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from typing import Any

from sqlalchemy import select
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from app import create_organise, create_public, db, i18n
from app.domain import versions
from app.front import Front
from app.models import Organiser
from app.site import Site
from tests.house import SLUG, House, settings
from tests.organising.people import Signed, session_of

HERE = f"/organise/letters/{SLUG}"


class Screen:
    """One organiser who has signed in, with their cookie."""

    def __init__(self, house: House, organiser_id: int) -> None:
        self.organiser_id = organiser_id
        found = house.ask(select(Organiser.email).where(Organiser.id == organiser_id))
        self._signed = Signed(house, None, email=found[0][0])

    def get(self, path: str) -> TestResponse:
        """GET below the letter's address."""
        return self._signed.get(path)

    def post(
        self, path: str, fields: Mapping[str, str], *, of: str | None = None
    ) -> TestResponse:
        """POST what a page's form sends: its hidden fields, and what is typed.

        `of` names the page that carries the form, `path` itself if it is None.
        """
        page = self.get(of or path).text
        return self._signed.post(path, hidden(page, fields))

    def _open(self, path: str, *, method: str, data: Mapping[str, str]) -> TestResponse:
        return self._signed.client.open(
            path,
            method=method,
            base_url="http://localhost",
            data=dict(data),
            headers={"Host": "localhost", "Sec-Fetch-Site": "same-origin"},
        )


def hidden(page: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The hidden fields of the form with this action, and what is typed into it."""
    found = {
        name: unescape(value)
        for name, value in re.findall(
            r'type="hidden" name="(csrf_token|seen|pile|mark)" value="([^"]*)"', page
        )
    }
    return found | dict(fields)


@contextmanager
def serving(
    house: House, organisers: Mapping[str, int], **given: str
) -> Iterator[tuple[str, Any]]:
    """Both applications on a port of this machine; its address, and their cookies.

    `given` are settings, as the environment has them.
    """
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    base = f"http://localhost:{server.port}"
    site = Site.open(
        settings(
            house.site.database.url.render_as_string(hide_password=False),
            house.folder,
            BASE_URL=base,
            MAIL_PORT=str(house.sink.port),
            **given,
        )
    )
    organise = create_organise(site)

    def version(slug: str) -> str | None:
        with site.database.snapshot() as session:
            found = versions.version(session, slug=slug, now=db.now())
        return found.key if found is not None and found.visible else None

    server.app = Front(
        DispatcherMiddleware(create_public(site), {"/organise": organise}),
        hosts=site.config.hosts,
        ask_version=version,
        static=i18n.STATIC,
    )
    cookies = {}
    for name, organiser_id in organisers.items():
        cookies[name] = {
            "name": organise.config["SESSION_COOKIE_NAME"],
            "value": session_of(site, organise, organiser_id),
            "url": f"{base}{organise.config['SESSION_COOKIE_PATH']}",
        }
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield base, cookies
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
        site.database.dispose()
