"""Feeds, the site map and the code: what programs find a letter by."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

from sqlalchemy import update

from app import db
from app.models import Signature
from tests.house import BASE, SLUG, House
from tests.letters import another_letter
from tests.organisers import signed
from tests.work.labour import people

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def names(house: House) -> list[str]:
    """The names in the feed of new signatories, in its order."""
    answer = house.fresh(f"/letters/{SLUG}/signatories.atom")
    assert answer.mimetype == "application/atom+xml"
    root = ElementTree.fromstring(answer.text)
    for tag in ("id", "title", "updated"):
        assert root.findtext(f"{ATOM}{tag}"), "RFC 4287, section 4.1.1"
    entries = root.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(ids) == len(set(ids))
    assert all(entry.findtext(f"{ATOM}updated") for entry in entries)
    return [entry.findtext(f"{ATOM}title") or "" for entry in entries]


def test_the_feed_tells_the_newest_and_nobody_who_minds(house: House) -> None:
    people(house, 70, counted_at=db.now())
    people(house, 1, name="Vera Verified", verified=True, counted_at=db.now())
    signed(house, "Nora Noindex")
    with house.writing() as session:
        session.execute(
            update(Signature)
            .where(Signature.name == "Nora Noindex")
            .values(noindex=True)
        )
    signed(house, "Hedda Held", public_figure="yes")
    signed(house, "Una Unlisted", listed="no")
    evil = "Eve </title><script>"
    with house.writing() as session:
        session.execute(
            update(Signature).where(Signature.name == "Person 69").values(name=evil)
        )
    found = names(house)
    assert found[:2] == ["Vera Verified", evil]
    assert len(found) == 50
    assert not {"Nora Noindex", "Hedda Held", "Una Unlisted"} & set(found)
    house.set_letter(frozen_at=db.now() - timedelta(hours=1))
    assert names(house) == []


def test_the_site_map_knows_public_letters_alone(house: House) -> None:
    another_letter(house, "draft", published=None)
    another_letter(house, "embargo", published=db.now() + timedelta(days=1))
    root = ElementTree.fromstring(house.fresh("/sitemap.xml").text)
    found = [one.findtext(f"{MAP}loc") for one in root.findall(f"{MAP}url")]
    assert found[0] == f"{BASE}/"
    assert set(found[1:]) == {
        f"{BASE}/letters/{SLUG}/{code}" for code in ("en", "de", "fr")
    }
    robots = house.fresh("/robots.txt").text
    assert "Disallow: /organise/" in robots
    assert f"Sitemap: {BASE}/sitemap.xml" in robots


def test_the_code_is_a_picture_of_the_address(house: House) -> None:
    answer = house.fresh(f"/letters/{SLUG}/qr.svg?lang=de")
    root = ElementTree.fromstring(answer.text)
    assert root.tag.endswith("svg")
    other = house.fresh(f"/letters/{SLUG}/qr.svg?lang=en")
    assert other.text != answer.text, "each language has its own address"
    assert "script" not in answer.text
