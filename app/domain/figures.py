"""The published numbers of a letter in words: what pages, API and counter show."""

from __future__ import annotations

from datetime import datetime

from app import i18n
from app.domain import tally
from app.domain.letters import Settings
from app.domain.views import Numbers, SectorCount
from app.i18n import marked as _
from app.i18n import marked_plural as ngettext
from app.models import Measure

HEADLINES = {
    "confirmed": ngettext("confirmed signature", "confirmed signatures"),
    "verified": ngettext("verified signature", "verified signatures"),
    "confirmed_and_collected": ngettext(
        "confirmed or collected signature", "confirmed and collected signatures"
    ),
}

DEFINITIONS = {
    "confirmed": _(
        "People who proved their mail address by pressing a button behind a link "
        "that was mailed to it. The address is theirs; who they are is not checked."
    ),
    "verified": _(
        "The part of the confirmed signatures whose person an organiser has proved "
        "by hand, with a record of how."
    ),
    "collected": _(
        "Signatures gathered elsewhere, taken over with a note of their source. "
        "They are shown beside the confirmed ones and never counted among them."
    ),
}

# In this order the figures of a sector stand, under the names that the database has.
_MEASURES = {
    Measure.CONFIRMED.value: 0,
    Measure.VERIFIED.value: 1,
    Measure.COLLECTED.value: 2,
}


# The key and name of the sectors that are shown together; no letter's key begins so.
TOGETHER = "_together"
_TOGETHER_LABEL = _("Smaller sectors together")
_Row = tuple[str, int, int, int]


def numbers(
    counted: tally.Numbers,
    *,
    settings: Settings,
    as_of: datetime,
    language: str,
    locale: str | None = None,
) -> Numbers:
    """The numbers of one moment by sector, with their labels in `language`.

    What the headline counts is said in `locale`, or as the pages speak that language.
    """
    # A merged sector counts under the other one from the moment of the merge, and
    # its signatures are recoded soon after: the sum is the same all the while.
    figures = {key: [0, 0, 0] for key in settings.sector_keys}
    for (key, measure), number in counted.items():
        of_sector = figures.get(settings.merged.get(key, key))
        if of_sector is not None:
            of_sector[_MEASURES[measure]] += number
    rows = [(key, of[0], of[1], of[2]) for key, of in figures.items()]
    rows = _joined(rows, smallest=settings.smallest_cell)
    longest = max((row[1] + row[3] for row in rows), default=0) or 1
    confirmed = sum(row[1] for row in rows)
    verified = sum(row[2] for row in rows)
    collected = sum(row[3] for row in rows)
    locale = locale or i18n.speaks(language)
    headline = _headline(settings, confirmed, verified, collected)
    labels = settings.sector_labels(language)
    return Numbers(
        as_of=as_of,
        confirmed=confirmed,
        verified=verified,
        collected=collected,
        headline=headline,
        headline_label=i18n.counted(HEADLINES[settings.headline], headline, locale),
        collected_note=_collected_note(settings, language) if collected else None,
        sectors=tuple(
            SectorCount(
                key,
                i18n.translator(i18n.counts_in(language))(_TOGETHER_LABEL)
                if key == TOGETHER
                else labels[key],
                of_confirmed,
                of_verified,
                of_collected,
                longest,
            )
            for key, of_confirmed, of_verified, of_collected in rows
        ),
    )


def _collected_note(settings: Settings, language: str) -> str | None:
    notes = [settings.source_note(key, language) for key in sorted(settings.sources)]
    return "; ".join(notes) or None


def _joined(rows: list[_Row], *, smallest: int) -> list[_Row]:
    """The rows, with those under `smallest` as one at their end; all sums stay.

    One alone would be told by what the others leave of the sum, so it takes the next
    larger one with it.
    """
    if smallest <= 1:
        return rows
    by_size = sorted((row for row in rows if _size(row)), key=_size)
    small = [row for row in by_size if _size(row) < smallest]
    if len(small) == 1:
        small = by_size[:2]
    if len(small) < 2:
        return rows
    kept = [row for row in rows if row not in small]
    together = (
        TOGETHER,
        sum(row[1] for row in small),
        sum(row[2] for row in small),
        sum(row[3] for row in small),
    )
    return [*kept, together]


def _size(row: _Row) -> int:
    return row[1] + row[3]


def headline_of(settings: Settings, sector: SectorCount) -> int:
    """A sector's part of the number that the letter shows large; they sum to it."""
    return _headline(settings, sector.confirmed, sector.verified, sector.collected)


def _headline(settings: Settings, confirmed: int, verified: int, collected: int) -> int:
    return {
        "confirmed": confirmed,
        "verified": verified,
        "confirmed_and_collected": confirmed + collected,
    }[settings.headline]
