"""What stands in a letter's file to print: its words, numbers and first names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from app import db, i18n, urls
from app.domain import figures, letters, pdfs, signatories, tally
from app.domain.letters import Settings
from app.domain.signatories import FOR_EVER, SHOWN, public
from app.domain.versions import Version, version
from app.domain.views import LetterView, Numbers, PublicLine
from app.i18n import marked as _
from app.i18n import marked_plural as ngettext
from app.models import Signature

# So many names; who wants more is told where the list is.
SIZE = 5000

_c = db.table(Signature).c
_FEATURED = public(SHOWN, _c.featured_rank.is_not(None)).order_by(_c.featured_rank)
# In the order of the list: verified first, the newest first among each.
_OTHERS = public(SHOWN, _c.featured_rank.is_(None)).order_by(
    _c.verified.desc(), _c.id.desc()
)
_CONFIRMED = ngettext("%(shown)s confirmed here", "%(shown)s confirmed here")
_VERIFIED = ngettext("%(shown)s of them verified", "%(shown)s of them verified")
_COLLECTED = ngettext(
    "%(shown)s collected before this site opened",
    "%(shown)s collected before this site opened",
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says, as plain values, and the moment that it was read at."""

    values: dict[str, Any]
    version: Version
    altered: int


def read(
    session: Session, *, letter_id: int, language: str, base: str, now: datetime
) -> Content | None:
    """What a file would say now; None where the public sees no such letter.

    All of it is of one moment, that of the session's snapshot.
    """
    current = version(session, letter_id=letter_id, now=now)
    if current is None or not current.visible:
        return None
    settings = letters.load(session, letter_id=letter_id)
    if language not in settings.wordings:
        return None
    view = letters.view(settings, language=language, now=now)
    counted = tally.read(session, letter_id=letter_id)
    numbers = figures.numbers(
        counted, settings=settings, as_of=current.as_of, language=language
    )
    featured, others, more = _lines(session, settings, view)
    altered = session.scalar(select(pdfs.altered(literal(letter_id))))
    values = _values(view, numbers, base) | {
        "featured": [_line(one, view, base) for one in featured],
        "others": [_line(one, view, base) for one in others],
        "end": _end(view, len(featured) + len(others), more=more),
        "list": urls.absolute(base, urls.signatories(view.slug, language)),
    }
    return Content(values, current, altered or 0)


def _lines(
    session: Session, settings: Settings, view: LetterView
) -> tuple[list[PublicLine], list[PublicLine], bool]:
    """The featured lines, the others, and whether the list has more than these."""
    asked = {
        "letter": settings.id,
        "shown_until": settings.frozen_at or FOR_EVER,
    }

    def some(question: Any, number: int) -> list[PublicLine]:
        rows = session.execute(question.limit(number), asked)
        return [signatories.line(row, settings, view.language) for row in rows]

    featured = some(_FEATURED, SIZE)
    others = some(_OTHERS, SIZE - len(featured) + 1)
    room = SIZE - len(featured)
    return featured, others[:room], len(others) > room


