"""What becomes of a signature whose mails come back, or are complained about."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from app import db
from app.domain import retention
from app.models import (
    DeskEntry,
    MailFigure,
    Outbox,
    OutboxKind,
    Record,
)
from tests.house import FIELDS, SLUG, later, link
from tests.mail.reports import (
    Office,
    again,
    bouncing,
    confirmed,
)
from tests.mail.work import row
from tests.signing.test_own_line import LINE, change

ALICE = FIELDS["email"]


def test_a_signature_whose_mail_comes_back_is_marked_and_counts_on(
    office: Office,
) -> None:
    house = office.house
    office.comes("postfix", confirmed(office))
    ((signature_id, status),) = bouncing(office)
    assert (signature_id, status) == (house.signatures()[-1].id, "5.1.1")
    assert house.signatures()[-1].state == "counted"
    # It is written to no more.
    assert again(office, OutboxKind.RELEASED) == []
    assert row(house).answer == "came back before"
    # Who signs again is led to the one mail that is tried in any case.
    inbox = house.sign(name="Alice Again").headers["Location"]
    later(minutes=2)
    assert office.deliver() == []
    page = house.get(inbox).text
    assert "The address was refused" in page
    lost = f"/letters/{SLUG}/manage?lang=en"
    assert f'href="{lost}"' in page
    house.post(lost, {"email": ALICE})
    later(minutes=4)
    (mail,) = office.deliver()
    assert "Write to me again" in house.get(link(mail, "manage")).text


def test_its_owner_may_say_that_the_mailbox_works_again(office: Office) -> None:
    house = office.house
    signed = confirmed(office)
    manage = link(signed, "manage")
    assert "Write to me again" not in house.get(manage).text
    office.comes("postfix", signed)
    assert "Write to me again" in house.get(manage).text
    assert len(bouncing(office)) == 1, "to look changes nothing"
    for _ in range(2):
        again_ = house.post(manage, {"action": "write_again"})
        assert again_.status_code == 303
    assert bouncing(office) == []
    assert "Write to me again" not in house.get(manage).text
    assert [mail.recipients for mail in again(office)] == [(ALICE,)]


def test_a_letter_may_hold_them(office: Office) -> None:
    house = office.house
    house.set_letter(bounce_policy="hold")
    before = house.numbers()
    signed = confirmed(office)
    for _ in range(2):
        office.comes("postfix", signed)
    signature = house.signatures()[-1]
    assert (signature.state, signature.hold_reasons) == ("held", "bounced")
    assert house.numbers() == before
    house.check()


def test_its_owner_lifts_the_hold_and_a_mailbox_that_fails_still_sets_it_anew(
    office: Office,
) -> None:
    house = office.house
    house.set_letter(bounce_policy="hold")
    before = house.numbers()["confirmed"]
    signed = confirmed(office)
    manage = link(signed, "manage")
    office.comes("postfix", signed)
    assert house.signatures()[-1].state == "held"
    assert "counts again at once" in house.get(manage).text
    for _ in range(2):
        assert house.post(manage, {"action": "write_again"}).status_code == 303
    row_ = house.signatures()[-1]
    assert (row_.state, row_.hold_reasons) == ("counted", None)
    assert house.numbers()["confirmed"] == before + 1
    assert "It is confirmed and counts" in house.get(manage).text
    lines = select(Record.verb, Record.actor).where(Record.subject == row_.public_id)
    assert [tuple(line) for line in house.ask(lines.order_by(Record.id))][-3:] == [
        ("hold", "system"), ("release", "signatory"), ("write_again", "signatory")
    ]  # fmt: skip
    house.check()
    # The mail that tells of it proves the word, or not.
    (told,) = office.deliver()
    assert told.recipients == (ALICE,)
    office.comes("postfix", told)
    assert house.signatures()[-1].state == "held"
    assert house.numbers()["confirmed"] == before
    house.check()


def test_the_owner_lifts_no_hold_that_stands_for_another_reason(
    office: Office,
) -> None:
    house = office.house
    house.set_letter(bounce_policy="hold")
    signed = confirmed(office)
    manage = link(signed, "manage")
    office.comes("postfix", signed)
    fields = LINE | {"public_figure": "yes"}
    change(house, manage, **fields)
    assert house.signatures()[-1].hold_reasons == "public_figure bounced"
    assert "counts again at once" not in house.get(manage).text
    house.post(manage, {"action": "write_again"})
    held = house.signatures()[-1]
    assert (held.state, held.hold_reasons) == ("held", "public_figure")
    piles = select(DeskEntry.pile).where(DeskEntry.signature_id == held.id)
    assert {pile for (pile,) in house.ask(piles)} == {"waiting", "public_figure"}
    assert bouncing(office) == []
    # It is written to again, and nobody is told that it counts.
    assert office.deliver() != []
    assert all("counts now" not in mail.text for mail in house.sink.mails)
    house.check()


def test_the_confirmation_of_one_who_confirmed_has_arrived(office: Office) -> None:
    office.house.sign()
    (mail,) = office.deliver()
    office.house.post(link(mail, "confirm"), {"action": "confirm"})
    office.comes("postfix", mail)
    assert bouncing(office) == []
    later(minutes=2)
    assert len(office.deliver()) == 1


def test_the_fifth_time_that_a_mail_is_given_up_is_as_good_as_a_refusal(
    office: Office,
) -> None:
    mail = confirmed(office)
    for number in range(1, 6):
        assert bouncing(office) == []
        office.comes("full" if number % 2 else "postfix_expired", mail)
        if number < 5:
            later(minutes=2 + number)
            (mail,) = again(office)
    assert [one.kind for one in office.bounces()] == ["soft"] * 5
    assert len(bouncing(office)) == 1


def test_a_complaint_ends_the_news_and_is_told_in_numbers(office: Office) -> None:
    house = office.house
    signed = confirmed(office, wants_updates="yes")
    assert house.signatures()[-1].wants_updates
    office.comes("complaint", signed)
    signature = house.signatures()[-1]
    assert (signature.state, signature.wants_updates) == ("counted", False)
    assert bouncing(office) == []
    complained = select(func.sum(MailFigure.complained), func.sum(MailFigure.came_back))
    assert house.ask(complained) == [(1, 0)]
    # What others can cause is not sent either, and looks like any other answer.
    inbox = house.sign(name="Somebody Else").headers["Location"]
    later(minutes=5)
    assert office.deliver() == []
    assert "The address was refused" not in house.get(inbox).text
    # What the person must know is.
    assert len(again(office)) == 1


def test_a_complaint_about_what_others_caused_ends_the_news_as_well(
    office: Office,
) -> None:
    confirmed(office, wants_updates="yes")
    office.house.sign(name="Somebody Else")
    later(minutes=5)
    (mail,) = office.deliver()
    assert "manage" in mail.text
    office.comes("complaint", mail)
    assert not office.house.signatures()[-1].wants_updates


def test_who_is_erased_leaves_no_trace_in_the_reports(office: Office) -> None:
    signed = confirmed(office)
    office.comes("postfix", signed)
    office.house.post(link(signed, "manage"), {"action": "erase", "sure": "yes"})
    assert bouncing(office) == []
    assert office.bounces() == []


def test_reports_go_with_their_mails(office: Office) -> None:
    office.house.sign()
    office.comes("postfix", office.deliver()[0])
    later(days=31)
    with office.house.writing() as session:
        retention.run(session, now=db.now() + timedelta(days=1))
    assert office.bounces() == []
    assert office.house.ask(select(Outbox.id)) == []
