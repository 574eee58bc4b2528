"""The counter as pictures: their size, their letters, and how often they are painted."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
import resvg_py
from PIL import Image, ImageChops

from app import i18n
from app.domain import letter_files
from app.publishing import images
from tests.house import BASE, EXAMPLE, SLUG, House
from tests.letters import another_letter
from tests.work.labour import people


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG (its first chunk)."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_pictures_are_of_the_size_that_they_say(house: House) -> None:
    card = house.fresh(f"/embed/{SLUG}/card.png")
    assert size_of(card.data) == (1200, 630)
    page = house.fresh(f"/letters/{SLUG}").text
    assert f'property="og:image" content="{BASE}/embed/{SLUG}/card.png?lang=en"' in page
    svg = ElementTree.fromstring(house.fresh(f"/embed/{SLUG}/badge.svg").text)
    png = size_of(house.fresh(f"/embed/{SLUG}/badge.png").data)
    assert png == (2 * int(svg.attrib["width"]), 2 * int(svg.attrib["height"]))


SCRIPTS = {
    "Latin": "ŁÆğ", "Greek": "ΔΩψ", "Cyrillic": "ЖЩђ", "Arabic": "سعق",
    "Hebrew": "שמץ", "Devanagari": "कखझ", "Chinese": "法律深", "Japanese": "あカ語",
    "Korean": "한국어", "Thai": "กขค", "Georgian": "აბგ", "Armenian": "աբգ",
}  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_titles_of_the_worlds_scripts_are_letters_and_no_boxes(script: str) -> None:
    def drawn(text: str) -> Image.Image:
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80">'
            '<text x="10" y="60" font-family="Noto Serif" font-weight="700"'
            f' font-size="50">{text}</text></svg>'
        )
        return Image.open(io.BytesIO(images.png(svg))).convert("RGBA").getchannel("A")

    one, two, three = map(drawn, SCRIPTS[script])
    # What no font has is drawn as one and the same box, or not at all.
    assert all(picture.getbbox() for picture in (one, two, three))
    assert ImageChops.difference(one, two).getbbox()
    assert ImageChops.difference(two, three).getbbox()


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Three laws"),
        ("en", "A very long title that nobody would write but somebody does " * 3),
        ("zh", "反对深度伪造的三部法律" * 9),
        ("de", "Donaudampfschifffahrtsgesellschaftskapitän" * 4),
        ("ar", "ثلاثة قوانين ضد التزييف العميق الضار " * 4),
        # Two scripts, one of which joins its signs.
        ("hi", "क्षति deepfake"),
        ("ar", "لا deepfake"),
    ],
)
def test_a_title_of_any_length_has_its_place_on_the_card(
    house_on_sqlite: House, language: str, title: str
) -> None:
    words = replace(letter_files.read(EXAMPLE).languages["en"], title=title.strip())
    another_letter(
        house_on_sqlite,
        "titled",
        languages={language: words},
        default_language=language,
        sectors={"ai": {language: "x"}},
    )
    card = house_on_sqlite.fresh("/embed/titled/card.png")
    drawn = Image.open(io.BytesIO(card.data)).convert("L").point(lambda p: 255 - p)
    # Both margins, and the gap between the title and the number.
    for box in ((0, 20, 60, 630), (1140, 20, 1200, 630), (0, 425, 1200, 440)):
        assert drawn.crop(box).getbbox() is None, box
    # It begins where its language does, and nothing of it is left out there.
    begins = (1060, 110, 1140, 420) if language == "ar" else (60, 110, 140, 420)
    assert drawn.crop(begins).getbbox()


def test_a_line_of_the_card_ends_only_where_a_reader_would_end_it() -> None:
    assert images.pieces("Three new laws") == ["Three ", "new ", "laws"]
    assert images.pieces("세 가지 법") == ["세 ", "가지 ", "법"]
    # No point and no small kana first, no opening bracket last.
    assert images.pieces("公开信：致（政府）") == [
        "公",
        "开",
        "信：",
        "致",
        "（政",
        "府）",
    ]
    assert images.pieces("ヴァーグ") == ["ヴァー", "グ"]
    # Marks stay on their letters, and vowels before the ones that they are read after.
    assert images.pieces("ทั่วโลก") == ["ทั่", "ว", "โล", "ก"]
    assert images.pieces("क्षति", anywhere=True) == ["क्ष", "ति"]


def test_a_line_of_several_scripts_is_set_in_the_order_of_its_reading() -> None:
    where: dict[str, Any] = {"name": "NotoSans-Regular", "x": 1120, "anchor": "end"}
    first, more = images.placed("די (EU)!", 64, **where, right=True)
    assert (first.words, more.words) == ("\u2067די\u2069", "\u2067(EU)!\u2069")
    assert more.x < first.x == 1120
    assert (first.family, more.family) == ("Noto Sans Hebrew", "")
    left, then = images.placed("EU, दिल्ली", 64, **where, right=False)
    assert (left.words, then.words) == ("EU,", "दिल्ली")
    assert left.x < then.x < 1120
    assert {left.anchor, then.anchor} == {"start"}
    # A time stays in one piece, and so reads from hour to minute in Persian as well.
    time = "۰۰:۴۰ "
    assert images.runs(f"{time}UTC") == [("Arabic", time), ("", "UTC")]


def test_a_font_that_joins_letters_takes_no_other_script_away() -> None:
    """What paints gives up a second font where the first writes "ffi" as one sign."""

    def drawn(text: str) -> bytes:
        line = images.placed(text, 40, x=10, anchor="start", right=False)
        words = i18n.macro("publishing/_drawn.svg", "drawn", "en")(line, 50, 40)
        size = 'xmlns="http://www.w3.org/2000/svg" width="400" height="80"'
        return images.png(f"<svg {size}>{words}</svg>")

    assert drawn("Official 公式") != drawn("Official 漢字")


def test_a_picture_is_painted_once_for_a_version(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str] = []
    paint = resvg_py.svg_to_bytes

    def watched(**given: Any) -> bytes:
        painted.append(given["svg_string"])
        return bytes(paint(**given))

    monkeypatch.setattr(resvg_py, "svg_to_bytes", watched)
    images.png.cache_clear()
    for number in range(5):
        for encoding in ("gzip", "identity"):
            for query in ("", f"?lang=x{number}", f"?size={number}"):
                path = f"/embed/{SLUG}/card.png{query}"
                answer = house.get(path, Accept_Encoding=encoding)
                assert answer.status_code == 200
    assert len(painted) == 1
    people(house, 1)
    assert house.fresh(f"/embed/{SLUG}/card.png").status_code == 200
    assert len(painted) == 2
