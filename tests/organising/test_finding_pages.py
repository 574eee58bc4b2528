"""Organisers find one signature among all, whatever its state, and nobody else does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from app import db
from app.domain import finding, lifecycle, record, search
from app.models import SearchWord, Signature
from tests.domain.test_search import _crowd, _no_scan
from tests.house import SLUG, House
from tests.organisers import signed
from tests.organising.people import Signed
from tests.organising.room import HERE

FIND = f"{HERE}/signatures"


def names(who: Signed, query: str) -> list[str]:
    """The names on the page that answers a question."""
    answer = who.get(f"{FIND}?q={query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r"/desk/[\w-]+\"><bdi>([^<]*)</bdi>", answer.text)


def people(house: House) -> None:
    """One of each state; the collected ones stand beside them."""
    signed(house, "Ada Counted", affiliation="Institute of Clocks",
           email="ada@institute.example.org")  # fmt: skip
    signed(house, "Ada Waiting", public_figure="yes", email="aw@example.org")
    signed(house, "Ada Quiet", listed="no", email="quiet@example.org")
    gone = signed(house, "Ada Fake", email="fake@attacker.example")
    signed(house, "Ada Proved", email="proved@institute.example.org")
    with house.writing() as session:
        lifecycle.reject(session, signature_id=gone.id, actor="organiser:1",
                         reason="not her", fake=True, now=db.now())  # fmt: skip


def test_olga_finds_by_name_affiliation_address_and_domain(house: House) -> None:
    people(house)
    olga = house.organiser("verifier")
    # What the public sees stands first, then the rest; the newest first among each.
    assert names(olga, "ada") == [
        "Ada Proved", "Ada Counted", "Ada Fake", "Ada Quiet", "Ada Waiting"
    ]  # fmt: skip
    assert names(olga, "clocks+ada") == ["Ada Counted"]
    assert names(olga, "%C3%81da+w%C3%A1iting") == ["Ada Waiting"]
    assert names(olga, "FAKE%40attacker.example") == ["Ada Fake"]
    assert names(olga, "fake%2Bnews%40attacker.example") == ["Ada Fake"]
    assert names(olga, "%40institute.example.org") == ["Ada Proved", "Ada Counted"]
    page = olga.get(f"{FIND}?q=ada").text
    for said in ("Rejected", "Held", "counted only", "In the list and counted"):
        assert said in page
    assert "@" not in page.split("<ol")[1], "no address stands on the page"
    assert "Find a signature" in olga.get(f"{HERE}/desk").text


def test_nobody_is_found_by_a_part_of_an_address(house: House) -> None:
    """Threats 48."""
    people(house)
    olga = house.organiser("verifier")
    for part in (
        "quie%40example.org",
        "uiet%40example.org",
        "%40xample.org",
        "quiet@e",
    ):
        answer = olga.get(f"{FIND}?q={part}")
        assert "<ol" not in answer.text
    viewer = house.organiser("viewer")
    for whole in ("quiet%40example.org", "%40example.org"):
        answer = viewer.get(f"{FIND}?q={whole}")
        assert answer.status_code == 400
        assert "reads no addresses" in answer.text
        assert "Ada" not in answer.text
    assert names(viewer, "quiet") == ["Ada Quiet"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("...", "There is no letter or digit"),
        ("a%40b%40c", "not a complete address"),
        ("nobody+at+all", "Nobody was found."),
        ("%25%25%25", "There is no letter or digit"),
        ("%00", ""),
        ("x" * 5000, "Nobody was found."),
        ("a%40" + "b" * 400, "not a complete address"),
    ],
)
def test_what_finds_nobody_says_why_and_keeps_what_was_typed(
    house: House, query: str, said: str
) -> None:
    answer = house.organiser("viewer").get(f"{FIND}?q={query}")
    assert answer.status_code in (200, 400)
    assert said in answer.text
    if "." in query:
        assert 'value="..."' in answer.text


def test_an_erased_one_is_not_found(
    house: House,
) -> None:
    people(house)
    row = signed(house, "Xenia Erased", email="xenia@example.org")
    olga = house.organiser("verifier")
    assert names(olga, "xenia") == ["Xenia Erased"]
    with house.writing() as session:
        lifecycle.erase(session, signature_id=row.id, actor=record.SIGNATORY,
                        now=db.now())  # fmt: skip
    assert names(olga, "xenia") == []
    assert names(olga, "xenia%40example.org") == []
    assert olga.get(f"{FIND}?q=ada&after=nowhere").status_code == 404


def test_what_is_found_is_read_page_by_page_and_without_a_scan(house: House) -> None:
    _crowd(house, 20_000)
    with house.writing() as session:
        session.execute(
            update(Signature)
            .where(Signature.public_id.like("crowd%"))
            .values(address_domain="crowd.example.org")
        )
        # Some of them wait: the words of both ranks are walked along.
        waiting = select(Signature.id).where(
            Signature.public_id.like("crowd%5"), ~Signature.verified
        )
        session.execute(
            update(SearchWord)
            .where(SearchWord.signature_id.in_(waiting))
            .values(rank=search.NOT_PUBLIC)
        )
        session.execute(
            update(Signature).where(Signature.id.in_(waiting)).values(state="held")
        )
    with house.site.database.snapshot() as session:
        kept = house.site.shelf.get(session, slug=SLUG, now=db.now())
        assert kept is not None
        given: dict[str, Any] = {
            "keyring": house.site.keyring, "settings": kept[0]
        }  # fmt: skip
        for typed in ("n77", "common odd", "common even n6", "@crowd.example.org",
                      "who@crowd.example.org", "nobody here"):  # fmt: skip
            wanted = finding.read(typed)
            seen: list[str] = []
            after = None
            for _page in range(4):
                with house.statements_with_values() as said:
                    found = finding.page(
                        house.site.database,
                        **given,
                        wanted=wanted,
                        after=after,
                        size=50,
                    )
                for statement, values in said:
                    _no_scan(house, session, statement, values, typed)
                seen += [row.public_id for row in found.rows]
                after = found.next
                if after is None:
                    break
            assert len(seen) == len(set(seen))
            expected = {"n77": 1, "common odd": 200, "common even n6": 1,
                        "@crowd.example.org": 200}.get(typed, 0)  # fmt: skip
            assert len(seen) == expected, typed


def test_held_ones_come_after_the_public_ones_on_a_later_page(house: House) -> None:
    for number in range(15):
        signed(house, f"Eva Public{number}", email=f"p{number}@a.example.org")
        signed(house, f"Eva Held{number}", public_figure="yes",
               email=f"h{number}@b.example.org")  # fmt: skip
    olga = house.organiser("viewer")
    first = olga.get(f"{FIND}?q=eva").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = olga.get(following[1].replace("&amp;", "&")).text
    seen = re.findall(r"<bdi>Eva ([A-Za-z]+)\d+</bdi>", first + second)
    assert seen == ["Public"] * 15 + ["Held"] * 15
    assert 'rel="next"' not in second
