"""Sealed stays sealed, keyed hashes stay the same, codes can be typed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.keyring import Keyring, Unopenable, network_of, read_code

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
KEYRING = Keyring([OLD])
ROTATED = Keyring([NEW, OLD])
CONTEXT = b"submission:1"
PEPPER = bytes(range(32))

# A busy machine is not a fault of what is tested.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(st.binary(max_size=500), st.binary(max_size=40))
def test_what_is_sealed_opens(plain: bytes, context: bytes) -> None:
    sealed = KEYRING.seal(plain, context=context)
    assert KEYRING.open(sealed, context=context) == plain
    assert len(sealed) == len(plain) + 29


@UNHURRIED
@given(st.binary(max_size=100), st.data())
def test_a_tampered_byte_never_opens(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(KEYRING.seal(plain, context=CONTEXT))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unopenable):
        KEYRING.open(bytes(sealed), context=CONTEXT)


@pytest.mark.parametrize("length", range(29))
def test_a_cut_off_seal_never_opens(length: int) -> None:
    sealed = KEYRING.seal(b"", context=CONTEXT)
    with pytest.raises(Unopenable):
        KEYRING.open(sealed[:length], context=CONTEXT)


def test_what_was_sealed_for_one_row_opens_for_no_other() -> None:
    sealed = KEYRING.seal(b"anna@example.org", context=b"submission:1")
    with pytest.raises(Unopenable):
        KEYRING.open(sealed, context=b"submission:2")


def test_the_same_text_is_never_sealed_alike() -> None:
    seals = {KEYRING.seal(b"anna", context=CONTEXT) for _ in range(100)}
    assert len(seals) == 100


def test_an_old_secret_opens_and_the_new_one_seals() -> None:
    assert ROTATED.open(KEYRING.seal(b"a", context=b""), context=b"") == b"a"
    sealed = ROTATED.seal(b"b", context=b"")
    assert Keyring([NEW]).open(sealed, context=b"") == b"b"
    with pytest.raises(Unopenable):
        KEYRING.open(sealed, context=b"")


def test_two_secrets_whose_fingerprints_are_one_both_open() -> None:
    # 256 fingerprints: among 600 secrets many share one.
    secrets = [b"%032d" % number for number in range(600)]
    everyone = Keyring(secrets)
    for secret in secrets[::20]:
        sealed = Keyring([secret]).seal(b"a", context=b"c")
        assert everyone.open(sealed, context=b"c") == b"a"


def test_a_keyring_needs_secrets_worth_the_name() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Keyring([])
    with pytest.raises(ValueError, match="16 bytes"):
        Keyring([NEW, b"short"])


def test_a_keyring_tells_nothing_when_printed() -> None:
    assert "oooo" not in repr(KEYRING)
    assert not hasattr(KEYRING, "__dict__")


def test_a_pepper_is_random_and_opens_for_its_letter_only() -> None:
    pepper = KEYRING.new_pepper()
    assert len(pepper) == 32
    assert pepper != KEYRING.new_pepper()
    wrapped = KEYRING.wrap_pepper(1, pepper)
    assert pepper not in wrapped
    assert ROTATED.unwrap_pepper(1, wrapped) == pepper
    with pytest.raises(Unopenable):
        KEYRING.unwrap_pepper(2, wrapped)


def test_an_address_key_depends_on_the_pepper_alone() -> None:
    key = KEYRING.address_key(PEPPER, "anna@example.org")
    assert len(key) == 32
    assert key == Keyring([OTHER]).address_key(PEPPER, "anna@example.org")
    assert key != KEYRING.address_key(bytes(32), "anna@example.org")
    assert key != KEYRING.address_key(PEPPER, "anne@example.org")


def test_the_house_key_outlives_a_new_secret() -> None:
    key = KEYRING.house_address_key("anna@example.org")
    assert len(key) == 32
    assert key == ROTATED.house_address_key("anna@example.org")
    assert key != Keyring([OTHER]).house_address_key("anna@example.org")
    assert key != KEYRING.address_key(PEPPER, "anna@example.org")


def test_a_network_is_another_one_the_next_day() -> None:
    one, other = date(2026, 11, 22), date(2026, 11, 23)
    key = KEYRING.network_key(one, "192.0.2.0/24")
    assert key == ROTATED.network_key(one, "192.0.2.0/24")
    assert key != KEYRING.network_key(other, "192.0.2.0/24")
    assert key != KEYRING.network_key(one, "198.51.100.0/24")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.250", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113.7, 198.51.100.1", "unknown"),
    ],
)
def test_threat_8_an_address_stands_for_its_network(ip: str, network: str) -> None:
    assert network_of(ip) == network


def test_a_short_code_is_eight_characters_nobody_misreads() -> None:
    codes = {KEYRING.short_code(b"%d" % number) for number in range(500)}
    assert len(codes) == 500
    assert {len(code) for code in codes} == {8}
    assert set("".join(codes)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


@UNHURRIED
@given(st.binary(min_size=16, max_size=16))
def test_a_short_code_is_read_however_it_was_typed(identifier: bytes) -> None:
    code = KEYRING.short_code(identifier)
    typed = f" {code[:4]}-{code[4:]} ".lower().replace("0", "o").replace("1", "l")
    assert read_code(typed) == code
    assert KEYRING.matches_code(identifier, typed)
    assert ROTATED.matches_code(identifier, typed)
    assert not Keyring([OTHER]).matches_code(identifier, typed)
    assert not KEYRING.matches_code(identifier + b"1", typed)


@pytest.mark.parametrize("typed", ["", "1", "é" * 8, "x" * 100_000, "\0", "0" * 9])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert not KEYRING.matches_code(b"identifier", typed)


def test_typed_codes_are_read_as_people_mean_them() -> None:
    assert read_code("o1l2 - abcd") == "0112ABCD"
    assert read_code("ＡＢＣＤ１２３４") == "ABCD1234"


def test_keys_of_today_are_the_keys_of_tomorrow() -> None:
    # Whatever changes one of these loses data that is already stored.
    sealed = bytes.fromhex(
        "5ad23a3fdca033b8638317666ff7eefb32bd6684fbcfb7b30e5c77eda52f3b29"
        "620580b004e826005035832203"
    )
    assert KEYRING.open(sealed, context=CONTEXT) == b"anna@example.org"
    address = KEYRING.address_key(PEPPER, "anna@example.org").hex()
    assert address[:32] == "c7f5b0da4fddbbdbc2862eb767ab94a3"
    house = KEYRING.house_address_key("anna@example.org").hex()
    assert house[:32] == "9575a7a029ca04a72394540557a2ab68"
    network = KEYRING.network_key(date(2026, 11, 22), "192.0.2.0/24").hex()
    assert network[:32] == "20c77e3202b4b67383ed52502775a8ba"
    assert KEYRING.short_code(b"identifier") == "C723Y0Z3"
