"""What every public answer about a letter begins with."""

from __future__ import annotations

from datetime import datetime

from flask import abort, request

from app import db
from app.db import Transaction
from app.domain import letters, listing, moving, tally
from app.domain.letters import Settings
from app.domain.listing import Beginning, Page
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
    here = site()
    found = moving.numbers(here.database, shelf=here.shelf, slug=slug, now=db.now())
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


def asked_page(slug: str, *, size: int) -> tuple[Beginning, Question, Page]:
    """The page of a letter's list that the request's query asks for, or 400 or 404."""
    here = site()
    begun = listing.begin(
        here.database,
        shelf=here.shelf,
        slug=slug,
        after=asking.after(request.args),
        now=db.now(),
    )
    if begun is None or not begun.version.visible:
        abort(404)
    try:
        question = asking.read(request.args, begun.settings)
    except Senseless:
        abort(400)
    if begun.place is None:
        abort(404)
    if question.hopeless:
        return begun, question, Page((), None)
    page = listing.page(
        here.database,
        settings=begun.settings,
        asked=question.asked,
        place=begun.place,
        size=size,
    )
    return begun, question, page
