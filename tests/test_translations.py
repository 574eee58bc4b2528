"""The catalogs are complete, hold nothing else, and say what the sentences say."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from app import i18n
from app.domain import counters, figures
from app.publishing import embeds, images

ROOT = Path(__file__).parent.parent
# English is what stands in the code and the templates.
TRANSLATED = [locale for locale in i18n.LOCALES if locale != i18n.FALLBACK]

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%(?!\()")
TAG = re.compile(r"</?[a-z][^<>]*>")


@cache
def sentences() -> dict[str, str | tuple[str, ...]]:
    """What extraction finds now: each sentence by the text that it is looked up by."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(
        ROOT, methods, options, keywords=DEFAULT_KEYWORDS | {"marked": None}
    )
    return {_key(message): message for _, _, message, _, _ in found}


def _key(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


@cache
def catalog(locale: str) -> Catalog:
    path = i18n.TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def entries(locale: str) -> list[Message]:
    """The catalog's entries without its header."""
    return [message for message in catalog(locale) if message.id]


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """One sentence, or its forms for the numbers; none where nothing is said."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def pairs(locale: str) -> list[tuple[str, str]]:
    """Each translation beside the English form that stands in its place."""
    found = []
    for message in entries(locale):
        english = forms(message.id)
        for index, translated in enumerate(forms(message.string)):
            found.append((english[min(index, len(english) - 1)], translated))
    return found


def parts(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(pattern.findall(text))


def test_extraction_finds_python_plurals_and_templates() -> None:
    assert "Please type your name." in sentences()
    assert sentences()["confirmed signature"] == (
        "confirmed signature",
        "confirmed signatures",
    )
    assert any("</bdi>" in text for text in sentences())
    assert len(sentences()) > 300


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_catalog_is_what_the_code_and_the_templates_say(locale: str) -> None:
    """When this fails: `make translations`, then fill in what is new."""
    held = {_key(message.id): forms(message.id) for message in entries(locale)}
    wanted = {key: forms(message) for key, message in sentences().items()}
    assert sorted(wanted.keys() - held.keys()) == [], "missing: make translations"
    assert sorted(held.keys() - wanted.keys()) == [], "no longer said anywhere"
    assert [key for key in wanted if wanted[key] != held[key]] == []
    assert not catalog(locale).obsolete


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_sentence_is_translated(locale: str) -> None:
    assert not catalog(locale).fuzzy
    assert [message.id for message in entries(locale) if message.fuzzy] == []
    assert [
        message.id
        for message in entries(locale)
        if not message.string or not all(map(str.strip, forms(message.string)))
    ] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_plural_has_the_forms_of_its_language(locale: str) -> None:
    rule = get_plural(locale)
    assert catalog(locale).plural_forms == rule.plural_forms
    for message in entries(locale):
        expected = rule.num_plurals if message.pluralizable else 1
        assert len(forms(message.string)) == expected, message.id


@pytest.mark.parametrize("locale", TRANSLATED)
def test_placeholders_and_tags_are_those_of_the_sentence(locale: str) -> None:
    for english, translated in pairs(locale):
        assert parts(PLACEHOLDER, translated) == parts(PLACEHOLDER, english), english
        assert parts(TAG, translated) == parts(TAG, english), english


@pytest.mark.parametrize("locale", TRANSLATED)
def test_tags_are_closed_in_the_order_in_which_they_were_opened(locale: str) -> None:
    for _, translated in pairs(locale):
        opened: list[str] = []
        for tag in TAG.findall(translated):
            name = re.split(r"[\s>]", tag.strip("</>"))[0]
            if not tag.startswith("</"):
                opened.append(name)
            else:
                assert opened.pop() == name, translated
        assert opened == [], translated


def test_french_is_set_with_french_spaces() -> None:
    """No-break before colons and inside guillemets, narrow before ; ? and !

    So says the Lexique of the Imprimerie nationale; the apostrophe is the bent one.
    """
    for _, translated in pairs("fr"):
        # The colon within a time of day is none of the sentence's.
        text = re.sub(r"\d\d:\d\d", "", TAG.sub("", translated))
        assert not re.search(r"[^\u202f][;?!]", text), text
        assert not re.search(r"[^\u00a0]:(?!//)", text), text
        assert not re.search(r"«[^\u00a0]|[^\u00a0]»", text), text
        assert not re.search(r"['\"“”]", text), text


def test_german_is_set_with_german_quotation_marks() -> None:
    for _, translated in pairs("de"):
        text = TAG.sub("", translated)
        assert not re.search(r"['\"”«»]", text), text
        assert re.findall("[„“]", text) == ["„", "“"] * text.count("„"), text


def test_a_sentence_is_said_in_the_form_that_its_number_asks_for() -> None:
    pair = ("confirmed signature", "confirmed signatures")
    assert [i18n.counted(pair, number, "en") for number in (0, 1, 2)] == [
        "confirmed signatures",
        "confirmed signature",
        "confirmed signatures",
    ]
    # Nought is singular in French.
    assert [i18n.counted(pair, number, "fr") for number in (0, 1, 2)] == [
        "signature confirmée",
        "signature confirmée",
        "signatures confirmées",
    ]


# -- The counter -------------------------------------------------------------------

# All that the counter says in a language that the pages do not speak.
COUNTER = {
    *(one for one, _ in figures.HEADLINES.values()),
    *counters._NOTES.values(),
    counters._COLLECTED[0],
    figures._TOGETHER_LABEL,
    embeds._GET,
    images._KIND,
    "as of %(moment)s",
    "Signatures by sector",
    "Other",
    "Rather not say",
}


@pytest.mark.parametrize("locale", sorted(i18n._COUNTER_ALONE))
def test_the_counter_has_all_its_words_in_each_of_its_languages(locale: str) -> None:
    path = i18n.TRANSLATIONS / locale / "LC_MESSAGES" / "counter.po"
    with path.open("rb") as file:
        held = read_po(file, locale=locale, abort_invalid=True)
    messages = [message for message in held if message.id]
    assert {_key(message.id) for message in messages} == COUNTER
    assert held.plural_forms == get_plural(locale).plural_forms
    for message in messages:
        english, said = forms(message.id), forms(message.string)
        assert len(said) == (held.num_plurals if message.pluralizable else 1)
        for form in said:
            assert form.strip()
            assert parts(PLACEHOLDER, form) == parts(PLACEHOLDER, english[0]), form
