"""A slip of the finger in a mail domain is seen, and no domain of its own is one."""

from __future__ import annotations

import pytest

from app.domain import slips
from app.domain.free_mail import FREE_MAIL


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"), ("gmai.com", "gmail.com"),
        ("gmail.con", "gmail.com"), ("gmail.co", "gmail.com"),
        ("gmaill.com", "gmail.com"), ("gnail.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"), ("hotmali.com", "hotmail.com"),
        ("outlok.com", "outlook.com"), ("yahooo.com", "yahoo.com"),
        ("icoud.com", "icloud.com"), ("t-onlin.de", "t-online.de"),
        ("tonline.de", "t-online.de"), ("lapost.net", "laposte.net"),
        ("GMIAL.COM", "gmail.com"),
    ],
)  # fmt: skip
def test_one_slip_is_seen(typed: str, meant: str) -> None:
    assert slips.meant(f"Alice.B+x@{typed}") == f"Alice.B+x@{meant}"


@pytest.mark.parametrize(
    "domain",
    [
        *sorted(FREE_MAIL), "googlemail.com", "email.com", "example.org", "mail.gov",
        "gmail.example.org", "uni-koeln.de", "ox.ac.uk", "gmx.li", "web.com",
        "posteo.net", "googol.com", "outlook-institute.org",
    ],
)  # fmt: skip
def test_a_domain_of_its_own_is_left_alone(domain: str) -> None:
    assert slips.meant(f"alice@{domain}") is None
