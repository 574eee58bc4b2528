"""The key under which names that look alike are one and the same.

A key is for comparing only, with watch-lists and with names that were rejected as
fake; it is never shown. It errs on the side of "the same": a false match costs a
look by an organiser, a missed one puts a fake in print.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Callable
from importlib import resources

from anyascii import anyascii

# What the database keeps of a key; letters may become four when transliterated.
LONGEST_KEY = 400

# Left out together with the degrees of more than one word, if a name remains.
_TITLE_WORDS = (
    "dr drs prof professor sir dame mr mrs ms mx rev esq jr jnr sr snr ii iii iv phd "
    "dphil md msc bsc mba mphil llm llb lld edd psyd scd dsc beng meng frs obe cbe mbe "
    "kbe dipl ing habil hc emeritus emerita herr frau mme mlle dott"
)
TITLES = frozenset(_TITLE_WORDS.split())
_DEGREES = re.compile(
    r"\b(?:(?:ph|d phil|psy|ed|sc|ll|pharm) d|ll [bm]|[bdm] (?:sc|phil|eng))\b"
)
_APOSTROPHES = re.compile("['’‘ʼʻ`´′＇׳՚ꞌ]")
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic: left out. The
# marks of other scripts are vowels and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
)
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9|]+")
_SPACED_LETTERS = re.compile(r"(?<!\S)\S(?: \S)+(?!\S)")
_LATIN = re.compile("[A-Za-z]")
# UTS #39 likens these to Latin small capitals, or to letters like them; to the eye,
# in a name, they are the plain ones.
_ALSO_ALIKE = dict(zip("вкмнтпИЯβηκτ", "bkmhtnNRbnkt", strict=True))


class _Fold(dict[int, str]):
    """A table for str.translate that works out each character when first met."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        self.fold = fold

    def __missing__(self, code: int) -> str:
        folded = self.fold(chr(code))
        if len(self) < 5_000:  # Nobody fills our memory with a million characters.
            self[code] = folded
        return folded


@functools.cache
def _confusables() -> dict[str, str]:
    """Character -> the ASCII letters that it looks like (UTS #39, confusables.txt)."""
    source = resources.files("confusable_homoglyphs") / "confusables.json"
    alike: dict[str, str] = {}
    for character, homoglyphs in json.loads(source.read_text("utf-8")).items():
        if len(character) == 1 and not character.isascii():
            for homoglyph in (entry["c"] for entry in homoglyphs):
                if homoglyph.isascii() and homoglyph.isalnum():
                    alike[character] = homoglyph
    return alike | _ALSO_ALIKE


def _word_characters(character: str) -> str:
    """The character if it is part of a word, nothing if unseen, else a space."""
    category = unicodedata.category(character)
    if category[0] in "LMN" or 0x1F110 <= ord(character) <= 0x1F1FF:
        return character
    return "" if category == "Cf" else "|" if character == "|" else " "


def _transliterated(character: str) -> str:
    """In small ASCII letters, but for Chinese, Japanese and Korean.

    There one Latin spelling stands for many a different name, so they stay. So do
    the letters without a sound of their own (aleph, ayin), which tell names apart,
    but for the signs of Cyrillic that Latin spellings leave out.
    """
    if character.isascii():
        return character.lower()
    if unicodedata.east_asian_width(character) == "W" and character.isalpha():
        return character
    plain = "".join(filter(str.isalnum, anyascii(character))).lower()
    without_case = character.lower() == character.upper()
    return character if not plain and without_case and character.isalpha() else plain


def _as_seen(character: str) -> str:
    alike = _confusables().get(character)
    return alike.lower() if alike else _transliterated(character)


_WORDS = _Fold(_word_characters)
_BY_SOUND = _Fold(_transliterated)
_BY_SIGHT = _Fold(_as_seen)


@functools.lru_cache(maxsize=5_000)
def _alike_in_both_cases(character: str) -> bool:
    alike = _confusables()
    small, capital = alike.get(character.lower()), alike.get(character.upper())
    return bool(small and capital) and str(small).lower() == str(capital).lower()


def _unmask(word: str) -> str:
    """A word that borrows letters as it is seen; others are left for their sound.

    One of foreign letters only, that all pass for Latin, small and capital, is taken
    for a disguise as well.
    """
    if word.isascii():
        return word
    borrowed = _LATIN.search(word) or all(map(_alike_in_both_cases, word))
    return word.translate(_BY_SIGHT) if borrowed else word


def _join_spaced_letters(match: re.Match[str]) -> str:
    """ "S a m A l t m a n" -> "Sam Altman"; "J R R" -> "JRR"."""
    joined = ""
    for letter in match[0].split(" "):
        joined += f" {letter}" if joined[-1:].islower() and letter.isupper() else letter
    return joined


def read_words(name: str) -> list[str]:
    """The words of `name` in small letters, in reading order: disguises are off.

    NFKC, accents, punctuation, invisible characters, titles and degrees, letters set
    apart and borrowed ones (UTS #39) make no difference from here on; every word
    stands in its own script.
    """
    text = _APOSTROPHES.sub("", name)
    if text.isascii():
        text = _BETWEEN_WORDS.sub(" ", text).strip()
    else:
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text).translate(_WORDS)
        text = " ".join(text.split())
    text = _SPACED_LETTERS.sub(_join_spaced_letters, text)
    if not text.isascii():
        text = " ".join(map(_unmask, text.split()))
    text = text.lower()
    words = _DEGREES.sub(" ", text).split()
    return [word for word in words if word not in TITLES] or text.split()


def alike(words: list[str]) -> list[str]:
    """Words out of `read_words` as they look in small ASCII letters."""
    text = " ".join(words)
    if not text.isascii():
        text = text.translate(_BY_SOUND)
    # The likenesses inside ASCII (UTS #39: I, l, 1 and |; O and 0; m and rn), with
    # i beside I because case makes no difference, and vv for w.
    text = text.replace("i", "l").replace("1", "l").replace("|", "l")
    return text.replace("0", "o").replace("rn", "m").replace("vv", "w").split()


def key_of(words: list[str]) -> str:
    """Words in any order as one key, never longer than LONGEST_KEY characters."""
    return " ".join(sorted(words))[:LONGEST_KEY].rstrip()


def look_alike_key(name: str) -> str:
    """The key of `name`: equal for names that a reader would take for the same.

    UTS #39 look-alikes, NFKC, case, accents, punctuation, invisible characters, the
    order of words, titles and degrees, and letters set apart make no difference
    (threats 3 and 5). Empty if the name has nothing to be read by, no letter and no
    digit; never longer than LONGEST_KEY characters.
    """
    return key_of(alike(read_words(name)))
