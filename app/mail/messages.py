"""What each mail says: one function and one template folder a kind."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from app import i18n, urls
from app.domain.mailings import Text
from app.domain.views import LetterView
from app.i18n import marked as _

_REHEARSAL = _(
    "This is a rehearsal: nothing here counts, and all of it is wiped before the "
    "letter is published."
)


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


def confirm(
    house: House, envelope: Envelope, letter: LetterView, *, token: str, code: str
) -> bytes:
    """The link, the code and "this was not me"; nothing that was typed (threats 12)."""
    link = urls.absolute(house.base_url, urls.confirm(token))
    return _build("confirm", house, envelope, letter, link=link, not_me=link, code=code)


def already_signed(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The answer to a form for an address that has signed."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("already_signed", house, envelope, letter, manage=link)


def signed(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    number: int | None,
) -> bytes:
    """The receipt after confirming, with the manage link."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("signed", house, envelope, letter, manage=link, number=number)


def manage(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The manage link again, asked for on the page of a used link."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("manage", house, envelope, letter, manage=link)


def released(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """An organiser has let the signature in."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("released", house, envelope, letter, manage=link)


def rejected(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    reason: str | None,
) -> bytes:
    """An organiser has taken the signature out: why, and how to object."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("rejected", house, envelope, letter, manage=link, reason=reason)


def held(house: House, envelope: Envelope, letter: LetterView, *, manage: str) -> bytes:
    """Confirmed, and a person looks at it first; with the manage link."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("held", house, envelope, letter, manage=link)


def corrected(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str, held: bool
) -> bytes:
    """The line was changed by its link; `held`: a person looks at it first."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("corrected", house, envelope, letter, manage=link, held=held)


def withdrawn(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    deadline: datetime,
) -> bytes:
    """The signature was taken back by its link; until when there is a way back."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("withdrawn", house, envelope, letter, manage=link, deadline=deadline)


def verified(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The organisers have made sure of the person."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("verified", house, envelope, letter, manage=link)


def evidence(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    request: str,
    reference: str,
    deadline: datetime,
) -> bytes:
    """A canned request for something that proves the person."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("evidence", house, envelope, letter, manage=link, request=request,
                  reference=reference, deadline=deadline)  # fmt: skip


def invited(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    token: str,
    deadline: datetime,
) -> bytes:
    """A personal link to sign, for an address known before."""
    link = urls.absolute(house.base_url, urls.invited(token))
    return _build("invited", house, envelope, letter, link=link, deadline=deadline)


# What the mail about a changed account says, by the verb in the record.
CHANGES = {
    "organiser.password": _("A new password was set."),
    "organiser.factor": _("A second factor was set up."),
    "organiser.factor_off": _("The second factor was taken away."),
    "organiser.recovery": _("New recovery codes were made: the former ones are void."),
    "organiser.recovered": _("A recovery code was used to sign in."),
    "organiser.passkey": _("A passkey was added."),
    "organiser.passkey_off": _("A passkey was removed."),
}


def reset(house: House, envelope: Envelope, letter: LetterView, *, token: str) -> bytes:
    """A link to set a new password, asked for by whoever typed the address."""
    link = urls.absolute(house.base_url, urls.organise("enter", token))
    return _build("reset", house, envelope, letter, link=link)


def account(
    house: House, envelope: Envelope, letter: LetterView, *, change: str
) -> bytes:
    """A way to sign in was changed: which, and what to do if it was not they."""
    link = urls.absolute(house.base_url, urls.organise("account"))
    forgotten = urls.absolute(house.base_url, urls.organise("forgotten"))
    return _build("account", house, envelope, letter, change=CHANGES[change],
                  link=link, forgotten=forgotten)  # fmt: skip


def factor(
    house: House, envelope: Envelope, letter: LetterView, *, deadline: datetime
) -> bytes:
    """An owner says that the second factor is lost: until when it can be kept."""
    link = urls.absolute(house.base_url, urls.organise("sign-in"))
    return _build("factor", house, envelope, letter, link=link, deadline=deadline)


def head(house: House, envelope: Envelope, letter: LetterView, *, head: str) -> bytes:
    """The head of the record, as POSITION:HASH, to be kept outside the house."""
    return _build("head", house, envelope, letter, head=head)


def alarm(
    house: House, envelope: Envelope, letter: LetterView, *, domains: tuple[str, ...]
) -> bytes:
    """At these mail domains nobody confirms any more."""
    link = urls.absolute(house.base_url, urls.organise_letter(letter.slug, "figures"))
    return _build("alarm", house, envelope, letter, link=link, domains=domains)


def invitation(
    house: House, envelope: Envelope, letter: LetterView, *, token: str
) -> bytes:
    """The link to join the team of a letter."""
    link = urls.absolute(house.base_url, urls.organise("invitation", token))
    return _build("invitation", house, envelope, letter, link=link)


def text_changed(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The letter's words changed: see the difference, keep or withdraw."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return _build("text_changed", house, envelope, letter, manage=link)


def update(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    news: Text,
    text: str,
    number: int | None,
    manage: str,
    unsubscribe: str,
    test: bool,
) -> bytes:
    """What organisers have to say; `test`: they look at it before it leaves."""
    return _build("update", house, envelope, letter, news=news, text=text,
                  manage=manage, unsubscribe=unsubscribe, test=test)  # fmt: skip


def closing(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    news: Text,
    text: str,
    number: int | None,
    manage: str,
    unsubscribe: str,
    test: bool,
) -> bytes:
    """The same as thanks, with the number that the letter came to."""
    return _build("closing", house, envelope, letter, news=news, text=text,
                  number=number, manage=manage, unsubscribe=unsubscribe,
                  test=test)  # fmt: skip


def _build(
    kind: str,
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    unsubscribe: str = "",
    **context: object,
) -> bytes:
    """The mail as bytes, ready for the wire (RFC 5322, RFC 3834).

    One that can be unsubscribed from was written by a person for many: it is a mail of
    a list, and not one that a machine writes by itself.
    """
    context |= {"letter": letter, "base": house.base_url, "unsubscribe": unsubscribe}
    locale = letter.locale
    parts = {
        name: i18n.render(f"mail/{kind}/{name}", locale, **context)
        for name in ("subject.txt", "body.txt", "body.html")
    }
    if letter.rehearsal:
        translate = i18n.translator(locale)
        parts["subject.txt"] = f"[{translate(_('Rehearsal'))}] {parts['subject.txt']}"
        parts["body.txt"] = f"{translate(_REHEARSAL)}\n\n{parts['body.txt']}"
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Undersigned", addr_spec=house.sender)
    message["To"] = Address(addr_spec=envelope.to)
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = f"<{envelope.message_id}@{house.domain}>"
    if not unsubscribe:
        message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(parts["body.txt"])
    message.add_alternative(parts["body.html"], subtype="html")
    # Setting a content takes every Content header off the message, so this one is last.
    message["Content-Language"] = letter.language
    ours = _subject(parts["subject.txt"])
    if unsubscribe:
        ours += _list_headers(house, letter, unsubscribe)
    return ours + message.as_bytes()


def _list_headers(house: House, letter: LetterView, unsubscribe: str) -> bytes:
    """What makes one click enough (RFC 8058, RFC 2369), and names the list (RFC 2919).

    Each stands on a line of its own, however long: EmailMessage would fold it, and mail
    providers do not find the address then.
    """
    lines = (
        f"List-Id: <{letter.slug}.updates.{house.domain}>",
        f"List-Unsubscribe: <{unsubscribe}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


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
