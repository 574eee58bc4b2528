"""The counter as pictures: drawn as SVG, and as PNG in the house's own fonts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from unicodedata import bidirectional, category, combining, east_asian_width
from unicodedata import name as name_of

import resvg_py
from PIL import ImageFont

from app import i18n
from app.domain.counters import Counter
from app.i18n import marked as _

FONTS = Path(__file__).parent / "fonts"
# Open Graph's usual size, which no site crops.
CARD_WIDTH, CARD_HEIGHT = 1200, 630
_CARD_MARGIN = 80
# The sizes that a title is tried in, with the number of lines that there is room for.
_TITLE_SIZES = ((64, 3), (54, 4), (44, 5), (36, 6))
_PLAIN, _BOLD, _TITLE = "NotoSans-Regular", "NotoSans-Bold", "NotoSerif-Bold"
_BADGE_MARGIN, _BADGE_GAP = 12, 7
_EAST_ASIA = "East Asia"
_KIND = _("Open letter")
# Scripts that write without spaces, so that a line may end between their signs: Chinese,
# Japanese, Thai, Lao, Burmese and Khmer.
_SPACELESS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uff00-\uff9f]"
)
# What must not begin a line there, and what must not end one: brackets, points, small
# kana, and vowels that are written before the sign that they are read after.
_NEVER_FIRST = frozenset(
    "、。，．：；！？）」』】〉》〕］｝・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々ฯๆໆ"
)
_NEVER_LAST = frozenset("（「『【〈《〔［｛เแโใไເແໂໃໄ")
_JOINERS = frozenset("\u200c\u200d")
# Marks, what is not seen, and spaces: they go with what stands before them.
_JOINED = frozenset(["Mn", "Mc", "Cf", "Zs"])
_VIRAMA = 9  # the combining class of signs that join two consonants into one


@cache
def _font_files() -> tuple[str, ...]:
    return tuple(str(path) for path in sorted(FONTS.glob("*.ttf")))


@cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@cache
def _script(sign: str) -> str:
    """The script of a sign, where there is a font for it alone: "Devanagari"; or ""."""
    # Chinese, Japanese and Korean; pictures of faces, which are as wide, come later.
    if east_asian_width(sign) in "WF" and ord(sign) < 0x1F000:
        return _EAST_ASIA
    # "ARABIC LETTER SEEN", "ARABIC-INDIC DIGIT ONE", "EXTENDED ARABIC-INDIC DIGIT ONE".
    named = re.match(r"(?:EXTENDED )?([A-Z]+)\b", name_of(sign, ""))
    script = named[1].title() if named else ""
    return script if script and _file(script).exists() else ""


def _file(script: str, name: str = _PLAIN) -> Path:
    """The font of a script, or that of this name where it has none of its own."""
    if script == _EAST_ASIA:
        return FONTS / "DroidSansFallback.ttf"
    return FONTS / f"{f'NotoSans{script}-Regular' if script else name}.ttf"


def _family(script: str) -> str:
    if script == _EAST_ASIA:
        return "Droid Sans Fallback"
    return f"Noto Sans {script}" if script else ""


def runs(text: str) -> list[tuple[str, str]]:
    """The text in parts of one font each, as (script or "", words)."""
    found: list[tuple[str, str]] = []
    for place, sign in enumerate(text):
        script = _script(sign)
        # The space of the font for East Asia is as wide as its signs.
        joined = category(sign) in _JOINED and not (
            sign == " " and found and found[-1][0] == _EAST_ASIA
        )
        # A time is read as one number: what parts its digits stays between them.
        within = bidirectional(sign) == "CS" and (
            text[place - 1 : place].isdigit() and text[place + 1 : place + 2].isdigit()
        )
        if found and (script == found[-1][0] or joined or within):
            found[-1] = (found[-1][0], found[-1][1] + sign)
        else:
            found.append((script, sign))
    return found


def width(text: str, size: int, *, name: str = _PLAIN) -> float:
    """How wide a text is drawn, in pixels; a sign of no font of ours is guessed."""
    found = 0.0
    for script, words in runs(text):
        known = words
        if not script:
            known = "".join(
                c for c in words if ord(c) < 0x530 or 0x1E00 <= ord(c) < 0x2E80
            )
        found += _font(str(_file(script, name)), size).getlength(known)
        found += 0.65 * size * (len(words) - len(known))
    return found


def pieces(text: str, *, anywhere: bool = False) -> list[str]:
    """The text cut where a line may end: after a space, and between the signs of scripts
    that write without spaces; or, `anywhere`, between any two letters.

    Nothing that is drawn together is parted: no mark leaves its letter.
    """
    found: list[str] = []
    last = ""
    for sign in text:
        free = anywhere or _SPACELESS.match(last) or _SPACELESS.match(sign)
        joined = (
            category(sign).startswith("M")
            or combining(last or " ") == _VIRAMA
            or not _JOINERS.isdisjoint((last, sign))
        )
        parted = free and not joined and sign not in _NEVER_FIRST
        if not found or (
            not sign.isspace()
            and (last.isspace() or (parted and last not in _NEVER_LAST))
        ):
            found.append(sign)
        else:
            found[-1] += sign
        last = sign
    return found


def lines_of(text: str, size: int, room: float, *, name: str) -> list[str]:
    """The text broken into lines that are no wider than `room`, where that can be."""
    lines: list[str] = []
    words = [
        part
        for word in pieces(text)
        # A word that has no room by itself is cut wherever it can be.
        for part in (
            [word]
            if width(word.strip(), size, name=name) <= room
            else pieces(word, anywhere=True)
        )
    ]
    for word in words:
        longer = f"{lines[-1]}{word}" if lines else word
        if lines and width(longer.strip(), size, name=name) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line.strip() for line in lines]


def _fitted(title: str) -> tuple[int, list[str]]:
    """The largest size in which a title has room, with its lines; cut where none has."""
    room = CARD_WIDTH - 2 * _CARD_MARGIN
    for size, most in _TITLE_SIZES:
        lines = lines_of(title, size, room, name=_TITLE)
        if len(lines) <= most:
            return size, lines
    return size, [*lines[: most - 1], f"{lines[most - 1]}…"]


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one font, where they stand, and how wide they are, in pixels."""

    x: int
    anchor: str
    length: float
    family: str
    words: str


