"""Every kind of mail in every language: valid, readable as it is, and not like spam."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import HeaderParser
from email.utils import parseaddr
from pathlib import Path

import html5lib
import pytest

from app import db
from app.domain import letters
from app.domain.views import LetterView
from app.mail import samples, wire
from app.mail.delivery import Result, Transport
from app.models import OutboxKind, RequestKind
from tests.house import House, copy_sqlite, settings
from tests.pages import elements, parse
from tests.servers.smtp import Sink

LANGUAGES = ("en", "de", "fr")
CASES = [(kind, language) for kind in samples.NAMES for language in LANGUAGES]
# What a letter's organiser may be called, and who its mails then come from.
LONG = "Gesellschaft zur Förderung der Wissenschaften und der Künste in Österreich e.V."
SENDERS = {
    "Deepfakes Letter Committee": "Deepfakes Letter Committee via Undersigned",
    "Verein für Ärzte": "Verein für Ärzte via Undersigned",
    "Smith & Sons, “Ltd” (London); \\o/": (
        "Smith & Sons, “Ltd” (London); \\o/ via Undersigned"
    ),
    'The "Future" Fund': 'The "Future" Fund via Undersigned',
    "Change.org": "Change.org via Undersigned",
    LONG: (
        "Gesellschaft zur Förderung der Wissenschaften und der Künste… via Undersigned"
    ),
    "W" * 200: "W" * 60 + "… via Undersigned",
    # What reads like an address is left out, however it is spelt.
    "Committee <security@bank.example>": "Committee via Undersigned",
    "Committee security＠bank.example": "Committee via Undersigned",
    "Committee https://bank.example/": "Committee via Undersigned",
    "=?utf-8?q?security=40bank=2Eexample?= Committee": "Committee via Undersigned",
    "Committee @ bank.example": "Committee bank.example via Undersigned",
    # Nothing of a header's can be written into it.
    "Committee\r\nBcc: victim@example.org": "Committee Bcc: via Undersigned",
    "Committee\u202egnp.exe\u2028x\x00": "Committeegnp.exe x via Undersigned",
    # Who passes for the house is not named.
    "Undersigned": "Undersigned",
    "Undersigned Security Team": "Undersigned",
    "Undеrs\u0456gned": "Undersigned",
    "U n d e r s i g n e d": "Undersigned",
    "security@bank.example": "Undersigned",
    "---": "Undersigned",
}
# Of a house on the net: a mail that comes from localhost is judged otherwise.
ELSEWHERE = wire.House("https://letters.example.org", "letters@letters.example.org")
MOST = 0.5
Received = dict[tuple[str, str], bytes]
# Any mail with this in it is spam, for whoever tries a filter.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
# As the server of a mail provider notes from whom it took a mail. (A network that is for
# documents alone would be held against it.)
NOTED = (
    b"Received: from letters.example.org (letters.example.org [93.184.216.34])\r\n"
    b"\tby mx.example.net (Postfix) with ESMTPS id 4XYZ\r\n"
    b"\tfor <reader@example.org>; %s\r\n"
)
# Without it each mail would cost a start of the program.
SCORE = """
use Mail::SpamAssassin;
my $home = shift;
my $filter = Mail::SpamAssassin->new({
    local_tests_only => 1, dont_copy_prefs => 1,
    userprefs_filename => "$home/none", home_dir_for_helpers => $home,
});
for my $path (@ARGV) {
    open(my $file, '<:raw', $path) or die "$path: $!";
    my $mail = $filter->parse(do { local $/; <$file> });
    my $status = $filter->check($mail);
    printf "%s\\t%s\\t%s\\n", $path, $status->get_score(),
        $status->get_names_of_tests_hit();
    $status->finish();
    $mail->finish();
}
"""


@pytest.fixture(scope="module")
def house(
    filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house of its own; what it writes is the same on either database."""
    folder = tmp_path_factory.mktemp("samples")
    with Sink() as sink:
        running = House(copy_sqlite(filled_sqlite, folder), folder, sink)
        yield running
        running.close()


@pytest.fixture(scope="module")
def received(house: House) -> Received:
    """Each of them as the SMTP server received it."""
    config = settings(
        str(house.site.database.url), house.folder, MAIL_PORT=str(house.sink.port)
    )
    transport, now = Transport(config), db.now()
    with house.site.database.reading() as session:
        letter = house.site.shelf.of(session, letter_id=1, now=now)
    found = {}
    with house.app.app_context():
        for kind, language in CASES:
            view = letters.view(letter, language=language, now=now)
            made = samples.make(kind, ELSEWHERE, view, number=1234, now=now)
            answer = transport.send(made, to=samples.TO, sender=None)
            assert answer.result is Result.SENT
            found[kind, language] = house.sink.mails[-1].content
    transport.close()
    return found


