"""What one house hands on to the next: applications, and statements once compiled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from app.site import Site


class _Applications:
    """Applications that stand idle, for the next house with the same settings.

    Making one takes as long as signing and confirming do, and it keeps nothing of its
    house but the site, which the next house brings along.
    """

    def __init__(self) -> None:
        self._idle: dict[Any, list[Flask]] = defaultdict(list)

    def take(self, make: Callable[[Site], Flask], site: Site) -> Flask:
        """An application that nobody else has, wired to `site`."""
        # Of what differs from house to house an application keeps nothing.
        ways = replace(site.config, database_url="", instance=Path(), mail_port=0)
        idle = self._idle[make, ways]
        app = idle.pop() if idle else make(site)
        app.extensions["undersigned"] = site
        app.extensions["idle"] = idle
        return app

    def give_back(self, app: Flask) -> None:
        """Let the next house have it."""
        app.extensions["idle"].append(app)


APPLICATIONS = _Applications()

_COMPILED: dict[str, tuple[Any, Any]] = {}


def share_compiled(site: Site) -> None:
    """Let all engines of a kind have one memory of compiled statements."""
    for engine in (site.database.engine, site.database._readers, site.database._asked):
        kind = engine.dialect.name
        if kind not in _COMPILED:
            # By its first connection a dialect learns whom it speaks with.
            engine.connect().close()
            _COMPILED[kind] = engine.dialect, engine._compiled_cache
        engine.dialect, engine._compiled_cache = _COMPILED[kind]
