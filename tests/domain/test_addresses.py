"""One address in, one canonical mailbox out, and nothing else gets through."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.addresses import (
    AddressFault,
    AddressProblem,
    canonical,
    domain_of,
    mask,
    parse,
)

# A busy machine is not a fault of what is tested.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Labels of letters, digits and single hyphens.
DOMAIN = r"a@([A-Za-z0-9]{1,9}(-[a-z0-9]{1,9})?\.){1,4}[A-Za-z]{2,6}"
ATOM = "abcXYZ019!#$%&'*+-/=?^_`{|}~"
LOCALS = st.lists(
    st.text(st.sampled_from(ATOM), min_size=1, max_size=12), min_size=1, max_size=4
).map(".".join)
ADDRESSES = st.builds(
    "{}@{}".format,
    LOCALS,
    st.sampled_from(["gmail.com", "GoogleMail.com", "example.org", "bücher.de"]),
)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("anna@example.org", "anna@example.org"),
        (" Anna.Berg+x@Example.ORG\t", "Anna.Berg+x@example.org"),
        ("\ufeffanna@example.org\u200b", "anna@example.org"),
        ("o'neill@example.ie", "o'neill@example.ie"),
        ("anna@bücher.de", "anna@xn--bcher-kva.de"),
        ("anna@xn--bcher-kva.de", "anna@xn--bcher-kva.de"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_read(typed: str, address: str) -> None:
    assert parse(typed) == address


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("a@b.c, d@e.f", AddressFault.SEVERAL),
        ("a@b.cc;d@e.ff", AddressFault.SEVERAL),
        ("a@b@example.org", AddressFault.SEVERAL),
        ("a@b.c\r\nBcc:v@x", AddressFault.CONTROL),
        ("anna@example.org\n", AddressFault.CONTROL),
        ("anna@example.org\0", AddressFault.CONTROL),
        ("anna\u2028@example.org", AddressFault.CONTROL),
        ('"x"@b.c>', AddressFault.QUOTED),
        ('"x y"@example.org', AddressFault.QUOTED),
        ("Anna <anna@example.org>", AddressFault.QUOTED),
        ("anna(home)@example.org", AddressFault.QUOTED),
        ("anna@[192.0.2.1]", AddressFault.QUOTED),
    ],
)
def test_threat_13_nothing_but_one_address_gets_through(
    typed: str, fault: AddressFault
) -> None:
    with pytest.raises(AddressProblem) as caught:
        parse(typed)
    assert caught.value.kind is fault


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", AddressFault.EMPTY),
        ("  \t", AddressFault.EMPTY),
        ("anna", AddressFault.MALFORMED),
        ("anna@", AddressFault.MALFORMED),
        ("@example.org", AddressFault.MALFORMED),
        ("anna @example.org", AddressFault.MALFORMED),
        ("anna..b@example.org", AddressFault.MALFORMED),
        ("anna@example", AddressFault.MALFORMED),
        ("anna@-example.org", AddressFault.MALFORMED),
        ("anna@localhost", AddressFault.MALFORMED),
        ("anna@example.invalid", AddressFault.MALFORMED),
        ("anna@example.test", AddressFault.MALFORMED),
        ("a" * 65 + "@example.org", AddressFault.MALFORMED),
        ("anna@" + "a" * 250 + ".org", AddressFault.TOO_LONG),
        ("jürgen@example.org", AddressFault.NOT_ASCII),
        ("ａnna@example.org", AddressFault.NOT_ASCII),
    ],
)
def test_what_is_no_address_we_can_write_to_is_refused(
    typed: str, fault: AddressFault
) -> None:
    with pytest.raises(AddressProblem) as caught:
        parse(typed)
    assert caught.value.kind is fault


def test_a_test_domain_passes_only_where_it_is_allowed() -> None:
    assert parse("a@b.test", allow_test_domains=True) == "a@b.test"
    for address in ("a@localhost", "a@b.invalid", "a@b"):
        with pytest.raises(AddressProblem):
            parse(address, allow_test_domains=True)


@pytest.mark.parametrize(
    "flood", ["a" * 100_000 + "@", "@" * 100_000, " " * 100_000, "a@" + "b." * 50_000]
)
def test_a_flood_is_refused_within_a_millisecond(flood: str) -> None:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        with pytest.raises(AddressProblem):
            parse(flood)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.001


@UNHURRIED
@given(st.text(st.characters(), max_size=80) | ADDRESSES)
def test_threat_13_whatever_passes_is_one_plain_address(text: str) -> None:
    try:
        address = parse(text)
    except AddressProblem:
        return
    assert address.isascii()
    assert address.isprintable()
    assert address.count("@") == 1
    assert not set(address) & set(' ,;:<>()[]"\\')
    assert len(address) <= 254
    assert parse(address) == address


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("A.B+x@gmail.com", "ab@gmail.com"),
        ("ab@googlemail.com", "ab@gmail.com"),
        ("a.b@GoogleMail.com", "ab@gmail.com"),
        ("A.B+x+y@example.org", "a.b@example.org"),
        ("a.b@example.org", "a.b@example.org"),
        ("ab-x@example.org", "ab-x@example.org"),
        ("+x@example.org", "+x@example.org"),
        ("+x+y@example.org", "+x@example.org"),
        ("a@bücher.de", "a@xn--bcher-kva.de"),
    ],
)
def test_threat_7_one_mailbox_has_one_spelling(address: str, mailbox: str) -> None:
    assert canonical(address) == mailbox


@UNHURRIED
@given(ADDRESSES | st.from_regex(DOMAIN, fullmatch=True))
def test_threat_7_the_canonical_spelling_is_its_own(address: str) -> None:
    try:
        mailbox = canonical(parse(address))
    except AddressProblem:
        return
    assert canonical(mailbox) == mailbox
    assert mailbox == mailbox.lower()
    assert mailbox.count("@") == 1
    assert not mailbox.startswith("@")


def test_the_domain_is_told() -> None:
    assert domain_of("anna@Example.org") == "example.org"


def test_a_masked_address_is_known_to_its_owner_only() -> None:
    assert mask("anna@example.org") == "a…@example.org"
    assert mask("anna@xn--bcher-kva.de") == "a…@bücher.de"
    assert mask("anna@xn--99999999.de") == "a…@xn--99999999.de"
