"""Languages: the catalogs, the Jinja environments, and numbers and dates in words."""

from __future__ import annotations

import gettext as gettext_module
import hashlib
import io
from collections.abc import Callable, Container
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from anyascii import anyascii
from babel import Locale, UnknownLocaleError, dates
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import NumberPattern
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import urls

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
TRANSLATIONS = ROOT / "translations"

# The languages that the pages themselves speak; letters may be in any language.
LOCALES = ("en", "de", "fr")
FALLBACK = "en"
# What the counter on other sites can say besides.
_COUNTER_ALONE = frozenset(
    ["ar", "es", "fa", "he", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "tr",
     "uk", "zh"]
)  # fmt: skip


def marked(message: str) -> str:
    """Mark a sentence for the catalogs where it is written, to be translated later."""
    return message


def marked_plural(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence that a number changes, to be translated by `counted`."""
    return one, many


def speaks(language: str) -> str:
    """The page language for a letter in `language`: its own, or the fallback."""
    return language if language in LOCALES else FALLBACK


def counts_in(language: str) -> str:
    """The language of the counter and the sectors of a letter in `language`.

    Of the pages it is what the house `speaks`, which is fewer.
    """
    return language if language in _COUNTER_ALONE else speaks(language)


@cache
def translations(locale: str) -> gettext_module.NullTranslations:
    """The catalog of `locale`, read from its .po file; empty for the source language."""
    name = "counter.po" if locale in _COUNTER_ALONE else "messages.po"
    path = TRANSLATIONS / locale / "LC_MESSAGES" / name
    if not path.exists():
        return gettext_module.NullTranslations()
    with path.open("rb") as file:
        catalog = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext_module.GNUTranslations(compiled)


def translator(locale: str) -> Callable[..., str]:
    """A function that translates one sentence and fills its named placeholders."""
    catalog = translations(locale)

    def translate(message: str, **values: object) -> str:
        sentence = catalog.gettext(message)
        return sentence % values if values else sentence

    return translate


def counted(forms: tuple[str, str], number: int, locale: str) -> str:
    """The form of a sentence that goes with `number`; languages differ in which."""
    return translations(locale).ngettext(*forms, number)


@cache
def is_language(code: str) -> bool:
    """Whether `code` is a language that Unicode's data knows."""
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def language_name(language: str) -> str:
    """What a language calls itself, as "Deutsch" for "de"."""
    try:
        return (Locale.parse(language).get_display_name(language) or language).title()
    except (UnknownLocaleError, ValueError):
        return language


@cache
def direction(language: str) -> str:
    """The writing direction of a language: "ltr" or "rtl"."""
    try:
        return str(Locale.parse(language).text_direction)
    except (UnknownLocaleError, ValueError):
        return "ltr"


# Codes that CLDR names beside the countries of ISO 3166-1: unions, test places and
# islands that post offices know.
_NOT_COUNTRIES = frozenset(
    ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]
)


@cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """The countries as (ISO 3166-1 alpha-2 code, name), sorted by name (CLDR)."""
    named = [
        (code, str(name))
        for code, name in Locale.parse(locale).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    ]
    return tuple(sorted(named, key=lambda item: anyascii(item[1]).casefold()))


@cache
def country_names(locale: str) -> dict[str, str]:
    """The names of the countries by their codes."""
    return dict(countries(locale))


def country_codes() -> Container[str]:
    """The codes of all countries that a form may send."""
    return country_names(FALLBACK)


# Whose way of writing dates each page language follows: the world's, not one country's.
_DATES = {"en": "en_GB"}


def day(value: date | datetime, locale: str) -> str:
    """A date in words, as "21 February 2024"."""
    known = Locale.parse(_DATES.get(locale, locale))
    words = _own_digits(dates.format_date(value, format="long", locale=known), known)
    # French counts the first of a month, which CLDR's pattern cannot say.
    return (
        words.replace("1 ", "1er ", 1) if locale == "fr" and value.day == 1 else words
    )


