"""What a signatory sees of all that is stored about them, and takes along."""

from __future__ import annotations

import json

from sqlalchemy import text

from app import db
from app.domain.own_data import gather
from app.models import Signature
from tests.house import SLUG, House, link
from tests.signing.test_own_line import change, verify


def test_all_that_is_stored_stands_on_the_page_and_in_the_file(house: House) -> None:
    house.confirm(statement="My own words", wants_updates="yes")
    manage = link(house.deliver()[-1], "manage")
    verify(house)
    change(house, manage, title="Dean", statement="My own words")
    house.post(manage, {"action": "consents"})
    answer = house.get(f"{manage}/data.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    data = json.loads(answer.data)
    assert data["address"]["email"] == "alice@example.org"
    assert data["signature"]["name"] == "Alice Example"
    assert data["signature"]["statement"] == "My own words"
    assert data["consents"] == {
        "wording": "2026-11",
        "given_at": data["signature"]["confirmed_at"],
        "wants_updates": False,
        "may_contact": False,
    }
    assert [(line["what"], line["by"]) for line in data["history"]] == [
        ("verify", "organisers"), ("correct", "you"), ("updates.stop", "you"),
    ]  # fmt: skip
    (proof,) = data["verifications"]
    assert proof["method"] == "call"
    assert proof["voided_at"] is not None
    assert [mail["kind"] for mail in data["mails"]] == [
        "signed",
        "verified",
        "corrected",
    ]
    page = house.get(f"{manage}/data").text
    for words in (
        "alice@example.org", "Alice Example", "Dean", "My own words", "2026-11",
        "by a call", "corrected, by you", "news no longer wished for, by you",
        "your signature is confirmed (taken by your provider",
        data["text_version"]["hash"],
    ):  # fmt: skip
        assert words in page, words
    # What organisers noted, and who they are, is theirs to tell.
    assert "rang the institute" not in page + answer.text
    assert "organiser:1" not in page + answer.text


def test_no_column_of_a_signature_is_forgotten(house_on_sqlite: House) -> None:
    house = house_on_sqlite
    manage = house.confirm()
    data = json.loads(house.get(f"{manage}/data.json").data)
    told = {*data, *data["signature"], *data["consents"], *data["address"]}
    beside = {
        # Told in other words.
        "public_id": "id", "letter_id": "letter", "address_sealed": "email",
        "address_key": "key_against_signing_twice", "text_version_id": "text_version",
        "consent_version": "wording", "featured_rank": "featured",
    }  # fmt: skip
    # Numbers and copies that are of the house's own making.
    ours = {"id", "rejected_from", "hold_reasons", "name_key", "titles", "search_text",
            "collection_id", "case_id"}  # fmt: skip
    for column in db.table(Signature).c:
        name = beside.get(column.name, column.name)
        assert name in told or column.name in ours, column.name


def test_after_erasing_there_is_nothing_left_to_see(house: House) -> None:
    manage = house.confirm(statement="My own words")
    house.post(manage, {"action": "erase", "sure": "yes"})
    text_of_all = (
        house.get(f"{manage}/data").text + house.get(f"{manage}/data.json").text
    )
    for words in ("alice@example.org", "Alice Example", "My own words", "University"):
        assert words not in text_of_all
    assert "<bdi>Academia</bdi>" in house.get(f"{manage}/data").text
    assert house.get(f"{manage}/receipt.json").status_code == 303


def test_what_happened_is_found_along_an_index(house: House) -> None:
    house.confirm()
    row = house.signatures()[0]
    with (
        house.statements_with_values() as said,
        house.site.database.reading() as session,
    ):
        found = house.site.shelf.get(session, slug=SLUG, now=db.now())
        assert found is not None
        gather(session, keyring=house.site.keyring, settings=found[0],
               signature_id=row.id, now=db.now())  # fmt: skip
    history = next(one for one, _values in said if "FROM record" in one)
    assert "verb != 'confirm'" in history
    with house.writing() as session:
        if house.site.database.sqlite:
            plan = session.execute(
                text("EXPLAIN QUERY PLAN SELECT at FROM record WHERE subject = 'x'"
                     " AND verb != 'confirm' AND verb != 'collect' ORDER BY id")
            ).all()  # fmt: skip
        else:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = session.execute(
                text("EXPLAIN SELECT at FROM record WHERE subject = 'x'"
                     " AND verb != 'confirm' AND verb != 'collect' ORDER BY id")
            ).all()  # fmt: skip
    assert "ix_record_subject" in str(plan)
