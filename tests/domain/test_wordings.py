"""Words that change: what minor and material mean to those who signed before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.domain import editing, wordings
from app.domain.wordings import ChangeMissing
from app.models import Change, Letter, Outbox, Record, TextVersion
from tests.house import SLUG, House, later, link

MINOR = "We say this.\n\nAnd we say that, again.\n"
MATERIAL = "We say something else altogether.\n"


def reworded(house: House, source: str, change: Change | None) -> int | None:
    """Give the letter other English words; the number of the text version."""
    with house.writing() as session:
        letter_id = session.scalars(select(Letter.id).where(Letter.slug == SLUG)).one()
        added = wordings.add(
            session,
            editing.take(session, letter_id=letter_id),
            language="en",
            source=source,
            change=change,
            actor="organiser:1",
            now=db.now(),
        )
        number = added.number if added else None
    house.site.shelf._seen.clear()
    return number


def asked(house: House) -> int:
    """Let the worker ask again until it is through."""
    seen = 0
    while True:
        with house.writing() as session:
            batch = wordings.ask_again(session, now=db.now())
        if not batch:
            return seen
        seen += batch


def hash_on_page(house: House) -> str:
    """The hash of the wording that the sign form carries."""
    found = re.search(
        r'name="text" value="([0-9a-f]{64})"', house.fresh(f"/letters/{SLUG}").text
    )
    assert found is not None
    return found[1]


def mails_asking(house: House) -> list[tuple[int, int]]:
    """(signature, number) of the mails that ask again."""
    rows = house.ask(
        select(Outbox.signature_id, Outbox.number)
        .where(Outbox.kind == "text_changed")
        .order_by(Outbox.id)
    )
    return [(signature, number) for signature, number in rows]


def test_a_published_letter_does_not_change_without_saying_how(house: House) -> None:
    with pytest.raises(ChangeMissing):
        reworded(house, MINOR, None)
    assert reworded(house, MINOR, Change.MINOR) == 2
    assert reworded(house, MINOR, None) is None
    lines = house.ask(
        select(Record.subject, Record.after).where(Record.verb == "text.change")
    )
    (subject, after) = lines[-1]
    assert subject == f"{SLUG} en 2"
    assert after.startswith("minor ")


def test_before_publication_changes_are_drafts_and_nobodys_business(
    house: House,
) -> None:
    house.set_letter(published_at=db.now() + timedelta(days=1))
    assert reworded(house, MINOR, None) == 2
    (change,) = house.ask(select(TextVersion.change).where(TextVersion.number == 2))[0]
    assert change == "draft"
    house.set_letter(published_at=db.now())
    reworded(house, MATERIAL, Change.MATERIAL)
    with house.site.database.reading() as session:
        letter_id = session.scalars(select(Letter.id)).one()
        stages = wordings.stages(session, letter_id=letter_id, language="en")
    assert [(stage.number, stage.change) for stage in stages] == [
        (3, Change.MATERIAL),
        (2, Change.DRAFT),
    ]
    assert ("added", MATERIAL.strip()) in stages[0].difference
    assert stages[1].difference == []


def test_alice_may_sign_under_words_that_only_a_minor_change_followed(
    house: House,
) -> None:
    read = hash_on_page(house)
    reworded(house, MINOR, Change.MINOR)
    house.confirm(text=read)
    first = house.ask(
        select(TextVersion.id).where(
            TextVersion.language == "en", TextVersion.number == 1
        )
    )
    assert house.signatures()[0].text_version_id == first[0][0]
    reworded(house, MATERIAL, Change.MATERIAL)
    answer = house.sign(text=read, email="bob@example.org")
    assert answer.status_code == 409
    assert f"<ins>{MATERIAL.strip()}</ins>" in answer.text
    assert (
        house.sign(text=hash_on_page(house), email="bob@example.org").status_code == 303
    )


def test_a_minor_change_asks_nobody(house: House) -> None:
    house.confirm()
    reworded(house, MINOR, Change.MINOR)
    asked(house)
    assert mails_asking(house) == []


def test_a_material_change_asks_each_of_its_language_once(house: House) -> None:
    house.confirm()
    house.confirm(email="bob@example.org", language="de")
    house.confirm(email="carol@example.org", public_figure="yes")
    withdrawn = house.confirm(email="dave@example.org")
    house.post(withdrawn, {"action": "withdraw", "sure": "yes"})
    reworded(house, MATERIAL, Change.MATERIAL)
    house.deliver()
    assert asked(house) > 0
    assert asked(house) == 0
    ids = {
        row.id
        for row in house.signatures()
        if row.language == "en" and row.state in ("counted", "held")
    }
    assert {signature for signature, _ in mails_asking(house)} == ids
    assert len(mails_asking(house)) == len(ids) == 2
    mails = house.deliver()
    assert sorted(mail.recipients[0] for mail in mails) == [
        "alice@example.org",
        "carol@example.org",
    ]


def test_who_confirms_an_earlier_link_after_the_change_is_asked_too(
    house: House,
) -> None:
    path = house.confirm_link()
    reworded(house, MATERIAL, Change.MATERIAL)
    asked(house)
    assert house.post(path, {"action": "confirm"}).status_code == 200
    asked(house)
    assert len(mails_asking(house)) == 1
    later(days=9)
    asked(house)
    open_ones = select(TextVersion.id).where(TextVersion.asked_up_to.is_not(None))
    assert house.ask(open_ones) == []


def test_silence_keeps_the_signature_under_its_version_and_keep_moves_it(
    house: House,
) -> None:
    house.confirm()
    reworded(house, MATERIAL, Change.MATERIAL)
    before = house.numbers()
    asked(house)
    (*_, mail) = house.deliver()
    label = "Signed version 1 of the text"
    assert label in house.fresh(f"/letters/{SLUG}").text
    manage = link(mail, "manage")
    page = house.get(manage)
    assert f"<ins>{MATERIAL.strip()}</ins>" in page.text
    assert house.post(manage, {"action": "keep"}).status_code == 303
    assert "<ins>" not in house.get(manage).text
    assert label not in house.fresh(f"/letters/{SLUG}").text
    newest = house.ask(
        select(TextVersion.id).where(
            TextVersion.language == "en", TextVersion.number == 2
        )
    )
    assert house.signatures()[0].text_version_id == newest[0][0]
    assert house.numbers() == before
    house.check()
    # A mail that still waits for one who has kept already is not sent.
    verbs = [verb for (verb,) in house.ask(select(Record.verb))]
    assert verbs.count("keep") == 1
