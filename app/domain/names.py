"""Clean what a signatory types, and say what is wrong with it.

What is not wrong passes untouched: names of every script, with their marks, joiners
and apostrophes. Nothing here knows whose name it is; holds.py does.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from app.domain import links
from app.domain.look_alikes import look_alike_key

# Keys of names live in a room of their own and are asked for by this one's name.
__all__ = [
    "NameProblem",
    "clean_line",
    "clean_text",
    "look_alike_key",
    "problem_with_name",
    "problem_with_text",
]

GRAPHEMES = 100
BYTES = 400
# Marks are up to three bytes each and some scripts need two to a letter.
BYTES_PER_GRAPHEME = 8


class NameProblem(StrEnum):
    """Why a text cannot be published as it stands; the edges translate it."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    STACKED_MARKS = "stacked_marks"
    WIDE = "wide"
    ADDRESS = "address"
    LINK = "link"
    MARKUP = "markup"
    NOT_A_NAME = "not_a_name"


# -- Cleaning --------------------------------------------------------------------

# Letters and marks of the scripts in which a joiner changes what is read: Arabic,
# Syriac and their kin, the Indic scripts, Myanmar, Khmer, Mongolian, and the later
# Brahmic ones (Unicode Standard, chapters 9, 12, 13 and 16). No invisible character
# of those blocks is among them, so that cleaning twice changes nothing.
_JOINING = (
    "\u0610-\u061a\u0620-\u06dc\u06de-\u06ff\u0710-\u088f\u0898-\u08e1\u08e3-\u0dff"
    "\u1000-\u109f\u1780-\u17b3\u17b6-\u180a\u180f-\u18af\u1a20-\u1c4f\ua800-\uabff"
    "\U00011000-\U000110bc\U000110be-\U000110cc\U000110ce-\U00011fff"
)
# Without the few that NFC takes apart or replaces.
_PICTURE = (
    "\u203c\u2049\u2122\u2139\u2190-\u2328\u232b-\u27ff\u2934\u2935\u2b00-\u2bff"
    "\U0001f000-\U0001faff"
)
_HAN = "\u3400-\u9fff\U00020000-\U0002fffd\U00030000-\U0003fffd"
# What cannot be seen and yet changes what is seen, kept where its script needs it:
# joiners, and the selectors of a Han, Mongolian or pictorial variant.
_NEEDED = (
    f"(?<=[{_JOINING}])\u200c(?=[{_JOINING}])|(?<=[{_JOINING}])\u200d"
    f"|(?:(?<=[{_PICTURE}])|(?<=[{_PICTURE}]\ufe0f))\u200d(?=[{_PICTURE}])"
    f"|(?<=[{_PICTURE}])[\ufe0e\ufe0f]"
    f"|(?<=[{_HAN}])[\ufe00-\ufe02\U000e0100-\U000e01ef]"
    "|(?<=[\u1820-\u18a8])[\u180b-\u180d]|(?<=[\u1820-\u18a8])\u180e(?=[\u1820-\u18a8])"
)
# Cc but for white space, Cf, surrogates, private use, non-characters and the letters
# and symbols that Unicode calls default ignorable or that are blank by design.
_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f"
    "\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001fffe\U0001ffff\U0002fffe"
    "\U0002ffff\U0003fffe\U0003ffff\U000e0000-\U0010ffff"
)
_INVISIBLE = re.compile(f"({_NEEDED})|[{_UNSEEN}]")


