"""The letter to print: what stands in it, and what is no longer given out."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app import db
from app.domain import (
    chores,
    featuring,
    lifecycle,
    pdfs,
    printing,
    record,
    showing,
    switches,
)
from app.domain.showing import Part
from app.models import Pdf, Signature
from app.printer import Printer
from tests.house import BASE, SLUG, House, later
from tests.letters import another_letter
from tests.organisers import letter_id, signed
from tests.papers import PDF, fonts, links, printed, printer, signs, words
from tests.work.labour import ACTOR, people

LIST = f"/letters/{SLUG}/signatories"
SCRIPTS = (
    "Zoë Müller-Łukasz", "Γιώργος Παπαδόπουλος", "Иван Петров", "محمد بن عبد الله",
    "דוד כהן", "प्रिया शर्मा", "王小明", "山田太郎", "김철수", "สมชาย ใจดี",
    "Հայկ Պետրոսյան", "გიორგი ბერიძე", "রবীন্দ্রনাথ ঠাকুর", "தமிழ் செல்வன்",
    "Nguyễn Văn Đạt", "ગાંધી", "ਸਿੰਘ", "ಕನ್ನಡ", "മലയാളം", "ଓଡ଼ିଆ", "සිංහල", "తెలుగు",
    "ខ្មែរ", "ລາວ", "မြန်မာ", "አበበ",
)  # fmt: skip


def status(house: House, path: str = PDF) -> int:
    """What a process that has just started answers."""
    return house.fresh(path).status_code


def kept(house: House) -> int:
    """How many files the database holds."""
    ((number,),) = house.ask(select(func.count()).where(Pdf.body.is_not(None)))
    return int(number)


def test_nobody_waits_for_it_in_a_request(house: House) -> None:
    answer = house.get(PDF)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert answer.headers["Cache-Control"] == "no-store"
    for path in (PDF, LIST, f"/letters/{SLUG}/en"):
        assert f'href="{path}' in answer.text
    assert printer(house).work() == 1
    made = house.get(PDF)
    assert made.status_code == 200
    assert made.data.startswith(b"%PDF-")
    assert (
        made.headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=3"
    )
    assert made.headers["X-Robots-Tag"] == "noindex"
    packed = house.get(PDF, Accept_Encoding="gzip, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == made.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != made.headers["ETag"]
    assert gzip.decompress(packed.data) == made.data
    assert house.get(PDF, If_None_Match=packed.headers["ETag"]).status_code == 200
    again = house.get(PDF, If_None_Match=made.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == made.headers["ETag"]


def test_it_says_what_the_letter_and_its_list_say(house: House) -> None:
    signed(house, "Una Unlisted", listed="no")
    signed(house, "Hedda Held", public_figure="yes")
    signed(house, "Petra Plain", statement="We must act.", title="Professor")
    signed(house, "Ida Only", identification_only="yes", affiliation="Ministry of Y")
    row = signed(house, "Vera Verified")
    people(house, 1, name="Nora Notable", counted_at=db.now(), verified=True)
    hidden = signed(house, "Henry Hidden", statement="Something bad")
    with house.writing() as session:
        session.execute(
            update(Signature)
            .where(Signature.id == hidden.id)
            .values(statement_hidden_at=db.now(), affiliation_hidden_at=db.now())
        )
        session.execute(
            update(Signature).where(Signature.id == row.id).values(verified=True)
        )
        notable = session.scalars(
            select(Signature.id).where(Signature.name == "Nora Notable")
        ).one()
        featuring.feature(session, signature_id=notable, actor="organiser:1",
                          now=db.now())  # fmt: skip
    paper = printed(house)
    said = words(paper)
    names = ["Nora Notable", "Vera Verified", "Henry Hidden", "Ida Only", "Petra Plain"]
    places = [said.index(name) for name in names]
    assert places == sorted(places), "featured, then verified, then the newest first"
    assert all(said.count(name) == 1 for name in names)
    assert "Ministry of Y (affiliation for identification only)" in said
    assert "“We must act.”" in said
    assert "Collected: " in said
    for secret in (
        "Una Unlisted",
        "Hedda Held",
        "Something bad",
        "alice@",
        "@example.org",
    ):
        assert secret not in said
    about = paper.metadata
    assert about is not None
    assert about.title
    assert about.title in house.get(f"/letters/{SLUG}").text
    assert about.author
    root = paper.root_object
    assert str(root["/Lang"]) == "en"
    assert root["/MarkInfo"]["/Marked"] == True  # type: ignore[index]
    assert f"{BASE}{LIST}?lang=en" in links(paper)
    assert f"{BASE}{LIST}?lang=en" in said
    assert f"1 / {len(paper.pages)}" in said
    shown = re.search(r"as of [^<]+ UTC", house.fresh(f"/embed/{SLUG}").text)
    assert shown is not None
    assert shown[0] in said


def test_every_script_is_set_in_fonts_that_it_carries(house: House) -> None:
    people(house, len(SCRIPTS), counted_at=db.now(), name=lambda n: SCRIPTS[n],
           affiliation=lambda n: SCRIPTS[-n])  # fmt: skip
    paper = printed(house)
    used = fonts(paper)
    assert all(used.values()), used
    for script in ("Arabic", "Devanagari", "Thai", "Bengali", "Tamil",
                   "Armenian", "Georgian", "Ethiopic", "Khmer", "DroidSansFallback"):  # fmt: skip
        assert any(script in font for font in used), script
    assert b"\0\0" not in set(signs(paper)), "a box stands for a sign"
    said = words(paper)
    for name in ("Γιώργος Παπαδόπουλος", "Иван Петров", "王小明", "山田太郎", "김철수",
                 "Nguyễn Văn Đạt", "Հայկ Պետրոսյան"):  # fmt: skip
        assert name in said


def test_the_check_for_boxes_sees_a_box(house_on_sqlite: House) -> None:
    people(house_on_sqlite, 1, counted_at=db.now(), name="Cuneiform \U00012000")
    assert b"\0\0" in set(signs(printed(house_on_sqlite)))


def test_nothing_in_a_letter_is_an_instruction(house_on_sqlite: House) -> None:
    name = '#panic("x") $a$ [b] \\ */ // <c>'
    people(house_on_sqlite, 1, counted_at=db.now(), name=name)
    assert name in words(printed(house_on_sqlite))


def test_a_longer_list_ends_with_its_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected = len(set(re.findall(r"/signatories/[\w-]{22}", house.get(LIST).text)))
    monkeypatch.setattr(printing, "SIZE", collected + 5)
    people(house, 12, counted_at=db.now())
    said = words(printed(house))
    shown = re.findall(r"Person \d+", said)
    assert shown == [f"Person {number}" for number in (11, 10, 9, 8, 7)]
    assert f"These are the first {collected + 5} of the public list." in said


def passing(house: House) -> str:
    """Somebody signs; the path of the page that takes it back."""
    return house.confirm(name="Petra Passing")


def test_a_name_that_is_erased_is_given_out_no_more(house: House) -> None:
    manage = passing(house)
    assert "Petra Passing" in words(printed(house))
    assert house.post(manage, {"action": "erase", "sure": "yes"}).status_code < 400
    for _ in range(2):
        refused = house.fresh(PDF)
        assert refused.status_code == 503
        assert "Petra Passing" not in refused.text
        # Nor does it come back once the ledger is folded.
        house.fold()
    assert kept(house) == 1
    with house.writing() as session:
        assert chores.waiting(session, now=db.now())
        chores.do(session, now=db.now())
    assert kept(house) == 0, "nor is it kept"
    assert printer(house).work() == 0, "it has just been made"
    later(seconds=pdfs.SOON.total_seconds() + 1)
    assert "Petra Passing" not in words(printed(house))


def test_a_removal_hastens_what_was_asked_for_at_leisure(house: House) -> None:
    house.let_many_sign()
    manage = passing(house)
    printed(house)
    house.confirm(name="Nora Newcomer", email="nora@example.org")
    assert status(house) == 200
    house.post(manage, {"action": "erase", "sure": "yes"})
    refused = house.fresh(PDF)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) <= pdfs.SOON.total_seconds() + 10
    later(seconds=pdfs.SOON.total_seconds() + 1)
    assert printer(house).work() == 1
    assert status(house) == 200


@pytest.mark.parametrize("change", ["withdraw", "correct", "hide", "freeze", "feature"])
def test_whatever_changes_a_line_makes_it_untrue(house: House, change: str) -> None:
    passing(house)
    printed(house)
    house.fold()
    assert status(house) == 200
    row = house.signatures()[-1]
    who: dict[str, Any] = {"signature_id": row.id, "now": db.now()}
    with house.writing() as session:
        if change == "withdraw":
            lifecycle.withdraw(session, actor=record.SIGNATORY, **who)
        if change == "correct":
            lifecycle.correct(
                session, actor=record.SIGNATORY, changes={"name": "Petra Other"},
                claim_changed=True, hold_reasons=[], **who,
            )  # fmt: skip
        if change == "hide":
            showing.hide(session, part=Part.AFFILIATION, actor=ACTOR, reason="Not so",
                         **who)  # fmt: skip
        if change == "freeze":
            switches.freeze(session, letter_id=row.letter_id, frozen=True, actor=ACTOR,
                            now=db.now())  # fmt: skip
        if change == "feature":
            session.execute(
                update(Signature).where(Signature.id == row.id).values(verified=True)
            )
            featuring.feature(session, actor=ACTOR, **who)
    assert status(house) == 503
    house.fold()
    assert status(house) == 503


def test_new_names_leave_it_true_and_are_made_in_at_most_every_so_often(
    house: House,
) -> None:
    house.let_many_sign()
    printed(house)
    for number in range(3):
        house.confirm(name=f"Nora Newcomer {number}", email=f"n{number}@example.org")
        answer = house.fresh(PDF)
        assert answer.status_code == 200
        house.fold()
        assert house.fresh(PDF).data == answer.data
        assert printer(house).work() == 0
    later(seconds=pdfs.EVERY.total_seconds() + 1)
    assert printer(house).work() == 1, "it was asked for"
    said = words(printed(house))
    assert "Nora Newcomer 2" in said
    later(hours=2)
    house.confirm(name="Nobody Asks", email="nobody@example.org")
    assert printer(house).work() == 0, "nobody asks for it"


def test_what_is_up_to_date_is_not_made_again(house: House) -> None:
    printed(house)
    later(hours=1)
    for _ in range(5):
        assert status(house) == 200
    assert printer(house).work() == 0


def test_a_worker_that_dies_leaves_nothing_half_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> bytes:
        raise Killed

    house.fresh(PDF)
    with monkeypatch.context() as killing:
        killing.setattr("app.printer.typeset", die)
        with pytest.raises(Killed):
            printer(house).work()
    assert (kept(house), status(house)) == (0, 503)
    assert printer(house).work() == 0, "it may be at work still"
    with house.site.database.reading() as session:
        first = session.scalars(select(Pdf.lease_token)).one()
    later(seconds=house.site.config.lease.total_seconds() + 1)
    assert printer(house).work() == 1
    before = house.fresh(PDF).data
    with house.writing() as session:
        late = pdfs.Claim(letter_id(house), "en", first or "")
        assert not pdfs.keep(session, late, b"%PDF-late", version=None, altered=0)
    assert house.fresh(PDF).data == before


def test_what_cannot_be_set_is_tried_again_when_somebody_asks(house: House) -> None:
    house.fresh(PDF)
    hurried = replace(house.site.config, lease=timedelta(milliseconds=1))
    assert Printer(hurried, house.site.database).work() == 1
    assert status(house) == 503
    assert printer(house).work() == 0, "not at once"
    later(seconds=pdfs.EVERY.total_seconds() + 1)
    assert printer(house).work() == 1
    assert status(house) == 200


def test_many_readers_and_workers_make_one(house: House) -> None:
    for _ in range(20):
        assert status(house) == 503
    made = [Printer(house.site.config, house.site.database).work() for _ in range(3)]
    assert made == [1, 0, 0]


def test_who_may_not_see_the_letter_sees_no_file(house: House) -> None:
    assert status(house, "/letters/none/letter.pdf") == 404
    printed(house)
    house.set_letter(published_at=db.now() + timedelta(days=1))
    assert status(house) == 404
    house.set_letter(published_at=None)
    assert status(house) == 404
    assert printer(house).work() == 0
    another_letter(house, "draft")
    with house.writing() as session:
        pdfs.ask(session, letter_id=letter_id(house, "draft"), language="en",
                 given_out=False, now=db.now())  # fmt: skip
    house.set_letter(published_at=None)


def test_each_language_has_its_own(house: House) -> None:
    english = words(printed(house))
    german = printed(house, f"{PDF}?lang=de")
    assert str(german.root_object["/Lang"]) == "de"
    assert words(german) != english
    assert "Offener Brief" in words(german)
    assert status(house, f"{PDF}?lang=xx") == 200, "as every page: the first language"
    assert kept(house) == 2
