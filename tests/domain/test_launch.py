"""Before and after a letter's launch: rehearsal, private links, snapshots, the end."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from app import db
from app.domain import (
    beginnings,
    editing,
    ending,
    previews,
    record,
    rehearsal,
    snapshots,
    switches,
    verification,
    wordings,
)
from app.domain.editing import ReadOnly, WrongValue
from app.domain.ending import NotTyped
from app.domain.snapshots import Shown
from app.domain.switches import InRehearsal, NotReady
from app.domain.tokens import Purpose
from app.models import (
    Letter,
    Logo,
    Membership,
    Organiser,
    Record,
    Signature,
    Snapshot,
    SnapshotLine,
    TextVersion,
    VerificationMethod,
)
from tests.domain.test_sectors import do
from tests.house import SLUG, House, later, link
from tests.letters import rows

PAGE = f"/letters/{SLUG}"
HEADING = {"title": "A letter", "addressee": "To whom", "summary": "It says so."}


def verify(house: House, name: str) -> None:
    """An organiser proves a person by hand."""
    with house.writing() as session:
        found = select(Signature.id).where(Signature.name == name)
        verification.verify(
            session,
            signature_id=session.scalars(found).one(),
            method=VerificationMethod.CALL,
            evidence="called",
            note="",
            actor="organiser:1",
            now=db.now(),
        )


def snapshot(house: House, public_id: str) -> Shown:
    """A snapshot as it is read now."""
    with house.site.database.reading() as session:
        shown = snapshots.read(session, public_id=public_id)
    assert shown is not None
    return shown


def names(shown: Shown) -> list[str | None]:
    """The names of a snapshot, None for who has withdrawn since."""
    return [line.said["name"] if line.said else None for line in shown.lines]


# -- Snapshots ----------------------------------------------------------------------


def test_a_snapshot_holds_only_verified_names_and_never_changes(house: House) -> None:
    alice = house.confirm(name="Alice Example")
    house.confirm(name="Mallory Fake", email="mallory@example.org")
    house.confirm(name="Carol Example", email="carol@example.org")
    verify(house, "Alice Example")
    verify(house, "Carol Example")
    public_id = do(house, snapshots.take)
    before = snapshot(house, public_id)
    assert {"Alice Example", "Carol Example"} <= set(names(before))
    assert "Mallory Fake" not in names(before)
    assert before.numbers["confirmed"] == 3
    assert before.numbers["verified"] == 2
    later(minutes=5)
    verify(house, "Mallory Fake")
    assert snapshot(house, public_id) == before
    house.post(alice, {"action": "erase", "sure": "yes"})
    after = snapshot(house, public_id)
    assert (after.hash, after.numbers, after.at) == (
        before.hash,
        before.numbers,
        before.at,
    )
    ids = [(line.id, line.hash) for line in after.lines]
    assert ids == [(line.id, line.hash) for line in before.lines]
    assert snapshots.whole_hash(after.at, after.numbers, ids) == after.hash
    assert names(after).count(None) == 1
    kept = house.ask(
        select(SnapshotLine.said, SnapshotLine.salt).where(SnapshotLine.said.is_(None))
    )
    assert kept == [(None, None)], "nothing of Alice is left, not even to guess at"
    for line in after.lines:
        if line.said and line.salt:
            said, salt = line.said, bytes.fromhex(line.salt)
            assert snapshots.line_hash(line.id, said, salt) == line.hash


def test_who_withdraws_leaves_the_snapshot_and_the_id(house: House) -> None:
    alice = house.confirm(name="Alice Example")
    verify(house, "Alice Example")
    public_id = do(house, snapshots.take)
    house.post(alice, {"action": "withdraw", "sure": "yes"})
    assert None in names(snapshot(house, public_id))


def test_a_snapshot_as_csv_holds_no_formula(house: House) -> None:
    house.confirm(name="Alice Example")
    verify(house, "Alice Example")
    shown = snapshot(house, do(house, snapshots.take))
    first = shown.lines[0]
    wicked = {
        "name": "=1+1",
        "title": ' "@SUM(A1)',
        "affiliation": "＋1",
        "sector": "a,b",
    }
    lines = [replace(first, said=wicked), *shown.lines[1:]]
    text = snapshots.as_csv(replace(shown, lines=lines), gone="gone")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == len(shown.lines)
    assert [table[0][name] for name in wicked] == [
        "'=1+1",
        "' \"@SUM(A1)",
        "'＋1",
        "a,b",
    ]


# -- Rehearsal and private links ----------------------------------------------------


def test_a_rehearsal_leaves_nothing_behind(house: House) -> None:
    house.set_letter(published_at=None)
    before, counted = rows(house), house.numbers()
    do(house, rehearsal.begin)
    token = link_to(house)
    assert house.get(PAGE).status_code == 404
    assert house.sign().status_code == 404, "only with a private link"
    assert house.sign(preview=token).status_code == 303
    (mail,) = house.deliver()
    assert "Rehearsal" in str(mail.message["Subject"])
    assert "rehearsal" in mail.text.lower()
    path = link(mail, "confirm")
    assert "rehearsal" in house.get(path).text.lower()
    assert house.post(path, {"action": "confirm"}).status_code == 200
    verify(house, "Alice Example")
    do(house, snapshots.take)
    house.fold()
    with pytest.raises(InRehearsal):
        do(house, switches.publish, at=db.now())
    do(house, rehearsal.end)
    with pytest.raises(InRehearsal):
        do(house, switches.publish, at=db.now())
    later(seconds=11)
    do(house, switches.publish, at=db.now())
    house.check()
    assert house.numbers() == counted
    after = rows(house)
    for table in ("signature", "submission", "outbox", "snapshot", "mail_slot",
                  "verification", "ledger", "suppression", "search_word"):  # fmt: skip
        assert after[table] <= before[table], table
    assert house.fresh(PAGE).status_code == 200
    with pytest.raises(rehearsal.NotBefore):
        do(house, rehearsal.begin)


def link_to(house: House) -> str:
    """The token of a new private link."""
    identifier = do(house, previews.make, note="For the newsroom")
    return house.site.tokens.make(Purpose.PREVIEW, identifier)


def test_a_private_link_opens_until_it_is_revoked(house: House) -> None:
    house.set_letter(published_at=db.now() + timedelta(days=1))
    token = link_to(house)
    answer = house.get(f"/preview/{token}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert 'action="/letters' not in answer.text, "nothing to sign yet"
    assert house.get(f"/preview/{token}/de").status_code == 200
    assert house.get(f"/preview/{token[:-1]}").status_code == 404
    assert house.sign(preview=token).status_code == 404
    with house.site.database.reading() as session:
        letter_id = session.scalars(select(Letter.id)).one()
        (made,) = previews.links(session, letter_id=letter_id)
    assert do(house, previews.revoke, link_id=made.id)
    assert not do(house, previews.revoke, link_id=made.id)
    assert house.get(f"/preview/{token}").status_code == 404


def test_a_snapshot_is_read_by_private_link_before_and_by_all_after(
    house: House,
) -> None:
    house.confirm(name="Alice Example")
    verify(house, "Alice Example")
    public_id = do(house, snapshots.take)
    house.set_letter(published_at=db.now() + timedelta(hours=1))
    token = link_to(house)
    open_path = f"{PAGE}/snapshots/{public_id}"
    assert house.get(open_path).status_code == 404
    private = house.get(f"/preview/{token}/snapshots/{public_id}")
    assert "Alice Example" in private.text
    assert private.headers["Cache-Control"] == "no-store"
    assert "Alice Example" in house.get(f"{private.request.path}.csv").text
    later(hours=1, seconds=5)
    house.site.shelf._seen.clear()
    page = house.get(open_path)
    assert "Alice Example" in page.text
    assert snapshot(house, public_id).hash in page.text
    table = house.get(f"{open_path}.csv")
    assert table.mimetype == "text/csv"
    assert house.get(f"{PAGE}/snapshots/{public_id[:-1]}x").status_code == 404


# -- Making and ending --------------------------------------------------------------


def made(house: House, slug: str = "new-letter") -> int:
    """A new letter of an organiser; its id."""
    with house.writing() as session:
        organiser = session.scalars(
            select(Organiser).where(Organiser.email == "olga@example.org")
        ).first() or Organiser(
            email="olga@example.org", name="Olga", created_at=db.now()
        )
        session.add(organiser)
        session.flush()
        letter = beginnings.create(
            session,
            keyring=house.site.keyring,
            slug=slug,
            language="en",
            heading=HEADING,
            organiser="The society",
            contact="society@example.org",
            postal="Street 1, Town",
            owner_id=organiser.id,
            actor=record.organiser(organiser.id),
            now=db.now(),
        )
        return letter.id


def change(house: House, letter_id: int, act: Any, **given: Any) -> Any:
    """One act of an organiser on a letter."""
    with house.writing() as session:
        result = act(
            session, letter_id=letter_id, actor="organiser:1", now=db.now(), **given
        )
    house.site.shelf._seen.clear()
    return result


def text(house: House, letter_id: int, language: str, source: str) -> None:
    """Give a draft its words."""
    with house.writing() as session:
        wordings.add(
            session,
            editing.take(session, letter_id=letter_id),
            language=language,
            source=source,
            change=None,
            actor="organiser:1",
            now=db.now(),
        )


def test_a_letter_is_made_written_translated_and_published(house: House) -> None:
    letter_id = made(house)
    with pytest.raises(NotReady):
        change(house, letter_id, switches.publish, at=db.now())
    text(house, letter_id, "en", "Dear all.\n")
    heading = HEADING | {"title": "Ein Brief"}
    assert change(house, letter_id, editing.put_heading, language="de", heading=heading)
    with pytest.raises(NotReady) as missing:
        change(house, letter_id, switches.publish, at=db.now())
    assert missing.value.languages == ["de"]
    text(house, letter_id, "de", "Liebe alle.\n")
    wanted = {"country_policy": "optional", "headline": "verified"}
    changed = change(house, letter_id, editing.change_settings, wanted=wanted)
    assert changed == ["country_policy", "headline"]
    assert change(house, letter_id, editing.change_settings, wanted=wanted) == []
    assert change(house, letter_id, switches.publish, at=db.now())
    assert "Dear all." in house.fresh("/letters/new-letter").text
    assert "Liebe alle." in house.fresh("/letters/new-letter/de").text
    roles = select(Membership.role).where(Membership.letter_id == letter_id)
    assert house.ask(roles) == [("owner",)]
    change(house, letter_id, editing.take_language_out, language="de")
    assert house.fresh("/letters/new-letter/de").status_code == 404
    with pytest.raises(WrongValue):
        change(house, letter_id, editing.take_language_out, language="en")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"accent": "#ffff00"}, "accent"),
        ({"contact": "nobody"}, "contact"),
        ({"headline": "all"}, "headline"),
        ({"organiser": " "}, "organiser"),
        ({"postal": "x" * 401}, "postal"),
        ({"slug": "other"}, "slug"),
    ],
)
def test_a_setting_that_cannot_stand_changes_nothing(
    house: House, wanted: dict[str, str], field: str
) -> None:
    before = house.ask(select(Letter.__table__))
    with pytest.raises(WrongValue) as refused:
        do(house, editing.change_settings, wanted=wanted)
    assert refused.value.field == field
    assert house.ask(select(Letter.__table__)) == before


def test_a_slug_is_taken_once(house: House) -> None:
    for slug in (SLUG, "Übung", "a b", "-a"):
        with pytest.raises(WrongValue) as refused:
            made(house, slug)
        assert refused.value.field == "slug"


def test_a_duplicate_has_the_words_and_nobody(house: House) -> None:
    house.confirm()
    picture = {"hash": "0" * 32, "content": b"picture", "width": 2, "height": 2}
    with house.writing() as session:
        letter = session.scalars(select(Letter)).one()
        session.execute(insert(Logo), {"letter_id": letter.id, **picture})
        letter.smallest_cell = 7
        twin = beginnings.duplicate(
            session,
            keyring=house.site.keyring,
            letter_id=letter.id,
            slug="twin",
            owner_id=None,
            actor="organiser:1",
            now=db.now(),
        )
        twin_id = twin.id
    assert house.fresh("/letters/twin").status_code == 404
    change(house, twin_id, switches.publish, at=db.now())
    assert house.fresh("/letters/twin/fr").status_code == 200
    twins = house.ask(select(Logo.content).where(Logo.letter_id == twin_id))
    assert twins == [(b"picture",)]
    assert house.ask(select(Letter.smallest_cell)) == [(7,), (7,)]
    signatures = select(func.count()).where(Signature.letter_id == twin_id)
    assert house.ask(signatures) == [(0,)]
    hashes = select(TextVersion.language, TextVersion.hash).order_by(
        TextVersion.language
    )
    assert house.ask(hashes.where(TextVersion.letter_id == twin_id)) == house.ask(
        hashes.where(TextVersion.letter_id != twin_id)
    )


def test_an_archived_letter_is_read_and_withdrawn_from_and_changes_no_more(
    house: House,
) -> None:
    manage = house.confirm()
    do(house, ending.archive, public=True)
    assert "Closed" in house.fresh(PAGE).text
    for act, given in (
        (switches.pause, {"paused": True}),
        (switches.freeze, {"frozen": True}),
        (ending.archive, {"public": False}),
        (snapshots.take, {}),
    ):
        with pytest.raises(ReadOnly):
            do(house, act, **given)
    house.post(manage, {"action": "withdraw", "sure": "yes"})
    assert house.numbers()["confirmed"] == 0
    house.check()


def test_an_archived_letter_may_be_hidden(house: House) -> None:
    manage = house.confirm()
    do(house, ending.archive, public=False)
    assert house.fresh(PAGE).status_code == 404
    assert house.get(manage).status_code == 200


def test_a_deleted_letter_leaves_its_slug_and_the_record(house: House) -> None:
    manage = house.confirm()
    verify(house, "Alice Example")
    do(house, snapshots.take)
    other = made(house)
    with pytest.raises(NotTyped):
        do(house, ending.delete, typed="deepfake")
    do(house, ending.delete, typed=SLUG)
    assert house.fresh(PAGE).status_code == 404
    assert house.get(manage).status_code == 404
    left = {table: number for table, number in rows(house).items() if number}
    for table in ("signature", "submission", "outbox", "snapshot_line", "tally",
                  "ledger", "mail_slot", "verification", "collection"):  # fmt: skip
        assert table not in left
    row = house.ask(select(Letter.pepper, Letter.contact).where(Letter.slug == SLUG))
    assert row == [(b"", "")]
    assert house.ask(select(func.count()).select_from(Snapshot)) == [(0,)]
    with house.writing() as session:
        assert record.seal(session).position > 0
        assert record.verify(session) is None
    assert house.ask(select(Record.verb).where(Record.verb == "letter.delete"))
    with pytest.raises(WrongValue):
        made(house, SLUG)
    text(house, other, "en", "Still here.\n")
    answer = house.post("/confirm", {"email": "alice@example.org", "code": "00000000"})
    assert answer.status_code < 500
