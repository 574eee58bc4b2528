"""What the server runs: the front layer before the public application."""

from __future__ import annotations

import logging
import os
from functools import partial

from sqlalchemy.exc import OperationalError, ProgrammingError

import config
from app import create_organise, create_public, db, i18n
from app.domain import versions
from app.front import Front
from app.gate import Gate
from app.mount import Mount
from app.organising.fence import may_upload
from app.site import Site, Unsafe, refuse_unsafe

settings = config.load(os.environ)
logging.basicConfig(
    level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
)
site = Site.open(settings)
try:
    refuse_unsafe(site)
except Unsafe as error:
    raise SystemExit(str(error)) from None
except (OperationalError, ProgrammingError):
    # The database is away or empty: requests say so until it is back.
    logging.getLogger("undersigned").exception("the database is not there")
public = create_public(site)
organise = create_organise(site)


def _version(slug: str) -> str | None:
    """The public version of a letter as text, asked for by the front layer."""
    with site.database.snapshot() as session:
        version = versions.version(session, slug=slug, now=db.now())
    return version.key if version is not None and version.visible else None


application = Front(
    Gate(
        Mount(public, organise),
        hands=settings.web_threads,
        may_upload=partial(may_upload, organise),
    ),
    hosts=settings.hosts,
    ask_version=_version,
    static=i18n.STATIC,
    memory=settings.memory,
)
