"""What becomes of mails when it is us who are refused, or nobody answers (threats 57)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlalchemy import select

from app.models import Outbox
from app.postman import Postman
from tests.house import House
from tests.letters import outbox_states
from tests.mail.work import Hire, repaired, row, sign_people, slots, work
from tests.servers.behaviours import (
    BUSY,
    CONTENT_REFUSED,
    GARBAGE,
    NO_TLS,
    SENDER_REFUSED,
    SILENT,
    WRONG_PASSWORD,
    Behaviour,
    Step,
)
from tests.servers.smtp import Sink

LOGIN = ("letters", "a password of the house")
POLICY = Behaviour(Step.RCPT, "550 5.7.515 Access denied, your domain is not known")


def to_server(hire: Hire, sink: Sink, security: str) -> Postman:
    """A worker that logs in to this server, with the security that was asked for."""
    return hire(
        MAIL_PORT=str(sink.port),
        MAIL_SERVER="localhost",
        MAIL_SECURITY=security,
        MAIL_RETRY="60",
        MAIL_USERNAME=LOGIN[0],
        MAIL_PASSWORD=LOGIN[1],
    )


def answers(house: House) -> str:
    """All that servers have said of the mails in the outbox."""
    said = house.ask(select(Outbox.answer).where(Outbox.answer.is_not(None)))
    return "\n".join(answer for (answer,) in said)


US = {
    "sender": SENDER_REFUSED,
    "policy": POLICY,
    "content": CONTENT_REFUSED,
    "busy": BUSY,
    "garbage": GARBAGE,
    "silent": SILENT,
}


@pytest.mark.parametrize("fault", US.values(), ids=US.keys())
def test_a_refusal_of_us_opens_the_breaker_and_fails_no_mail(
    house: House, hire: Hire, fault: Behaviour
) -> None:
    people = sign_people(house, 5)
    postman = hire(MAIL_RETRY="60", MAIL_TIMEOUT="0.5")
    house.sink.script.append(fault)
    work(house, postman)
    assert postman.breaker_open
    assert house.sink.connections == 1
    assert outbox_states(house) == {"ready": 5}
    assert {n for (n,) in house.ask(select(Outbox.attempts))} == {0}
    assert slots(house) == 0
    # While it is open the server is left alone.
    work(house, postman)
    assert house.sink.connections == 1
    repaired(house, postman)
    assert outbox_states(house) == {"sent": 5}
    assert sorted(mail.recipients[0] for mail in house.sink.mails) == people


def test_a_server_that_is_away_is_waited_for(house: House, hire: Hire) -> None:
    people = sign_people(house, 5)
    gone = Sink().start()
    port = gone.port
    gone.stop()
    postman = hire(MAIL_PORT=str(port), MAIL_RETRY="60")
    work(house, postman)
    assert postman.breaker_open
    assert outbox_states(house) == {"ready": 5}
    assert slots(house) == 0
    back = Sink()
    back.port = port
    with back:
        repaired(house, postman)
        assert sorted(mail.recipients[0] for mail in back.mails) == people
    assert outbox_states(house) == {"sent": 5}


def test_a_wrong_password_fails_no_mail(
    house: House, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = sign_people(house, 3)
    with Sink(WRONG_PASSWORD, tls="trusted", login=LOGIN) as guarded:
        monkeypatch.setenv("SSL_CERT_FILE", str(guarded.authority))
        postman = to_server(hire, guarded, "starttls")
        work(house, postman)
        assert postman.breaker_open
        assert outbox_states(house) == {"ready": 3}
        assert "535 5.7.8" in answers(house)
        assert slots(house) == 0
        repaired(house, postman)
        assert sorted(mail.recipients[0] for mail in guarded.mails) == people


def test_the_answer_of_the_server_is_kept_for_whoever_mends_it(house: House) -> None:
    house.sign()
    house.sink.script.append(SENDER_REFUSED)
    # One turn, for a slow machine is past the breaker's first pause in the next.
    house.postman.deliver()
    assert row(house).answer == "550 5.7.1 We do not take mail from you"


def test_the_breaker_stays_open_longer_each_time_up_to_an_hour_at_most(
    house: House, hire: Hire
) -> None:
    house.sign()
    postman = hire(MAIL_RETRY="60")
    house.sink.script.extend([BUSY] * 9)
    pauses = []
    for _ in range(9):
        postman._open_until = 0.0
        work(house, postman)
        pauses.append(postman._pause)
    assert all(a <= b for a, b in pairwise(pauses))
    assert pauses[0] < pauses[3] <= pauses[-1] <= 3600
    repaired(house, postman)
    assert postman._pause == 0
    assert outbox_states(house) == {"sent": 1}


# -- No plain text where TLS was asked for ----------------------------------------


def in_the_clear(house: House, hire: Hire, sink: Sink, security: str) -> None:
    """A worker that was told to use TLS hands this server nothing, and waits."""
    sign_people(house, 3)
    postman = to_server(hire, sink, security)
    work(house, postman)
    assert sink.mails == []
    assert postman.breaker_open
    assert outbox_states(house) == {"ready": 3}
    assert slots(house) == 0


def test_nothing_is_sent_in_the_clear_when_starttls_fails(
    house: House, hire: Hire
) -> None:
    with Sink(NO_TLS, tls="trusted") as sink:
        in_the_clear(house, hire, sink, "starttls")


def test_nothing_is_sent_in_the_clear_when_starttls_is_not_offered(
    house: House, hire: Hire
) -> None:
    in_the_clear(house, hire, house.sink, "starttls")


def test_nothing_is_sent_under_a_certificate_nobody_trusts(
    house: House, hire: Hire
) -> None:
    with Sink(tls=True) as sink:
        in_the_clear(house, hire, sink, "starttls")


def test_nothing_is_sent_to_a_server_that_speaks_no_tls_at_all(
    house: House, hire: Hire
) -> None:
    in_the_clear(house, hire, house.sink, "tls")


def test_a_certificate_of_another_host_is_refused_though_it_is_trusted(
    house: House, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sink(tls=True) as sink:
        monkeypatch.setenv("SSL_CERT_FILE", str(sink.authority))
        in_the_clear(house, hire, sink, "starttls")


def test_mail_goes_under_tls_to_the_host_that_was_named(
    house: House, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_people(house, 3)
    with Sink(tls="trusted", login=LOGIN) as sink:
        monkeypatch.setenv("SSL_CERT_FILE", str(sink.authority))
        postman = to_server(hire, sink, "starttls")
        work(house, postman)
        assert len(sink.mails) == 3
        # One connection is kept for all of them.
        assert sink.connections == 1
        # STARTTLS fails once: no mail is lost, and the next try is under TLS again.
        sink.script.append(NO_TLS)
        postman.close()
        house.sign(email="late@example.org")
        work(house, postman)
        assert len(sink.mails) == 3
        repaired(house, postman)
        assert len(sink.mails) == 4
    assert outbox_states(house) == {"sent": 4}
