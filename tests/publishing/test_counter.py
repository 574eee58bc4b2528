"""The counter for other sites: one number in every form, and what it must never do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from werkzeug.test import TestResponse

from app import db, i18n
from app.domain import figures, letter_files
from tests.house import BASE, EXAMPLE, SLUG, House
from tests.letters import another_letter
from tests.work.labour import people

FORMS = ("", "/counter.json", "/badge.svg", "/badge.png", "/card.png")
TITLE = "Three laws against harmful deepfakes"


def told(house: House, query: str = "") -> dict[str, Any]:
    """What the custom element is told."""
    answer = house.fresh(f"/embed/{SLUG}/counter.json{query}")
    assert answer.status_code == 200
    body: dict[str, Any] = json.loads(answer.text)
    return body


def oembed(house: House, path: str, **more: str) -> TestResponse:
    """Ask as a site does that was given a link."""
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return house.fresh(f"/oembed?url={BASE}{path}{query}")


def test_every_form_says_the_same_number_and_its_time(house: House) -> None:
    people(house, 1234)
    found = told(house)
    assert (found["number"], found["shown"]) == (1234, "1,234")
    assert found["label"] == "confirmed signatures"
    assert sum(part["number"] for part in found["sectors"]) == 1234
    published = json.loads(house.fresh(f"/api/v1/letters/{SLUG}/tally").text)
    assert found["as_of"] == published["as_of"]
    for path in ("", "/badge.svg"):
        page = house.fresh(f"/embed/{SLUG}{path}").text
        assert "1,234" in page
        assert found["as_of_words"] in page
    assert told(house, "?lang=de")["shown"] == "1.234"
    assert told(house, "?lang=de")["label"] == "bestätigte Unterschriften"
    assert " – 1" in told(house, "?lang=fr")["words"], "no colon without its space"
    one = told(house, "?lang=xx")
    assert one["title"] == TITLE, "a language that it has not is its first one"


@pytest.mark.parametrize("form", FORMS)
def test_every_site_may_show_it_and_nobody_is_known_by_it(
    house: House, form: str
) -> None:
    answer = house.fresh(f"/embed/{SLUG}{form}", Cookie="session=1", Origin="null")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    if form != "/counter.json":
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" not in policy
    assert answer.headers["Cache-Control"].startswith("public, max-age=5")
    again = house.fresh(f"/embed/{SLUG}{form}", If_None_Match=answer.headers["ETag"])
    assert again.status_code == 304
    assert (
        house.fresh(f"/letters/{SLUG}")
        .headers["Content-Security-Policy"]
        .count("frame-ancestors 'none'")
    )


def test_a_frame_has_no_form_and_no_script(house: House) -> None:
    page = house.fresh(f"/embed/{SLUG}?breakdown=yes&theme=dark&size=small").text
    for tag in ("<form", "<script", "<input", "<button", "onclick"):
        assert tag not in page
    assert 'class="dark small"' in page
    odd = house.fresh(f"/embed/{SLUG}?theme=%22%3E%3Cb%3E&size=x&breakdown=1").text
    assert 'class="auto regular"' in odd
    assert "<b>" not in odd
    policy = house.fresh(f"/embed/{SLUG}").headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script" not in policy


@pytest.mark.parametrize("form", FORMS)
def test_a_letter_that_is_not_public_has_no_counter(house: House, form: str) -> None:
    for columns in (
        {"published_at": None},
        {"published_at": db.now() + timedelta(hours=1)},
    ):
        house.set_letter(**columns)
        assert house.fresh(f"/embed/{SLUG}{form}").status_code == 404
        assert house.fresh(f"/letters/{SLUG}/counter").status_code == 404
        assert oembed(house, f"/letters/{SLUG}").status_code == 404
    assert house.fresh(f"/embed/none{form}").status_code == 404


def test_a_closed_letter_says_so_in_every_form(house: House) -> None:
    house.set_letter(closes_at=db.now().replace(year=2026, month=1, day=3))
    assert told(house)["note"] == "Closed on 3 January 2026"
    for path in ("", "/badge.svg"):
        assert "Closed on 3 January 2026" in house.fresh(f"/embed/{SLUG}{path}").text
    house.set_letter(closes_at=None, paused=True)
    assert told(house)["note"] == "Signing is paused"


def test_what_organisers_typed_is_text_in_every_form(house: House) -> None:
    evil = "</script></title><script>alert(1)</script>\"'&"
    another_letter(house, "evil", languages=_titled("evil", evil))
    for path in ("/embed/evil", "/embed/evil/badge.svg", "/letters/evil",
                 "/letters/evil/counter"):  # fmt: skip
        answer = house.fresh(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    ElementTree.fromstring(house.fresh("/embed/evil/badge.svg").text)
    body = json.loads(oembed(house, "/letters/evil").text)
    assert "<script" not in body["html"]
    found = re.search(r'ld\+json">(.*?)</script>', house.fresh("/letters/evil").text)
    assert found is not None
    assert json.loads(found[1])["name"] == evil


def _titled(_slug: str, title: str) -> Any:
    files = letter_files.read(EXAMPLE)
    return {
        code: replace(words, title=title) for code, words in files.languages.items()
    }


# -- oEmbed (section numbers are of oembed.com, version 1.0) -------------------------


def test_oembed_tells_a_site_how_to_show_the_letter(house: House) -> None:
    answer = oembed(house, f"/letters/{SLUG}/de")
    assert answer.mimetype == "application/json"
    body = json.loads(answer.text)
    assert (body["version"], body["type"]) == ("1.0", "rich")
    assert body["title"] == "Drei Gesetze gegen schädliche Deepfakes"
    assert {"html", "width", "height", "thumbnail_url"} <= body.keys()
    assert f'src="{BASE}/embed/{SLUG}?lang=de"' in body["html"]
    narrow = json.loads(oembed(house, f"/letters/{SLUG}", maxwidth="300").text)
    assert narrow["width"] <= 300
    flat = json.loads(oembed(house, f"/letters/{SLUG}", maxheight="100").text)
    assert flat["height"] <= 100
    photo = json.loads(oembed(house, f"/embed/{SLUG}/card.png", maxwidth="600").text)
    assert (photo["type"], photo["width"], photo["height"]) == ("photo", 600, 315)
    xml = oembed(house, f"/letters/{SLUG}", format="xml")
    assert xml.mimetype == "text/xml"
    root = ElementTree.fromstring(xml.text)
    assert (root.tag, root.findtext("type")) == ("oembed", "rich")
    page = house.fresh(f"/letters/{SLUG}").text
    link = re.search(r'type="application/json\+oembed" href="([^"]+)"', page)
    assert link is not None
    found = house.fresh(link[1].replace("&amp;", "&").removeprefix(BASE))
    assert json.loads(found.text)["title"] == TITLE


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("?url=", 404),
        ("?url=https://elsewhere.example/letters/deepfakes", 404),
        (f"?url={BASE}.evil.example/letters/{SLUG}", 404),
        (f"?url={BASE}/letters/none", 404),
        ("?url=http://[::1", 404),
        (f"?url={BASE}/healthz", 404),
        (f"?url={BASE}/manage/x", 401),
        (f"?url={BASE}/organise/letters/{SLUG}", 401),
        (f"?url={BASE}/letters/{SLUG}&format=yaml", 501),
        (f"?url={BASE}/letters/{SLUG}&maxwidth=wide&maxheight=-1", 200),
    ],
)
def test_oembed_answers_as_its_section_2_3_4_says(
    house_on_sqlite: House, query: str, status: int
) -> None:
    answer = house_on_sqlite.fresh(f"/oembed{query}")
    assert answer.status_code == status
    assert "our fault" not in answer.text


def test_a_counter_from_right_to_left(house: House) -> None:
    words = replace(letter_files.read(EXAMPLE).languages["en"], title="سه قانون")
    another_letter(house, "persian", languages={"fa": words}, default_language="fa",
                   sectors={"ai": {"fa": "هوش مصنوعی"}})  # fmt: skip
    found = json.loads(house.fresh("/embed/persian/counter.json").text)
    assert (found["title_language"], found["title_dir"]) == ("fa", "rtl")
    # Its words, its digits and its dates are those of the letter's language.
    assert (found["language"], found["dir"]) == ("fa", "rtl")
    assert (found["shown"], found["label"]) == ("۰", "امضای تأییدشده")
    assert "۲۱ فوریهٔ ۲۰۲۴" in found["as_of_words"]
    frame = house.fresh("/embed/persian").text
    assert '<html lang="fa" dir="rtl"' in frame
    assert 'lang="fa" dir="rtl">سه قانون' in frame
    badge = ElementTree.fromstring(house.fresh("/embed/persian/badge.svg").text)
    number = next(
        e for e in badge.iter() if (e.text or "").strip("\u2067\u2069") == "۰"
    )
    assert number.attrib["text-anchor"] == "end"
    assert int(number.attrib["x"]) > int(badge.attrib["width"]) / 2, "on the right"
    for picture in ("badge.png", "card.png"):
        assert house.fresh(f"/embed/persian/{picture}").status_code == 200


@pytest.mark.parametrize(
    ("language", "number", "label"),
    [
        ("ar", 2, "توقيعان مؤكدان"), ("ar", 3, "توقيعات مؤكدة"), ("ar", 11, "توقيعًا مؤكدًا"),
        ("pl", 1, "potwierdzony podpis"), ("pl", 2, "potwierdzone podpisy"),
        ("pl", 5, "potwierdzonych podpisów"), ("ja", 1, "件の確認済み署名"),
        ("sk", 5, "confirmed signatures"),
    ],
)  # fmt: skip
def test_numbers_take_the_forms_of_the_language(
    language: str, number: int, label: str
) -> None:
    """A language that the counter does not speak has English words."""
    spoken = i18n.counts_in(language)
    assert i18n.counted(figures.HEADLINES["confirmed"], number, spoken) == label


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "1,234,567"), ("de", "1.234.567"), ("fa", "۱٬۲۳۴٬۵۶۷"),
     ("bn", "১২,৩৪,৫৬৭"), ("he", "1,234,567"), ("zz", "1,234,567")],
)  # fmt: skip
def test_digits_are_those_of_the_language(language: str, written: str) -> None:
    assert i18n.digits(1_234_567, language) == written
