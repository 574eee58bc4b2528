"""Find signatures by words: what a text is folded into, and the index of the words."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from anyascii import anyascii
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from app import db
from app.db import Transaction
from app.domain.standing import Facts
from app.models import Signature, State
from app.prepared import Statement, Step

MOST_WORDS = 22
LONGEST_WORD = 40
# Of what is asked for; more than that is no search but a burden.
MOST_ASKED = 6

# In the order of the public list (peers, rule R2): verified ones before the others.
NOT_PUBLIC, PUBLIC, PUBLIC_VERIFIED = 0, 1, 2

_APOSTROPHES = re.compile("['’‘ʼʻ`´′＇׳՚ꞌ]")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic; the marks of
# other scripts are vowels.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
)


class _Table(dict[int, str]):
    """A table for str.translate that works out each character when first met."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        self.fold = fold

    def __missing__(self, code: int) -> str:
        folded = self.fold(chr(code))
        if len(self) < 5_000:  # Nobody fills our memory with a million characters.
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    """A character by its sound in small ASCII letters; a space between words.

    Chinese, Japanese and Korean are written without spaces, so each sign is a word.
    """
    category = unicodedata.category(character)
    if category[0] not in "LMN":
        return "" if category == "Cf" else " "
    if unicodedata.east_asian_width(character) == "W":
        return f" {character} "
    return "".join(filter(str.isalnum, anyascii(character))).lower()


_FOLD = _Table(_folded)


def words_of(typed: str) -> list[str]:
    """The words of a text as they are searched: accents, case and script folded.

    Each once, in their order; nothing in them but ASCII letters and digits, and the
    signs of Chinese, Japanese and Korean.
    """
    plain = _APOSTROPHES.sub("", typed)
    if plain.isascii():
        plain = _BETWEEN.sub(" ", plain).lower()
    else:
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
        plain = unicodedata.normalize("NFC", plain).translate(_FOLD)
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in plain.split()))


def sector_word(key: str) -> str:
    """The word that stands for a sector; no typed one has a colon in it."""
    return f"s:{key}"


def country_word(code: str) -> str:
    """The word that stands for a country."""
    return f"c:{code}"


def text_of(values: Mapping[str, Any]) -> str:
    """All words of a signature with these columns, as `search_text` holds them."""
    shown = values["name"]
    affiliation = values.get("affiliation")
    if affiliation and not values.get("affiliation_hidden_at"):
        shown += f" {affiliation}"
    found = words_of(shown)[:MOST_WORDS]
    return " ".join(
        [sector_word(values["sector"]), country_word(values["country"]), *found]
    )


def rank_of(*, state: State, listed: bool, verified: bool) -> int:
    """Where a signature stands in the order of the public list."""
    if state is not State.COUNTED or not listed:
        return NOT_PUBLIC
    return PUBLIC_VERIFIED if verified else PUBLIC


# -- Keeping the index, in the transaction of the change ---------------------------

# A text is taken apart by the database itself, so that it is one statement.
_APART = {
    "sqlite": "(SELECT value AS word FROM"
    """ json_each('["' || replace(:words, ' ', '","') || '"]'))""",
    "postgresql": "(SELECT word FROM"
    " unnest(string_to_array(CAST(:words AS text), ' ')) AS word)",
}
_ADD = {
    name: text(
        "INSERT INTO search_word (letter_id, word, rank, signature_id)"
        f" SELECT :letter, word, :rank, :signature FROM {apart} AS apart"
    )
    for name, apart in _APART.items()
}
_STEP = Statement(
    lambda insert: _ADD["sqlite" if insert is sqlite.insert else "postgresql"]
)
_THESE = (
    " WHERE letter_id = :letter AND rank = :rank AND signature_id = :signature"
    " AND word IN "
)
_REMOVE = {
    name: text(f"DELETE FROM search_word{_THESE}{apart}")
    for name, apart in _APART.items()
}
_RANK = {
    name: text(f"UPDATE search_word SET rank = :to{_THESE}{apart}")
    for name, apart in _APART.items()
}