def moment(value: datetime, locale: str) -> str:
    """A time in words, in UTC, as "21 February 2024, 14:05 UTC"."""
    value = value.astimezone(UTC)
    clock = _own_digits(value.strftime("%H:%M"), Locale.parse(locale))
    return f"{day(value, locale)}, {clock} UTC"


def iso(value: date | datetime) -> str:
    """A time as RFC 3339 writes it, in UTC and to the second; a date as it is."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return f"{utc.isoformat(timespec='seconds')}Z"
    return value.isoformat()


def number(value: int, locale: str) -> str:
    """A whole number with the locale's digit groups."""
    known, pattern = _digit_groups(locale)
    return str(pattern.apply(value, known))


# The zeros of the numbering systems that CLDR gives to languages as their own.
_ZEROS = {"arab": 0x660, "arabext": 0x6F0, "beng": 0x9E6, "deva": 0x966, "mymr": 0x1040}


def digits(value: int, language: str) -> str:
    """A whole number in the digits and groups of any language; in the fallback's, where
    CLDR does not know it."""
    try:
        known = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        known = Locale.parse(FALLBACK)
    return _own_digits(number(value, str(known)), known)


def _own_digits(text: str, known: Locale) -> str:
    system = known.default_numbering_system
    if system not in _ZEROS:
        return text
    own = known.number_symbols.get(system, {}).get("group", ",")
    group = known.number_symbols.get("latn", {}).get("group", ",")
    zero = _ZEROS[system]
    return "".join(
        chr(zero + int(sign)) if sign.isdecimal() else own if sign == group else sign
        for sign in text
    )


@cache
def _digit_groups(locale: str) -> tuple[Locale, NumberPattern]:
    """What Babel's `format_decimal` looks up anew for each number."""
    known = Locale.parse(locale)
    return known, known.decimal_formats[None]


@cache
def asset(path: str) -> str:
    """The address of a static file, with its hash so that it may be kept for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()
    return f"/static/{path}?v={digest[:12]}"


def _for_templates(
    catalog: gettext_module.NullTranslations,
) -> tuple[Callable[..., Markup], Callable[..., Markup]]:
    """`gettext` and `ngettext` for templates: values are escaped, sentences are not.

    Jinja's own look up and format each sentence each time; most hold no value, and
    these are kept as they stand.
    """
    plain: dict[str, Markup] = {}

    def gettext(message: str, /, **values: object) -> Markup:
        if values:
            return Markup(catalog.gettext(message)) % values
        if message not in plain:
            plain[message] = Markup(catalog.gettext(message)) % {}
        return plain[message]

    def ngettext(singular: str, plural: str, num: int, /, **values: object) -> Markup:
        values.setdefault("num", num)
        return Markup(catalog.ngettext(singular, plural, num)) % values

    return gettext, ngettext


def _remembered(words: Callable[[Any, str], str], locale: str) -> Callable[[Any], str]:
    """A filter that keeps what it has said of late: CLDR's patterns are slow."""
    return lru_cache(maxsize=4096)(lambda value: words(value, locale))


@cache
def environment(locale: str) -> Environment:
    """The Jinja environment of one page language."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: not (name or "").endswith(".txt"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    jinja.newstyle_gettext = True  # type: ignore[attr-defined]
    gettext, ngettext = _for_templates(translations(locale))
    jinja.globals.update(_=gettext, gettext=gettext, ngettext=ngettext)
    for name, words in (("number", number), ("day", day), ("moment", moment)):
        jinja.filters[name] = _remembered(words, locale)
    jinja.filters["iso"] = iso
    jinja.globals.update(locale=locale, dir=direction(locale), url=urls, asset=asset)
    return jinja


def render(template: str, locale: str, **context: Any) -> str:
    """The text of `template` in `locale`."""
    return environment(locale).get_template(template).render(context)


@cache
def macro(template: str, name: str, locale: str) -> Callable[..., str]:
    """A macro of `template` in `locale`, for what is set many times on one page."""
    found: Callable[..., str] = getattr(
        environment(locale).get_template(template).module, name
    )
    return found
