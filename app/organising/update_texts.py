"""What an update says, language by language, as its organisers see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app import i18n
from app.domain import letters, mailings, tally
from app.domain.mailings import Shown
from app.domain.views import StoredHtml
from app.i18n import marked as _
from app.mail import updates
from app.mail.wire import House
from app.models import MailingKind, MailingState, Measure, OutboxKind
from app.organising.access import Here
from app.site import site

# What the thanks begin with, until somebody writes them otherwise.
_THANKS = (
    _("Thank you for signing: %(title)s"),
    _("The letter has closed. Thank you for standing behind it with your name."),
)


class Version(NamedTuple):
    """An update in one language: what is typed, and how it would arrive."""

    code: str
    name: str
    direction: str
    subject: str
    source: str
    html: StoredHtml
    text: str


def versions(
    here: Here, found: Shown, typed: Mapping[str, tuple[str, str]] | None
) -> list[Version]:
    """Every language that there is to write in or that was written in.

    `typed` are subject and text by language where they are not to be kept yet.
    """
    if typed is None and not found.texts and found.kind is MailingKind.CLOSING:
        typed = {code: _thanks(here, code) for code in here.settings.wordings}
    return [_version(here, found, code, typed) for code in _languages(here, found)]


def _languages(here: Here, found: Shown) -> list[str]:
    """What there is to write in, or what was written, in the letter's order."""
    codes = list(here.settings.wordings)
    if found.state is MailingState.DRAFT:
        return codes
    return [code for code in codes if code in found.texts]


def _version(
    here: Here, found: Shown, code: str, typed: Mapping[str, tuple[str, str]] | None
) -> Version:
    stored = found.texts.get(code)
    subject, source = (stored.subject, stored.source) if stored else ("", "")
    if typed is not None:
        subject, source = typed.get(code, ("", ""))
    text = ""
    if stored:
        with site().database.reading() as session:
            counted = tally.read(session, letter_id=here.settings.id)
        config = site().config
        text = updates.preview(
            House(config.base_url, config.mail_from),
            site().tokens,
            letters.view(here.settings, language=code, now=here.now),
            kind=OutboxKind(found.kind.value),
            news=stored,
            number=tally.total(counted, Measure.CONFIRMED),
            now=here.now,
        )
    return Version(
        code=code,
        name=i18n.language_name(code),
        direction=i18n.direction(code),
        subject=subject,
        source=source,
        html=stored.html if stored else StoredHtml(""),
        text=text,
    )


def _thanks(here: Here, code: str) -> tuple[str, str]:
    """The ready-made thanks in a language of the letter."""
    translate = i18n.translator(i18n.speaks(code))
    subject, source = map(translate, _THANKS)
    title = here.settings.wordings[code].title
    return (subject % {"title": title})[: mailings.LONGEST_SUBJECT], source
