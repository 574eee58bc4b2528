"""Read an e-mail address, and tell which addresses are one mailbox."""

from __future__ import annotations

import contextlib
import re
from enum import StrEnum

import idna
from email_validator import EmailNotValidError, validate_email

# RFC 5321 section 4.5.3.1.3, with the angle brackets taken off (erratum 1690).
LONGEST = 254


class AddressFault(StrEnum):
    """What is wrong with what was typed; the edges translate it."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CONTROL = "control"
    SEVERAL = "several"
    QUOTED = "quoted"
    NOT_ASCII = "not_ascii"
    MALFORMED = "malformed"


class AddressProblem(ValueError):
    """The text is not one address that we can write to; `kind` says why."""

    def __init__(self, kind: AddressFault) -> None:
        super().__init__(kind.value)
        self.kind = kind


# What people paste along with an address; line ends are not among it.
_AROUND = " \t\u00a0\u200b\u2060\ufeff"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SEVERAL = re.compile(r"[,;]|@.*@")
_QUOTED = re.compile(r"[\"<>()\[\]\\]")

# Domains that deliver to the same mailboxes as another: domain -> the other.
_SAME_DOMAIN = {
    # Google Account Help, "Google Mail & gmail.com" (answer 10313): both names of
    # an account receive.
    "googlemail.com": "gmail.com",
}
# Domains that deliver alike whatever full stops the local part holds.
_DOTS_MEAN_NOTHING = frozenset(
    {
        # Gmail Help, "Dots don't matter in Gmail addresses" (answer 7436150). Not so
        # for the domains of companies and schools that Google hosts.
        "gmail.com",
    }
)
# What opens the detail of an address that its owner may choose at will (RFC 5233).
_DETAIL = "+"


def parse(text: str, *, allow_test_domains: bool = False) -> str:
    """The one address in `text`, with its domain in small ASCII letters (A-labels).

    Raises AddressProblem for anything else: no address, two of them, a display name,
    a quoted local part, a comment, a control character (threats 13), a local part
    that needs SMTPUTF8, a domain of no use for mail (RFC 6761). `.test` passes with
    `allow_test_domains`. Syntax is email-validator's (RFC 5322); nobody is asked
    whether the domain exists.
    """
    if len(text) > LONGEST * 4:
        raise AddressProblem(AddressFault.TOO_LONG)
    address = text.strip(_AROUND)
    if not address:
        raise AddressProblem(AddressFault.EMPTY)
    if _CONTROL.search(address):
        raise AddressProblem(AddressFault.CONTROL)
    if _QUOTED.search(address):
        raise AddressProblem(AddressFault.QUOTED)
    if _SEVERAL.search(address):
        raise AddressProblem(AddressFault.SEVERAL)
    if len(address) > LONGEST:
        raise AddressProblem(AddressFault.TOO_LONG)
    local, at, _ = address.partition("@")
    if at and not local.isascii():
        raise AddressProblem(AddressFault.NOT_ASCII)
    try:
        checked = validate_email(
            address,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=allow_test_domains,
            strict=True,
        )
    except EmailNotValidError:
        raise AddressProblem(AddressFault.MALFORMED) from None
    if checked.ascii_email is None or len(checked.ascii_email) > LONGEST:
        raise AddressProblem(AddressFault.TOO_LONG)
    return checked.ascii_email


def domain_of(address: str) -> str:
    """The domain of a parsed address, in small letters."""
    return address.rpartition("@")[2].lower()


def canonical(address: str) -> str:
    """One spelling for all the addresses that are one mailbox (threats 7).

    Takes a parsed address. Small letters, ASCII domain, no "+detail", and what the
    tables above say of single domains. For comparing, never for writing to.
    """
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode("ascii")
    domain = domain.lower()
    domain = _SAME_DOMAIN.get(domain, domain)
    # A local part may begin with the sign; then that is no detail.
    plain = (local[:1] + local[1:].partition(_DETAIL)[0]).lower()
    if domain in _DOTS_MEAN_NOTHING:
        plain = plain.replace(".", "") or plain
    return f"{plain}@{domain}"


def mask(address: str) -> str:
    """Enough of an address for its owner to know it: "a…@example.org"."""
    local, _, domain = address.rpartition("@")
    if "xn--" in domain:
        # Its owner knows the name, not its A-label.
        with contextlib.suppress(idna.IDNAError):
            domain = idna.decode(domain)
    return f"{local[:1]}…@{domain}"
