"""What a password must be: long, and none that is guessed first."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

SHORTEST = 12
LONGEST = 1000

# What the long ones among the most used passwords are made of; a word of these,
# however often it is repeated and whatever digits stand around it, is no password.
_COMMON = [
    "password",
    "passwort",
    "motdepasse",
    "qwerty",
    "qwertz",
    "azerty",
    "asdfgh",
    "iloveyou",
    "welcome",
    "letmein",
    "administrator",
    "admin",
    "football",
    "baseball",
    "superman",
    "sunshine",
    "princess",
    "dragon",
    "monkey",
    "abcdef",
    "undersigned",
    "organiser",
    "changeme",
    "trustno",
    "secret",
    "whatever",
    "computer",
    "internet",
]


class PasswordProblem(StrEnum):
    """Why a password cannot be taken."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    OWN = "own"


def problem(password: str, *, email: str) -> PasswordProblem | None:
    """What is wrong with a password for this person, if anything.

    Length is what counts (NIST SP 800-63B): no rules about kinds of characters.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(plain) < SHORTEST:
        return PasswordProblem.SHORT
    if len(plain) > LONGEST:
        return PasswordProblem.LONG
    local, _, domain = email.casefold().partition("@")
    rest = plain
    for own in (email.casefold(), local, domain):
        if len(own) > 2:
            rest = rest.replace(own, "")
    if len(set(rest)) < 5:
        return PasswordProblem.OWN if rest != plain else PasswordProblem.COMMON
    for word in _COMMON:
        rest = rest.replace(word, "")
    letters = "".join(filter(str.isalpha, rest))
    return PasswordProblem.COMMON if len(set(letters)) < 4 else None
