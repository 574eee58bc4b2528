"""The picture of the organiser: taken in, made anew, shown; what is no picture is not."""

from __future__ import annotations

import io
import re
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from app.models import Logo, Record
from tests.house import House
from tests.organising.people import Signed
from tests.organising.room import HERE

SETTINGS = f"{HERE}/settings"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def drawn(
    kind: str = "PNG", size: tuple[int, int] = (900, 300), **more: object
) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "#1f3a5f").save(written, kind, **more)
    return written.getvalue()


def huge() -> bytes:
    """A PNG of a few hundred bytes that says of itself to be 20,000 x 20,000."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = zlib.crc32(name + content)
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", checked)
        )

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 60_001)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def shown(house: House) -> re.Match[str] | None:
    """The picture on the letter's page: its address, width, height and words."""
    return re.search(
        r'<img src="([^"]+)" width="(\d+)" height="(\d+)" alt="([^"]*)"',
        house.fresh("/letters/deepfakes").text,
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_ella_shows_a_logo_and_takes_it_out(house: House, kind: str) -> None:
    ella = house.organiser("editor")
    assert shown(house) is None
    answer = ella.upload(f"{SETTINGS}/logo", drawn(kind))
    assert answer.status_code == 303, answer.text
    picture = shown(house)
    assert picture is not None
    assert picture[4] == "Deepfakes Letter Committee"
    served = house.get(picture[1])
    assert served.status_code == 200
    assert served.mimetype == "image/png"
    assert "immutable" in served.headers["Cache-Control"]
    assert "Set-Cookie" not in served.headers
    image = Image.open(io.BytesIO(served.data))
    assert image.format == "PNG"
    assert image.size[0] <= 480
    assert image.size[1] <= 128
    # Drawn at half its size, so that it is sharp on every screen.
    assert (int(picture[2]), int(picture[3])) == tuple(side // 2 for side in image.size)
    assert "Show none" in ella.get(SETTINGS).text
    assert ella.post(f"{SETTINGS}/logo", {"remove": "yes"}).status_code == 303
    assert shown(house) is None
    assert house.get(picture[1]).status_code == 404
    verbs = [verb for (verb,) in house.ask(select(Record.verb).order_by(Record.id))]
    assert verbs[-2:] == ["letter.logo", "letter.logo_out"]


def test_another_picture_takes_the_place_of_the_former(house: House) -> None:
    ella = house.organiser("editor")
    ella.upload(f"{SETTINGS}/logo", drawn())
    former = shown(house)
    ella.upload(f"{SETTINGS}/logo", drawn(size=(100, 400)))
    later = shown(house)
    assert former is not None
    assert later is not None
    assert former[1] != later[1]
    assert len(house.ask(select(Logo.letter_id))) == 1


def test_nothing_is_kept_of_a_file_but_its_picture(house: House) -> None:
    """Threats 50: what rides along in a file does not come out of here."""
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "<script>alert('ride along')</script>")
    polyglot = drawn(pnginfo=words) + SVG + b"<?php system($_GET[0]); ?>"
    house.organiser("editor").upload(f"{SETTINGS}/logo", polyglot)
    picture = shown(house)
    assert picture is not None
    served = house.get(picture[1]).data
    for planted in (b"script", b"<?php", b"Comment", b"svg"):
        assert planted not in served


WRONG = {
    "nothing": (b"", "Please fill this in."),
    "an SVG": (SVG, "An SVG can carry scripts"),
    "a text": (b"not a picture at all", "This is no PNG, JPEG or WebP."),
    "a GIF": (drawn("GIF"), "This is no PNG, JPEG or WebP."),
    "20,000 x 20,000": (huge(), "4,096 pixels a side at most"),
    "half a file": (drawn("JPEG", (3000, 3000))[:9000], "This picture is broken"),
    "too many bytes": (b"\x89PNG\r\n\x1a\n" + b"0" * 2_200_000, "2 MB at most"),
    "a head alone": (b"\x89PNG\r\n\x1a\n", "This is no PNG"),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_picture_gets_a_clear_answer_and_the_former_stays(
    house: House, content: bytes, said: str
) -> None:
    ella = house.organiser("editor")
    ella.upload(f"{SETTINGS}/logo", drawn())
    answer = ella.upload(f"{SETTINGS}/logo", content)
    assert answer.status_code == 400
    assert said in answer.text
    assert shown(house) is not None


def test_nobody_else_changes_it(house: House) -> None:
    olga: Signed = house.organiser("verifier")
    assert olga.upload(f"{SETTINGS}/logo", drawn()).status_code == 403
    for wrong in ("/letters/deepfakes/logo/x.png", "/letters/deepfakes/logo/%00.png",
                  f"/letters/deepfakes/logo/{'0' * 32}.png"):  # fmt: skip
        assert house.get(wrong).status_code == 404
