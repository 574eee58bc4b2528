"""What the team sees of mails that came back: a mark, a pile, numbers, a policy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from app import db
from app.domain import bounces, outgoing
from app.models import (
    Bounce,
    BounceKind,
    Bouncing,
    Letter,
    Outbox,
    OutboxKind,
    Record,
)
from tests.house import House, later
from tests.organisers import organiser, signed
from tests.organising.room import HERE, Screen
from tests.servers.behaviours import NO_SUCH_USER, Behaviour, Step

DESK, SETTINGS = f"{HERE}/desk", f"{HERE}/settings"
FULL_FOR_GOOD = Behaviour(Step.RCPT, "552 5.2.2 The mailbox is full")


def comes_back(house: House, row: Any, kind: BounceKind = BounceKind.HARD) -> None:
    """The newest mail to a signature comes back."""
    with house.writing() as session:
        mail = session.scalar(
            select(func.max(Outbox.id)).where(Outbox.signature_id == row.id)
        )
        assert mail is not None
        bounces.take(
            session, keyring=house.site.keyring, shelf=house.site.shelf,
            outbox_id=mail, kind=kind, status="5.1.1", now=db.now(),
        )  # fmt: skip


def with_mail(house: House, name: str = "Bea Ordinary") -> Any:
    """A signature whose receipt has been handed over."""
    row = signed(house, name)
    later(minutes=2)
    house.deliver()
    return row


def test_the_desk_shows_whose_mail_comes_back_and_not_the_address(
    house: House,
) -> None:
    row, other = with_mail(house), with_mail(house, "Carl Quiet")
    comes_back(house, row)
    olga, vera = Screen(house, organiser(house)), house.organiser("viewer")
    pile = vera.get(f"{DESK}?pile=bounced").text
    assert "Bea Ordinary" in pile
    assert "Carl Quiet" not in pile
    screen = vera.get(f"{DESK}/{row.public_id}").text
    assert "(5.1.1), so nothing more is sent" in screen
    assert "Write to it again" not in screen
    assert "bea.ordinary@" not in pile + screen
    assert "comes back" not in vera.get(f"{DESK}/{other.public_id}").text

    done = olga.post(f"{DESK}/{row.public_id}", {"action": "write_again"})
    assert done.status_code == 303
    assert "Bea Ordinary" not in olga.get(f"{DESK}?pile=bounced").text
    assert "so nothing more is sent" not in olga.get(f"{DESK}/{row.public_id}").text
    assert house.ask(select(Bouncing.signature_id)) == []
    assert house.ask(select(Bounce.kind)) == []
    written = house.ask(select(Record.subject).where(Record.verb == "write_again"))
    assert written == [(row.public_id,)]


def test_the_figures_tell_how_many_and_nobody_who(house: House) -> None:
    vera = house.organiser("viewer")
    assert "comes back" not in vera.get(f"{HERE}/figures").text
    comes_back(house, with_mail(house))
    comes_back(house, with_mail(house, "Carl Quiet"), BounceKind.COMPLAINT)
    page = vera.get(f"{HERE}/figures").text
    assert "Mail to 1 signatory comes back." in page
    assert "1 mail of these days was marked as spam" in page
    assert "Bea" not in page
    assert "Carl" not in page


def test_the_policy_is_a_setting_of_the_letter(house: House) -> None:
    owner = house.organiser("owner")
    page = owner.get(SETTINGS).text
    assert '<option value="count" selected>' in page
    typed = {
        "action": "save", "organiser": "The House", "contact": "press@example.org",
        "postal": "Street 1", "accent": "#1f3a5f", "country_policy": "optional",
        "headline": "confirmed",
    }  # fmt: skip
    wrong = owner.post(SETTINGS, typed | {"bounce_policy": "drop"})
    assert wrong.status_code == 400
    assert 'id="f-bounce_policy-error"' in wrong.text
    right = owner.post(SETTINGS, typed | {"bounce_policy": "hold"})
    assert right.status_code == 303
    assert house.ask(select(Letter.bounce_policy)) == [("hold",)]
    assert '<option value="hold" selected>' in owner.get(SETTINGS).text

    row = with_mail(house)
    comes_back(house, row)
    olga = Screen(house, organiser(house))
    screen = olga.get(f"{DESK}/{row.public_id}").text
    assert "Mail to their address comes back." in screen
    before = house.numbers()
    released = olga.post(f"{DESK}/{row.public_id}", {"action": "release"})
    assert released.status_code == 303
    assert house.numbers()["confirmed"] == before["confirmed"] + 1
    house.check()
    # It is marked all the same, and not held again for what is known.
    comes_back(house, row)
    assert house.signatures()[-1].state == "counted"
    assert "Bea Ordinary" in olga.get(f"{DESK}?pile=bounced").text


def test_a_refusal_on_the_spot_counts_like_one_that_comes_later(house: House) -> None:
    bea, carl, dora = (
        with_mail(house, name) for name in ("Bea Ordinary", "Carl Quiet", "Dora Full")
    )
    house.sink.refused["bea.ordinary@example.org"] = NO_SUCH_USER
    house.sink.refused["dora.full@example.org"] = FULL_FOR_GOOD
    with house.writing() as session:
        for row in (bea, carl, dora):
            outgoing.ask_anew(session, kind=OutboxKind.SIGNED, signature_id=row.id,
                              due_at=db.now(), now=db.now())  # fmt: skip
    assert len(house.deliver()) == 1
    assert house.ask(select(Bouncing.signature_id)) == [(bea.id,)]
    kept = house.ask(select(Bounce.kind, Bounce.status).order_by(Bounce.kind))
    assert [tuple(one) for one in kept] == [("hard", "5.1.1"), ("soft", "5.2.2")]
    answers = house.ask(select(Outbox.answer).where(Outbox.state == "refused"))
    assert all("came back" not in answer for (answer,) in answers)
