"""From whom a mail comes: the names that its reader sees, and where an answer goes.

The address is the house's own in every mail, so that SPF, DKIM and DMARC speak for it
(RFC 7489 section 3.1). Only the name before it says whose letter the mail is about.
"""

from __future__ import annotations

import unicodedata
from email.charset import Charset
from email.header import Header
from email.headerregistry import Address

from app import i18n
from app.domain import addresses, names
from app.domain.free_mail import FREE_MAIL
from app.domain.look_alikes import alike, read_words
from app.domain.views import LetterView
from app.i18n import marked as _
from app.models import OutboxKind

HOUSE = "Undersigned"
# To the team, about the accounts and the record that the house keeps: no committee is
# to be taken for whoever looks after those.
OF_THE_HOUSE = frozenset(
    {
        OutboxKind.INVITATION,
        OutboxKind.ALARM,
        OutboxKind.HEAD,
        OutboxKind.RESET,
        OutboxKind.ACCOUNT,
        OutboxKind.FACTOR,
    }
)
_NAME = _("%(organiser)s via Undersigned")
# Mail programs show less than that, and what comes after it must not fall off the end.
_LONGEST = 60
# RFC 2047 section 2: a line that holds an encoded word has no more than 76 characters.
_LINE = 76
_UTF_8 = Charset("utf-8")
# In such a name a reader could take something for an address that wrote the mail.
_MISLEADING = (
    names.NameProblem.ADDRESS,
    names.NameProblem.LINK,
    names.NameProblem.MARKUP,
)


def head(kind: str, address: str, letter: LetterView) -> bytes:
    """The fields From and, where an answer goes to the organisers, Reply-To.

    Raises ValueError for a sender's address that is none.
    """
    own = Address(addr_spec=address).addr_spec
    if kind in OF_THE_HOUSE:
        return _field("From", HOUSE, own)
    lines = _field("From", _name(letter), own)
    answers = _answers(letter)
    return lines + f"Reply-To: {answers}\r\n".encode("ascii") if answers else lines


def _field(field: str, name: str, address: str) -> bytes:
    """A mailbox with its name, in lines that every server takes."""
    if name.isascii():
        escaped = name.replace("\\", r"\\").replace('"', r"\"")
        header = Header(f'"{escaped}"', header_name=field)
        phrase = header.encode(linesep="\r\n", splitchars=" ")
    else:
        phrase = _encoded(name)
    line = f"{field}: {phrase}"
    room = _LINE - len(line.rpartition("\r\n")[2]) - len(" <>")
    gap = " " if len(address) <= room else "\r\n "
    return f"{line}{gap}<{address}>\r\n".encode("ascii")


def _encoded(name: str) -> str:
    """As RFC 2047 has it, cut between words where there are any.

    Some programs show a space wherever such a text is cut.
    """
    whole = _UTF_8.header_encode(name)
    if len(whole) <= _LINE - len("From: "):
        return whole
    middle = len(name) // 2
    at = name.rfind(" ", 0, middle) + 1 or name.find(" ", middle, -1) + 1 or middle
    return f"{_encoded(name[:at])}\r\n {_encoded(name[at:])}"


def _name(letter: LetterView) -> str:
    """Who answers for the letter, by way of the house; or the house alone.

    What could be read as an address is left out of the name, and a name that passes
    for the house's own is not used at all.
    """
    kept = [word for word in names.clean_line(letter.organiser).split() if _plain(word)]
    name = " ".join(kept)
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST + 1].rpartition(' ')[0] or name[:_LONGEST]}…"
    if not any(map(str.isalnum, name)) or not _plain(name) or _imitates(name):
        return HOUSE
    return i18n.translator(letter.locale)(_NAME, organiser=name)


def _plain(text: str) -> bool:
    folded = unicodedata.normalize("NFKC", text)
    # Some programs decode what looks like RFC 2047 wherever it stands.
    if "@" in folded or "=?" in folded:
        return False
    problem = names.problem_with_text(text, limit=len(text), organisation=True)
    return problem not in _MISLEADING


def _imitates(name: str) -> bool:
    house = "".join(alike(read_words(HOUSE)))
    return house in "".join(alike(read_words(name)))


def _answers(letter: LetterView) -> str | None:
    """The organisers' address, in ASCII.

    None for one at a provider where anybody has one: with another domain in From, that
    is how fraud looks to mail filters. Such an address stands in the mail's last line.
    """
    try:
        contact = addresses.parse(letter.contact, allow_test_domains=True)
    except addresses.AddressProblem:
        return None
    domain = addresses.domain_of(addresses.canonical(contact))
    return None if domain in FREE_MAIL else contact
