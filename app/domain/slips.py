"""Slips of the finger in the domains where most people have their address."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from app.domain.addresses import domain_of
from app.domain.free_mail import FREE_MAIL

# The large ones whose names are so long that one wrong letter is hardly a name of its
# own: "gmx.de" is one letter from too much.
_OFTEN = (
    "gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "yahoo.com",
    "icloud.com", "protonmail.com", "hotmail.fr", "yahoo.fr", "orange.fr", "wanadoo.fr",
    "laposte.net", "t-online.de", "freenet.de", "yahoo.co.uk", "hotmail.co.uk",
)  # fmt: skip
# Providers of their own, one letter away from one of these.
_OTHERS = FREE_MAIL | {"email.com", "googlemail.de"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz-."


def meant(address: str) -> str | None:
    """The address that was probably meant, where a known domain is one slip away.

    Takes a parsed address. A slip is a letter too many, one too few, another one, or
    two that changed places (F. J. Damerau, 1964, "A technique for computer detection
    and correction of spelling errors": four of five are of this kind).
    """
    domain = _all_slips().get(domain_of(address))
    return f"{address.rpartition('@')[0]}@{domain}" if domain else None


@cache
def _all_slips() -> dict[str, str]:
    found: dict[str, str] = {}
    for domain in _OFTEN:
        for slip in _slips(domain):
            if slip not in _OTHERS and slip not in _OFTEN:
                found.setdefault(slip, domain)
    return found


def _slips(domain: str) -> Iterator[str]:
    for place in range(len(domain) + 1):
        before, after = domain[:place], domain[place:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after
            yield before + letter + after[1:]