def _values(view: LetterView, numbers: Numbers, base: str) -> dict[str, Any]:
    translate = i18n.translator(view.locale)

    def number_of(words: tuple[str, str], number: int) -> str:
        shown = i18n.number(number, view.locale)
        return i18n.counted(words, number, view.locale) % {"shown": shown}

    classes = []
    if numbers.headline != numbers.confirmed:
        classes.append(number_of(_CONFIRMED, numbers.confirmed))
    if numbers.verified and numbers.headline != numbers.verified:
        classes.append(number_of(_VERIFIED, numbers.verified))
    if numbers.collected:
        classes.append(number_of(_COLLECTED, numbers.collected))
        if numbers.collected_note:
            note = isolated(numbers.collected_note)
            classes.append(translate(_("Source: %(source)s"), source=note))
    notices = []
    if view.is_example:
        notices.append(
            _("This letter is an example. It shows what a letter looks like here; a "
              "signature that is given to it is sent to nobody.")
        )  # fmt: skip
    if view.frozen:
        notices.append(
            _("New names are not being shown at the moment. Signing, confirming and "
              "counting go on.")
        )  # fmt: skip
    by = translate(_("From %(organiser)s"), organiser=isolated(view.organiser))
    published = view.published_at
    return {
        "language": view.language,
        "locale": view.locale,
        "direction": view.direction,
        "address": urls.absolute(base, urls.letter(view.slug, view.language)),
        "title": view.title,
        "addressee": view.addressee,
        "organiser": view.organiser,
        "kicker": translate(_("Open letter")),
        "by": f"{by}, {i18n.day(published, view.locale)}" if published else by,
        "notices": [translate(notice) for notice in notices],
        "number": i18n.number(numbers.headline, view.locale),
        "label": numbers.headline_label,
        "as_of": translate(
            _("as of %(moment)s"), moment=i18n.moment(numbers.as_of, view.locale)
        ),
        "made_at": int(numbers.as_of.timestamp()),
        "classes": classes,
        "text": tree(view.html),
        "featured_title": translate(_("Notable signatories")),
        "others_title": translate(_("Signatories")),
        "order": translate(
            _("Verified signatories stand first, then the others; the newest come first "
              "among each. Confirmed means that the mail address is theirs; verified "
              "means that an organiser has proved who they are.")
        ),
    }  # fmt: skip


def _line(line: PublicLine, view: LetterView, base: str) -> dict[str, Any]:
    """A line as the public list says it; its name leads to its own page."""
    translate = i18n.translator(view.locale)
    marks = [translate(_("Verified"))] if line.verified else []
    marks.append(isolated(line.sector_label))
    if line.country_label:
        marks.append(isolated(line.country_label))
    if line.confirmed_on:
        marks.append(i18n.day(line.confirmed_on, view.locale))
    if line.source_note:
        source = isolated(line.source_note)
        marks.append(translate(_("Collected: %(source)s"), source=source))
    if line.signed_version:
        number = i18n.number(line.signed_version, view.locale)
        marks.append(
            translate(_("Signed version %(number)s of the text"), number=number)
        )
    only = line.affiliation and line.identification_only
    path = urls.signatory(view.slug, line.id, view.language)
    return {
        "name": isolated(line.name),
        "address": urls.absolute(base, path),
        "said": isolated(line.description),
        "only": translate(_("(affiliation for identification only)")) if only else "",
        "statement": isolated(line.statement or ""),
        "marks": " · ".join(marks),
    }


def _end(view: LetterView, number: int, *, more: bool) -> str:
    translate = i18n.translator(view.locale)
    words = (
        _("These are the first %(shown)s of the public list. All of it, as it stands now, is at:")
        if more
        else _("This is the public list of that time. As it stands now it is at:")
    )  # fmt: skip
    return translate(words, shown=i18n.number(number, view.locale))


def isolated(text: str) -> str:
    """The text so that its writing direction is its own (UAX #9: FSI and PDI)."""
    return f"\u2068{text}\u2069" if text else ""


# -- The letter's text -----------------------------------------------------------

_BLOCKS = frozenset(["blockquote", "ol", "ul", "li", "root"])
_EMPTY = frozenset(["br", "hr"])


def tree(html: str) -> list[Any]:
    """The sanitised HTML of a wording as a tree of `[element, attributes, inner]`.

    Texts are strings with single spaces; between blocks there are none.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    inner: list[Any] = reader.open[0][2]
    return inner


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[list[Any]] = [["root", {}, []]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = [tag, {name: value or "" for name, value in attrs}, []]
        self.open[-1][2].append(element)
        if tag not in _EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        # What was rendered and sanitised closes what it opens, in order.
        if tag == self.open[-1][0]:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        around, _, inner = self.open[-1]
        text = re.sub(r"\s+", " ", data)
        if inner and inner[-1][0] == "br":
            text = text.lstrip()
        if text.strip() or (text and around not in _BLOCKS):
            inner.append(text)
