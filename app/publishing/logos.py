"""The picture of a letter's organiser, under a name that is its own for ever."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from app.domain import logos
from app.site import site

bp = Blueprint("logos", __name__)

# Another picture has another address, so this one may be kept.
_KEPT = "public, max-age=31536000, immutable"


@bp.get("/letters/<slug:slug>/logo/<hash>.png")
def picture(slug: str, hash: str) -> Response:
    """The picture, as PNG."""
    if not (hash.isalnum() and hash.isascii() and len(hash) == 32):
        abort(404)
    with site().database.snapshot() as session:
        content = logos.content(session, slug=slug, hash=hash)
    if content is None:
        abort(404)
    response = Response(content, mimetype="image/png")
    response.headers["Cache-Control"] = _KEPT
    return response