def clean_line(text: str) -> str:
    """`text` as one line in NFC, without what cannot be seen (threats 14 and 32).

    Every kind of white space, line ends among them, becomes one space; the ends are
    trimmed. Cleaning what is clean changes nothing.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = unicodedata.normalize("NFC", _INVISIBLE.sub(r"\1", text))
    return " ".join(seen.split())


def clean_text(text: str) -> str:
    """A statement as the one paragraph that is published; same rules as a line."""
    return clean_line(text)


# -- Judging ---------------------------------------------------------------------

# Most names: words of plain letters with one space, hyphen, apostrophe, full stop or
# comma between them. Nothing in them can be wrong but their length.
_PLAIN_NAME = re.compile(r"[A-Za-z]+(?:(?: |-|'|\. |, )[A-Za-z]+)*\.?")
# Without any of these an ASCII text holds no link, address or markup.
_SUSPECT = re.compile(r"[<@&\[\]:/]|\.\w|www", re.IGNORECASE)

_MARKUP = re.compile(
    r"<[a-z/!?]|&(?:lt|gt|amp|quot|apos|nbsp|#\w+);|\[/?(?:url|img|link)\b|\]\(",
    re.IGNORECASE,
)

# One of these fills a line (U+FDFD is 18 letters wide; cuneiform signs, three).
_WIDE = re.compile(
    "[\ufdfa-\ufdfd\u2e3a\u2e3b\ua9c5\u0bf5\u0bf8\u0bf9\U00012000-\U0001254f]"
)
_STACKING = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
# Punctuation that belongs in names and counts neither for nor against them.
_NAME_PUNCTUATION = frozenset(" .,'’‘ʼ`´-‐‑–()\"“”„«»·・‧゠=׳״՚")


def problem_with_name(text: str) -> NameProblem | None:
    """What keeps `text`, already cleaned, from being published as a name, if anything.

    Threats 33 (height and width) and 34 (links, addresses, not a name).
    """
    if not text:
        return NameProblem.EMPTY
    if _too_long(text, GRAPHEMES, BYTES):
        return NameProblem.TOO_LONG
    if _PLAIN_NAME.fullmatch(text):
        return None
    folded = _folded(text)
    if "@" in folded:
        return NameProblem.ADDRESS
    problem = _foreign_matter(text, folded, organisation=False)
    if problem is None and not _is_a_name(text):
        return NameProblem.NOT_A_NAME
    return problem


def problem_with_text(
    text: str, *, limit: int, organisation: bool = False
) -> NameProblem | None:
    """What keeps a cleaned title, affiliation or statement from being published.

    Nothing is wrong with an empty one. `limit` is in graphemes. With `organisation`
    a bare domain is let through, for there are "Change.org" and "Booking.com"; a
    scheme, "www." or a path is refused all the same.
    """
    if not text:
        return None
    if _too_long(text, limit, limit * BYTES_PER_GRAPHEME):
        return NameProblem.TOO_LONG
    if text.isascii() and not _SUSPECT.search(text):
        problem = None
    else:
        folded = _folded(text)
        if links.has_address(folded):
            return NameProblem.ADDRESS
        problem = _foreign_matter(text, folded, organisation=organisation)
    if problem is None and not any(map(_says_something, text)):
        return NameProblem.NOT_A_NAME
    return problem


def _folded(text: str) -> str:
    """`text` with full-width and styled letters made plain, to find links in."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).replace("。", ".").replace("｡", ".")


def _foreign_matter(
    text: str, folded: str, *, organisation: bool
) -> NameProblem | None:
    if _MARKUP.search(folded):
        return NameProblem.MARKUP
    if links.has_link(folded, bare_domains=not organisation):
        return NameProblem.LINK
    if text.isascii():
        return None
    if _stacks_marks(text):
        return NameProblem.STACKED_MARKS
    return NameProblem.WIDE if _WIDE.search(text) else None


def _too_long(text: str, graphemes: int, in_bytes: int) -> bool:
    if len(text) <= graphemes and text.isascii():
        return False
    if len(text) > in_bytes or len(text.encode(errors="replace")) > in_bytes:
        return True
    return len(text) > graphemes and _graphemes(text) > graphemes


def _graphemes(text: str) -> int:
    """How many characters a reader counts: UAX #29, near enough for a limit."""
    return sum(
        unicodedata.category(character) not in ("Mn", "Mc", "Me", "Cf", "Sk")
        for character in text
    )


def _marks_allowed(base: str) -> int:
    """How many marks real words put on `base`: two in Latin, Greek and Cyrillic."""
    code = ord(base)
    if 0x0F00 <= code <= 0x109F or 0x1780 <= code <= 0x1AAF or 0xA9E0 <= code <= 0xAA7F:
        return 6  # Tibetan, Myanmar, Khmer, Tai Tham write consonants as marks.
    if (
        0x0590 <= code <= 0x1BFF
        or 0xA800 <= code <= 0xABFF
        or 0xFB1D <= code <= 0xFEFF
        or 0x10A00 <= code <= 0x11FFF
        or 0x1E000 <= code <= 0x1EFFF
    ):
        return 4  # Hebrew points with cantillation; Arabic, Indic and Thai need three.
    return 2


def _stacks_marks(text: str) -> bool:
    """Do more marks stand on one letter than its script writes (threats 33)?"""
    base, marks, previous = "a", 0, ""
    for character in text:
        if character < "\u0300" or unicodedata.category(character)[0] != "M":
            base, marks = character, 0
        else:
            marks += 1
            allowed = 2 if _STACKING.match(character) else _marks_allowed(base)
            # No script writes the same mark twice on one letter.
            if marks > allowed or character == previous:
                return True
        previous = character
    return False


def _is_a_name(text: str) -> bool:
    """Has it letters, and at most 40 % digits and symbols (threats 34)?

    A leading sign would make a spreadsheet calculate (OWASP, CSV injection).
    """
    if text[0] in "=+-":
        return False
    letters = seen = odd = 0
    for character in text:
        if character.isspace():
            continue
        seen += 1
        if character.isalpha():
            letters += 1
        elif character not in _NAME_PUNCTUATION:
            odd += unicodedata.category(character)[0] != "M"
    return letters > 0 and odd * 10 <= seen * 4


def _says_something(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) == "So"
