"""The counter as pictures: drawn as SVG, and as PNG in the house's own fonts."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from unicodedata import east_asian_width

import resvg_py
from PIL import ImageFont

from app import i18n
from app.domain.counters import Counter

FONTS = Path(__file__).parent / "fonts"
# Open Graph's usual size, which no site crops.
CARD_WIDTH, CARD_HEIGHT = 1200, 630
_CARD_MARGIN = 80
# The sizes that a title is tried in, with the number of lines that there is room for.
_TITLE_SIZES = ((64, 3), (54, 4), (44, 5), (36, 6))
_BADGE_MARGIN, _BADGE_GAP = 12, 7
# Where a line may be broken: after a space, and around each sign of scripts that write
# without spaces.
_WORDS = re.compile(
    r"\s*[\u2e80-\u9fff\u3040-\u30ff\uac00-\ud7af\uff00-\uffef\u0e00-\u0e7f]"
    r"|\s*[^\s\u2e80-\u9fff\u3040-\u30ff\uff00-\uffef\u0e00-\u0e7f]+"
)


@cache
def _font_files() -> tuple[str, ...]:
    return tuple(str(path) for path in sorted(FONTS.glob("*.ttf")))


@cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def width(text: str, size: int, *, name: str = "NotoSans-Regular") -> float:
    """How wide a text is drawn, in pixels; a sign of another font is guessed.

    Those of East Asia are squares (UAX #11); the others are narrower.
    """
    font = _font(str(FONTS / f"{name}.ttf"), size)
    known = "".join(c for c in text if ord(c) < 0x530 or 0x1E00 <= ord(c) < 0x2E80)
    wide = sum(east_asian_width(c) in "WF" for c in text)
    others = len(text) - len(known) - wide
    return font.getlength(known) + size * (wide + 0.65 * others)


def lines_of(text: str, size: int, room: float, *, name: str) -> list[str]:
    """The text broken into lines that are no wider than `room`, where that can be."""
    lines: list[str] = []
    words = [
        part
        for word in _WORDS.findall(text)
        # A word that has no room by itself is cut wherever it ends.
        for part in ([word] if width(word, size, name=name) <= room else word)
    ]
    for word in words:
        longer = f"{lines[-1]}{word}" if lines else word
        if lines and width(longer.strip(), size, name=name) <= room:
            lines[-1] = longer
        else:
            lines.append(word.strip())
    return [line.strip() for line in lines]


def _fitted(title: str) -> tuple[int, list[str]]:
    """The largest size in which a title has room, with its lines; cut where none has."""
    room = CARD_WIDTH - 2 * _CARD_MARGIN
    for size, most in _TITLE_SIZES:
        lines = lines_of(title, size, room, name="NotoSerif-Bold")
        if len(lines) <= most:
            return size, lines
    return size, [*lines[: most - 1], f"{lines[most - 1]}…"]


def badge(counter: Counter) -> str:
    """A small picture of the number and its time, as SVG; its text is real text."""
    number = width(counter.shown, 22, name="NotoSans-Bold")
    label = width(counter.label, 15)
    told = (counter.as_of_words, counter.beside, counter.note)
    below = " · ".join(part for part in told if part)
    first = number + _BADGE_GAP + label
    second = width(below, 11)
    return i18n.render(
        "publishing/badge.svg",
        counter.letter.locale,
        counter=counter,
        below=below,
        start=_BADGE_MARGIN,
        widths=(round(number), round(label), round(second)),
        label_at=round(_BADGE_MARGIN + number + _BADGE_GAP),
        width=round(max(first, second) + 2 * _BADGE_MARGIN),
    )


def card(counter: Counter) -> str:
    """The share image, as SVG: title, number, time, and who answers for the letter."""
    size, lines = _fitted(counter.letter.title)
    right = counter.letter.direction == "rtl"
    return i18n.render(
        "publishing/card.svg",
        counter.letter.locale,
        counter=counter,
        lines=list(enumerate(lines)),
        size=size,
        start=CARD_WIDTH - _CARD_MARGIN if right else _CARD_MARGIN,
        anchor="end" if right else "start",
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
