"""The figures of the mails as whoever watches the house reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from werkzeug.test import TestResponse

from app import db
from app.domain import mail_figures, mail_funnel
from app.domain.tally import hour_of
from app.models import MailDomain, MailFigure
from tests.house import BASE, SLUG, House, later, link
from tests.letters import another_letter, sign_letter
from tests.mail.work import Hire, repaired, work
from tests.servers.behaviours import BUSY, NO_SUCH_USER
from tests.servers.smtp import Sink

FORMS = "undersigned_forms_last_day"
LABELS = ("letter", "domain", "stage")


def ask(house: House, client: str = "127.0.0.1", **headers: str) -> TestResponse:
    """GET as a program does it that runs there."""
    return house.client.get(
        "/metrics",
        base_url=BASE,
        headers=headers,
        environ_overrides={"REMOTE_ADDR": client},
    )


def read(house: House) -> dict[tuple[str, ...], float]:
    """Every figure by its name and labels."""
    answer = ask(house)
    assert answer.status_code == 200
    return {
        (sample.name, *(sample.labels[n] for n in LABELS if n in sample.labels)): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def forms(house: House, slug: str, domain: str = "") -> dict[str, float]:
    """What became of the forms of a letter and mail domain."""
    return {
        labels[2]: value
        for (name, *labels), value in read(house).items()
        if name == FORMS and labels[:2] == [slug, domain]
    }


@pytest.fixture
def busy(house: House) -> House:
    """Twelve people of one domain and one of another; some are refused."""
    house.let_many_sign()
    another_letter(house, "other")
    house.sink.refused["person11@example.org"] = NO_SUCH_USER
    for n in range(12):
        house.sign(email=f"person{n}@example.org")
    sign_letter(house, "other", email="alone@example.net")
    for mail in house.deliver()[:10]:
        house.post(link(mail, "confirm"), {"action": "confirm"})
    house.deliver()
    later(minutes=5)
    with house.writing() as session:
        mail_figures.count(session, now=db.now())
    return house


def test_the_funnel_says_what_became_of_the_forms_of_each_letter(busy: House) -> None:
    assert forms(busy, SLUG)["submitted"] == 12
    assert forms(busy, SLUG)["handed_over"] == 11
    assert forms(busy, SLUG)["refused"] == 1
    assert forms(busy, SLUG, "example.org")["confirmed"] == 10
    assert forms(busy, "other") == {
        "submitted": 1, "handed_over": 1, "refused": 0,
        "bounced": 0, "complained": 0, "confirmed": 0,
    }  # fmt: skip


def test_a_domain_is_named_only_where_many_have_confirmed(busy: House) -> None:
    named = {key[2] for key in read(busy) if key[0] == FORMS}
    assert named == {"", "example.org"}
    assert "example.net" not in ask(busy).text
    assert "@" not in ask(busy).text


def test_what_is_older_than_a_day_is_not_in_it(busy: House) -> None:
    later(hours=26)
    assert forms(busy, SLUG) == {}


def test_what_waits_is_in_it_and_for_how_long(house: House) -> None:
    assert read(house)["undersigned_outbox_late_seconds",] == 0
    house.sink.script.append(BUSY)
    house.sign()
    house.postman.deliver()
    later(minutes=10)
    found = read(house)
    assert found["undersigned_forms_queued", SLUG] == 1
    assert found["undersigned_outbox_due",] == 1
    assert 590 < found["undersigned_outbox_late_seconds",] < 660


def breaker(house: House) -> tuple[float, float, float]:
    """Whether it is open, for how many seconds, and how often it opened."""
    found = read(house)
    open_, since, times = (
        found[f"undersigned_breaker_{name}",]
        for name in ("open", "open_seconds", "openings")
    )
    return open_, since, times


def test_a_mail_server_that_refuses_us_shows_until_it_takes_mails(
    house: House, hire: Hire
) -> None:
    house.sign()
    assert breaker(house) == (0, 0, 0)
    gone = Sink().start()
    port = gone.port
    gone.stop()
    postman = hire(MAIL_PORT=str(port), MAIL_RETRY="60")
    work(house, postman)
    assert postman.breaker_open
    later(minutes=10)
    # It is asked again in a while, and is still away: it is away since the first time.
    repaired(house, postman)
    assert postman.breaker_open
    is_open, since, times = breaker(house)
    assert (is_open, times) == (1, 2)
    assert 590 < since < 660
    back = Sink()
    back.port = port
    with back:
        repaired(house, postman)
        assert len(back.mails) == 1
    assert breaker(house) == (0, 0, 2)
    # The web process tells of it, whichever worker it is that was refused.
    house.sink.script.append(BUSY)
    house.sign(email="bob@example.org")
    house.postman.deliver()
    assert breaker(house)[::2] == (1, 3)


def test_a_domain_that_fell_silent_is_in_it(house: House) -> None:
    with house.writing() as session:
        session.execute(
            insert(MailDomain),
            [
                {"letter_id": 1, "domain": "silent.org", "silent_since": db.now()},
                {"letter_id": 1, "domain": "heard.org", "silent_since": None},
            ],
        )
    found = [key for key in read(house) if key[0] == "undersigned_mail_domain_silent"]
    assert found == [("undersigned_mail_domain_silent", SLUG, "silent.org")]


def test_there_are_never_more_lines_than_are_said(house: House) -> None:
    another_letter(house, "other")
    hour, most = hour_of(db.now()), mail_funnel.LINES
    with house.writing() as session:
        session.execute(
            insert(MailFigure),
            [
                {"letter_id": letter, "hour": hour - timedelta(hours=ago),
                 "domain": f"d{n}.org", "submitted": n + 1, "mailed": n, "confirmed": 0}
                for letter in (1, 2)
                for ago in (0, 1)
                for n in range(400)
            ],
        )  # fmt: skip
    lines = {key[1:3]: value for key, value in read(house).items()
             if key[0] == FORMS and key[3] == "submitted"}  # fmt: skip
    assert len(lines) == most + 2
    assert sum(lines.values()) == 4 * sum(range(1, 401))


def test_nobody_else_reads_them(house: House) -> None:
    assert ask(house).status_code == 200
    assert ask(house, "192.0.2.7").status_code == 404
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    assert ask(house, "127.0.0.1", **forwarded).status_code == 404
