"""Updates over HTTP: written, looked at, tried, sent, watched, paused and stopped."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select

from app import db
from app.domain import bounces, mail_care
from app.mail import outbox
from app.models import BounceKind, Mailing, Outbox, Record
from tests.house import SLUG, House, link
from tests.letters import another_letter
from tests.mail.news import (
    PACE,
    address,
    draft,
    pass_by,
    readers,
    send_all,
    shown,
    started,
    turn,
)
from tests.organising.people import Signed
from tests.organising.room import HERE

UPDATES = f"{HERE}/updates"
PUBLIC = f"/letters/{SLUG}/updates"
ATOM = "{http://www.w3.org/2005/Atom}"
WORDS = {
    "subject-en": "We met the minister",
    "source-en": "She **listened**.\r\n\r\n[Her answer](https://x.test/a)",
    "subject-de": "Wir trafen die Ministerin",
    "source-de": "Sie **hörte zu**.",
    "subject-fr": "",
    "source-fr": "",
    "public": "yes",
}


def begun(who: Signed, kind: str = "update") -> str:
    """The path of a new draft."""
    answer = who.post(UPDATES, {"kind": kind})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def written(who: Signed, **changes: str) -> str:
    """The path of a draft with words in it."""
    path = begun(who)
    assert who.post(path, WORDS | changes).status_code == 303
    return path


def figures(page: str) -> list[str]:
    """Sent, come back, refused, withheld and left, as the page shows them."""
    found = re.search(r'<dl class="known count">(.*?)</dl>', page, re.DOTALL)
    assert found is not None, page
    return re.findall(r"<dd>([\d,]+)</dd>", found[1])


def comes_back(house: House, signature_id: int) -> None:
    """The mail to one reader comes back."""
    with house.writing() as session:
        mail = session.scalar(
            select(func.max(Outbox.id)).where(Outbox.signature_id == signature_id)
        )
        assert mail is not None
        bounces.take(
            session, keyring=house.site.keyring, shelf=house.site.shelf,
            outbox_id=mail, kind=BounceKind.HARD, status="5.1.1", now=db.now(),
        )  # fmt: skip


def test_an_update_from_the_first_word_to_the_last_mail(house: House) -> None:
    ella = house.organiser("editor")
    readers(house, 12, language=lambda n: ("en", "de", "fr")[n % 3])
    path = written(ella)
    page = ella.get(path).text
    for said in (
        "<strong>listened</strong>", "Sie <strong>hörte zu</strong>",
        "Her answer &lt;https://x.test/a&gt;", "To get no more of them, at once",
        "Um sofort keine mehr zu bekommen",
    ):  # fmt: skip
        assert said in page, said
    tried = ella.post(f"{path}/move", {"action": "test", "language": "de"})
    assert "on its way to your own address" in ella.get(tried.headers["Location"]).text
    (test,) = house.deliver()
    assert test.recipients == (ella.email,)
    assert test.message["Subject"] == "[Test] Wir trafen die Ministerin"

    page = ella.get(f"{path}/send").text
    assert "12 people wished for news" in page
    assert "It is not written in français" in page.replace("Français", "français")
    assert ella.post(f"{path}/send", {"action": "start"}).status_code == 303
    assert turn(house, PACE) == 12
    pass_by(seconds=20)
    with house.app.app_context():
        sent = house.postman.deliver()
    assert 0 < sent <= outbox.UPDATES_AT_ONCE
    page = ella.get(path).text
    assert figures(page) == [str(sent), "0", "0", "0", str(12 - sent)]
    assert "data-runs" in page
    assert "Look again" in page

    assert ella.post(f"{path}/move", {"action": "pause"}).status_code == 303
    assert house.deliver() == []
    assert "Go on" in ella.get(path).text
    assert ella.post(f"{path}/move", {"action": "resume"}).status_code == 303
    mails = send_all(house)
    assert len(mails) == 12 - sent
    page = ella.get(path).text
    assert figures(page) == ["12", "0", "0", "0", "0"]
    assert "data-runs" not in page

    by_language = {m.message["Content-Language"] for m in house.sink.mails[1:]}
    assert by_language == {"en", "de"}
    reader = next(m for m in mails if m.recipients == (address(11),))
    answer = house.post(link(reader, "unsubscribe"), b"List-Unsubscribe=One-Click")
    assert answer.status_code == 200
    assert "11 people wished" in ella.get(f"{written(ella)}/send").text

    verbs = select(Record.verb).where(Record.actor == ella.actor).order_by(Record.id)
    assert [verb for (verb,) in house.ask(verbs)] == [
        "update.create", "update.change", "update.test", "update.start",
        "update.pause", "update.resume", "update.create", "update.change",
    ]  # fmt: skip


def test_what_is_wrong_is_named_and_what_was_typed_is_kept(house: House) -> None:
    ella = house.organiser("editor")
    path = begun(ella)
    for wrong, field in (
        ({"subject-en": ""}, "subject-en"),
        ({"source-de": " "}, "source-de"),
        ({"subject-de": "x" * 151}, "subject-de"),
        ({"source-en": "y" * 20_001}, "source-en"),
    ):
        answer = ella.post(path, WORDS | wrong)
        assert answer.status_code == 400, field
        assert f'id="f-{field}-error"' in answer.text
        assert answer.text.count("-error") == 2, "nothing else is at fault"
        kept = "Wir trafen die Ministerin" if field != "subject-de" else "x" * 151
        assert kept in answer.text
    stored = house.ask(select(func.count()).select_from(Mailing))
    assert stored == [(1,)]
    assert ella.post(UPDATES, {"kind": "spam"}).status_code == 400
    assert ella.post(f"{path}/move", {"action": "explode"}).status_code == 400
    assert ella.post(f"{path}/send", {"action": "explode"}).status_code == 400


def test_what_cannot_be_is_said_in_words(house: House) -> None:
    ella = house.organiser("editor")
    only_german = written(ella, **{"subject-en": "", "source-en": ""})
    answer = ella.post(f"{only_german}/send", {"action": "start"})
    assert answer.status_code == 409
    assert "first language first" in answer.text
    for _ in range(3):
        started(house)
    path = written(ella)
    answer = ella.post(f"{path}/send", {"action": "start"})
    assert answer.status_code == 409
    assert "At most three updates begin within a week" in answer.text
    answer = ella.post(f"{path}/move", {"action": "pause"})
    assert answer.status_code == 409
    house.set_letter(archived_at=db.now())
    assert ella.post(path, WORDS).status_code == 409
    assert ella.post(UPDATES, {"kind": "update"}).status_code == 409


@pytest.mark.parametrize("at", ["", "nonsense", "2001-01-01T00:00", "2600-01-01T00:00"])
def test_a_time_that_cannot_be_is_said_at_its_field(house: House, at: str) -> None:
    ella = house.organiser("editor")
    path = written(ella)
    answer = ella.post(f"{path}/send", {"action": "plan", "at": at})
    assert answer.status_code == 400
    assert 'id="f-at-error"' in answer.text


def test_one_is_planned_and_taken_back(house: House) -> None:
    ella = house.organiser("editor")
    readers(house, 1)
    path = written(ella)
    at = (db.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert ella.post(f"{path}/send", {"action": "plan", "at": at}).status_code == 303
    assert re.search(r"It begins at [^()]+ UTC\.<", ella.get(path).text)
    # What is planned is not written at any more, and what was typed is not lost.
    late = ella.post(path, WORDS | {"subject-en": "Too", "source-en": "late"})
    assert late.status_code == 409
    assert re.search(r"<textarea[^>]+readonly>\s*Too\s+late</textarea>", late.text)
    assert "<bdi>Too</bdi>" not in late.text
    assert ella.get(f"{path}/send").status_code == 303
    assert ella.post(f"{path}/move", {"action": "take_back"}).status_code == 303
    assert ella.post(path, WORDS | {"subject-en": "Another"}).status_code == 303
    assert "Another" in ella.get(UPDATES).text
    pass_by(days=3)
    assert turn(house) == 0


def test_a_draft_is_thrown_away(house: House) -> None:
    ella = house.organiser("editor")
    path = written(ella)
    answer = ella.post(f"{path}/move", {"action": "discard"})
    assert answer.headers["Location"] == UPDATES
    assert ella.get(path).status_code == 404
    assert house.ask(select(Mailing.id)) == []


def test_another_letters_update_is_not_found(house: House) -> None:
    another_letter(house, "second")
    ella = house.organiser("editor")
    path = written(ella)
    otto = house.organiser("owner", slug="second", email="otto@example.org")
    for method, tail in (
        ("GET", ""),
        ("POST", ""),
        ("POST", "/move"),
        ("GET", "/send"),
    ):
        theirs = path.replace(SLUG, "second") + tail
        answer = otto.send(method, theirs, {"action": "test"})
        assert answer.status_code == 404, theirs


def test_thanks_are_ready_made_in_every_language_once_it_has_closed(
    house: House,
) -> None:
    ella = house.organiser("editor")
    assert "Thank those who signed" not in ella.get(UPDATES).text
    assert ella.post(UPDATES, {"kind": "closing"}).status_code == 409
    house.set_letter(closes_at=db.now() - timedelta(hours=1))
    path = begun(ella, "closing")
    assert begun(ella, "closing") == path
    page = ella.get(path).text
    for said in ("Thank you for signing: Three laws", "Danke für Ihre Unterschrift",
                 "Merci d’avoir signé"):  # fmt: skip
        assert said in page, said
    typed = dict(re.findall(r'name="(subject-\w+)" type="text" value="([^"]*)"', page))
    assert typed.keys() == {"subject-en", "subject-de", "subject-fr"}


def test_it_stands_on_the_letters_page_and_in_its_feed_once_it_has_begun(
    house: House,
) -> None:
    readers(house, 1)
    link_to = f'href="{PUBLIC}'
    assert link_to not in house.fresh(f"/letters/{SLUG}").text
    draft(house)
    started(house, texts={"en": ("For signatories alone", "x")}, public=False)
    assert "minister" not in house.fresh(PUBLIC).text
    before = house.fresh(PUBLIC).headers["ETag"]
    public_id = started(house)
    house.site.shelf._seen.clear()
    page = house.fresh(PUBLIC)
    assert page.headers["ETag"] != before
    assert "She <strong>listened</strong>" in page.text
    assert "alone" not in page.text
    assert "Sie <strong>hörte zu</strong>" in house.fresh(f"{PUBLIC}?lang=de").text
    assert 'lang="en"' in house.fresh(f"{PUBLIC}?lang=fr").text
    assert link_to in house.fresh(f"/letters/{SLUG}").text

    answer = house.fresh(f"{PUBLIC}.atom")
    assert answer.mimetype == "application/atom+xml"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    feed = ElementTree.fromstring(answer.data)
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "We met the minister"
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert "<strong>listened</strong>" in (content.text or "")
    assert entry.findtext(f"{ATOM}id", "").endswith(f"#u{public_id}")
    for path in (PUBLIC, f"{PUBLIC}.atom"):
        assert house.fresh(f"{path}?before=x").status_code == 400
    house.set_letter(published_at=None)
    for path in (PUBLIC, f"{PUBLIC}.atom"):
        assert house.fresh(path).status_code == 404


def test_what_comes_back_later_is_no_longer_among_the_sent(house: House) -> None:
    ella = house.organiser("editor")
    ids = readers(house, 3)
    path = f"{UPDATES}/{started(house)}"
    assert len(send_all(house)) == 3
    for _ in range(2):
        # A report that is told twice counts once.
        comes_back(house, ids[1])
    assert figures(ella.get(path).text) == ["2", "1", "0", "0", "0"]
    assert "100 %" in ella.get(path).text
    # Whoever runs the house sends it once more: it is on its way, and then there.
    mail = select(Outbox.id).where(Outbox.signature_id == ids[1])
    with house.writing() as session:
        (number,) = session.scalars(mail)
        forgotten = mail_care.retry(
            session, keyring=house.site.keyring, shelf=house.site.shelf,
            outbox_id=number, now=db.now(),
        )  # fmt: skip
    assert forgotten == 1, "or it would be refused again, since it came back before"
    # The mark at the signature as well, and the team can read who took it off.
    verb = select(Record.actor).where(Record.verb == "write_again")
    assert house.ask(verb) == [("system",)]
    assert figures(ella.get(path).text)[:2] == ["2", "0"]
    house.deliver()
    assert figures(ella.get(path).text)[:2] == ["3", "0"]
    comes_back(house, ids[1])
    with house.writing() as session:
        assert mail_care.drop(
            session, outbox_id=number, reason="Nobody there", now=db.now()
        )
    assert figures(ella.get(path).text) == ["2", "0", "0", "1", "0"]


def test_a_stopped_one_counts_whom_it_reached(house: House) -> None:
    ella = house.organiser("editor")
    readers(house, 8)
    public_id = started(house)
    turn(house)
    pass_by(seconds=20)
    with house.app.app_context():
        # It begins with one, until it knows how many leave within a second.
        assert house.postman.deliver() == 1
    path = f"{UPDATES}/{public_id}"
    assert ella.post(f"{path}/move", {"action": "stop"}).status_code == 303
    house.deliver()
    page = ella.get(path).text
    assert figures(page) == ["1", "0", "0", "7", "0"]
    assert "<strong>12 %</strong>, stopped" in page
    assert shown(house, public_id).state == "stopped"
    assert ella.post(f"{path}/move", {"action": "stop"}).status_code == 409
