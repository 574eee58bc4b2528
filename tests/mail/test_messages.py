"""Each kind of mail in each language, as the SMTP server received it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import html5lib
import pytest

from app import db
from tests.house import BASE, House, code, copy_sqlite, later, link
from tests.pages import elements, parse, text_of
from tests.servers.smtp import Mail, Sink

TITLES = {
    "en": "Three laws against harmful deepfakes",
    "de": "Drei Gesetze gegen schädliche Deepfakes",
    "fr": "Trois lois contre les hypertrucages nuisibles",
}
VIA = {
    "en": "Deepfakes Letter Committee via Undersigned",
    "de": "Deepfakes Letter Committee über Undersigned",
    "fr": "Deepfakes Letter Committee via Undersigned",
}
SUBJECTS = {
    "confirm": {
        "en": "Confirm your signature: ",
        "de": "Bestätigen Sie Ihre Unterschrift: ",
        "fr": "Confirmez votre signature\u00a0: ",
    },
    "signed": {
        "en": "Your signature is confirmed: ",
        "de": "Ihre Unterschrift ist bestätigt: ",
        "fr": "Votre signature est confirmée\u00a0: ",
    },
    "held": {
        "en": "Your signature is confirmed and waits: ",
        "de": "Ihre Unterschrift ist bestätigt und wartet: ",
        "fr": "Votre signature est confirmée et attend\u00a0: ",
    },
    "corrected": {
        "en": "Your signature was changed: ",
        "de": "Ihre Unterschrift wurde geändert: ",
        "fr": "Votre signature a été modifiée\u00a0: ",
    },
    "withdrawn": {
        "en": "Your signature is withdrawn: ",
        "de": "Ihre Unterschrift ist zurückgezogen: ",
        "fr": "Votre signature est retirée\u00a0: ",
    },
    "already_signed": {
        "en": "You have already signed: ",
        "de": "Sie haben bereits unterzeichnet: ",
        "fr": "Vous avez déjà signé\u00a0: ",
    },
    "manage": {
        "en": "Your link to manage your signature: ",
        "de": "Ihr Link, um Ihre Unterschrift zu verwalten: ",
        "fr": "Votre lien pour gérer votre signature\u00a0: ",
    },
}
# Three people confirm, in this order; each is told the number with their own.
NUMBERS = {
    "en": "1 signature: yours is the first.",
    "de": "2 Unterschriften mit Ihrer.",
    "fr": "3 signatures avec la vôtre.",
}
KINDS = [
    "signed", "held", "confirm", "already_signed", "manage", "corrected", "withdrawn",
]  # fmt: skip
CASES = [(kind, language) for kind in KINDS for language in TITLES]
# What a stranger could type to reach the owner of an address through us.
TYPED = {
    "name": "Winifred Canaryname",
    "title": "Canarytitle",
    "affiliation": "Canaryhouse",
    "statement": "Canarywords in a statement",
}
# By these a mail program would ask another machine for something, or run something.
REMOTE = {"img", "script", "link", "style", "iframe", "object", "embed", "video",
          "audio", "source", "form", "input", "base", "svg"}  # fmt: skip


@dataclass(frozen=True)
class Received:
    """One mail of one kind, with the language and the address it is for."""

    kind: str
    language: str
    mail: Mail

    @property
    def message(self) -> EmailMessage:
        """The parsed mail."""
        return self.mail.message

    @property
    def html(self) -> str:
        """The HTML part."""
        body = self.message.get_body(preferencelist=("html",))
        assert body is not None
        return str(body.get_content())


@dataclass(frozen=True)
class Office:
    """A house that has sent every kind of mail in every language."""

    house: House
    mails: dict[tuple[str, str], Mail]


def address(kind: str, language: str) -> str:
    """Whom the mail of a kind and language is for."""
    return f"{kind}.{language}@example.org"


@pytest.fixture(scope="module")
def office(
    filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Each mail came about as people make it come, each to an address of its own."""
    folder = tmp_path_factory.mktemp("office")
    with Sink() as sink:
        house = House(copy_sqlite(filled_sqlite, folder), folder, sink)
        yield Office(house, send_all(house))
        house.close()


def send_all(house: House) -> dict[tuple[str, str], Mail]:
    """Walk every way that ends in a mail; the last mail of each."""

    def fill_in(kind: str, language: str, **fields: str) -> None:
        typed = {"email": address(kind, language), "language": language, **TYPED}
        if kind == "held":
            typed["public_figure"] = "yes"
        assert house.sign(**typed | fields).status_code == 303

    def delivered() -> dict[str, Mail]:
        return {mail.recipients[0]: mail for mail in house.deliver()}

    for case in CASES:
        fill_in(*case)
    last = delivered()
    links = {case: link(last[address(*case)], "confirm") for case in CASES}
    for kind, language in CASES:
        if kind != "confirm":
            house.post(links[kind, language], {"action": "confirm"})
            last |= delivered()
    for language in TITLES:
        for kind, way in (("corrected", "/correct"), ("withdrawn", "")):
            manage = link(last[address(kind, language)], "manage")
            line = {"name": "Winifred Canaryname", "title": "Dean", "sector": "other"}
            page = house.post(f"{manage}/correct", line | {"action": "look"}).text
            look = re.search(r'name="look" value="(\w+)"', page)
            assert look is not None, page
            done = {"action": "withdraw", "sure": "yes"}
            if way:
                done = line | {"action": "correct", "look": look[1]}
            assert house.post(manage + way, done).status_code in (200, 303)
    last |= delivered()
    later(minutes=15)
    for language in TITLES:
        fill_in("already_signed", language, name="Somebody Else")
        house.post(links["manage", language], {"action": "manage"})
    last |= delivered()
    db.move_clock(timedelta(0))
    return {case: last[address(*case)] for case in CASES}


