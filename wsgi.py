"""What the server runs: the front layer before the public application."""

from __future__ import annotations

import logging
import os

import config
from app import create_public, db, i18n
from app.domain import letters
from app.front import Front
from app.site import Site

settings = config.load(os.environ)
logging.basicConfig(
    level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
)
site = Site.open(settings)
public = create_public(site)


def _version(slug: str) -> str | None:
    """The public version of a letter as text, asked for by the front layer."""
    with site.database.snapshot() as session:
        version = letters.version(session, slug=slug, now=db.now())
    return version.key if version is not None and version.visible else None


application = Front(
    public,
    hosts=settings.hosts,
    ask_version=_version,
    static=i18n.STATIC,
    memory=settings.memory,
)