def placed(
    text: str, size: int, *, x: int, anchor: str, right: bool, name: str = _PLAIN
) -> list[Words]:
    """A line of a picture, from its start at `x`, or to its end there.

    The painter takes one font for a line and finds a second one sign by sign; signs that
    join, as those of India and Arabia do, it then leaves out. So each script is put down
    by itself. It knows no writing direction but what stands in the text (UAX #9: RLI).
    """
    at: float = x
    if right != (anchor == "end"):
        at += width(text, size, name=name) * (1 if right else -1)
    found = []
    for script, words in runs(text):
        # Spaces at its ends are not drawn, so what they take is left free.
        before = width(words[: -len(words.lstrip())], size, name=name)
        bare = words.strip()
        begins = round(at - before if right else at + before)
        held = f"\u2067{bare}\u2069" if right else bare
        drawn = round(width(bare, size, name=name), 1)
        edge = "end" if right else "start"
        if bare:
            found.append(Words(begins, edge, drawn, _family(script), held))
        length = width(words, size, name=name)
        at += -length if right else length
    return found


def _reads_right(text: str) -> bool:
    """Whether the first sign that has a direction is read from right to left."""
    strong = (bidirectional(sign) for sign in text)
    return next((one for one in strong if one in ("L", "R", "AL")), "L") != "L"


def badge(counter: Counter, *, fit: bool) -> str:
    """A small picture of the number and its time, as SVG; its text is real text.

    To `fit` is for browsers, which have other fonts than ours. What paints the PNG has
    ours, and would stretch the scripts of India beyond the width that it is given.
    """
    told = (counter.as_of_words, counter.beside, counter.note)
    below = " · ".join(part for part in told if part)
    begins = _BADGE_MARGIN + width(counter.shown, 22, name=_BOLD) + _BADGE_GAP
    first = begins + width(counter.label, 15)
    wide = round(max(first, _BADGE_MARGIN + width(below, 11)) + _BADGE_MARGIN)
    right = i18n.direction(counter.locale) == "rtl"
    start, label_at = _BADGE_MARGIN, round(begins)
    if right:
        start, label_at = wide - start, wide - label_at
    put = partial(placed, anchor="end" if right else "start", right=right)
    return i18n.render(
        "publishing/badge.svg",
        counter.locale,
        counter=counter,
        number=put(counter.shown, 22, x=start, name=_BOLD),
        label=put(counter.label, 15, x=label_at),
        below=put(below, 11, x=start),
        width=wide,
        fit=fit,
    )


def card(counter: Counter) -> str:
    """The share image, as SVG: title, number, time, and who answers for the letter."""
    letter = counter.letter
    right = letter.direction == "rtl"
    start, end = _CARD_MARGIN, CARD_WIDTH - _CARD_MARGIN
    anchor, other = ("end", "start") if right else ("start", "end")
    if right:
        start, end = end, start
    size, lines = _fitted(letter.title)
    organiser = letter.organiser
    if len(organiser) > 40:
        organiser = f"{organiser[:39].rstrip()}…"
    of_letter = partial(placed, x=start, anchor=anchor, right=right)
    # Where the house does not speak the letter's language, it speaks another way round.
    ours = i18n.direction(counter.locale) == "rtl"
    of_house = partial(placed, x=start, anchor=anchor, right=ours)
    told = " ".join(filter(None, [counter.label, counter.beside]))
    below = " · ".join(filter(None, [counter.as_of_words, counter.note]))
    return i18n.render(
        "publishing/card.svg",
        counter.locale,
        counter=counter,
        kind=of_house(i18n.translator(counter.locale)(_KIND), 28),
        organiser=placed(
            organiser, 28, x=end, anchor=other, right=_reads_right(organiser)
        ),
        lines=[of_letter(line, size, name=_TITLE) for line in lines],
        size=size,
        number=of_letter(counter.shown, 84, name=_BOLD),
        told=of_house(told, 32),
        below=of_house(below, 24),
        width=CARD_WIDTH,
        height=CARD_HEIGHT,
    )


@lru_cache(maxsize=64)
def png(svg: str, *, zoom: int = 1) -> bytes:
    """The picture as PNG; no font of the machine is asked for, so none is missing.

    Painting costs a thousand times what giving out does, so the last ones are kept:
    nobody makes us paint one again by asking for it in another way.
    """
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=zoom,
            skip_system_fonts=True,
            font_files=list(_font_files()),
            font_family="Noto Sans",
            sans_serif_family="Noto Sans",
            serif_family="Noto Serif",
        )
    )
