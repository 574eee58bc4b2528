"""The mails that signatories get: looked at by the team, and sent to oneself."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from app.domain import letter_files, mail_tests
from app.mail import samples
from app.models import Outbox, Record, RequestKind
from app.organising.sampling import WHEN
from tests.house import EXAMPLE, House, later
from tests.letters import another_letter
from tests.mail.news import draft
from tests.organising.room import HERE
from tests.pages import elements, parse

MAILS = f"{HERE}/mails"
LANGUAGES = ("en", "de", "fr")
# What stands in the personal links of a mail.
OWN = re.compile(r"http://localhost/(?:confirm|manage|invited|unsubscribe)/([\w.-]+)")


def shown_text(page: str) -> str:
    """The text part, as the page of a mail shows it."""
    found = re.search(r'<pre class="mail"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None, page
    return unescape(found[1]).strip()


def test_the_team_sees_every_mail_that_signatories_get_in_every_language(
    house_on_sqlite: House,
) -> None:
    house = house_on_sqlite
    vera = house.organiser("viewer")
    # Of a letter that nobody has signed: as the first will get it.
    assert "1 signature: yours is the first." in vera.get(f"{MAILS}/signed/en").text
    house.confirm()
    house.confirm(email="bob@example.org")
    assert all(OWN.findall(mail.text) != [samples.TOKEN] for mail in house.deliver())
    assert f'href="{MAILS}"' in vera.get(f"{HERE}/desk").text
    index = vera.get(MAILS).text
    texts = letter_files.read(EXAMPLE).languages
    assert WHEN.keys() == {
        kind for kind, name in samples.NAMES.items() if not name.startswith("To the")
    }
    for kind in WHEN:
        for language in LANGUAGES:
            path = f"{MAILS}/{kind}/{language}"
            assert f'href="{path}"' in index
            page = vera.get(path)
            assert page.status_code == 200
            assert page.headers["Content-Security-Policy"].endswith(
                "; frame-src 'self'"
            )
            (frame,) = [e for e in elements(parse(page.text)) if e.tag == "iframe"]
            assert frame.get("src") == f"{path}/html"
            assert frame.get("sandbox") == ""
            assert f"Content-Language: {language}" in page.text
            shown = vera.get(f"{path}/html")
            policy = shown.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none';")
            assert policy.endswith("frame-ancestors 'self'; sandbox")
            assert f'<html lang="{language}"' in shown.text
            assert texts[language].title in unescape(page.text + shown.text), path
            # Whatever can be opened in an example is nobody's.
            links = OWN.findall(page.text + shown.text)
            assert set(links) == {samples.TOKEN}
    assert "2 signatures with yours." in vera.get(f"{MAILS}/signed/en").text
    assert "closed with 2 signatures." in vera.get(f"{MAILS}/closing/en").text
    asked = {vera.get(f"{MAILS}/{kind}/en/html").text for kind in samples.EVIDENCE}
    assert len(asked) == len(RequestKind), "each has a text of its own"
    # A mail to the team is none of theirs, and neither is one that there is not.
    for path in ("reset/en", "head/en", "evidence/en", "signed/ru", "signed/ru/html"):
        assert vera.get(f"{MAILS}/{path}").status_code == 404
    assert "Mail it to me" not in vera.get(f"{MAILS}/signed/en").text


def test_who_wants_to_see_a_mail_gets_it_as_it_would_arrive(house: House) -> None:
    vera = house.organiser("verifier", email="vera@organisers.example.org")
    pages = {}
    for kind in WHEN:
        path = f"{MAILS}/{kind}/de"
        asked = {"email": "victim@example.net", "address": "victim@example.net"}
        answer = vera.post(path, asked)
        assert answer.status_code == 303
        pages[kind] = vera.get(answer.headers["Location"]).text
        assert "on its way to your own address" in pages[kind]
    mails = house.deliver()
    assert len(mails) == len(WHEN)
    for mail, (kind, page) in zip(mails, pages.items(), strict=True):
        whole = samples.read(mail.content)
        assert mail.recipients == (vera.email,)
        assert mail.message["To"] == vera.email
        assert mail.message["Content-Language"] == "de"
        assert whole.subject.startswith("[Test] ")
        assert whole.subject.removeprefix("[Test] ") in unescape(page)
        for part in (whole.text, whole.html):
            assert "Dies ist ein Test, den Sie selbst angefordert haben" in part
        assert whole.text.strip().endswith(shown_text(page))
        assert bool(mail.message["List-Unsubscribe"]) == (kind in ("update", "closing"))
    lines = select(Record.verb, Record.subject, Record.after).where(
        Record.actor == vera.actor
    )
    assert [tuple(line) for line in house.ask(lines)] == [
        ("mail.test", kind, "de") for kind in WHEN
    ]


def test_no_more_than_twenty_tests_leave_within_an_hour(house: House) -> None:
    ella = house.organiser("editor")
    update = f"{HERE}/updates/{draft(house)}/move"
    for number in range(mail_tests.MOST):
        path, fields = (
            (f"{MAILS}/signed/fr", {})
            if number % 2
            else (update, {"action": "test", "language": "en"})
        )
        assert ella.post(path, fields).status_code == 303
    refused = ella.post(f"{MAILS}/signed/fr")
    assert refused.status_code == 429
    assert "twenty test mails within the hour" in refused.text
    refused = ella.post(update, {"action": "test", "language": "en"})
    assert refused.status_code == 409
    assert "twenty test mails within the hour" in refused.text
    # Nobody else is held up by them, and in an hour they go on.
    assert house.organiser("owner").post(f"{MAILS}/signed/fr").status_code == 303
    later(minutes=61)
    assert ella.post(f"{MAILS}/signed/fr").status_code == 303
    assert len(house.deliver()) == mail_tests.MOST + 2


@pytest.mark.parametrize("who", ["stranger", "viewer"])
def test_who_may_not_is_sent_nothing(house_on_sqlite: House, who: str) -> None:
    house = house_on_sqlite
    another_letter(house, "other")
    person = (
        house.organiser("viewer")
        if who == "viewer"
        else house.organiser("owner", slug="other")
    )
    answer = person.post(f"{MAILS}/signed/en")
    assert answer.status_code == (403 if who == "viewer" else 404)
    assert house.ask(select(func.count()).select_from(Outbox)) == [(0,)]
    assert house.deliver() == []


def test_who_has_left_the_team_meanwhile_is_sent_nothing(
    house_on_sqlite: House,
) -> None:
    house = house_on_sqlite
    owner, vera = house.organiser("owner"), house.organiser("verifier")
    vera.post(f"{MAILS}/signed/en")
    removed = owner.post(f"{HERE}/team/remove", {"member": vera.id})
    assert removed.status_code == 303, removed.text
    assert house.deliver() == []
