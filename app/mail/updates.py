"""The mails of an update: whether one still goes to its person, and what it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes, policy

from sqlalchemy import select

from app import db, urls
from app.db import Transaction
from app.domain import drafts, mail_tests, mailings
from app.domain.keyring import Keyring
from app.domain.mailings import Text
from app.domain.shelf import Shelf
from app.domain.tokens import Purpose, Tokens
from app.domain.views import LetterView
from app.mail import messages, plain
from app.mail.outbox import Claim
from app.mail.subjects import Seen, Subject
from app.mail.wire import Envelope, House
from app.models import (
    Mailing,
    MailingState,
    OutboxKind,
    State,
)

# A mail of a mailing that is paused is looked at again after so long.
PAUSE = timedelta(minutes=1)
# Put off so many times, within five days or so, an address has its chance no more
# (RFC 5321 section 4.5.4.1); the mailing would never come to an end.
MOST_TRIES = 30
# What stands in the links of a mail that an organiser sends to themselves.
_NOBODY = "test"

_m = db.table(Mailing).c


def subject(
    session: Transaction,
    claimed: Claim,
    *,
    seen: Seen,
    keyring: Keyring,
    shelf: Shelf,
    now: datetime,
) -> Subject | str | datetime:
    """Whom the mail goes to and what it says; why there is none; or when to ask again.

    It is judged when it leaves: whoever has withdrawn, unsubscribed or been taken out
    of the count since it was asked for gets none.
    """
    if claimed.organiser_id is not None:
        return _test(session, claimed, seen)
    mailing = session.execute(
        select(_m.id, _m.letter_id, _m.state).where(_m.id == claimed.number)
    ).one()
    if mailing.state == MailingState.STOPPED:
        return "stopped"
    if claimed.attempts > MOST_TRIES:
        return "put off too often"
    if mailing.state == MailingState.PAUSED:
        return now + PAUSE
    settings = shelf.of(session, letter_id=mailing.letter_id, now=now)
    if settings.deleted_at is not None:
        return "letter deleted"
    assert claimed.signature_id is not None
    row = seen.signatures[claimed.signature_id]
    if row.state != State.COUNTED:
        return "not counted"
    if not row.wants_updates:
        return "unsubscribed"
    address = drafts.sealed_address(
        row.address_sealed, keyring=keyring, public_id=row.public_id
    )
    if address is None:
        return "withdrawn"
    first = settings.default_language
    # A language that the letter has no more is nobody's to be written to in.
    theirs = row.language if row.language in settings.wordings else first
    language, text = _said(session, mailing.id, (theirs, first))
    return Subject(
        letter_id=settings.id,
        language=language,
        address=address,
        signature=row.public_id,
        number=_number(session, claimed, seen, settings.id),
        news=text,
    )


def _test(session: Transaction, claimed: Claim, seen: Seen) -> Subject | str:
    """The mail to the organiser who wants to see it: the record says of which."""
    asked = mail_tests.read(session, record_id=claimed.record_id)
    if asked is None:
        return "not so any more"
    mailing_id = session.execute(
        select(_m.id).where(
            _m.public_id == asked.subject, _m.letter_id == asked.letter_id
        )
    ).scalar()
    if mailing_id is None:
        return "not so any more"
    language, text = _said(session, mailing_id, (asked.language,))
    return Subject(
        letter_id=asked.letter_id,
        language=language,
        address=asked.address,
        signature=None,
        number=_number(session, claimed, seen, asked.letter_id),
        news=text,
        test=True,
    )


def _said(
    session: Transaction, mailing_id: int, languages: tuple[str, ...]
) -> tuple[str, Text]:
    """The text in the first of `languages` that there is one in. Raises LookupError."""
    texts = mailings.texts(session, [mailing_id]).get(mailing_id, {})
    language = next((code for code in languages if code in texts), None)
    if language is None:
        raise LookupError("it says nothing in the letter's first language")
    return language, texts[language]


def _number(
    session: Transaction, claimed: Claim, seen: Seen, letter_id: int
) -> int | None:
    if claimed.kind != OutboxKind.CLOSING:
        return None
    return seen.total(session, letter_id)


def content(
    house: House,
    tokens: Tokens,
    envelope: Envelope,
    letter: LetterView,
    *,
    kind: OutboxKind,
    about: Subject,
) -> bytes:
    """The mail as bytes."""
    assert about.news is not None
    manage = unsubscribe = _NOBODY
    if about.signature is not None:
        identifier = about.signature.encode()
        manage = tokens.make(Purpose.MANAGE, identifier)
        unsubscribe = tokens.make(Purpose.UNSUBSCRIBE, identifier)
    write = messages.closing if kind == OutboxKind.CLOSING else messages.update
    return write(
        house,
        envelope,
        letter,
        news=about.news,
        text=plain.text(about.news.html),
        number=about.number,
        manage=urls.absolute(house.base_url, urls.manage(manage)),
        unsubscribe=urls.absolute(house.base_url, urls.unsubscribe(unsubscribe)),
    )


def preview(
    house: House,
    tokens: Tokens,
    letter: LetterView,
    *,
    kind: OutboxKind,
    news: Text,
    number: int,
    now: datetime,
) -> str:
    """The text part as it would arrive, for its organisers to look at."""
    about = Subject(0, letter.language, "", None, number=number, news=news)
    envelope = Envelope("reader@example.org", "preview", now)
    made = content(house, tokens, envelope, letter, kind=kind, about=about)
    body = message_from_bytes(made, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())
