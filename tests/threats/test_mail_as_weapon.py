"""Threats B: mail as a weapon (rows 11 to 15)."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update

from app.domain.drafts import Draft, sealing_context
from app.models import Submission
from tests.house import BASE, FIELDS, SLUG, House, later, link
from tests.letters import another_letter, outbox_states, rows, sign_letter
from tests.mails import deliver_for
from tests.servers.behaviours import NO_SUCH_USER

VICTIM = "victim@gmail.com"
# One mailbox, however it is written.
SPELLINGS = ["victim@gmail.com", "Victim@Gmail.com", "vic.tim@googlemail.com"]


def test_row_11_500_forms_for_one_victim_send_5_mails(house: House) -> None:
    slugs = [another_letter(house, f"letter-{n}") for n in range(20)]
    answers = set()
    mails = []
    for n in range(500):
        if n == 40:
            mails += deliver_for(house, days=0.5)
        spelling = SPELLINGS[n % 3] if n % 4 else f"victim+{n}@gmail.com"
        fields = FIELDS | {"email": spelling, "name": f"Name {chr(97 + n % 26)}"}
        answer = house.client.post(
            f"/letters/{slugs[n % 20]}/signatures",
            base_url=BASE,
            data=urlencode(fields),
            headers={"Host": "localhost", "Sec-Fetch-Site": "same-origin"},
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"REMOTE_ADDR": f"192.0.2.{n % 200}"},
        )
        location = answer.headers.pop("Location")
        prefix, _, reference = location.partition("/inbox/")
        assert prefix == f"/letters/{slugs[n % 20]}"
        answers.add((answer.status, str(answer.headers), answer.data, len(reference)))
    assert len(answers) == 1
    mails += deliver_for(house, days=0.4)
    assert len(mails) == 5
    assert outbox_states(house)["sent"] == 5
    assert "ready" not in outbox_states(house)
    # The owner of the address can still confirm by the first of them.
    assert house.post(link(mails[0], "confirm"), {"action": "confirm"}).status_code
    assert len(house.signatures()) == 1


def test_row_11_one_letter_sends_one_address_3_mails_in_7_days(house: House) -> None:
    def ask(day: int, times: int) -> None:
        for n in range(times):
            name = f"{chr(97 + n)} Name of day {chr(97 + day)}"
            house.sign(email=f"victim+{n}@gmail.com", name=name)

    ask(0, 10)
    assert len(deliver_for(house, days=0.9)) == 3
    for day in range(1, 7):
        later(days=day)
        ask(day, 3)
        assert house.deliver() == []
    later(days=7, minutes=5)
    ask(7, 3)
    assert len(house.deliver()) == 1


def test_row_11_mails_to_one_address_leave_a_minute_apart(house: House) -> None:
    house.sign(email=VICTIM, name="One")
    house.sign(email=VICTIM, name="Two")
    assert len(house.deliver()) == 1
    later(seconds=58)
    assert house.deliver() == []
    later(seconds=62)
    assert len(house.deliver()) == 1


def test_row_11_sending_again_is_under_the_same_ceilings(house: House) -> None:
    inbox = house.sign(email=VICTIM).headers["Location"]
    sent = 0
    for minute in range(0, 60, 2):
        later(minutes=minute)
        assert house.post(inbox, {"action": "resend"}).status_code == 200
        sent += len(house.deliver())
    assert sent == 3


def test_row_11_whoever_was_flooded_is_still_sent_what_confirming_brings(
    house: House,
) -> None:
    for n in range(10):
        house.sign(email=VICTIM, name=f"Name {chr(97 + n)}")
    mails = deliver_for(house, days=0.9)
    house.post(link(mails[-1], "confirm"), {"action": "confirm"})
    (signed,) = house.deliver()
    assert "/manage/" in signed.text


def test_row_12_nothing_that_was_typed_is_in_the_mail(house: House) -> None:
    refused = house.sign(name="Win $1000 http://evil.tld")
    assert refused.status_code == 400
    assert house.deliver() == []
    marks = {
        "name": "Winifred Spamword",
        "title": "Buyerword",
        "affiliation": "Evilword.tld",
        "statement": "Pillword at half the price",
    }
    assert house.sign(**marks, listed="no", public_figure="yes").status_code == 303
    (mail,) = house.deliver()
    parts = [str(part.get_content()) for part in mail.message.walk()
             if not part.is_multipart()]  # fmt: skip
    assert len(parts) == 2
    whole = "\n".join([*parts, *map(str, mail.message.values())])
    for word in ("Winifred", "Spamword", "Buyerword", "Evilword", "Pillword", ".tld"):
        assert word.lower() not in whole.lower()


INJECTIONS = [
    "a@b.example, d@e.example",
    "a@b.example\r\nBcc:v@x.example",
    "a@b.example\nBcc: v@x.example",
    "a@b.example\rBcc: v@x.example",
    "a@b.example\0v@x.example",
    "a@b.example%0d%0aBcc:v@x.example",
    '"x"@b.example>',
    "<a@b.example>",
    "a@b.example;d@e.example",
    "A <a@b.example>",
    "a@b.example d@e.example",
    "a@b.example\u2028d@e.example",
    '"a@b.example\\r\\nDATA"@x.example',
]


@pytest.mark.parametrize("typed", INJECTIONS)
def test_row_13_what_is_not_one_address_reaches_no_mail_server(
    house: House, typed: str
) -> None:
    assert house.sign(email=typed).status_code == 400
    assert rows(house)["submission"] == 0
    house.sink.refused[FIELDS["email"]] = NO_SUCH_USER
    inbox = house.sign().headers["Location"]
    house.deliver()
    corrected = house.post(inbox, {"action": "address", "email": typed})
    assert corrected.status_code == 400
    assert house.deliver() == []


STRANGE = ["Jane\u2028Doe", "Jane\x0bDoe", "Jane\u0085Doe", "Jane\u2029Doe",
           "Jane\x0cDoe", "Jane\x1cDoe"]  # fmt: skip


def test_row_14_strange_line_ends_are_cleaned_or_refused(house: House) -> None:
    for n, name in enumerate(STRANGE):
        answer = house.sign(name=name, email=f"jane{n}@example.org")
        assert answer.status_code in (303, 400)
    for mail in house.deliver():
        house.post(link(mail, "confirm"), {"action": "confirm"})
    names = {row.name for row in house.signatures()}
    assert names <= {"Jane Doe", "JaneDoe"}
    assert "Jane Doe" in names


def _poison(house: House, submission_id: bytes, email: str) -> None:
    """Put an address that no form lets through behind a submission."""
    context = sealing_context(submission_id)
    keyring = house.site.keyring
    ((sealed,),) = house.ask(
        select(Submission.sealed).where(Submission.id == submission_id)
    )
    draft = Draft.from_bytes(keyring.open(sealed, context=context))
    poisoned = replace(draft, email=email).to_bytes()
    with house.writing() as session:
        session.execute(
            update(Submission)
            .where(Submission.id == submission_id)
            .values(sealed=keyring.seal(poisoned, context=context))
        )


@pytest.mark.parametrize(
    ("sign", "people"),
    [("\u2028", 100), ("\x0b", 3), ("\u0085", 3), ("\r\nBcc: v@x.example", 3)],
)
def test_row_14_one_poisoned_row_is_dead_and_the_other_99_are_delivered(
    house: House, sign: str, people: int
) -> None:
    for n in range(people):
        assert house.sign(email=f"person{n}@example.org").status_code == 303
    ((victim,),) = house.ask(select(Submission.id).order_by(Submission.id).limit(1))
    _poison(house, victim, f"bad{sign}@example.org")
    assert len(house.deliver()) == people - 1
    assert outbox_states(house) == {"sent": people - 1, "dead": 1}
    assert house.deliver() == []


def test_row_14_a_submission_that_no_key_opens_is_dead_alone(house: House) -> None:
    for n in range(5):
        house.sign(email=f"person{n}@example.org")
    with house.writing() as session:
        first = session.scalars(select(Submission).limit(1)).one()
        first.sealed = b"no key of ours sealed this"
    assert len(house.deliver()) == 4
    assert outbox_states(house) == {"sent": 4, "dead": 1}


def test_row_15_who_says_it_was_not_them_is_written_to_no_more(house: House) -> None:
    path = house.confirm_link(email=VICTIM)
    before = rows(house)
    for _ in range(10):
        house.get(path)
    house.client.head(path, base_url=BASE)
    assert rows(house) == before

    answer = house.post(path, {"action": "not_me"})
    assert answer.status_code == 303
    assert "Thank you for telling us" in house.get(path).text
    ((state, sealed),) = house.ask(select(Submission.state, Submission.sealed))
    assert (state, sealed) == ("void", None)

    for n in range(10):
        later(hours=n + 1)
        assert house.sign(email=VICTIM, name=f"Name {chr(97 + n)}").status_code == 303
        assert house.deliver() == []
    assert house.post(path, {"action": "confirm"}).status_code in (200, 410)
    assert house.signatures() == []


def test_row_15_it_holds_for_every_spelling_and_can_be_taken_back(
    house: House,
) -> None:
    path = house.confirm_link(email=VICTIM)
    house.post(path, {"action": "not_me"})
    later(minutes=5)
    house.sign(email="vic.tim+news@googlemail.com")
    assert house.deliver() == []
    # Another letter is another matter.
    sign_letter(house, another_letter(house, "second"), email=VICTIM)
    assert len(house.deliver()) == 1

    house.post(path, {"action": "take_back"})
    later(minutes=20)
    house.sign(email=VICTIM, name="It was me after all")
    (mail,) = house.deliver()
    assert house.post(link(mail, "confirm"), {"action": "confirm"}).status_code == 200
    assert house.numbers()["confirmed"] == 1


def test_row_15_after_confirming_it_erases_the_signature_as_well(house: House) -> None:
    path = house.confirm_link(email=VICTIM, name="Somebody Else")
    house.post(path, {"action": "confirm"})
    house.post(path, {"action": "not_me"})
    assert house.deliver() == []
    (row,) = house.signatures()
    assert (row.state, row.name, row.address_key) == ("withdrawn", None, None)
    assert house.numbers()["confirmed"] == 0
    assert "Somebody Else" not in house.fresh(f"/letters/{SLUG}").text
    assert not re.search(r"Somebody", house.get(path).text)
    house.check()