def message(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_every_kind_of_mail_has_one() -> None:
    # An example is one of the others.
    kinds_of_mail = {*OutboxKind, samples.ALREADY_SIGNED} - {OutboxKind.EXAMPLE}
    # For each thing that can be asked for there is a text.
    asked = {f"evidence_{request}" for request in RequestKind}
    assert samples.NAMES.keys() == kinds_of_mail - {OutboxKind.EVIDENCE} | asked
    assert samples.NAMES.keys() == samples._WRITTEN.keys()
    folder = Path(__file__).parents[2] / "templates" / "mail"
    kinds = {path.name for path in folder.iterdir() if path.is_dir()}
    assert kinds == set(map(str, kinds_of_mail))


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_it_is_whole_and_can_be_read_with_images_off_and_in_the_dark(
    received: Received, kind: str, language: str
) -> None:
    content = received[kind, language]
    mail, shown = message(content), samples.read(content)
    assert mail.defects == []
    assert mail["Content-Language"] == language
    assert bool(mail["List-Unsubscribe"]) == (kind in ("update", "closing"))
    assert bool(mail["Auto-Submitted"]) != bool(mail["List-Unsubscribe"])
    html5lib.HTMLParser(strict=True).parse(shown.html)
    for element in elements(parse(shown.html)):
        assert element.tag not in ("img", "svg", "script", "link", "style")
        assert element.get("bgcolor") is None
        style = element.get("style", "").replace("border-top:1px solid #888888", "")
        assert not re.search(r"color|background|#[0-9a-f]{3}|url\(", style)
    # Whatever can be opened in the one part can be opened in the other.
    opened = set(re.findall(r'href="(https?://[^"]+)"', shown.html))
    assert opened <= set(re.findall(r"https?://[^\s<>]+", shown.text))


def test_a_mail_of_a_letter_in_a_language_that_we_do_not_speak_names_both(
    house: House,
) -> None:
    now = db.now()
    with house.site.database.reading() as session:
        letter = house.site.shelf.of(session, letter_id=1, now=now)
    view = replace(letters.view(letter, language="en", now=now), language="ar")
    mail = message(samples.make("confirm", ELSEWHERE, view, number=1234, now=now))
    assert mail["Content-Language"] == "en, ar"


def test_the_name_before_the_address_says_whose_letter_it_is(house: House) -> None:
    now = db.now()
    with house.site.database.reading() as session:
        letter = house.site.shelf.of(session, letter_id=1, now=now)
    view = letters.view(letter, language="en", now=now)

    def read(kind: str, view: LetterView) -> tuple[str, str | None]:
        """The name before the house's address, and where an answer goes."""
        made = samples.make(kind, ELSEWHERE, view, number=1234, now=now)
        head = made.partition(b"\r\n\r\n")[0]
        assert head.isascii()
        assert all(len(line) <= 78 for line in head.split(b"\r\n"))
        mail = message(made)
        assert mail.defects == []
        assert mail["Bcc"] is None
        (sender,) = mail["From"].addresses
        assert sender.addr_spec == ELSEWHERE.sender
        # EmailMessage shows a space where a name was cut; RFC 2047 does not.
        name, _address = parseaddr(str(HeaderParser().parsestr(head.decode())["From"]))
        return str(make_header(decode_header(name))), mail["Reply-To"]

    for organiser, name in SENDERS.items():
        assert read("confirm", replace(view, organiser=organiser))[0] == name
    for kind in samples.NAMES:
        own = samples.NAMES[kind].startswith("To the team")
        name = SENDERS["Undersigned" if own else view.organiser]
        assert read(kind, view) == (name, None if own else view.contact)
    for contact, answers in {
        # With another domain in From, that is what mail filters take for fraud.
        "committee@gmail.com": None,
        "buero@bücher.example": "buero@xn--bcher-kva.example",
    }.items():
        assert read("confirm", replace(view, contact=contact))[1] == answers


def test_no_mail_looks_like_spam(received: Received, tmp_path: Path) -> None:
    paths = {}
    for (kind, language), content in received.items():
        path = tmp_path / f"{kind}.{language}"
        date = str(message(content)["Date"]).encode()
        path.write_bytes(NOTED % date + content)
        paths[str(path)] = MOST
    spam = tmp_path / "spam"
    spam.write_bytes(received["confirm", "en"].replace(b"ABCD2345", GTUBE))
    done = subprocess.run(
        ["perl", "-e", SCORE, str(tmp_path), *paths, str(spam)],
        capture_output=True,
        check=True,
        text=True,
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    scores = {path: float(score) for path, score, _rules in lines}
    assert scores.pop(str(spam)) > 100
    assert scores.keys() == paths.keys()
    assert [line for line in lines if scores.get(line[0], 0) > MOST] == []


def test_the_pages_of_development_show_each_of_them(house: House) -> None:
    index = house.get("/dev/mails")
    assert index.status_code == 200
    for kind, language in CASES:
        path = f"/dev/mails/{kind}/{language}"
        assert f'href="{path}"' in index.text
        page, shown = house.get(path), house.get(f"{path}/html")
        assert page.status_code == shown.status_code == 200, path
        assert "Content-Type: multipart/alternative" in page.text
        assert shown.headers["Content-Security-Policy"].endswith("; sandbox")
        assert f'<html lang="{language}"' in shown.text
    for path in ("none/en", "confirm/ru", "none/en/html", "confirm/ru/html"):
        assert house.get(f"/dev/mails/{path}").status_code == 404
