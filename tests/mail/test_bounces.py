"""What reports about mails say, and which of our mails they name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.keyring import Keyring
from app.mail import bounces
from app.mail.verp import Verp
from app.models import (
    BounceKind,
)
from tests.house import KEYS
from tests.mail.reports import (
    ADDRESS,
    REPORTS,
    SAYS,
    report,
)


def test_every_report_is_in_the_table() -> None:
    assert {path.stem for path in REPORTS.glob("*.eml")} == SAYS.keys()


@pytest.mark.parametrize("name", SAYS)
def test_what_a_report_says(name: str) -> None:
    finding = bounces.read(report(name))
    assert (finding and (finding.kind, finding.status)) == SAYS[name]
    crlf = report(name).replace(b"\n", b"\r\n")
    assert bounces.read(crlf) == finding


_PIECES = [
    re.sub(rb"[\x80-\xff]", b"?", part)
    for path in sorted(REPORTS.glob("*.eml"))
    for part in path.read_bytes().split(b"\n\n")
]


@given(st.one_of(
    st.binary(max_size=2000),
    st.lists(st.sampled_from(_PIECES), max_size=20).map(b"\n\n".join),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=60)), max_size=20)
    .map(b"\n".join),
))  # fmt: skip
def test_no_mail_whatsoever_upsets_the_reader(content: bytes) -> None:
    finding = bounces.read(content)
    assert finding is None or isinstance(finding.kind, BounceKind)


def test_parts_in_parts_without_end_are_no_report() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
        for n in range(5000)
    )
    assert bounces.read(deep + report("postfix")) is None


@given(st.text(max_size=80) | st.from_regex(r"b\+[0-9]{1,20}\.[0-9a-z]{8}@.{1,30}"))
def test_no_address_but_ours_names_a_mail(text: str) -> None:
    verp = Verp(Keyring([KEYS.encode()]), ADDRESS)
    assert verp.read(text) is None


@given(st.integers(1, 2**63 - 1))
def test_our_address_names_its_mail_under_old_keys_as_well(outbox_id: int) -> None:
    old, new = b"an old secret of the house", b"a new secret of the house"
    address = Verp(Keyring([old]), ADDRESS).make(outbox_id)
    local, _, domain = address.partition("@")
    assert len(local) <= 64
    assert domain == "letters.example.org"
    rotated = Verp(Keyring([new, old]), ADDRESS)
    assert rotated.read(address) == rotated.read(address.upper()) == outbox_id
    assert rotated.find(f"Bounces <{address}>, other@example.org") == outbox_id
    assert Verp(Keyring([new]), ADDRESS).read(address) is None
    wrong = "1" if local[-1] != "1" else "2"
    assert rotated.read(f"{local[:-1]}{wrong}@{domain}") is None
    assert rotated.read(address.replace("b+", "c+")) is None
