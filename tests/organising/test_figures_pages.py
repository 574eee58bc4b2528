"""Figures for the team: what became of forms by mail domain, over time, and the wait."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from app import db
from app.domain import mail_figures, tally
from app.models import MailDomain, MailFigure
from tests.house import House, later
from tests.organising.room import HERE
from tests.work import labour
from tests.work.labour import people

FIGURES = f"{HERE}/figures"


def count(house: House) -> int:
    with house.writing() as session:
        return mail_figures.count(session, now=db.now())


def lines(page: str) -> dict[str, list[str]]:
    """The table of mail domains: domain -> its cells, as text."""
    table = page.split('id="funnel"')[1].split("</section>")[0]
    found = {}
    for row in re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", table, re.DOTALL):
        cells = re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)
        domain, *rest = (re.sub(r"<[^>]*>", "", cell).strip() for cell in cells)
        found[domain] = rest
    return found


def sign(house: House, number: int, domain: str, *, confirmed: int) -> None:
    """So many forms from a domain, so many of them confirmed at once."""
    for index in range(number):
        fields = {"email": f"p{db.now():%d%H%M}{index}@{domain}", "name": "Ada Example"}
        if index < confirmed:
            house.confirm(**fields)
        else:
            house.sign(**fields)
    house.deliver()


def test_forms_mails_and_signatures_are_counted_by_domain(house: House) -> None:
    sign(house, 12, "uni.example.org", confirmed=10)
    sign(house, 2, "rare.example.org", confirmed=1)
    later(minutes=2)
    assert count(house) == 11
    assert count(house) == 0, "nobody is counted twice"
    vera = house.organiser("viewer")
    page = vera.get(FIGURES).text
    # The forms came before so many had confirmed from there.
    assert lines(page)["uni.example.org"][:3] == ["0", "0", "10"]
    assert lines(page)["all others"][:3] == ["14", "14", "1"]
    assert "rare.example.org" not in page, "few people are told of by no domain"
    sign(house, 3, "uni.example.org", confirmed=0)
    # Who asks for the same mail again is no second form.
    assert lines(vera.get(FIGURES).text)["uni.example.org"][:3] == ["3", "3", "10"]
    stored = {domain for (domain,) in house.ask(select(MailFigure.domain))}
    assert stored == {"", "uni.example.org"}


def test_a_domain_that_stops_confirming_raises_an_alarm_until_it_confirms(
    house: House,
) -> None:
    owner = house.organiser("owner")
    with house.writing() as session:
        now = tally.hour_of(db.now())
        letter_id = labour.letter_id(house)
        for domain in ("loud.example.org", "quiet.example.org"):
            session.add(MailDomain(letter_id=letter_id, domain=domain))
        session.flush()
        for ago, domain, mailed, confirmed in (
            (48, "quiet.example.org", 40, 30),
            (3, "quiet.example.org", 12, 0),
            (48, "loud.example.org", 40, 30),
            (3, "loud.example.org", 12, 1),
        ):
            session.add(
                MailFigure(
                    letter_id=letter_id,
                    hour=now - timedelta(hours=ago),
                    domain=domain,
                    submitted=mailed,
                    mailed=mailed,
                    confirmed=confirmed,
                )
            )
    count(house)
    vera = house.organiser("viewer")
    for path in (FIGURES, f"{HERE}/desk"):
        page = vera.get(path).text
        assert "Nobody confirms from quiet.example.org any more." in page
        assert "Nobody confirms from loud.example.org" not in page
    (mail,) = house.deliver()
    assert mail.recipients == (owner.email,)
    assert mail.message["Subject"] == "Nobody confirms from quiet.example.org any more"
    assert "loud.example.org" not in mail.text
    assert f"{HERE}/figures" in mail.text
    count(house)
    assert house.deliver() == [], "once"
    # It stays while nothing is heard, and goes with the first who confirms.
    later(hours=7)
    count(house)
    assert "Nobody confirms from quiet" in vera.get(FIGURES).text
    with house.writing() as session:
        mail_figures._add(
            session, letter_id, tally.hour_of(db.now()), "quiet.example.org",
            confirmed=1,
        )  # fmt: skip
    count(house)
    assert "Nobody confirms from" not in vera.get(FIGURES).text


def test_history_wait_and_sectors_are_drawn_with_their_tables(house: House) -> None:
    people(house, 5)
    people(
        house,
        3,
        state="held",
        hold_reasons="by_hand",
        created_at=lambda n: db.now() - timedelta(hours=(0, 5, 100)[n]),
    )
    house.fold()
    page = house.organiser("viewer").get(FIGURES).text
    assert page.count('<rect class="came"') >= 2, "one column by hour, one by day"
    history = page.split('id="history"')[1].split("</section>")[0]
    assert history.count('<td class="number">5</td>') == 2
    assert "3 signatures are held." in page
    assert "Half of them have waited for more than 5 hours." in page
    sectors = page.split('id="sectors"')[1]
    assert (
        sum(
            int(number)
            for number in re.findall(
                r'</bdi></th><td class="number">(\d+)</td>', sectors
            )
        )
        == 5
    )


def test_figures_of_a_letter_without_any_are_zeros(house: House) -> None:
    page = house.organiser("viewer").get(FIGURES).text
    assert lines(page)["all others"][:3] == ["0", "0", "0"]
    assert "Nothing waits." in page
    assert page.count("Nothing happened.") == 2
    assert "<th" in page


def test_the_page_asks_as_much_of_many_signatures_as_of_few(house: House) -> None:
    vera = house.organiser("viewer")
    vera.get(FIGURES)
    with house.statements() as few:
        vera.get(FIGURES)
    people(house, 300)
    house.fold()
    later(minutes=2)
    count(house)
    with house.statements() as many:
        vera.get(FIGURES)
    assert len(few) == len(many)