@pytest.fixture(params=CASES, ids="-".join)
def received(request: pytest.FixtureRequest, office: Office) -> Received:
    """A mail of each kind in each language."""
    kind, language = request.param
    return Received(kind, language, office.mails[kind, language])


def words(text: str) -> str:
    """The text with every space and line break as one space."""
    return " ".join(text.split())


def shown(html: str) -> str:
    """What a reader sees of an HTML body, as words."""
    (body,) = [e for e in elements(parse(html)) if e.tag == "body"]
    return words(text_of(body))


def test_the_mail_is_what_rfc_5322_and_rfc_3834_ask_for(received: Received) -> None:
    message = received.message
    assert message.defects == []
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
                 "MIME-Version", "Content-Type", "Content-Language"):  # fmt: skip
        assert len(message.get_all(name, [])) == 1, name
    for name in ("Cc", "Bcc", "Sender", "List-Unsubscribe"):
        assert message.get_all(name) is None
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (
        VIA[received.language],
        "letters@localhost",
    )
    assert message["Reply-To"] == "letter@example.org"
    (to,) = message["To"].addresses
    assert (to.display_name, to.addr_spec) == (
        "",
        address(received.kind, received.language),
    )
    assert received.mail.sender == "letters@localhost"
    assert received.mail.recipients == (address(received.kind, received.language),)
    assert re.fullmatch(r"<[0-9a-f]{32}@localhost>", message["Message-ID"])
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == received.language
    sent = parsedate_to_datetime(str(message["Date"]))
    assert abs(sent - datetime.now(UTC)) < timedelta(minutes=16)


def test_the_bytes_are_such_that_every_server_takes_them(received: Received) -> None:
    content = received.mail.content
    # RFC 5321 section 4.5.3.1.6 and RFC 5322 section 2.1.1.
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    head, _, _ = content.partition(b"\r\n\r\n")
    assert head.isascii()
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))


def test_the_subject_is_in_the_language_of_the_form(received: Received) -> None:
    kind, language = received.kind, received.language
    assert received.message["Subject"] == SUBJECTS[kind][language] + TITLES[language]


def test_there_is_a_plain_part_first_and_then_one_of_html(received: Received) -> None:
    message = received.message
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in parts} == {"utf-8"}


def test_both_parts_say_the_same(received: Received) -> None:
    plain, html = received.mail.text, shown(received.html)
    for paragraph in re.split(r"\n\s*\n|^-- \r?\n", plain, flags=re.MULTILINE):
        assert words(paragraph) in html
    links = {e.get("href") for e in elements(parse(received.html)) if e.tag == "a"}
    assert links == set(re.findall(rf"{BASE}/\w+/[\w.-]+", plain))
    assert len(links) == 1


def test_the_link_leads_where_the_mail_says(received: Received, office: Office) -> None:
    house = office.house
    if received.kind == "confirm":
        page = house.get(link(received.mail, "confirm"))
        assert TYPED["name"] in page.text
        assert code(received.mail) in shown(received.html)
        typed = {
            "email": address(received.kind, received.language),
            "code": code(received.mail),
        }
        answer = house.post("/confirm", typed)
        assert answer.headers["Location"] == link(received.mail, "confirm")
        assert "/manage/" not in received.mail.text
    else:
        page = house.get(link(received.mail, "manage"))
        assert "/confirm/" not in received.mail.text
    assert page.status_code == 200
    assert f'lang="{received.language}"' in page.text


def test_nothing_that_was_typed_is_in_the_mail(received: Received) -> None:
    whole = "\n".join(
        [received.mail.text, received.html, *map(str, received.message.values())]
    ).lower()
    assert "canary" not in whole
    assert "winifred" not in whole
    assert "somebody else" not in whole


def test_the_number_is_said_of_what_counts_and_of_nothing_else(
    received: Received,
) -> None:
    said = [n for n in NUMBERS.values() if n in received.mail.text]
    expected = NUMBERS[received.language] if received.kind == "signed" else None
    assert said == ([expected] if expected else [])
    assert bool(re.search(r"\d signature|\d Unterschrift", received.mail.text)) == bool(
        expected
    )


def test_the_html_is_valid_and_asks_nobody_for_anything(received: Received) -> None:
    html5lib.HTMLParser(strict=True).parse(received.html)
    root = parse(received.html)
    assert root.get("lang") == received.language
    for element in elements(root):
        assert element.tag not in REMOTE
        for name, value in element.items():
            assert name not in ("src", "srcset", "background", "ping", "poster")
            assert not name.startswith("on")
            assert "url(" not in value
            assert name == "href" or "//" not in value


def test_the_mail_says_who_writes_and_whom_to_ask(received: Received) -> None:
    for text in (received.mail.text, shown(received.html)):
        assert "Deepfakes Letter Committee" in text
        assert "letter@example.org" in text
        assert BASE in text
        assert TITLES[received.language] in words(text)


def test_no_two_mails_share_an_identity_or_a_link(office: Office) -> None:
    mails = list(office.mails.values())
    assert len({mail.message["Message-ID"] for mail in mails}) == len(CASES)
    links = [
        link(mail, "confirm" if kind == "confirm" else "manage")
        for (kind, _), mail in office.mails.items()
    ]
    assert len(set(links)) == len(CASES)
    codes = {code(office.mails["confirm", language]) for language in TITLES}
    assert len(codes) == len(TITLES)
