"""Under which keys a watched name waits, and under which a signatory's name asks.

A watched name has several keys, a name that signs asks for a handful: whatever the
length of the list, that is an index look-up and no comparison of one with another.
Both sides lean on the look-alike key. What is added here: initials ("S. Altman"),
middle initials left out, words run together or torn apart, and the spellings that one
name takes on its way from script to script ("Yulia", "Julija", "Юлия").
"""

from __future__ import annotations

import re
from itertools import permutations

from anyascii import anyascii

from app.domain.look_alikes import (
    LONGEST_KEY,
    TITLES,
    alike,
    key_of,
    read_words,
)

# As many as a name may ask for: what is prepared in holds.py has so many places.
MOST_ASKED = 5
# Shorter names run together are too often words of their own.
_SHORTEST_JOINED = 6
# Up to so many words every order of them is kept, of more only the turns.
_MOST_ORDERED = 3
# Marks the keys by sound, and those of consonants alone: they are no one's by look.
_SOUND, _CONSONANTS = "~", "^"
_ABJAD = re.compile("[\u0590-\u06ff\u0750-\u077f\ufb1d-\ufefc]")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003fffd]")
_VOWELS = re.compile("[aeiouyw]")
# What begins a family name of several words.
_PARTICLE_WORDS = (
    "von van der den de del della di da do dos du la le el al bin ibn ben ter ten af av "
    "zu zum zur st"
)
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
# "S. H. Altman", "S H Altman": initials, and then a word.
_INITIALS = re.compile(r"\W*(\w)\.?(?:\s+|(?<=\.))(?:\w\.?(?:\s+|(?<=\.)))+(?=\w\w)")

# How the same sound is written by different roads from Cyrillic, Greek and German.
_SAME_SOUND = {
    "tsch": "ch", "tch": "ch", "sch": "sh", "ph": "f", "kh": "h", "ck": "k",
    "w": "v", "x": "ks", "y": "i", "j": "i", "ou": "u",
}  # fmt: skip
_SOUNDS = re.compile("|".join(sorted(_SAME_SOUND, key=len, reverse=True)))
# "Dostoyevsky", "Yevgeny": a sound between vowels or in front that others leave out.
_GLIDES = re.compile(r"(?<=[aeou])i+(?=e)|\bi+(?=e)")
_LONG_I = re.compile("ii+")
_LAST_OFF = re.compile(r"(?<=o)ff\b")
# "Müller", "Mueller", "Muller".
_UMLAUTS = re.compile("(?<=[aou])e")
# Two letters, one sound; letter by letter they would come out as two.
_GREEK = {
    "ου": "u", "μπ": "b", "γκ": "g", "ει": "i", "οι": "i", "αι": "e", "ευ": "ef",
    "αυ": "af", "η": "i", "υ": "y", "χ": "ch",
}  # fmt: skip
_GREEK_SOUNDS = re.compile("|".join(sorted(_GREEK, key=len, reverse=True)))


def asked(name: str) -> list[str]:
    """The keys under which a name that signs is looked for, at most MOST_ASKED.

    The first one is its look-alike key; there is none for a name without letters.
    """
    words = read_words(name)
    seen = alike(words)
    first = key_of(seen)
    if not first:
        return []
    keys = [first]
    if len(joined := "".join(seen)) >= _SHORTEST_JOINED:
        keys.append(joined[:LONGEST_KEY])
    if len(shorter := _without_middle_initials(seen)) < len(seen):
        keys.append(key_of(shorter))
    if (initials := _INITIALS.match(name)) and len(seen) > 1:
        keys.append(key_of([*alike([initials[1].lower()]), *seen[1:]]))
    keys.append(_by_sound(words))
    return list(dict.fromkeys(keys))


def watched(name: str) -> list[str]:
    """The keys under which a name on a list waits; the first is its look-alike key.

    A family name may be put first with a comma behind it: "Altman, Sam".
    """
    own = read_words(name)
    words = _given_first(name) or own
    seen = alike(words)
    if not seen:
        return []
    keys = [key_of(alike(own))]
    if len(seen) > 1:
        keys += _run_together(seen)
        shorter = _without_middle_initials(seen)
        keys += [key_of(shorter), *_with_initials(words)]
    keys += [_by_sound(words), _by_consonants(words)]
    return list(dict.fromkeys(keys))


def _given_first(name: str) -> list[str] | None:
    """The words of "Altman, Sam" as "Sam Altman"; None where no comma says so."""
    family, comma, given = name.partition(",")
    if not comma or "," in given:
        return None
    before, after = read_words(family), read_words(given)
    # "Robert Downey, Jr." has no given name behind its comma.
    told = before and any(word not in TITLES for word in after)
    return after + before if told else None


def _run_together(words: list[str]) -> list[str]:
    if len("".join(words)) < _SHORTEST_JOINED:
        return []
    if len(words) <= _MOST_ORDERED:
        orders = [list(order) for order in permutations(words)]
    else:
        orders = [words[turn:] + words[:turn] for turn in range(len(words))]
    return ["".join(order)[:LONGEST_KEY] for order in orders]


def _without_middle_initials(words: list[str]) -> list[str]:
    """ "George W. Bush" as "George Bush"; two words stay whatever they are."""
    if len(words) < 3:
        return words
    kept = [words[0], *(word for word in words[1:] if len(word) > 1)]
    return kept if len(kept) > 1 else words


def _with_initials(words: list[str]) -> list[str]:
    """ "Sam Altman" as "S. Altman"; "Jean-Luc Mélenchon" as "J.-L." and "J." too."""
    particle = next((n for n, w in enumerate(words) if n and w in _PARTICLES), None)
    split = len(words) - 1 if particle is None else particle
    given, family = words[:split], alike(words[split:])
    if any(not word.isascii() for word in alike(given)) or len("".join(family)) < 2:
        return []
    keys = []
    # In its own script an initial is one letter; in Latin "Ю." is "Y." or "Yu.".
    for letters in (
        [alike([word[0]])[0] for word in given if alike([word[0]])],
        [alike([word])[0][0] for word in given if alike([word])],
    ):
        if letters:
            keys.append(key_of([letters[0], *family]))
            keys.append(key_of(["".join(letters), *family]))
    return keys


def _by_sound(words: list[str]) -> str:
    """One key for the spellings that a name takes in Latin letters.

    Arabic and Hebrew write consonants alone, and Chinese, Japanese and Korean words
    are not told apart by spaces, so those are likened to Latin names in other ways.
    """
    text = " ".join(_without_middle_initials(words))
    if not text.isascii():
        if _WIDE.search(text):
            return "".join(alike(anyascii(text).lower().split()))[:LONGEST_KEY]
        if _ABJAD.search(text):
            return _by_consonants(words)
        text = anyascii(_GREEK_SOUNDS.sub(lambda m: _GREEK[m[0]], text)).lower()
        text = "".join(c for c in text if c.isalnum() or c == " ")
    text = _SOUNDS.sub(lambda m: _SAME_SOUND[m[0]], text)
    text = _LONG_I.sub("i", _GLIDES.sub("", text))
    text = _LAST_OFF.sub("v", _UMLAUTS.sub("", text))
    return _SOUND + key_of(text.split())[: LONGEST_KEY - 1]


def _by_consonants(words: list[str]) -> str:
    plain = _VOWELS.sub("", anyascii(" ".join(words)).lower())
    plain = "".join(c for c in plain if c.isalnum() or c == " ")
    return _CONSONANTS + key_of(plain.split())[: LONGEST_KEY - 1]
