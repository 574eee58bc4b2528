"""The counter: a letter's number in one language, as every form of it says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app import i18n, urls
from app.domain import figures, letters
from app.domain.letters import Phase, Settings
from app.domain.tally import Numbers
from app.domain.versions import Version
from app.domain.views import LetterView
from app.domain.views import Numbers as Shown
from app.i18n import marked as _
from app.i18n import marked_plural as ngettext


@dataclass(frozen=True, slots=True)
class Part:
    """One sector of the breakdown; `share` is in per cent of the longest one."""

    label: str
    number: int
    shown: str
    share: float


@dataclass(frozen=True, slots=True)
class Counter:
    """What a counter shows; all of it is a function of the public version.

    `locale` is the language of its own words; `letter` has those of the letter.
    `note` says why nobody can sign now, and is empty while people can; `beside` tells
    of the signatures collected elsewhere, where they are not in the number.
    """

    letter: LetterView
    locale: str
    path: str
    as_of: datetime
    as_of_words: str
    number: int
    shown: str
    label: str
    note: str
    beside: str
    accent: str
    parts: tuple[Part, ...]

    @property
    def words(self) -> str:
        """All of it in one line, for those who see no picture."""
        # A dash, for not every language sets a colon close to the word before it.
        told = f"{self.letter.title} – {self.shown} {self.label} ({self.as_of_words})"
        return ". ".join(part for part in (told, self.beside, self.note) if part)


_NOTES = {
    Phase.NOT_OPEN: _("Not open yet"),
    Phase.PAUSED: _("Signing is paused"),
    Phase.CLOSED: _("Closed on %(day)s"),
}
_COLLECTED = ngettext(
    "+ %(number)s collected elsewhere", "+ %(number)s collected elsewhere"
)


def counter(
    settings: Settings,
    version: Version,
    counted: Numbers,
    *,
    language: str | None,
    now: datetime,
) -> Counter:
    """The counter of a letter at one version, in `language` or the letter's first."""
    view = letters.view(settings, language=language, now=now)
    locale = i18n.counts_in(view.language)
    numbers = figures.numbers(
        counted,
        settings=settings,
        as_of=version.as_of,
        language=view.language,
        locale=locale,
    )
    translate = i18n.translator(locale)
    note = translate(_NOTES[version.phase]) if version.phase in _NOTES else ""
    if version.phase is Phase.CLOSED and settings.closes_at is not None:
        note %= {"day": i18n.day(settings.closes_at, locale)}
    by_sector = [
        (one.label, figures.headline_of(settings, one)) for one in numbers.sectors
    ]
    most = max((number for _label, number in by_sector), default=0) or 1
    return Counter(
        letter=view,
        locale=locale,
        path=urls.letter(settings.slug, view.language),
        as_of=version.as_of,
        as_of_words=translate(
            _("as of %(moment)s"), moment=i18n.moment(version.as_of, locale)
        ),
        number=numbers.headline,
        shown=i18n.digits(numbers.headline, view.language),
        label=numbers.headline_label,
        note=note,
        beside=_beside(settings, numbers, view.language),
        accent=settings.accent,
        parts=tuple(
            Part(label, number, i18n.digits(number, view.language),
                 round(100 * number / most, 1))
            for label, number in by_sector
        ),
    )  # fmt: skip


def _beside(settings: Settings, numbers: Shown, language: str) -> str:
    if not numbers.collected or settings.headline == "confirmed_and_collected":
        return ""
    words = i18n.counted(_COLLECTED, numbers.collected, i18n.counts_in(language))
    return words % {"number": i18n.digits(numbers.collected, language)}
