"""How a letter's changed words, its private preview and its snapshots come about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db, urls
from app.domain import editing, previews, rehearsal, snapshots, wordings
from app.domain.tokens import Purpose
from app.models import Change, Letter
from tests.browser.world import ORGANISER, World
from tests.house import FIELDS

CHANGED = "We say this now.\n\nAnd we mean it.\n"


def _act(world: World, slug: str, act: Any, **given: Any) -> Any:
    """One act of an organiser on a letter."""
    with world.house.writing() as session:
        letter_id = session.scalars(select(Letter.id).where(Letter.slug == slug)).one()
        return act(session, letter_id=letter_id, actor=ORGANISER, now=db.now(), **given)


def _reword(world: World, slug: str, language: str, change: Change | None) -> None:
    def add(session: Any, *, letter_id: int, actor: str, now: Any) -> None:
        wordings.add(
            session,
            editing.take(session, letter_id=letter_id),
            language=language,
            source=CHANGED,
            change=change,
            actor=actor,
            now=now,
        )

    _act(world, slug, add)
    world.house.site.shelf._seen.clear()


def _token(world: World, slug: str) -> str:
    identifier = _act(world, slug, previews.make, note="For the newsroom")
    world.house.site.shelf._seen.clear()
    return world.house.site.tokens.make(Purpose.PREVIEW, identifier)


def versions(world: World, who: str, language: str) -> TestResponse:
    """The words were changed once, for those who had signed too."""
    slug = world.letter(f"versions-{language}")
    _reword(world, slug, language, Change.MATERIAL)
    return world.house.get(urls.versions(slug, language))


def manage_changed(world: World, who: str, language: str) -> TestResponse:
    """The letter has changed since this person signed."""
    slug = world.letter(f"changed-{language}")
    path = world.manage(who, slug=slug, language=language)
    _reword(world, slug, language, Change.MATERIAL)
    return world.house.get(path)


def preview(world: World, who: str, language: str) -> TestResponse:
    """Under embargo, looked at by a private link."""
    slug = world.letter(f"embargo-{language}", published=db.now() + timedelta(days=1))
    return world.house.get(urls.preview(_token(world, slug), language))


def preview_privacy(world: World, who: str, language: str) -> TestResponse:
    """The privacy notice of a letter under embargo."""
    slug = world.letter(f"quiet-{language}", published=db.now() + timedelta(days=1))
    return world.house.get(urls.preview_privacy(_token(world, slug), language))


def _rehearsed(world: World, language: str) -> tuple[str, str]:
    slug = world.letter(f"rehearsal-{language}", published=None)
    _act(world, slug, rehearsal.begin)
    return slug, _token(world, slug)


def preview_rehearsal(world: World, who: str, language: str) -> TestResponse:
    """Organisers walk the way before anybody else."""
    _slug, token = _rehearsed(world, language)
    return world.house.get(urls.preview(token, language))


def inbox_rehearsal(world: World, who: str, language: str) -> TestResponse:
    """One of them has signed."""
    slug, token = _rehearsed(world, language)
    typed = FIELDS | {"email": f"{who}@example.org", "preview": token}
    answer = world.house.post(urls.sign(slug), typed | {"language": language})
    return world.house.get(answer.headers["Location"])


def snapshot(world: World, who: str, language: str) -> TestResponse:
    """Verified people, as the press may read them."""
    slug = world.letter(f"snapshot-{language}")
    world.fill(slug, 12, featured=4)
    public_id = _act(world, slug, snapshots.take)
    world.house.site.shelf._seen.clear()
    return world.house.get(urls.snapshot(slug, public_id, language))


def snapshot_private(world: World, who: str, language: str) -> TestResponse:
    """Before the embargo has passed, and with nobody verified."""
    slug = world.letter(f"hushed-{language}", published=db.now() + timedelta(days=1))
    public_id = _act(world, slug, snapshots.take)
    return world.house.get(urls.preview_snapshot(_token(world, slug), public_id))
