"""What an update is like when it arrives, and the one click that ends them."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.domain import mailing_moves
from app.models import MailingKind, Signature
from tests.house import BASE, SLUG, House, link
from tests.mail.news import TEXTS, do, draft, pass_by, send_all, started, turn
from tests.pages import parse, text_of
from tests.servers.behaviours import DROP_AFTER_DOT
from tests.servers.smtp import Mail
from tests.work.labour import letter_id

# What a provider's server sends, to the letter (RFC 8058 section 3.2), and no more.
ONE_CLICK = b"List-Unsubscribe=One-Click"
BOUNDARY = "----=_Part_7"
MULTIPART = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
    f"One-Click\r\n--{BOUNDARY}--\r\n"
).encode()
LONG = "Wir trafen die Ministerin in Brüssel und sprachen über alle drei Gesetze: was folgt"


def reader(house: House, language: str = "en", **fields: str) -> str:
    """Somebody who signs, wishes for updates and confirms; their address."""
    address = f"reader.{language}@example.org"
    house.confirm(email=address, language=language, wants_updates="yes", **fields)
    house.deliver()
    return address


def one_click(house: House, path: str, body: bytes, kind: str) -> TestResponse:
    """POST as a provider's server does it: no cookie, no origin, no fetch metadata."""
    return house.client.post(
        path, base_url=BASE, data=body, headers={"Content-Type": kind}
    )


def wishes(house: House) -> list[bool]:
    """Whether each signatory has updates."""
    return [row.wants_updates for row in house.signatures()]


def html_of(message: EmailMessage) -> str:
    """The HTML part."""
    body = message.get_body(preferencelist=("html",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def update(house: House) -> Mail:
    """An update as its reader got it."""
    reader(house)
    started(house)
    (mail,) = send_all(house)
    return mail


def test_one_click_stands_in_the_headers_on_one_line(update: Mail) -> None:
    head, _, _ = update.content.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    (unsubscribe,) = [one for one in lines if one.startswith("List-Unsubscribe:")]
    assert re.fullmatch(
        rf"List-Unsubscribe: <{BASE}/unsubscribe/[\w-]+\.[\w-]+>", unsubscribe
    )
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert f"List-Id: <{SLUG}.updates.localhost>" in lines
    names = [line.split(":")[0].lower() for line in lines if line[0] not in " \t"]
    assert len(names) == len(set(names)), "no header stands twice"
    # It was written by a person for many; and nobody counts who opens it.
    for absent in ("auto-submitted", "precedence"):
        assert absent not in names


def test_no_other_mail_is_one_of_a_list(house: House) -> None:
    house.sign()
    (confirm,) = house.deliver()
    assert confirm.message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in confirm.message if name.startswith("List-")]


def test_both_parts_say_the_same_and_nothing_tells_who_opens_it(update: Mail) -> None:
    page = html_of(update.message)
    for said in ("She listened, and said this", "wished for updates"):
        assert said in " ".join(text_of(parse(page)).split()), said
    assert "She listened, and said this <https://x.test/a>." in update.text
    assert 'href="https://x.test/a"' in page, "links are as the organiser wrote them"
    assert not re.search(r"<(img|script|link|style|iframe|form|video|svg)\b", page)
    addresses = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    ours = {
        urlsplit(one).path.split("/")[1] for one in addresses - {"https://x.test/a"}
    }
    assert ours == {"unsubscribe", "manage"}
    assert link(update, "manage") in page
    assert link(update, "unsubscribe") in page


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        ("en", "We met the minister", "Get no more updates"),
        ("de", "Wir trafen die Ministerin", "Keine Neuigkeiten mehr"),
        # It was not written in French: then it is in the letter's first language.
        ("fr", "We met the minister", "Get no more updates"),
    ],
)
def test_everybody_is_written_to_in_their_language(
    house: House, language: str, subject: str, said: str
) -> None:
    reader(house, language)
    started(house)
    (mail,) = send_all(house)
    assert mail.message["Subject"] == subject
    assert said in html_of(mail.message)
    assert mail.message["Content-Language"] == ("en" if language == "fr" else language)


def test_a_long_subject_arrives_whole(house: House) -> None:
    reader(house)
    started(house, texts={"en": (LONG, "x")})
    (mail,) = send_all(house)
    assert mail.message["Subject"] == LONG
    assert all(len(line) <= 998 for line in mail.content.split(b"\r\n"))


