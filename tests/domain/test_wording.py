"""Markdown in, safe HTML out: whatever a letter's file holds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from app.domain.wording import render
from tests.house import EXAMPLE, SLUG, House, load
from tests.pages import elements, parse, text_of

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='https://evil.example' onclick=alert(1)>here</a>",
    "[here](javascript:alert(1))",
    "[here](JaVaScRiPt:alert(1))",
    "[here](java\tscript:alert(1))",
    "[here](&#106;avascript:alert(1))",
    "[here](data:text/html;base64,PHNjcmlwdD4=)",
    "[here](vbscript:msgbox)",
    "[here]: javascript:alert(1)\n\n[here]",
    "<javascript:alert(1)>",
    "![a picture](https://evil.example/pixel.png)",
    "![a picture](data:image/png;base64,AAAA)",
    '<iframe src="https://evil.example"></iframe>',
    "<style>body{display:none}</style>",
    "<svg onload=alert(1)>",
    "<form action=https://evil.example><input name=email></form>",
    '[here](https://good.example "t\\" onmouseover=\\"alert(1)")',
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "<!-- <script>alert(1)</script> -->",
]
ALLOWED = {"p", "br", "em", "strong", "blockquote", "ol", "ul", "li", "hr", "a",
           "h2", "h3", "h4", "sup", "sub"}  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE)
def test_markdown_gives_no_markup_but_an_open_letters(source: str) -> None:
    (body,) = [e for e in elements(parse(render(source))) if e.tag == "body"]
    for element in list(elements(body))[1:]:
        assert element.tag in ALLOWED
        assert set(element.attrib) <= {"href", "rel", "start", "title"}
        assert re.match(r"(https?://|mailto:|$)", element.get("href") or "")


def test_markdown_keeps_what_a_letter_is_made_of() -> None:
    html = render(
        "# One\n\n## Two\n\n### Three\n\nA *soft* and a **loud** word,\n"
        "[a link](https://example.org/a?b=c&d=e).\n\n3. third\n4. fourth\n\n"
        "- point\n\n> quoted\n\n---\n\n1 < 2 & <b>bold</b>\n"
    )
    (body,) = [e for e in elements(parse(html)) if e.tag == "body"]
    tags = {e.tag for e in elements(body)}
    assert tags == {"body", "h2", "h3", "h4", "p", "em", "strong", "a", "ol", "ul",
                    "li", "blockquote", "hr"}  # fmt: skip
    assert (
        '<a href="https://example.org/a?b=c&amp;d=e" rel="nofollow noopener">' in html
    )
    assert '<ol start="3">' in html
    # What is typed as markup is shown as it was typed.
    assert "1 < 2 & <b>bold</b>" in text_of(body)


def test_a_hostile_wording_is_stored_harmless(house: House, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "letter"))
    (folder / "en.md").write_text("\n\n".join(HOSTILE), encoding="utf-8")
    load(house.site, folder)
    page = house.fresh(f"/letters/{SLUG}").text
    assert {
        e.tag
        for e in elements(parse(page))
        # Data of ours, which no browser runs.
        if e.get("type") != "application/ld+json"
    }.isdisjoint({"script", "iframe", "img"})
    for element in elements(parse(page)):
        assert not any(name.startswith("on") for name in element.attrib)
        assert (
            not (element.get("href") or "").lower().startswith(("java", "data", "vb"))
        )
