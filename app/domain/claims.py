"""Does the claimed institution agree with the address? A plain rule (peers R4).

What it can: see that "University of X" is claimed from an address that is not under the
domains which the letter's list gives to University of X, and that an office (or, where
the letter wants it, any affiliation) is claimed from a free mail provider. What it
cannot: know an institution that is not on the list, tell who at an institution writes,
or see through a domain that was bought for the purpose. It never says that somebody
lied; it says that a person should look.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.free_mail import FREE_MAIL
from app.domain.look_alikes import alike, key_of, read_words
from app.models import ClaimPolicy

# No name of an institution that is looked for in an affiliation has more words.
MOST_WORDS = 10
# Words of an affiliation that are read at all.
_READ_WORDS = 40
# Offices that speak for an institution, in the languages of the house.
_OFFICES = """
president vice-president rector provost chancellor dean director chair chairman
chairwoman chairperson ceo cto cfo coo cso founder cofounder head secretary minister
senator governor mayor ambassador commissioner judge justice archbishop bishop
cardinal rabbi imam congressman congresswoman congressperson mp mep premier
präsident präsidentin rektor rektorin kanzler kanzlerin dekan dekanin direktor
direktorin geschäftsführer geschäftsführerin vorsitzende vorsitzender vorstand
gründer gründerin leiter leiterin minister ministerin staatssekretär
staatssekretärin senatorin bürgermeister bürgermeisterin bischof bischöfin mdb
président présidente recteur rectrice doyen doyenne directeur directrice pdg
fondateur fondatrice ministre sénateur sénatrice député députée maire évêque
"""

# The key of an institution's name -> the domains of its people.
Institutions = Mapping[str, frozenset[str]]


def _keys(words: str) -> frozenset[str]:
    return frozenset(key_of(alike(read_words(word))) for word in words.split())


_OFFICE_KEYS = _keys(_OFFICES)


def disagrees(
    *,
    policy: ClaimPolicy,
    institutions: Institutions,
    title: str,
    affiliation: str,
    domain: str,
) -> bool:
    """Whether a person should look at this claim, under the letter's policy."""
    if policy is ClaimPolicy.OFF:
        return False
    if _from_elsewhere(institutions, f"{affiliation} {title}", domain):
        return True
    if policy is ClaimPolicy.LISTED or domain not in FREE_MAIL:
        return False
    if policy is ClaimPolicy.AFFILIATION and affiliation:
        return True
    claimed = alike(read_words(f"{title} {affiliation}"))[:_READ_WORDS]
    return any(word in _OFFICE_KEYS for word in claimed)


def key(institution: str) -> str:
    """Under which key the name of an institution is looked for in an affiliation."""
    return key_of(alike(read_words(institution)))


def _from_elsewhere(institutions: Institutions, claimed: str, domain: str) -> bool:
    """Is an institution of the list named, and is none of the named ones the sender's?

    "Physics, University of X" names University of X: any run of its words counts.
    """
    if not institutions:
        return False
    words = alike(read_words(claimed))[:_READ_WORDS]
    named = [
        institutions[run]
        for start in range(len(words))
        for end in range(start + 1, min(start + MOST_WORDS, len(words)) + 1)
        if (run := key_of(words[start:end])) in institutions
    ]
    return bool(named) and not any(belongs(domain, domains) for domains in named)


def belongs(domain: str, domains: frozenset[str]) -> bool:
    """Whether a domain is one of these, or lies below one of them."""
    while domain not in domains:
        domain = domain.partition(".")[2]
        if not domain:
            return False
    return True
