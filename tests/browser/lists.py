"""How each state of the public list, of a line and of the corrections comes about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db, urls
from app.domain import corrections, mailing_moves, mailings, record, tally
from app.models import CorrectionKind, Letter, MailingKind, Signature
from tests.browser import letters
from tests.browser.world import World


def _full(world: World) -> str:
    slug = world.letter("listed")
    world.fill(slug, 130, featured=3)
    return slug


def whole(world: World, who: str, language: str) -> TestResponse:
    """The first page of many."""
    return world.house.fresh(urls.signatories(_full(world), language))


def found(world: World, who: str, language: str) -> TestResponse:
    """Some were found by a word and a sector."""
    path = urls.signatories(_full(world), language)
    return world.house.fresh(f"{path}&q=university&sector=academia")


def missed(world: World, who: str, language: str) -> TestResponse:
    """Nobody was found."""
    return world.house.fresh(f"{urls.signatories(_full(world), language)}&q=nobody")


def empty(world: World, who: str, language: str) -> TestResponse:
    """Nobody has signed."""
    return world.house.fresh(urls.signatories(world.letter("empty"), language))


def deep(world: World, who: str, language: str) -> TestResponse:
    """A page further on, and the last."""
    slug = _full(world)
    public_id = _one(world, slug, verified=False, skip=90)
    return world.house.fresh(f"{urls.signatories(slug, language)}&after={public_id}")


def frozen(world: World, who: str, language: str) -> TestResponse:
    """New names are not shown for the moment."""
    world.fill(world.letter("frozen-list"), 6)
    world.change("frozen-list", frozen_at=db.now() - timedelta(hours=3))
    return world.house.fresh(urls.signatories("frozen-list", language))


def senseless(world: World, who: str, language: str) -> TestResponse:
    """A sector that the letter does not have."""
    return world.house.fresh(f"{urls.signatories(_full(world), language)}&sector=x")


def line(world: World, who: str, language: str) -> TestResponse:
    """One line by itself."""
    slug = _full(world)
    return world.house.fresh(
        urls.signatory(slug, _one(world, slug, verified=False), language)
    )


def line_verified(world: World, who: str, language: str) -> TestResponse:
    """One that the organisers have proved."""
    slug = _full(world)
    return world.house.fresh(
        urls.signatory(slug, _one(world, slug, verified=True), language)
    )


def line_long(world: World, who: str, language: str) -> TestResponse:
    """The longest of names, with a sentence of its own."""
    slug = world.letter(f"long-line-{language}")
    world.used_link(
        who, slug=slug, name=letters.LONGEST_NAME, statement=letters.STATEMENT
    )
    return world.house.fresh(
        urls.signatory(slug, _one(world, slug, verified=False), language)
    )


def pdf_wait(world: World, who: str, language: str) -> TestResponse:
    """The letter to print is asked for, and is being made."""
    return world.house.fresh(urls.pdf(_full(world), language))


def corrected(world: World, who: str, language: str) -> TestResponse:
    """Every kind of correction, more than one page of them."""
    slug = world.letter(f"corrected-{language}")
    with world.house.writing() as session:
        letter_id = session.scalar(select(Letter.id).where(Letter.slug == slug))
        assert letter_id is not None
        for number in range(110):
            kind = list(CorrectionKind)[number % len(CorrectionKind)]
            corrections.add(
                session,
                letter_id=letter_id,
                kind=kind,
                number=number + 1,
                note="One hand had signed for many." if number % 3 == 0 else None,
                now=db.now(),
            )
    return world.house.fresh(urls.corrections(slug, language))


def uncorrected(world: World, who: str, language: str) -> TestResponse:
    """Nothing was corrected so far."""
    return world.house.fresh(urls.corrections(world.letter("empty"), language))


def updates(world: World, who: str, language: str) -> TestResponse:
    """Two updates, one of them in another language than the page."""
    slug = world.letter(f"updates-{language}")
    said = (
        "She **listened**.\n\n## What comes next\n\n- [A vote](https://x.test/)\n- More"
    )
    both = {code: ("We met the minister", said) for code in ("en", "de", "fr")}
    with world.house.writing() as session:
        letter_id = session.scalar(select(Letter.id).where(Letter.slug == slug))
        assert letter_id is not None
        for texts in ({"en": ("The first week", "Many of you *signed*.")}, both):
            which: dict[str, Any] = {
                "letter_id": letter_id,
                "actor": record.SYSTEM,
                "now": db.now(),
            }
            public_id = mailings.create(session, kind=MailingKind.UPDATE, **which)
            mailings.save(session, public_id=public_id, texts=texts, public=True,
                          **which)  # fmt: skip
            mailing_moves.start(session, public_id=public_id, **which)
    return world.house.fresh(urls.updates(slug, language))


def updates_none(world: World, who: str, language: str) -> TestResponse:
    """Nothing was written so far."""
    return world.house.fresh(urls.updates(world.letter("empty"), language))


def dispute(world: World, who: str, language: str) -> TestResponse:
    """What can be said of a line; an ordinary one stays, whatever is said."""
    slug = _full(world)
    public_id = _one(world, slug, verified=False)
    return world.house.get(urls.dispute(slug, public_id, language))


def dispute_gone(world: World, who: str, language: str) -> TestResponse:
    """The line is not public (any more)."""
    return world.house.get(urls.dispute(_full(world), "A" * 22, language))


def dispute_errors(world: World, who: str, language: str) -> TestResponse:
    """Everything that can be wrong is wrong."""
    slug = _full(world)
    path = urls.dispute(slug, _one(world, slug, verified=False), language)
    wrong = {"kind": "envy", "words": "x" * 1001, "contact": "nobody@"}
    return world.house.post(path, {"action": "say"} | wrong)


def disputed(world: World, who: str, language: str) -> TestResponse:
    """The thanks for it."""
    return world.house.get(urls.disputed(_full(world), language))


def _one(world: World, slug: str, *, verified: bool, skip: int = 0) -> str:
    """The public id of one who is listed, the newest or one before."""
    newest = (
        select(Signature.public_id)
        .join(Letter, Letter.id == Signature.letter_id)
        .where(
            Letter.slug == slug,
            Signature.verified == verified,
            Signature.listed,
            Signature.state == "counted",
        )
        .order_by(Signature.id.desc())
        .offset(skip)
        .limit(1)
    )
    ((public_id,),) = world.house.ask(newest)
    return str(public_id)


def counter(world: World, who: str, language: str) -> TestResponse:
    """For webmasters, with every form of the counter."""
    path = urls.counter(_full(world), language)
    return world.house.fresh(f"{path}&breakdown=yes")


def frame(world: World, who: str, language: str) -> TestResponse:
    """The counter as a frame, with its sectors."""
    return world.house.fresh(f"{urls.embed(_full(world), language)}&breakdown=yes")


def frame_closed(world: World, who: str, language: str) -> TestResponse:
    """A letter that is closed, dark whatever the reader's system says."""
    slug = world.letter("closed-frame")
    world.fill(slug, 3)
    world.change(slug, closes_at=db.now() - timedelta(days=3))
    return world.house.fresh(f"{urls.embed(slug, language)}&theme=dark")


def _closed(world: World) -> str:
    slug = _full(world)
    world.house.fold()
    with world.house.writing() as session:
        tally.close(session, now=db.now() + timedelta(hours=2))
    return slug


def history(world: World, who: str, language: str) -> TestResponse:
    """The number day by day."""
    return world.house.fresh(urls.history(_closed(world), language))


def history_none(world: World, who: str, language: str) -> TestResponse:
    """A letter that has just been published."""
    slug = world.letter("just-out")
    world.change(slug, published_at=db.now())
    return world.house.fresh(urls.history(slug, language))


def quoted(world: World, who: str, language: str) -> TestResponse:
    """The numbers at a full hour, to be cited."""
    slug = _closed(world)
    latest = world.house.fresh(urls.at(slug, "latest", language))
    return world.house.fresh(latest.headers["Location"])
