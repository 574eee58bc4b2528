"""Names that look alike have one key; names that differ have two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.look_alikes import LONGEST_KEY, look_alike_key
from app.domain.names import clean_line
from tests.domain.world_names import NAMES

DATA = Path(__file__).parent.parent / "data"
NAUGHTY: list[str] = json.loads((DATA / "blns.json").read_text("utf-8"))
# A busy machine is not a fault of what is tested.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(st.sampled_from("abcdefgmnorstuvwxyz"), min_size=2, max_size=8)


@pytest.mark.parametrize(
    "disguise",
    [
        "Ѕam Аltman",
        "S a m Altman",
        "Altman, Sam",
        "Sam Alt\u200bman",
        "Sam Altm\u0430n PhD",
        "S a m A l t m a n",
        "SAM ALTMAN",
        "sam altman",
        "Säm Áltman",
        "Sam  Altman.",
        "Sam-Altman",
        "sam_altman",
        "Dr. Sam Altman, Ph.D.",
        "Prof Sir Sam Altman III",
        "Sam Altman, M.Sc.",
        "Sam Altman Jr.",
        "Sam Altman РhD",
        "Sam Alt\xadman",
        "Sam Alt\u202eman",
        "Sam Altrnan",
        "Sam A1tman",
        "Sam AItman",
        "Sam A|tman",
        "Ｓａｍ Ａｌｔｍａｎ",
        "𝓢𝓪𝓶 𝓐𝓵𝓽𝓶𝓪𝓷",
        "Ⓢⓐⓜ Altman",
        "🅢🅐🅜 Altman",
        "ЅАМ АLТМАN",
        "Ѕам Аltмап",
        "ꓢꓮꓟ ꓮꓡꓔꓟꓮꓠ",
        "ꜱᴀᴍ ᴀʟᴛᴍᴀɴ",
        "Ꮪam Ꭺltman",
        "Sɑm Altmɑn",
        "Sam Αltmαn",
    ],
)
def test_threat_3_a_disguise_has_the_key_of_the_name(disguise: str) -> None:
    assert look_alike_key(disguise) == look_alike_key("Sam Altman")
    assert look_alike_key(clean_line(disguise)) == look_alike_key("Sam Altman")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Samantha Altmann", "Sam Altman"),
        ("Sam Altmann", "Sam Altman"),
        ("李", "王"),
        ("李明", "黎明"),
        ("김대중", "김대정"),
        ("محمد", "محمود"),
        ("عمر", "أمر"),
        ("שמעון", "שאמון"),
        ("नरेंद्र", "नरेश"),
        ("Юлия Навальная", "Юлия Навальный"),
        ("Jack Ma", "Jack"),
    ],
)
def test_names_that_differ_have_two_keys(one: str, other: str) -> None:
    assert look_alike_key(one) != look_alike_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J.R.R. Tolkien", "J. R. R. Tolkien"),
        ("Conan O’Brien", "Conan OBrien"),
        ("Ana d'Ávila", "Ana D´Avila"),
        ("Kaʻiulani", "Kaiulani"),
        ("李 明", "李明"),
        ("Юлия Навальная", "Yuliya Navalnaya"),
        ("Νίκος Καζαντζάκης", "ΝΙΚΟΣ ΚΑΖΑΝΤΖΑΚΗΣ"),
        ("מֹשֶׁה", "משה"),
        ("مُحَمَّد", "محمد"),
        ("علی‌رضا", "علیرضا"),
        ("Martin Luther King III", "Martin Luther King Jr."),
        ("Иван Ћирић", "ИВАН ЋИРИЋ"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert look_alike_key(one) == look_alike_key(other)


@pytest.mark.parametrize("name", NAMES)
def test_every_real_name_has_a_key_whatever_its_case_and_order(name: str) -> None:
    key = look_alike_key(name)
    assert key
    assert look_alike_key(name.upper()) == key
    assert look_alike_key(name.lower()) == key


def test_threat_5_real_names_do_not_fall_together() -> None:
    keys: dict[str, set[str]] = {}
    for name in NAMES:
        keys.setdefault(look_alike_key(name), set()).add(name)
    together = [names for names in keys.values() if len(names) > 1]
    assert together == [{"Sam Altman", "Altman, Sam"}]


def test_a_name_made_of_titles_keeps_them() -> None:
    assert look_alike_key("Dr. Prof") != ""
    assert look_alike_key("Dr. Ma") == look_alike_key("Ma")


def test_no_key_is_too_long_for_the_database() -> None:
    # Each of these letters becomes four or more.
    for name in ("Щ" * 100 + " " + "Щ" * 99, "ﷲ" * 400, "㌖" * 400, "a b" * 400):
        assert 0 < len(look_alike_key(name)) <= LONGEST_KEY


def test_what_has_neither_letter_nor_digit_has_an_empty_key() -> None:
    assert look_alike_key("") == look_alike_key("… !") == ""


@UNHURRIED
@given(
    st.lists(WORDS, min_size=1, max_size=5).flatmap(
        lambda words: st.tuples(st.just(words), st.permutations(words))
    )
)
def test_the_order_of_words_makes_no_difference(
    names: tuple[list[str], list[str]],
) -> None:
    one, other = names
    assert look_alike_key(" ".join(one)) == look_alike_key(", ".join(other))


@UNHURRIED
@given(
    WORDS, WORDS, st.integers(0, 16), st.sampled_from("\u200b\u200d\u202e\ufeff\xad")
)
def test_invisible_characters_make_no_difference(
    first: str, last: str, place: int, unseen: str
) -> None:
    name = f"{first} {last}"
    hidden = name[:place] + unseen + name[place:]
    assert look_alike_key(hidden) == look_alike_key(name)


@UNHURRIED
@given(st.text(st.characters(), max_size=60))
def test_anything_has_a_key_and_only_one(text: str) -> None:
    key = look_alike_key(text)
    assert key == look_alike_key(text)
    assert key == " ".join(sorted(key.split()))


@pytest.mark.parametrize("naughty", NAUGHTY)
def test_threat_31_every_naughty_string_has_a_key(naughty: str) -> None:
    assert look_alike_key(clean_line(naughty)).isprintable()
