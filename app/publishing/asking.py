"""What a reader asks of the public list, read strictly out of the address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from app import i18n
from app.domain import search
from app.domain.letters import Settings
from app.domain.listing import Asked
from app.domain.tally import NOT_SAID

# As long as a name may be; nobody searches for more.
LONGEST_QUESTION = 200
_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class Senseless(ValueError):
    """The address asks for something that there cannot be."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as it was typed and as the list takes it."""

    typed: str
    asked: Asked
    language: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """What was asked, for the address of another page of the same."""
        given = {
            "q": self.typed,
            "sector": self.asked.sector,
            "country": self.asked.country,
            "verified": "yes" if self.asked.verified else None,
            "lang": self.language,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def empty(self) -> bool:
        """Whether the whole list was asked for."""
        return not self.typed and self.asked == Asked(after=self.asked.after)

    @property
    def hopeless(self) -> bool:
        """Whether something was typed in which there is no word to be found."""
        return bool(self.typed) and not self.asked.words

    def address(self, path: str, *, after: str | None) -> str:
        """The address of the page of `path` that begins after a line."""
        given = self.parameters | ({"after": after} if after else {})
        return f"{path}?{urlencode(given)}" if given else path


def after(given: Mapping[str, str]) -> str | None:
    """The id of the line after which the page begins, if it can be one at all."""
    named = given.get("after", "")
    return named if _PUBLIC_ID.fullmatch(named) else None


def read(given: Mapping[str, str], settings: Settings) -> Question:
    """What is asked for; raises Senseless for a key that the letter does not have.

    What is typed may be anything; it is found or not.
    """
    typed = given.get("q", "").strip()[:LONGEST_QUESTION]
    sector = given.get("sector") or None
    country = given.get("country") or None
    verified = given.get("verified") or None
    named, following = given.get("after"), after(given)
    known = i18n.country_codes()
    if (
        (sector is not None and sector not in settings.sector_keys)
        or (country is not None and country != NOT_SAID and country not in known)
        or verified not in (None, "yes")
        or (named and not following)
    ):
        raise Senseless
    language = given.get("lang")
    return Question(
        typed=typed,
        asked=Asked(
            words=tuple(search.words_of(typed)[: search.MOST_ASKED]),
            sector=sector,
            country=country,
            verified=verified == "yes",
            after=following,
        ),
        language=language if language in settings.wordings else None,
    )
