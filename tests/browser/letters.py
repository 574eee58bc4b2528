"""How each state of the letter and of its form comes about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from werkzeug.test import TestResponse

from app import db, urls
from app.domain import letter_files, wording
from app.domain.letter_files import LanguageFile
from tests.browser.world import ARABIC, World
from tests.house import EXAMPLE, SLUG

# Each function takes the world, somebody's name that nobody else bears, and the
# language that the letter is read in; it gives the answer that a browser would show.

LONGEST_NAME = (
    "Wolfeschlegelsteinhausenbergerdorff" * 2 + "Maria Theresia von und zu Berg"
)
STATEMENT = (
    "I have seen what this does to people. It has to stop, and laws can stop it."
)
EVERY_ERROR = {
    "name": "https://example.org/",
    "email": "alice@example",
    "title": "see www.example.org",
    "affiliation": "<b>University of X</b>",
    "sector": "nobility",
    "country": "Atlantis",
    "statement": "x" * 281,
    "listed": "perhaps",
    "public_figure": "perhaps",
    "identification_only": "perhaps",
    "wants_updates": "perhaps",
    "may_contact": "perhaps",
    "consent": "",
}


# -- The letter ------------------------------------------------------------------


def letter(world: World, who: str, language: str, *, slug: str = SLUG) -> TestResponse:
    """The example letter as it was loaded, or another."""
    return world.house.fresh(urls.letter(slug, language))


def letter_empty(world: World, who: str, language: str) -> TestResponse:
    """Nobody has signed, nothing was collected."""
    return letter(world, who, language, slug=world.letter("empty"))


def letter_signed(world: World, who: str, language: str) -> TestResponse:
    """A few have signed, two are shown first, one has the longest of names."""
    slug = world.letter(f"signed-{language}")
    world.fill(slug, 9, featured=2)
    world.used_link(who, slug=slug, name=LONGEST_NAME, statement=STATEMENT)
    return letter(world, who, language, slug=slug)


def letter_full(world: World, who: str, language: str) -> TestResponse:
    """More have signed than the page shows."""
    world.fill(world.letter("full"), 240, featured=24)
    return letter(world, who, language, slug="full")


def letter_frozen(world: World, who: str, language: str) -> TestResponse:
    """New names are counted but not shown."""
    world.fill(world.letter("frozen"), 6)
    world.change("frozen", frozen_at=db.now() - timedelta(hours=3))
    return letter(world, who, language, slug="frozen")


def letter_closed(world: World, who: str, language: str) -> TestResponse:
    """The letter takes no more signatures."""
    slug = world.letter("closed", closes=db.now() - timedelta(days=3))
    return letter(world, who, language, slug=slug)


def letter_not_open(world: World, who: str, language: str) -> TestResponse:
    """The letter can be read, and signed from tomorrow on."""
    slug = world.letter("not-open", opens=db.now() + timedelta(days=1))
    return letter(world, who, language, slug=slug)


def letter_paused(world: World, who: str, language: str) -> TestResponse:
    """An organiser has stopped the signing for a while."""
    world.change(closing(world, "paused"), paused=True)
    return letter(world, who, language, slug="paused")


def closing(world: World, slug: str) -> str:
    """A letter that closes in a month."""
    return world.letter(slug, closes=db.now() + timedelta(days=30))


def strict(world: World) -> str:
    """A letter in earnest, with other settings: country asked, no statement."""
    return world.letter(
        "strict",
        example=False,
        country="required",
        statement=False,
        headline="verified",
        closes=db.now() + timedelta(days=30),
    )


def letter_in_earnest(world: World, who: str, language: str) -> TestResponse:
    """Not an example; open until a date; the country must be given."""
    return letter(world, who, language, slug=strict(world))


def letter_plain(world: World, who: str, language: str) -> TestResponse:
    """One language, no country, no statement, what was collected in the number."""
    files = letter_files.read(EXAMPLE)
    slug = world.letter(
        "plain",
        country="no",
        statement=False,
        headline="confirmed_and_collected",
        languages={"en": files.languages["en"]},
        collected=files.collected,
    )
    return letter(world, who, language, slug=slug)


def letter_long(world: World, who: str, language: str) -> TestResponse:
    """Title, addressee, organiser and sectors are as long as they may be."""
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    text = f"# {word}\n\n> {word}\n\n- {word}\n\nhttps://example.org/{word}{word}"
    slug = world.letter(
        "long",
        organiser=f"{word} {word}",
        postal=f"{word}\n{word}",
        contact=f"{'committee' * 7}@{'letter' * 10}.example.org",
        languages={"de": LanguageFile(f"{word} {word}", word, f"{word} {word}", text)},
        default_language="de",
        sectors={"ships": {"de": word}, "ai": {"de": "Künstliche Intelligenz"}},
    )
    return letter(world, who, "de", slug=slug)


_MORE_SECTORS = (
    "Rechtsschutzversicherungsgesellschaftenwesen", "Law and justice", "Arts",
    "Medicine and public health, including nursing and care", "Faith communities",
    "Civil society", "Business", "Trade unions", "Engineering",
)  # fmt: skip


def letter_many(world: World, who: str, language: str) -> TestResponse:
    """A letter with many sectors, the names of two of which are long."""
    files = letter_files.read(EXAMPLE)
    more = {f"more{n}": {"en": label} for n, label in enumerate(_MORE_SECTORS)}
    world.fill(world.letter("many", sectors=dict(files.sectors) | more), 40, featured=6)
    return letter(world, who, language, slug="many")


def arabic(world: World) -> str:
    """A letter that is written from right to left; the page speaks English."""
    return world.letter(
        "arabic",
        languages={"ar": ARABIC},
        default_language="ar",
        organiser="لجنة الرسالة المفتوحة",
        sectors={"ai": {"ar": "الذكاء الاصطناعي"}, "academia": {"ar": "الجامعات"}},
    )


def letter_arabic(world: World, who: str, language: str) -> TestResponse:
    """A letter from right to left, with names from there."""
    slug = arabic(world)
    world.used_link(
        who,
        slug=slug,
        language="ar",
        name="ليلى الشامي",
        title="كاتبة",
        affiliation="جامعة دمشق",
        statement="هذا ما أراه كل يوم.",
    )
    return letter(world, who, "ar", slug=slug)


# -- The form again --------------------------------------------------------------


def sign_every_error(world: World, who: str, language: str) -> TestResponse:
    """Everything that can be wrong is wrong."""
    return world.sign(who, **(EVERY_ERROR | {"language": language}))


def sign_one_error(world: World, who: str, language: str) -> TestResponse:
    """One thing is wrong, the rest is kept."""
    return world.sign(who, email="alice.example.org", statement=STATEMENT)


def sign_arabic_errors(world: World, who: str, language: str) -> TestResponse:
    """What is wrong is said in English, what was typed is Arabic."""
    return world.sign(who, slug=arabic(world), language="ar", name="ليلى", sector="")


def sign_strict_errors(world: World, who: str, language: str) -> TestResponse:
    """The letter asks for the country and takes no statement."""
    return world.sign(who, slug=strict(world), country="", statement="Mine")


def sign_changed(world: World, who: str, language: str) -> TestResponse:
    """The letter was reworded while somebody was reading it."""
    files = letter_files.read(EXAMPLE)
    old = files.languages[language]
    former, latter = old.source.split("\n\n", 1)
    added = f"{latter}\n\n{STATEMENT}"
    slug = world.letter(f"reworded-{language}")
    changed = {language: replace(old, source=f"{former} {STATEMENT}\n\n{added}")}
    languages = files.languages | changed
    world.load(replace(files, slug=slug, collected=(), languages=languages))
    read = wording.text_hash(old.source)
    return world.sign(who, slug=slug, language=language, text=read)
