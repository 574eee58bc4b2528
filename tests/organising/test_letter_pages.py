"""The pages of a letter over HTTP: text, settings, switches, snapshots, its end."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from app import db
from app.domain import chores, tally
from app.models import Correction, Letter, LetterLanguage, Membership, TextVersion
from tests.house import SLUG, House, later, link
from tests.letters import another_letter
from tests.organisers import letter_id, signed
from tests.organising.people import Signed
from tests.organising.room import HERE

TEXT, SETTINGS, SWITCHES = (f"{HERE}/{of}" for of in ("text", "settings", "switches"))


def form_of(owner: Signed, language: str = "en", slug: str = SLUG) -> dict[str, str]:
    """What the form of the text is filled with."""
    page = owner.get(f"/organise/letters/{slug}/text/{language}").text
    filled = {
        name: unescape(value)
        for name, value in re.findall(
            r'name="(title|addressee|summary|seen)"[^>]* value="([^"]*)"', page
        )
    }
    source = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert source is not None
    return filled | {"source": unescape(source[1])}


def work(house: House) -> None:
    """Let the worker do what lies about, as it stands some seconds from now."""
    later(seconds=11)
    for chore in chores.CHORES:
        while True:
            with house.writing() as session:
                done = chore(session, now=db.now())
            if not done:
                break


def test_a_material_change_asks_alice_and_she_withdraws(house: House) -> None:
    manage = house.confirm()
    house.deliver()
    owner = house.organiser("owner")
    form = form_of(owner)
    form["source"] += "\n\nAnd **we want it by May**.\n"
    shown = owner.post(f"{TEXT}/en", form | {"action": "preview"})
    assert shown.status_code == 200
    assert "<strong>we want it by May</strong>" in shown.text
    assert "<ins>And we want it by May.</ins>" in shown.text
    assert "asks 1 signatory again" in shown.text
    wordless = owner.post(f"{TEXT}/en", form | {"action": "save"})
    assert wordless.status_code == 400, "minor or material must be said"
    assert "we want it by May" in wordless.text, "what was typed is kept"
    assert "we want it by May" not in house.fresh(f"/letters/{SLUG}").text
    assert owner.post(f"{TEXT}/en", form | {"action": "material"}).status_code == 303
    assert "being asked" in owner.get(TEXT).text
    assert "we want it by May" in house.fresh(f"/letters/{SLUG}").text
    corrected = house.fresh(f"/letters/{SLUG}/corrections").text
    assert "The text of the letter was changed." in corrected
    work(house)
    (mail,) = house.deliver()
    assert list(mail.recipients) == ["alice@example.org"]
    assert link(mail, "manage")
    house.post(manage, {"action": "withdraw", "sure": "yes"})
    assert house.signatures()[-1].state == "withdrawn"
    house.check()


def test_a_minor_change_shows_its_difference_and_asks_nobody(house: House) -> None:
    house.confirm()
    house.deliver()
    owner = house.organiser("owner")
    form = form_of(owner)
    form["source"] += "\n\nA comma more.\n"
    owner.post(f"{TEXT}/en", form | {"action": "minor"})
    work(house)
    assert house.deliver() == []
    difference = owner.get(f"{TEXT}/en/difference?from=1&to=2")
    assert "<ins>A comma more.</ins>" in difference.text
    assert owner.get(f"{TEXT}/en/difference?from=1&to=9").status_code == 404
    assert house.ask(select(Correction.kind)) == [("text_changed",)]


def test_two_editors_of_one_text_do_not_overwrite_each_other(house: House) -> None:
    owner, editor = house.organiser("owner"), house.organiser("editor")
    mine, theirs = form_of(owner), form_of(editor)
    theirs["source"] += "\n\nTheirs.\n"
    mine["source"] += "\n\nMine.\n"
    editor.post(f"{TEXT}/en", theirs | {"action": "minor"})
    answer = owner.post(f"{TEXT}/en", mine | {"action": "minor"})
    assert answer.status_code == 409
    assert "Mine." in answer.text
    assert "<del>Theirs.</del>" in answer.text, "and what it would undo is said"


def test_a_translation_is_added_and_shares_the_count(house: House) -> None:
    house.confirm()
    owner = house.organiser("owner")
    assert owner.get(f"{TEXT}?language=it").headers["Location"] == f"{TEXT}/it"
    assert owner.get(f"{TEXT}?language=nonsense").status_code == 400
    assert owner.get(f"{TEXT}/nonsense").status_code == 404
    typed = {"title": "Lettera", "addressee": "Al mondo", "summary": "Breve.",
             "seen": "", "action": "save"}  # fmt: skip
    empty = owner.post(f"{TEXT}/it", typed | {"source": " "})
    assert empty.status_code == 400
    assert ("it",) not in house.ask(select(LetterLanguage.language))
    assert owner.post(f"{TEXT}/it", typed | {"source": "Ciao."}).status_code == 303
    assert "Ciao." in house.fresh(f"/letters/{SLUG}/it").text
    assert house.numbers()["confirmed"] == 1


def test_the_preview_beside_the_form_is_safe(house: House) -> None:
    owner = house.organiser("editor")
    source = "<script>alert(1)</script> [x](javascript:alert(1)) *so*"
    answer = owner.post(f"{TEXT}/en/preview", {"source": source})
    assert "<script" not in answer.text
    assert 'href="javascript' not in answer.text
    assert "<em>so</em>" in answer.text


def test_settings_keep_what_was_typed_and_say_what_is_wrong(house: House) -> None:
    owner = house.organiser("owner")
    typed = {
        "action": "save", "organiser": "The House", "contact": "nowhere",
        "postal": "Street 1", "accent": "#1f3a5f", "country_policy": "required",
        "headline": "verified", "second_reviewer": "on",
    }  # fmt: skip
    wrong = owner.post(SETTINGS, typed)
    assert wrong.status_code == 400
    assert 'id="f-contact-error"' in wrong.text
    assert 'value="The House"' in wrong.text
    owner.post(SETTINGS, typed | {"contact": "press@example.org"})
    columns = (Letter.organiser, Letter.second_reviewer, Letter.allows_statement)
    assert house.ask(select(*columns)) == [("The House", True, False)]
    assert 'value="The House"' in owner.get(SETTINGS).text, "and at once"


def test_the_longest_short_name_and_key_fit_the_record(house: House) -> None:
    maker = house.organiser(None, email="maker@example.org")
    slug = "r" * 64
    maker.post("/organise/new", NEW | {"slug": slug})
    add = {"action": "add", "key": "k" * 32, "label_en": "Long"}
    root = f"/organise/letters/{slug}"
    assert maker.post(f"{root}/settings", add).status_code == 303


def test_a_sector_is_added_and_merged_with_the_number_first(house: House) -> None:
    owner = house.organiser("owner")
    add = {"action": "add", "key": "music", "label_en": "Music"}
    assert owner.post(SETTINGS, add).status_code == 303
    again = owner.post(SETTINGS, add)
    assert again.status_code == 400
    assert "taken already" in again.text
    house.site.shelf._seen.clear()
    house.confirm(sector="music")
    before = house.numbers()
    merge = {"action": "merge", "key": "music", "into": "other"}
    look = owner.post(SETTINGS, merge)
    assert look.status_code == 200
    assert "1 signature moves." in look.text
    house.confirm(sector="music", email="bob@example.org", name="Bob Other")
    stale = owner.post(SETTINGS, merge | {"number": "1"})
    assert stale.status_code == 409
    assert "2 signatures move." in stale.text
    assert owner.post(SETTINGS, merge | {"number": "2"}).status_code == 303
    work(house)
    assert {row.sector for row in house.signatures()[-2:]} == {"other"}
    assert house.numbers()["confirmed"] == before["confirmed"] + 1
    with house.site.database.reading() as session:
        counted = tally.read(session, letter_id=letter_id(house))
    assert counted.get(("music", "confirmed"), 0) == 0
    assert house.ask(select(Correction.kind, Correction.number)) == [("recoded", 2)]
    house.check()


def test_an_embargoed_letter_is_read_by_a_private_link_until_revoked(
    house: House,
) -> None:
    house.set_letter(published_at=None)
    owner = house.organiser("owner")
    at = (db.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert owner.post(SWITCHES, {"action": "embargo", "at": ""}).status_code == 400
    owner.post(SWITCHES, {"action": "embargo", "at": at})
    owner.post(SWITCHES, {"action": "link", "note": "The Gazette"})
    page = owner.get(SWITCHES).text
    assert "Under embargo" in page
    private = re.search(r'href="[^"]*(/preview/[\w.-]+)"', page)
    revoke = re.search(r'name="link" value="([0-9a-f]+)"', page)
    assert private is not None
    assert revoke is not None
    assert house.fresh(f"/letters/{SLUG}").status_code == 404
    assert house.fresh(private[1]).status_code == 200
    owner.post(SWITCHES, {"action": "revoke", "link": revoke[1]})
    assert house.fresh(private[1]).status_code == 404
    owner.post(SWITCHES, {"action": "publish"})
    assert house.fresh(f"/letters/{SLUG}").status_code == 200
    assert owner.post(SWITCHES, {"action": "draft"}).status_code == 409


def test_pause_and_freeze_say_so_in_public_and_names_come_in_batches(
    house: House,
) -> None:
    owner = house.organiser("owner")
    owner.post(SWITCHES, {"action": "pause"})
    house.site.shelf._seen.clear()
    assert "aused" in house.fresh(f"/letters/{SLUG}").text
    owner.post(SWITCHES, {"action": "go_on"})
    owner.post(SWITCHES, {"action": "freeze"})
    house.site.shelf._seen.clear()
    signed(house, "Zelda Frozen")
    assert "Zelda Frozen" not in house.fresh(f"/letters/{SLUG}/signatories").text
    assert "1 name waits." in owner.get(SWITCHES).text
    plan = {"action": "plan", "amount": "5", "times": "2", "hours": "1", "begin": ""}
    assert owner.post(SWITCHES, plan | {"times": "0"}).status_code == 400
    assert owner.post(SWITCHES, plan).status_code == 303
    work(house)
    page = owner.get(SWITCHES).text
    assert "1 name shown" in page
    assert "5 names planned" in page
    assert "Zelda Frozen" in house.fresh(f"/letters/{SLUG}/signatories").text
    assert owner.post(SWITCHES, {"action": "call_off"}).status_code == 303
    assert "names planned" not in owner.get(SWITCHES).text


@pytest.mark.parametrize("value", ["soon", "2026-13-01T00:00", "9999-12-31T23:59",
                                   "2026-11-30T12:00+14:00"])  # fmt: skip
def test_a_time_that_is_none_is_told_at_its_field(house: House, value: str) -> None:
    owner = house.organiser("owner")
    answer = owner.post(SWITCHES, {"action": "times", "closes_at": value})
    assert answer.status_code == 400
    assert 'id="f-closes_at-error"' in answer.text


def test_a_rehearsal_is_walked_and_never_counts(house: House) -> None:
    house.set_letter(published_at=None)
    owner = house.organiser("owner")
    before = house.numbers()
    owner.post(SWITCHES, {"action": "rehearse"})
    owner.post(SWITCHES, {"action": "link", "note": "us"})
    page = owner.get(SWITCHES).text
    private = re.search(r'href="[^"]*(/preview/[\w.-]+)"', page)
    assert private is not None
    assert house.fresh(private[1]).status_code == 200
    token = private[1].rpartition("/")[2]
    assert house.sign(preview=token).status_code == 303
    way = link(house.deliver()[-1], "confirm")
    assert house.post(way, {"action": "confirm"}).status_code == 200
    assert house.signatures()[-1].name == "Alice Example"
    refused = owner.post(SWITCHES, {"action": "publish"})
    assert refused.status_code == 409
    assert "End the rehearsal first" in refused.text
    owner.post(SWITCHES, {"action": "end_rehearsal"})
    assert house.numbers() == before
    assert "Alice Example" not in {row.name for row in house.signatures()}
    later(seconds=11)
    assert owner.post(SWITCHES, {"action": "publish"}).status_code == 303


def test_a_snapshot_holds_verified_names_and_forgets_who_is_erased(
    house: House,
) -> None:
    owner = house.organiser("owner")
    manage = house.confirm(name="Vera Verified", email="v@example.org")
    row = house.signatures()[-1]
    signed(house, "Uwe Unverified")
    desk = f"{HERE}/desk/{row.public_id}"
    seen = dict(re.findall(r'name="(seen|pile|mark)" value="([^"]*)"',
                           owner.get(desk).text))  # fmt: skip
    done = owner.post(desk, seen | {"action": "verify", "method": "call",
                                    "evidence": "rang them"})  # fmt: skip
    assert done.status_code == 303, done.text
    assert owner.post(f"{HERE}/snapshots").status_code == 303
    found = re.search(rf"/letters/{SLUG}/snapshots/[\w-]+", owner.get(
        f"{HERE}/snapshots").text)  # fmt: skip
    assert found is not None
    for path in (found[0], f"{found[0]}.csv"):
        page = house.fresh(path).text
        assert "Vera Verified" in page
        assert "Uwe Unverified" not in page
    house.post(manage, {"action": "withdraw", "sure": "yes"})
    for path in (found[0], f"{found[0]}.csv"):
        page = house.fresh(path).text
        assert "Vera" not in page
        assert "ithdrawn since" in page


NEW = {
    "slug": "rivers", "language": "en", "title": "Rivers", "addressee": "All",
    "summary": "Keep them.", "organiser": "The House", "contact": "h@example.org",
    "postal": "Street 1", "source": "Keep the rivers.",
}  # fmt: skip


def test_whoever_makes_a_letter_owns_it(house: House) -> None:
    maker = house.organiser(None, email="maker@example.org")
    wrong = maker.post("/organise/new", NEW | {"slug": "No Good"})
    assert wrong.status_code == 400
    assert "Keep the rivers." in wrong.text
    assert maker.post("/organise/new", NEW | {"source": ""}).status_code == 400
    made = maker.post("/organise/new", NEW)
    assert made.headers["Location"] == "/organise/letters/rivers/"
    assert maker.get("/organise/letters/rivers/text/en").status_code == 200
    assert house.fresh("/letters/rivers").status_code == 404
    other = maker.post("/organise/letters/rivers/duplicate", {"slug": "rivers-two"})
    assert other.headers["Location"] == "/organise/letters/rivers-two/"
    assert form_of(maker, slug="rivers-two")["source"].strip() == "Keep the rivers."


def test_an_archived_letter_changes_no_more_and_a_deleted_one_is_gone(
    house: House,
) -> None:
    another_letter(house, "second")
    owner = house.organiser("owner", slug="second")
    root = "/organise/letters/second"
    assert owner.post(f"{root}/archive", {"shows": "hidden"}).status_code == 303
    assert house.fresh("/letters/second").status_code == 404
    assert owner.post(f"{root}/switches", {"action": "pause"}).status_code == 409
    assert owner.post(f"{root}/snapshots").status_code == 409
    assert owner.post(f"{root}/archive", {"shows": "public"}).status_code == 409
    assert owner.post(f"{root}/delete", {"typed": "secund"}).status_code == 400
    gone = owner.post(f"{root}/delete", {"typed": "second"})
    assert gone.headers["Location"] == "/organise/"
    assert owner.get(f"{root}/").status_code == 404
    which = select(Letter.id).where(Letter.slug == "second").scalar_subquery()
    for table in (TextVersion, Membership):
        assert house.ask(select(table.letter_id).where(table.letter_id == which)) == []


def test_deleting_asks_to_sign_in_anew_and_is_the_owners(house: House) -> None:
    editor, owner = house.organiser("editor"), house.organiser("owner")
    assert editor.post(f"{HERE}/delete", {"typed": SLUG}).status_code == 403
    assert owner.token
    later(minutes=11)
    answer = owner.post(f"{HERE}/delete", {"typed": SLUG})
    assert answer.headers["Location"].startswith("/organise/again?next=")
    assert house.fresh(f"/letters/{SLUG}").status_code == 200
