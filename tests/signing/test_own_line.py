"""Alice changes what she signed with, behind the link in her mail."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app import db
from app.domain import lifecycle, outgoing, showing, verification
from app.models import Correction, Outbox, Record, VerificationMethod
from tests.house import FIELDS, SLUG, House, at_once, later, link
from tests.pages import error, typed
from tests.story.outputs import Outputs

LINE = {
    name: FIELDS[name]
    for name in ("name", "title", "affiliation", "sector", "country", "listed")
}
YES = {"action": "correct"}


def look_of(page: str) -> str:
    """What says that the person has seen how things stand."""
    found = re.search(r'name="look" value="(\w+)"', page)
    assert found is not None, page
    return found[1]


def shown(house: House, manage: str, **fields: str) -> str:
    """The page that says what would come of it."""
    answer = house.post(f"{manage}/correct", LINE | fields | {"action": "look"})
    assert answer.status_code == 200, answer.text
    return answer.text


def change(house: House, manage: str, **fields: str) -> str:
    """The whole way: the form, the look, the button; the page before the button."""
    assert house.get(f"{manage}/correct").status_code == 200
    page = shown(house, manage, **fields)
    sent = LINE | fields | YES | {"look": look_of(page)}
    answer = house.post(f"{manage}/correct", sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, manage)
    return page


def verify(house: House, *, feature: bool = False) -> int:
    """An organiser makes sure of the newest signatory."""
    row = house.signatures()[-1]
    with house.writing() as session:
        verification.verify(
            session, signature_id=row.id, method=VerificationMethod.CALL,
            evidence="rang the institute", actor="organiser:1", now=db.now(),
        )  # fmt: skip
        if feature:
            lifecycle.feature(session, signature_id=row.id, rank=1,
                              actor="organiser:1", now=db.now())  # fmt: skip
    return int(row.id)


def reject(house: House) -> None:
    """An organiser takes the newest signature out."""
    with house.writing() as session:
        lifecycle.reject(
            session, signature_id=house.signatures()[-1].id, actor="organiser:1",
            reason="not she", fake=False, now=db.now(),
        )  # fmt: skip


def told(house: House) -> list[tuple[str, str | None, int]]:
    """What the public account says, oldest first."""
    return [
        (row.kind, row.cause, row.number)
        for row in house.ask(select(db.table(Correction)).order_by(Correction.id))
    ]


def mails(house: House) -> list[str]:
    """The kinds of the mails that were asked for about signatures."""
    rows = select(Outbox.kind).where(Outbox.signature_id.is_not(None))
    return [kind for (kind,) in house.ask(rows.order_by(Outbox.id))]


def test_alice_corrects_her_name_and_every_output_follows(house: House) -> None:
    house.confirm()
    manage = link(house.deliver()[-1], "manage")
    assert "Alice Example" in everywhere(house)
    form = house.get(f"{manage}/correct").text
    assert (typed(form, "name"), typed(form, "title")) == ("Alice Example", "Professor")
    before = {path: house.get(path).headers["ETag"] for path in _kept()}
    page = change(house, manage, name="Alice Corrected", sector="politics")
    # Exactly what is shown afterwards stood on the page before the button.
    assert "<bdi>Alice Corrected</bdi>" in page
    assert "no longer marked as verified" not in page
    read = everywhere(house)
    assert "Alice Corrected" in read
    assert "Alice Example" not in read
    assert "Alice Corrected" in house.get(manage).text
    (mail,) = house.deliver()
    assert "Your signature was changed" in mail.message["Subject"]
    assert link(mail, "manage") == manage
    assert "Alice" not in mail.text
    for path, etag in before.items():
        assert house.fresh(path, If_None_Match=etag).status_code == 200, path
    # An unverified line that changes is no news.
    assert told(house) == []
    found = house.fresh(f"/letters/{SLUG}/signatories?q=corrected").text
    assert "Alice Corrected" in found
    gone = house.fresh(f"/letters/{SLUG}/signatories?q=alice+example").text
    assert "Alice" not in re.sub(r"<input[^>]*>|<title>.*?</title>", "", gone)
    house.check()
    house.fold()
    house.check()


def everywhere(house: House) -> str:
    """All that the public can read of the letter, at whatever address."""
    read = Outputs(house, SLUG, languages=("en", "de"), private="none").read()
    assert len(read) > 20
    return "\n".join(read.values())


def _kept() -> list[str]:
    """Answers with names or numbers that are kept in memory and by others."""
    room = f"/letters/{SLUG}"
    return [
        room,
        f"{room}/signatories",
        f"{room}/signatories.atom",
        f"/api/v1{room}/signatories",
        f"/api/v1{room}/tally",
    ]


def test_looking_changes_nothing_and_what_was_typed_is_kept(house: House) -> None:
    manage = house.confirm()
    house.deliver()
    before = house.signatures()
    shown(house, manage, name="Alice Other", title="Dean")
    again = house.post(f"{manage}/correct", LINE | {"title": "Dean", "action": "edit"})
    assert (again.status_code, typed(again.text, "title")) == (200, "Dean")
    wrong = LINE | {"name": "www.example.org", "title": "Dean", "action": "look"}
    answer = house.post(f"{manage}/correct", wrong)
    assert answer.status_code == 400
    assert error(answer.text, "name")
    assert typed(answer.text, "name") == "www.example.org"
    assert typed(answer.text, "title") == "Dean"
    assert house.signatures() == before
    assert "Nothing would change" in shown(house, manage)
    assert house.deliver() == []


def test_a_verified_line_says_before_what_it_loses(house: House) -> None:
    manage = house.confirm()
    verify(house)
    assert "marked as verified" in house.get(f"{manage}/correct").text
    # A sentence of one's own is no part of what was verified.
    page = change(house, manage, statement="Now or never.")
    assert "no longer marked as verified" not in page
    assert house.signatures()[0].verified
    assert told(house) == []
    page = change(house, manage, statement="Now or never.", title="Dean")
    assert "no longer marked as verified" in page
    row = house.signatures()[0]
    assert (row.verified, row.state, row.title) == (False, "counted", "Dean")
    assert told(house) == [("corrected", "signatory", 1)]
    assert house.numbers()["verified"] == 0
    house.check()


def test_a_notable_who_corrects_waits_for_a_person_and_is_told_so(
    house: House,
) -> None:
    manage = house.confirm()
    verify(house, feature=True)
    house.deliver()
    page = change(house, manage, affiliation="University of Y")
    assert "no longer stands among the notable" in page
    row = house.signatures()[0]
    assert (row.state, row.hold_reasons, row.featured_rank) == (
        "held", "corrected", None,
    )  # fmt: skip
    assert "waits for a person" in house.get(manage).text
    mail = next(m for m in house.deliver() if "changed" in m.message["Subject"])
    assert "looks at it before it is shown and counted again" in mail.text
    house.check()


def test_the_holds_are_decided_anew_where_what_they_look_at_changes(
    house: House,
) -> None:
    manage = house.confirm(public_figure="yes")
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.release(session, signature_id=row.id, actor="organiser:1",
                          now=db.now())  # fmt: skip
    figure = {"public_figure": "yes"}
    # A person has let this name in; another sentence asks for no second look.
    change(house, manage, statement="More.", **figure)
    assert house.signatures()[0].state == "counted"
    change(house, manage, statement="More.", name="Alice Famous", **figure)
    row = house.signatures()[0]
    assert (row.state, row.hold_reasons) == ("held", "public_figure")
    assert house.numbers()["confirmed"] == 0
    change(house, manage, name="Alice Famous")
    assert house.signatures()[0].state == "counted"
    house.check()


def test_a_hold_set_by_hand_is_lifted_by_no_correction(house: House) -> None:
    manage = house.confirm()
    with house.writing() as session:
        lifecycle.hold(session, signature_id=house.signatures()[0].id,
                       actor="organiser:1", reason="odd", now=db.now())  # fmt: skip
    for title in ("Dean", "Rector"):
        change(house, manage, title=title)
    row = house.signatures()[0]
    assert (row.state, row.hold_reasons, row.title) == ("held", "by_hand", "Rector")


def test_count_me_only_takes_the_name_out_and_leaves_the_number(house: House) -> None:
    manage = house.confirm()
    verify(house)
    house.deliver()
    assert "Alice Example" in everywhere(house)
    page = change(house, manage, listed="no")
    assert "leaves the public list" in page
    assert "Alice Example" not in everywhere(house)
    row = house.signatures()[0]
    assert (row.state, row.verified, row.listed) == ("counted", True, False)
    assert house.numbers()["confirmed"] == 1
    assert told(house) == [("hidden", "signatory", 1)]
    account = house.fresh(f"/letters/{SLUG}/corrections").text
    assert "1 name was taken out of the list by its signatory" in account
    assert "become public" in change(house, manage, listed="yes")
    assert "Alice Example" in everywhere(house)
    assert len(told(house)) == 1
    assert mails(house).count("corrected") == 2
    house.check()


def test_one_link_causes_no_more_than_so_many_mails(house: House) -> None:
    manage = house.confirm()
    house.deliver()
    told, silent = "A mail tells you that it was changed", "No mail tells you of it"
    for number in range(outgoing.PER_DAY):
        assert told in change(house, manage, title=f"Dean {number}")
    # It is her right still, and she is told that no mail follows.
    page = change(house, manage, title="Rector")
    assert silent in page
    assert told not in page
    assert house.signatures()[0].title == "Rector"
    assert "Rector" in house.fresh(f"/letters/{SLUG}/signatories").text
    assert len(house.deliver()) == outgoing.PER_DAY
    # A withdrawal is told of for all that, and to and fro as often as this.
    sure = {"action": "withdraw", "sure": "yes"}
    for _ in range(outgoing.PER_DAY):
        assert "a mail tells you of it" in house.post(manage, sure).text
        house.post(manage, {"action": "return"})
    assert silent in house.post(manage, sure).text
    assert house.numbers()["confirmed"] == 0
    house.post(manage, {"action": "return"})
    assert mails(house).count("withdrawn") == outgoing.PER_DAY
    # Day by day there are no more than twenty within a month.
    for day in range(1, 6):
        later(days=day, minutes=1)
        for number in range(outgoing.PER_DAY):
            change(house, manage, title=f"Dean {day} {number}")
    assert mails(house).count("corrected") == outgoing.PER_MONTH
    later(days=31)
    assert told in change(house, manage, title="Emerita")
    assert mails(house).count("corrected") == outgoing.PER_MONTH + 1
    house.check()


def test_everything_at_once_is_one_mail(house: House) -> None:
    manage = house.confirm()
    change(
        house, manage, name="A. Example", listed="no", sector="politics", country="FR"
    )
    assert mails(house).count("corrected") == 1
    row = house.signatures()[0]
    assert (row.name, row.listed, row.sector, row.country) == (
        "A. Example", False, "politics", "FR",
    )  # fmt: skip
    house.check()


def test_pressing_the_button_twice_is_once(house: House) -> None:
    manage = house.confirm()
    page = shown(house, manage, title="Dean")
    sent = LINE | YES | {"title": "Dean", "look": look_of(page)}
    answers = at_once(lambda _: house.post(f"{manage}/correct", sent), 4)
    assert [answer.status_code for answer in answers] == [303] * 4
    assert mails(house).count("corrected") == 1
    assert [r for r in house.ask(select(Record.verb)) if r.verb == "correct"] == [
        ("correct",)
    ]


def test_of_two_corrections_at_once_the_second_is_shown_the_first(
    house: House,
) -> None:
    manage = house.confirm()
    look = look_of(shown(house, manage, title="Dean"))

    def send(number: int) -> int:
        sent = LINE | YES | {"title": ("Dean", "Rector")[number], "look": look}
        return house.post(f"{manage}/correct", sent).status_code

    assert sorted(at_once(send, 2)) == [303, 409]
    stands = house.signatures()[0].title
    other = {"Dean": "Rector", "Rector": "Dean"}[stands]
    answer = house.post(
        f"{manage}/correct", LINE | YES | {"title": other, "look": look}
    )
    assert answer.status_code == 409
    assert "was changed while you were looking" in answer.text
    sent = LINE | YES | {"title": other, "look": look_of(answer.text)}
    assert house.post(f"{manage}/correct", sent).status_code == 303
    assert house.signatures()[0].title == other
    house.check()


def test_who_was_verified_while_looking_is_asked_once_more(house: House) -> None:
    manage = house.confirm()
    page = shown(house, manage, title="Dean")
    verify(house)
    sent = LINE | YES | {"title": "Dean", "look": look_of(page)}
    answer = house.post(f"{manage}/correct", sent)
    assert answer.status_code == 409
    assert "no longer marked as verified" in answer.text
    assert house.signatures()[0].verified


def test_a_correction_against_a_rejection(house: House) -> None:
    manage = house.confirm()
    look = look_of(shown(house, manage, title="Dean"))
    sent = LINE | YES | {"title": "Dean", "look": look}

    def act(number: int) -> object:
        if number:
            reject(house)
            return "rejected"
        return house.post(f"{manage}/correct", sent).status_code

    assert at_once(act, 2) == [303, "rejected"]
    assert house.signatures()[0].state == "rejected"
    house.check()


def test_who_is_rejected_or_gone_corrects_nothing(house: House) -> None:
    manage = house.confirm()
    reject(house)
    before = house.signatures()
    for answer in (
        house.get(f"{manage}/correct"),
        house.post(f"{manage}/correct", LINE | {"title": "Dean", "action": "look"}),
        house.post(f"{manage}/correct", LINE | YES | {"title": "Dean", "look": "x"}),
    ):
        assert (answer.status_code, answer.headers["Location"]) == (303, manage)
    assert house.signatures() == before
    assert f"{manage}/correct" not in house.get(manage).text
    # What is left to them is to have it wiped.
    house.post(manage, {"action": "erase", "sure": "yes"})
    assert house.signatures()[0].name is None


@pytest.mark.parametrize("part", ["statement", "affiliation"])
def test_what_organisers_hide_stays_hidden_and_the_page_says_so(
    house_on_sqlite: House, part: str
) -> None:
    house = house_on_sqlite
    manage = house.confirm(statement="You are all fools.")
    public_id = house.signatures()[0].public_id
    with house.writing() as session:
        showing.hide(session, signature_id=house.signatures()[0].id,
                     part=showing.Part(part), actor="organiser:1", reason="an insult",
                     now=db.now())  # fmt: skip
    hidden = {"statement": "all fools", "affiliation": "University of Z"}[part]
    words = {"statement": "You are all fools!", "affiliation": "University of Z"}[part]
    page = change(house, manage, **{"statement": "You are all fools.", part: words})
    preview = page.partition('class="preview"')[2].partition("<h2>")[0]
    assert hidden not in preview
    assert "stays hidden" in page
    line = house.fresh(f"/letters/{SLUG}/signatories/{public_id}").text
    assert hidden not in line