# The same for many signatures, which come as one JSON array of [id, words, rank].
_MANY = {
    "sqlite": "(SELECT json_extract(row.value, '$[0]') AS id, word.value AS word,"
    " json_extract(row.value, '$[2]') AS rank FROM json_each(:rows) AS row,"
    " json_each('[\"' || replace(json_extract(row.value, '$[1]'), ' ', '\",\"')"
    " || '\"]') AS word)",
    "postgresql": "(SELECT CAST(row->>0 AS bigint) AS id, word,"
    " CAST(row->>2 AS smallint) AS rank FROM json_array_elements(CAST(:rows AS json))"
    " AS row, unnest(string_to_array(row->>1, ' ')) AS word)",
}
_ADD_MANY = {
    name: text(
        "INSERT INTO search_word (letter_id, word, rank, signature_id)"
        f" SELECT :letter, word, rank, id FROM {apart} AS apart"
    )
    for name, apart in _MANY.items()
}


def step(*, letter_id: int, signature_id: int, words: str, rank: int) -> Step:
    """Let a new signature be found by these words; to be run with other steps."""
    return Step(
        _STEP,
        {"letter": letter_id, "signature": signature_id, "words": words, "rank": rank},
    )


_WORDED = frozenset(
    {"name", "affiliation", "affiliation_hidden_at", "sector", "country"}
)


def changed(
    session: Transaction, former: Facts, values: Mapping[str, Any]
) -> dict[str, str | None]:
    """The new `search_text` of a signature whose columns become `values`, if any."""
    if "redacted_at" in values:
        return {"search_text": None}
    if former.redacted or not _WORDED & values.keys():
        return {}
    columns = db.table(Signature).c
    row = session.execute(
        select(*(columns[name] for name in sorted(_WORDED))).where(
            columns.id == former.id
        )
    ).one()
    return {"search_text": text_of({**row._asdict(), **values})}


class Change(NamedTuple):
    """Another rank for a signature's words; None where they were or are to be out."""

    signature_id: int
    words: str | None
    before: int | None
    after: int | None


def follow_many(
    session: Transaction, *, letter_id: int, changes: Iterable[Change]
) -> None:
    """Bring the index in line with many signatures.

    New words go in as one statement. What is there already is looked up signature by
    signature: joined with many at once, both databases read every word of the letter.
    """
    kind = db.dialect(session)
    new, moved, gone = [], [], []
    for signature_id, words, before, after in changes:
        if not words or before == after:
            continue
        key = {"letter": letter_id, "signature": signature_id, "words": words}
        if before is None:
            new.append((signature_id, words, after))
        elif after is None:
            gone.append(key | {"rank": before})
        else:
            moved.append(key | {"rank": before, "to": after})
    if new:
        rows = json.dumps(new)
        session.execute(_ADD_MANY[kind], {"letter": letter_id, "rows": rows})
    if moved:
        session.execute(_RANK[kind], moved)
    if gone:
        session.execute(_REMOVE[kind], gone)


def follow(
    session: Transaction,
    former: Facts,
    *,
    state: State,
    values: Mapping[str, Any],
) -> None:
    """Bring the index in line with a signature that has just been changed."""
    before = rank_of(state=former.state, listed=former.listed, verified=former.verified)
    after = rank_of(
        state=state,
        listed=values.get("listed", former.listed),
        verified=values.get("verified", former.verified),
    )
    words = values.get("search_text", former.search_text)
    kind = db.dialect(session)
    key = {"letter": former.letter_id, "signature": former.id}
    if words == former.search_text:
        if words and before != after:
            session.execute(
                _RANK[kind], key | {"words": words, "rank": before, "to": after}
            )
        return
    if former.search_text:
        session.execute(
            _REMOVE[kind], key | {"words": former.search_text, "rank": before}
        )
    if words:
        session.execute(_ADD[kind], key | {"words": words, "rank": after})
