"""A letter and its first signatories as a file to print; the worker makes it."""

from __future__ import annotations

import gzip

from flask import Blueprint, Response, request

from app import answers, db
from app.domain import letters, pdfs
from app.publishing import reading
from app.site import site

bp = Blueprint("pdfs", __name__)

# Seconds that making one takes at most, for a worker that has nothing else to make.
_MAKING = 10


@bp.get("/letters/<slug:slug>/letter.pdf")
def file(slug: str) -> Response:
    """The file, if there is one that holds nothing taken back; else 503.

    Whoever asks has the worker make a newer one, where there is something new.
    """
    with site().database.snapshot() as session:
        settings, version = reading.visible(session, slug)
        language = settings.wording(answers.language_asked(settings)).language
        kept = pdfs.kept(session, version=version, language=language)
        content = None
        gzipped = request.accept_encodings.quality("gzip") > 0
        # Each encoding has its own (RFC 9110 section 8.8.3.3).
        etag = f"{kept.hash}-gz" if gzipped else f"{kept.hash}"
        if kept.hash is not None and not request.if_none_match.contains(etag):
            content = pdfs.body(
                session, letter_id=settings.id, language=language, hash=kept.hash
            )
    now, due_at = db.now(), kept.due_at
    if due_at is None:
        wanted = not (kept.hash and kept.newest)
    else:
        # Asked for while there still was one: it may be made sooner now.
        wanted = not (kept.hash or kept.in_hand) and due_at > now + pdfs.SOON
    if wanted:
        with site().database.transaction() as session:
            due_at = pdfs.ask(
                session,
                letter_id=settings.id,
                language=language,
                given_out=kept.hash is not None,
                now=now,
            )
            session.commit()
    if kept.hash is not None:
        response = Response(status=304, mimetype="application/pdf")
        if content is not None:
            response.status_code = 200
            response.set_data(content if gzipped else gzip.decompress(content))
            if gzipped:
                response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Content-Disposition"] = f'inline; filename="{slug}.pdf"'
        response.set_etag(etag)
        answers.not_for_search_engines(response)
        return answers.with_names(response)
    begins = now if due_at is None or kept.in_hand else max(now, due_at)
    wait = round((begins - now).total_seconds()) + _MAKING
    view = letters.view(settings, language=language, now=now)
    response = answers.page(
        "publishing/pdf_wait.html", letter=view, status=503, wait=wait
    )
    response.headers["Retry-After"] = str(wait)
    answers.not_for_search_engines(response)
    return response
