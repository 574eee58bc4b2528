"""Every kind of mail as an example: made as the real ones are, with made-up links.

For the pages that show what a letter sends, and for the tests that judge every kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from app import i18n, urls
from app.domain.mailings import Text
from app.domain.views import LetterView, StoredHtml
from app.i18n import marked as _
from app.mail import messages, plain
from app.mail.wire import Envelope, House
from app.models import OutboxKind, RequestKind

# Of every link in them: it opens nothing.
TOKEN = "example"
CODE = "ABCD2345"
TO = "reader@example.org"
_HEAD = f"1234:{'0' * 64}"
ALREADY_SIGNED = "already_signed"

_SUBJECT = _("News about the letter")
_WORDS = _("Here stands what the organisers have to say.")


def _evidence(request: RequestKind) -> str:
    """The example's name: for each thing that can be asked for there is a text."""
    return f"{OutboxKind.EVIDENCE}_{request}"


EVIDENCE = tuple(map(_evidence, RequestKind))

# What each mail is about, for whoever looks at it.
NAMES: dict[str, str] = {
    OutboxKind.CONFIRM: _("The form was sent: to confirm"),
    ALREADY_SIGNED: _("The form was sent, and the address has signed"),
    OutboxKind.REMINDER: _("Not confirmed after three days"),
    OutboxKind.SIGNED: _("Confirmed"),
    OutboxKind.HELD: _("Confirmed, and waits for a person"),
    OutboxKind.RELEASED: _("Let in by a person"),
    OutboxKind.REJECTED: _("Taken out by a person"),
    OutboxKind.VERIFIED: _("Verified"),
    _evidence(RequestKind.WORK_ADDRESS): _("Evidence is asked for: a mail from work"),
    _evidence(RequestKind.PUBLIC_POST): _("Evidence is asked for: a word in public"),
    _evidence(RequestKind.SIGNED_DOCUMENT): _("Evidence is asked for: a signed note"),
    _evidence(RequestKind.CALL): _("Evidence is asked for: a call"),
    OutboxKind.CORRECTED: _("Corrected by the signatory"),
    OutboxKind.WITHDRAWN: _("Withdrawn by the signatory"),
    OutboxKind.MANAGE: _("The manage link was asked for"),
    OutboxKind.INVITED: _("A personal link to sign"),
    OutboxKind.TEXT_CHANGED: _("The words of the letter have changed"),
    OutboxKind.UPDATE: _("An update"),
    OutboxKind.CLOSING: _("Thanks at the end"),
    OutboxKind.INVITATION: _("To the team: an invitation"),
    OutboxKind.ALARM: _("To the team: a mail domain has fallen silent"),
    OutboxKind.HEAD: _("To the team: the head of the record"),
    OutboxKind.RESET: _("To the team: a new password was asked for"),
    OutboxKind.ACCOUNT: _("To the team: an account was changed"),
    OutboxKind.FACTOR: _("To the team: a second factor is taken away"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail as it would arrive, taken apart."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def make(
    kind: str,
    house: House,
    letter: LetterView,
    *,
    number: int,
    now: datetime,
    envelope: Envelope | None = None,
) -> bytes:
    """The mail of a kind in the letter's language, to nobody unless `envelope` says.

    `number` is how many have confirmed. Raises KeyError for no kind.
    """
    envelope = envelope or Envelope(TO, "0" * 32, now)
    write, more = _WRITTEN[kind]
    return write(house, envelope, letter, **more(_Of(letter, number, now)))


def read(content: bytes) -> Sample:
    """The same for people to look at."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (str(part.get_content()) if part else "" for part in parts)
    headers = tuple((name, str(value)) for name, value in message.items())
    return Sample(str(message["Subject"]), headers, text, html)


class _Of(NamedTuple):
    """What an example may speak of."""

    letter: LetterView
    number: int
    now: datetime


_More = Callable[[_Of], dict[str, object]]


def _given(**more: object) -> _More:
    return lambda of: more


def _until(days: int, **more: object) -> _More:
    return lambda of: more | {"deadline": of.now + timedelta(days=days)}


def _counted(of: _Of) -> dict[str, object]:
    """As the last who confirmed got it; where there is nobody, as the first will."""
    return {"manage": TOKEN, "number": max(of.number, 1)}


def _news(of: _Of) -> dict[str, object]:
    translate = i18n.translator(of.letter.locale)
    html = StoredHtml(f"<p>{translate(_WORDS)}</p>")
    return {
        "news": Text(translate(_SUBJECT), translate(_WORDS), html),
        "text": plain.text(html),
        "number": of.number,
        "manage": urls.manage(TOKEN),
        "unsubscribe": urls.unsubscribe(TOKEN),
    }


def _link(write: Callable[..., bytes]) -> Callable[..., bytes]:
    """With full addresses in it, as `updates` gives them."""

    def written(
        house: House, envelope: Envelope, letter: LetterView, **more: str
    ) -> bytes:
        for name in ("manage", "unsubscribe"):
            more[name] = urls.absolute(house.base_url, more[name])
        return write(house, envelope, letter, **more)

    return written


_MINE = _given(manage=TOKEN)
_WRITTEN: dict[str, tuple[Callable[..., bytes], _More]] = {
    OutboxKind.CONFIRM: (messages.confirm, _given(token=TOKEN, code=CODE)),
    ALREADY_SIGNED: (messages.already_signed, _MINE),
    OutboxKind.REMINDER: (messages.reminder, _given(token=TOKEN, code=CODE)),
    OutboxKind.SIGNED: (messages.signed, _counted),
    OutboxKind.HELD: (messages.held, _MINE),
    OutboxKind.RELEASED: (messages.released, _MINE),
    OutboxKind.REJECTED: (messages.rejected, _given(manage=TOKEN, reason=None)),
    OutboxKind.VERIFIED: (messages.verified, _MINE),
    **{
        _evidence(request): (
            messages.evidence,
            _until(14, manage=TOKEN, request=request, reference=TOKEN),
        )
        for request in RequestKind
    },
    OutboxKind.CORRECTED: (messages.corrected, _given(manage=TOKEN, held=False)),
    OutboxKind.WITHDRAWN: (messages.withdrawn, _until(1, manage=TOKEN)),
    OutboxKind.MANAGE: (messages.manage, _MINE),
    OutboxKind.INVITED: (messages.invited, _until(14, token=TOKEN)),
    OutboxKind.TEXT_CHANGED: (messages.text_changed, _MINE),
    OutboxKind.UPDATE: (_link(messages.update), _news),
    OutboxKind.CLOSING: (_link(messages.closing), _news),
    OutboxKind.INVITATION: (messages.invitation, _given(token=TOKEN)),
    OutboxKind.ALARM: (messages.alarm, _given(domains=("example.org",))),
    OutboxKind.HEAD: (messages.head, _given(head=_HEAD)),
    OutboxKind.RESET: (messages.reset, _given(token=TOKEN)),
    OutboxKind.ACCOUNT: (messages.account, _given(change="organiser.password")),
    OutboxKind.FACTOR: (messages.factor, _until(1)),
}
