"""What every public answer about a letter begins with."""

from __future__ import annotations

from datetime import datetime

from flask import abort, request

from app import db
from app.db import Transaction
from app.domain import letters, listing, moving, tally
from app.domain.letters import Settings
from app.domain.listing import Page, UnknownPlace
from app.domain.versions import Version
from app.publishing import asking
from app.publishing.asking import Question, Senseless
from app.site import site


def visible(session: Transaction, slug: str) -> tuple[Settings, Version]:
    """The letter called `slug`, or 404 where the public must not see one."""
    found = site().shelf.get(session, slug=slug, now=db.now())
    if found is None or not found[1].visible:
        abort(404)
    return found


def numbers(slug: str) -> tuple[Settings, Version, tally.Numbers]:
    """A public letter with its numbers, in one statement; 404 where there is none."""
    found = moving.numbers(site().database, shelf=site().shelf, slug=slug, now=db.now())
    if found is None or not found.version.visible:
        abort(404)
    return found.settings, found.version, found.counted


def all_visible(
    session: Transaction, *, now: datetime
) -> list[tuple[Settings, Version]]:
    """The letters that the public may see, the newest first."""
    found = (
        site().shelf.get(session, slug=slug, now=now) for slug in letters.slugs(session)
    )
    return [one for one in found if one is not None and one[1].visible]


def asked_page(
    session: Transaction, settings: Settings, *, size: int
) -> tuple[Question, Page]:
    """The page of the list that the request's query asks for, or 400 or 404."""
    try:
        question = asking.read(request.args, settings)
    except Senseless:
        abort(400)
    if question.hopeless:
        return question, Page((), None)
    try:
        page = listing.page(session, settings=settings, asked=question.asked, size=size)
    except UnknownPlace:
        abort(404)
    return question, page
