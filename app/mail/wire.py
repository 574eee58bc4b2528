"""A mail as the bytes that go over the wire (RFC 5322, RFC 2045, RFC 3834).

What all mails of a kind about a letter have in common is made once: making it anew for
each costs several times what handing it over does. Only the links and the code differ,
and the address, the date and the Message-ID.
"""

from __future__ import annotations

import binascii
import html
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from app import i18n
from app.domain.views import LetterView
from app.i18n import marked as _
from app.mail import senders

_REHEARSAL = _(
    "This is a rehearsal: nothing here counts, and all of it is wiped before the "
    "letter is published."
)
_MARKED = _("Test")
_TEST = _(
    "This is a test that you asked for yourself: the personal links in it open nothing."
)
# What is the recipient's own. In its place stands a mark that nobody can write who
# does not know the random text.
_OWN = frozenset({"code", "link", "manage", "not_me", "unsubscribe"})
_MARK = secrets.token_hex(8)
# Quoted-printable holds no such sign, so no part can be taken for its end (RFC 2045).
_BOUNDARY = "=_undersigned"


@dataclass(frozen=True, slots=True)
class House:
    """What every mail needs to know of where it comes from."""

    base_url: str
    sender: str

    @property
    def domain(self) -> str:
        """The host part of Message-IDs (RFC 5322 section 3.6.4)."""
        return urlsplit(self.base_url).hostname or "localhost"


@dataclass(frozen=True, slots=True)
class Envelope:
    """To whom a mail goes, and by what it is known when it is repeated."""

    to: str
    message_id: str
    date: datetime
    # Whether an organiser wants to see how it arrives.
    test: bool = False


def build(
    kind: str, house: House, envelope: Envelope, letter: LetterView, **context: object
) -> bytes:
    """The mail of the template folder `kind`, with what the templates want to know.

    One that can be unsubscribed from was written by a person for many: it is a mail of
    a list, and not one that a machine writes by itself.

    Raises ValueError for an address or a subject with control characters in it
    (threats 14).
    """
    own = {name: str(context.pop(name)) for name in _OWN & context.keys()}
    common = _common(
        kind, house, letter, tuple(own), envelope.test, tuple(context.items())
    )
    if not (envelope.to.isascii() and envelope.to.isprintable()):
        raise ValueError("an address holds a character that cannot be sent")
    head = (
        f"To: {envelope.to}\r\nDate: {format_datetime(envelope.date)}\r\n"
        f"Message-ID: <{envelope.message_id}@{house.domain}>\r\n"
    )
    if "unsubscribe" in own:
        head += _list_headers(house, letter, own["unsubscribe"])
    plain, marked_up = common.plain, common.marked_up
    for name, value in own.items():
        plain = plain.replace(_mark(name), value)
        marked_up = marked_up.replace(_mark(name), html.escape(value))
    parts = _part("plain", plain) + _part("html", marked_up)
    return common.head + head.encode("ascii") + b"\r\n" + parts + _END


def _list_headers(house: House, letter: LetterView, unsubscribe: str) -> str:
    """What makes one click enough (RFC 8058, RFC 2369), and names the list (RFC 2919).

    Each stands on a line of its own, however long: mail providers do not find a folded
    address.
    """
    return (
        f"List-Id: <{letter.slug}.updates.{house.domain}>\r\n"
        f"List-Unsubscribe: <{unsubscribe}>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    )


@dataclass(frozen=True, slots=True)
class _Common:
    """What mails of one kind have in common: the head, and the text with marks."""

    head: bytes
    plain: str
    marked_up: str


def _mark(name: str) -> str:
    return f"{_MARK}{name}{_MARK}"


@lru_cache(maxsize=512)
def _common(
    kind: str,
    house: House,
    letter: LetterView,
    own: tuple[str, ...],
    test: bool,
    context: tuple[tuple[str, object], ...],
) -> _Common:
    given = {**dict(context), **{name: _mark(name) for name in own}, "test": test}
    locale = letter.locale
    subject, plain, marked_up = (
        i18n.render(
            f"mail/{kind}/{name}", locale, letter=letter, base=house.base_url, **given
        )
        for name in ("subject.txt", "body.txt", "body.html")
    )
    translate = i18n.translator(locale)
    if letter.rehearsal:
        subject = f"[{translate(_('Rehearsal'))}] {subject}"
        plain = f"{translate(_REHEARSAL)}\n\n{plain}"
    if test:
        subject = f"[{translate(_MARKED)}] {subject}"
        plain = f"{translate(_TEST)}\n\n{plain}"
    message = EmailMessage(policy=SMTP)
    if "unsubscribe" not in own:
        message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # Of a letter in a language that the house does not speak, the frame is in another
    # one (RFC 3282 takes several).
    message["Content-Language"] = ", ".join(dict.fromkeys((locale, letter.language)))
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{_BOUNDARY}"'
    head, _empty, _parts = message.as_bytes().partition(b"\r\n\r\n")
    head = senders.head(kind, house.sender, letter) + _subject(subject) + head
    return _Common(head + b"\r\n", plain, marked_up)


def _part(kind: str, text: str) -> bytes:
    """A part of the body in quoted-printable, which every server takes."""
    lines = text.strip("\n").replace("\n", "\r\n").encode() + b"\r\n"
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode("ascii") + binascii.b2a_qp(lines, istext=True)


_END = f"--{_BOUNDARY}--\r\n".encode("ascii")

# Controls and the line and paragraph separators (Unicode general categories).
_BREAKING = ("Cc", "Zl", "Zp")


def _subject(text: str) -> bytes:
    """The Subject line, encoded by RFC 2047 where it needs to be.

    EmailMessage folds long ones so that some programs show a space too many.
    Raises ValueError for a subject with control characters in it (threats 14).
    """
    subject = text.strip(" \n")
    if any(unicodedata.category(character) in _BREAKING for character in subject):
        raise ValueError("a subject holds a character that cannot be printed")
    charset = None if subject.isascii() else "utf-8"
    header = Header(subject, charset, header_name="Subject")
    return f"Subject: {header.encode(linesep=chr(13) + chr(10))}\r\n".encode("ascii")
