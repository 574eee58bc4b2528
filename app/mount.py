"""Two applications under one address: organisers below /organise, the public else."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ROOM = "/organise"


class Mount:
    """The WSGI layer that sends each request to its application."""

    def __init__(self, public: WSGIApplication, organise: WSGIApplication) -> None:
        self._public = public
        self._organise = organise

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == ROOM or path.startswith(f"{ROOM}/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + ROOM
            environ["PATH_INFO"] = path.removeprefix(ROOM) or "/"
            return self._organise(environ, start_response)
        return self._public(environ, start_response)