def test_what_an_organiser_types_runs_nowhere(house: House) -> None:
    reader(house)
    wild = "<script>alert(1)</script> ![x](https://spy.test/p.png) [a](javascript:b)"
    started(house, texts={"en": ("A <b>bold</b> move", wild)})
    (mail,) = send_all(house)
    page = html_of(mail.message)
    assert not re.search(r"<(script|img|b)\b|href=.javascript", page)
    assert mail.message["Subject"] == "A <b>bold</b> move"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (MULTIPART, f"multipart/form-data; boundary={BOUNDARY}"),
    ],
)
def test_one_click_of_a_mail_provider_is_enough(
    house: House, update: Mail, body: bytes, kind: str
) -> None:
    path = link(update, "unsubscribe")
    assert wishes(house) == [True]
    for _ in range(2):
        answer = one_click(house, path, body, kind)
        assert answer.status_code == 200, "providers follow no redirect"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert wishes(house) == [False]
    started(house)
    assert send_all(house) == []


def test_looking_at_the_link_changes_nothing(house: House, update: Mail) -> None:
    path = link(update, "unsubscribe")
    before = house.signatures()
    for _ in range(3):
        page = house.get(path)
        assert page.status_code == 200
        assert house.client.head(path, base_url=BASE).status_code == 200
    assert house.signatures() == before
    assert "<script" not in page.text


def test_the_page_ends_them_and_takes_that_back(house: House, update: Mail) -> None:
    path = link(update, "unsubscribe")
    assert "Get no more updates" in house.get(path).text
    ended = house.post(path, {"action": "unsubscribe"})
    assert "You get no more updates" in ended.text
    assert wishes(house) == [False]
    assert "Get updates again" in house.get(path).text
    again = house.post(path, {"action": "subscribe"})
    assert "You get updates again." in again.text
    assert wishes(house) == [True]


def test_the_page_speaks_the_signatorys_language(house: House) -> None:
    reader(house, "de")
    started(house)
    (mail,) = send_all(house)
    page = house.get(link(mail, "unsubscribe"), Accept_Language="fr").text
    assert "Keine Neuigkeiten mehr" in page


def test_another_sites_page_cannot_press_the_button(house: House, update: Mail) -> None:
    path = link(update, "unsubscribe")
    for foreign in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.test"}):
        headers = {name.replace("_", "-"): value for name, value in foreign.items()}
        kind = "application/x-www-form-urlencoded"
        answer = house.client.post(
            path,
            base_url=BASE,
            data=ONE_CLICK,
            headers=headers | {"Content-Type": kind},
        )
        assert answer.status_code == 403
    assert wishes(house) == [True]


def test_no_other_token_opens_it_and_it_opens_nothing_else(
    house: House, update: Mail
) -> None:
    manage, unsubscribe = link(update, "manage"), link(update, "unsubscribe")
    swapped = manage.replace("/manage/", "/unsubscribe/")
    assert house.get(swapped).status_code == 404
    assert house.post(swapped, {}).status_code == 404
    for room in ("manage", "confirm"):
        path = unsubscribe.replace("/unsubscribe/", f"/{room}/")
        assert house.get(path).status_code == 404
    altered = unsubscribe[:-1] + ("A" if unsubscribe[-1] != "A" else "B")
    assert house.post(altered, {}).status_code == 404
    assert wishes(house) == [True]


def test_after_erasing_the_link_says_so_and_gives_no_way_back(
    house: House, update: Mail
) -> None:
    house.post(link(update, "manage"), {"action": "erase", "sure": "yes"})
    path = link(update, "unsubscribe")
    page = house.get(path)
    assert page.status_code == 200
    assert "Get updates again" not in page.text
    house.post(path, {"action": "subscribe"})
    assert wishes(house) == [False]
    one = house.post(path, ONE_CLICK)
    assert one.status_code == 200


def test_the_thanks_tell_the_number_in_each_language(house: House) -> None:
    for language in ("en", "de"):
        reader(house, language, name=f"Reader {language}")
    house.set_letter(closes_at=db.now())
    pass_by(seconds=1)
    started(house, kind=MailingKind.CLOSING)
    mails = {mail.recipients[0]: mail for mail in send_all(house)}
    assert "The letter has closed with 2 signatures." in (
        mails["reader.en@example.org"].text
    )
    assert "2 Unterschriften" in html_of(mails["reader.de@example.org"].message)


def test_a_repeat_after_a_broken_hand_over_has_the_same_message_id(
    house: House,
) -> None:
    reader(house)
    started(house)
    turn(house)
    house.sink.script.append(DROP_AFTER_DOT)
    first = house.deliver()
    pass_by(hours=1)
    again = house.deliver()
    ids = {mail.message["Message-ID"] for mail in [*first, *again]}
    assert len(ids) == 1
    assert len([*first, *again]) == 2


def test_who_did_not_tick_the_box_has_no_updates(house: House) -> None:
    house.confirm()
    house.deliver()
    assert wishes(house) == [False]
    public_id = draft(house, TEXTS)
    do(house, mailing_moves.start, public_id)
    assert send_all(house) == []
    found = house.ask(
        select(Signature.id).where(Signature.letter_id == letter_id(house))
    )
    assert len(found) >= 1
    assert timedelta(0) < mailing_moves.WITHIN
