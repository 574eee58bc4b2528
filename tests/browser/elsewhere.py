"""How the pages beside the signatory's way come about, and everything refused."""

from __future__ import annotations

from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app import db, urls
from app.models import SignInvitation
from tests.browser import letters
from tests.browser.world import World
from tests.house import SLUG
from tests.organisers import invitation


def privacy(world: World, who: str, language: str) -> TestResponse:
    """The privacy notice of the letter."""
    return world.house.get(urls.privacy(SLUG, language))


def code(world: World, who: str, language: str) -> TestResponse:
    """The form for the code, by itself."""
    return world.house.get(urls.confirm_code(language))


def _invitation(world: World, who: str, language: str, slug: str = SLUG) -> str:
    """The path of a personal link, as its mail carries it."""
    return invitation(
        world.house,
        slug=slug,
        address=f"{who}@institute.example.org",
        language=language,
    )


def invited(world: World, who: str, language: str) -> TestResponse:
    """The letter and its form, for an address known before."""
    return world.house.get(_invitation(world, who, language))


def invited_errors(world: World, who: str, language: str) -> TestResponse:
    """The same with everything wrong."""
    path = _invitation(world, who, language)
    return world.house.post(path, {"name": "<b>", "sector": "none", "listed": "x"})


def invited_paused(world: World, who: str, language: str) -> TestResponse:
    """Signing is paused meanwhile."""
    slug = world.letter(f"{who}-x")
    path = _invitation(world, who, language, slug)
    world.change(slug, paused=True)
    return world.house.get(path)


def invited_ended(world: World, who: str, language: str) -> TestResponse:
    """The link was used, revoked or is over."""
    path = _invitation(world, who, language)
    newest = select(func.max(SignInvitation.id)).scalar_subquery()
    with world.house.writing() as session:
        session.execute(
            update(SignInvitation)
            .where(SignInvitation.id == newest)
            .values(ended_at=db.now(), address_sealed=None)
        )
    return world.house.get(path)


def home(world: World, who: str, language: str) -> TestResponse:
    """Several letters, in every phase."""
    for state in (
        letters.letter_closed,
        letters.letter_not_open,
        letters.letter_in_earnest,
        letters.letter_arabic,
    ):
        state(world, f"{who}-x", "en")
    return world.house.get(f"{urls.home()}?lang={language}")


def home_empty(world: World, who: str, language: str) -> TestResponse:
    """No letter that the public may see."""
    return world.bare.get(urls.home())


def development_inbox(world: World, who: str, language: str) -> TestResponse:
    """Every kind of mail that somebody gets on the way."""
    world.manage(who)
    world.show_mails(who)
    return world.house.get(urls.development_inbox())


def development_inbox_empty(world: World, who: str, language: str) -> TestResponse:
    """Nothing was sent yet."""
    return world.bare.get(urls.development_inbox())


def development_mails(world: World, who: str, language: str) -> TestResponse:
    """An example of every kind of mail."""
    return world.house.get(urls.development_mails())


def development_mail(world: World, who: str, language: str) -> TestResponse:
    """One of them, in another language than the page."""
    return world.house.get(urls.development_mails("confirm", "de"))


def nowhere(world: World, who: str, language: str) -> TestResponse:
    """There is no such letter."""
    return world.house.get(f"/letters/no-such-letter?lang={language}")


def unreadable(world: World, who: str, language: str) -> TestResponse:
    """The form is not UTF-8."""
    return world.house.post(urls.sign(SLUG), b"name=%ff")


def from_another_site(world: World, who: str, language: str) -> TestResponse:
    """A page of another site sends our form."""
    return world.house.post(
        urls.sign(SLUG), {"name": "Mallory"}, Sec_Fetch_Site="cross-site"
    )


def wrong_method(world: World, who: str, language: str) -> TestResponse:
    """Somebody opens the address that the form is sent to."""
    return world.house.get(urls.sign(SLUG))


def not_open(world: World, who: str, language: str) -> TestResponse:
    """The form of a letter that is not open yet."""
    letters.letter_not_open(world, who, language)
    return world.sign(who, slug="not-open")


def closed(world: World, who: str, language: str) -> TestResponse:
    """The form of a letter that has closed."""
    letters.letter_closed(world, who, language)
    return world.sign(who, slug="closed")


def too_long(world: World, who: str, language: str) -> TestResponse:
    """More than any form of ours holds."""
    return world.sign(who, statement="x" * 100_000)


def wrong_type(world: World, who: str, language: str) -> TestResponse:
    """A form as nobody's browser sends ours."""
    return world.house.post(urls.sign(SLUG), b"{}", Content_Type="application/json")


def wrong_name(world: World, who: str, language: str) -> TestResponse:
    """The house is asked for under a name that is not its own."""
    return world.house.get(urls.letter(SLUG), Host="letters.example.net")


def our_fault(world: World, who: str, language: str) -> TestResponse:
    """What was typed cannot be opened any more: a fault that no code foresees."""
    path = world.link(who)
    world.change_newest_form(sealed=b"damaged")
    return world.house.get(path)


def database_away(world: World, who: str, language: str) -> TestResponse:
    """The database does not answer."""
    return world.away.get(urls.letter(SLUG))


def api(world: World, who: str, language: str) -> TestResponse:
    """What the API answers, for people."""
    return world.house.fresh(f"/api/v1/?lang={language}")
