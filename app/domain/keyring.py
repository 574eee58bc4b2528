"""All the keys: what is sealed at rest, found again by a keyed hash, or typed as code.

Every key is derived from the configured secrets for one purpose only (HKDF-SHA256,
RFC 5869). The first secret is the current one; the others still open what they
sealed, so that a secret can be replaced: put the new one in front, seal anew at
leisure, and drop an old one when nothing is left under it. The last one is the root
of the house's own keyed hashes and must stay as long as they are wanted.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import date

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# NIST SP 800-38D section 8.2.2: a random nonce of 96 bits is good for 2^32 seals.
_NONCE_BYTES = 12
_PEPPER_BYTES = 32
_SHORTEST_SECRET = 16
# Crockford's base 32: no I, L, O or U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8
_MISREAD = str.maketrans("OIL", "011")
# Longer than anyone types a code, with everything between its characters.
_LONGEST_TYPED = 64


class Unopenable(Exception):
    """No key opens it: altered, of another context, or its secret is gone."""


def _derive(master: bytes, purpose: str, length: int = 32) -> bytes:
    info = f"undersigned/{purpose}/v1".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master)


class Keyring:
    """Seal and open, blind indexes and short codes. Holds nothing but keys."""

    __slots__ = (
        "_bounce_keys",
        "_code_keys",
        "_current",
        "_house_key",
        "_network_key",
        "_receipt_key",
        "_receipt_keys",
        "_sealers",
    )

    def __init__(self, master: Sequence[bytes]) -> None:
        """`master` are the configured secrets, the current one first.

        Raises ValueError for none at all, or one of under 16 bytes.
        """
        if not master:
            raise ValueError("a keyring needs at least one secret")
        if any(len(secret) < _SHORTEST_SECRET for secret in master):
            raise ValueError(f"a secret has at least {_SHORTEST_SECRET} bytes")
        # One byte names the key; two secrets may share it, so each has a list.
        self._sealers: dict[bytes, list[AESGCM]] = {}
        for secret in master:
            fingerprint = _derive(secret, "fingerprint", 1)
            sealer = AESGCM(_derive(secret, "seal"))
            self._sealers.setdefault(fingerprint, []).append(sealer)
        current = _derive(master[0], "fingerprint", 1)
        self._current = (current, self._sealers[current][0])
        self._code_keys = [_derive(secret, "code") for secret in master]
        private = [
            Ed25519PrivateKey.from_private_bytes(_derive(secret, "receipt"))
            for secret in master
        ]
        self._receipt_key = private[0]
        self._receipt_keys = {_key_id(key): key.public_key() for key in private}
        self._bounce_keys = [_derive(secret, "bounce") for secret in master]
        self._house_key = _derive(master[-1], "house-address")
        self._network_key = _derive(master[-1], "network")

    # -- Sealing -----------------------------------------------------------------

    def seal(self, plain: bytes, *, context: bytes) -> bytes:
        """`plain` under the current key (AES-256-GCM), bound to `context`.

        Comes out as one byte that names the key, 12 bytes of nonce, and ciphertext
        with its 16 byte tag. Name the row in the context (b"submission:" + id), so
        that what was sealed for one cannot be opened as another's.
        """
        fingerprint, sealer = self._current
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return fingerprint + nonce + sealer.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """What was sealed for `context`. Raises Unopenable."""
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if len(nonce) == _NONCE_BYTES:
            for sealer in self._sealers.get(sealed[:1], ()):
                try:
                    return sealer.decrypt(nonce, ciphertext, context)
                except InvalidTag:
                    continue
        raise Unopenable

    # -- Blind indexes -----------------------------------------------------------

    def new_pepper(self) -> bytes:
        """32 random bytes, one pepper for each letter."""
        return secrets.token_bytes(_PEPPER_BYTES)

    def wrap_pepper(self, letter_id: int, pepper: bytes) -> bytes:
        """The pepper as the database may keep it."""
        return self.seal(pepper, context=b"pepper:%d" % letter_id)

    def unwrap_pepper(self, letter_id: int, wrapped: bytes) -> bytes:
        """The pepper of that letter. Raises Unopenable."""
        return self.open(wrapped, context=b"pepper:%d" % letter_id)

    def address_key(self, pepper: bytes, canonical: str) -> bytes:
        """Under what a letter finds an address again: HMAC-SHA256, 32 bytes.

        `canonical` comes from addresses.canonical. Only the pepper is in it, so that
        changing secrets changes no key, and destroying the pepper ends them all.
        """
        return hmac.digest(pepper, b"address-v1\0" + canonical.encode(), "sha256")

    def house_address_key(self, canonical: str) -> bytes:
        """The same over all letters, for suppression and the ceilings of mails.

        Under the oldest secret, so that a new one in front changes nothing. Dropping
        that oldest one forgets who asked never to be written to.
        """
        return hmac.digest(self._house_key, canonical.encode(), "sha256")

    def network_key(self, day: date, network: str) -> bytes:
        """Stands for `network` (see network_of) on that one day, and says no more."""
        spoken = f"{day.isoformat()}\0{network}".encode()
        return hmac.digest(self._network_key, spoken, "sha256")

    def guess_key(self, day: date, tried: str) -> bytes:
        """Stands for what was tried, or for who tried it, on that one day."""
        spoken = f"{day.isoformat()}\0guess\0{tried}".encode()
        return hmac.digest(self._network_key, spoken, "sha256")

    # -- Receipts ----------------------------------------------------------------

    def sign_receipt(self, message: bytes) -> tuple[str, bytes]:
        """The id of the current key, and its Ed25519 signature (RFC 8032)."""
        return _key_id(self._receipt_key), self._receipt_key.sign(message)

    def signed_receipt(self, key: str, message: bytes, signature: bytes) -> bool:
        """Has the key of that id signed this? Raises KeyError for one not of ours."""
        try:
            self._receipt_keys[key].verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def receipt_keys(self) -> list[tuple[str, Ed25519PublicKey]]:
        """The ids and public keys that sign receipts or have signed some."""
        return list(self._receipt_keys.items())

    # -- Short codes -------------------------------------------------------------

    def short_code(self, identifier: bytes) -> str:
        """8 characters (40 bits) that only the reader of the mail knows."""
        return _code(self._code_keys[0], identifier)

    def matches_code(self, identifier: bytes, typed: str) -> bool:
        """Is `typed`, however it was typed, the code of `identifier`?

        In constant time, and under every secret: a mail may be older than the
        current one.
        """
        return _matches(self._code_keys, identifier, read_code(typed))

    def bounce_code(self, outbox_id: int) -> str:
        """8 characters by which a mail that comes back proves that it was ours."""
        return _code(self._bounce_keys[0], b"%d" % outbox_id)

    def matches_bounce(self, outbox_id: int, code: str) -> bool:
        """Is `code` that of this mail? In constant time, and under every secret."""
        return _matches(self._bounce_keys, b"%d" % outbox_id, code.upper())


def _matches(keys: Sequence[bytes], identifier: bytes, given: str) -> bool:
    matches = False
    for key in keys:
        code = _code(key, identifier).encode()
        matches |= hmac.compare_digest(given.encode(), code)
    return matches


def _key_id(key: Ed25519PrivateKey) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the raw public key."""
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]


def _code(key: bytes, identifier: bytes) -> str:
    number = int.from_bytes(hmac.digest(key, identifier, "sha256")[:5], "big")
    return "".join(
        _ALPHABET[number >> shift & 31] for shift in range(5 * _CODE_LENGTH - 5, -1, -5)
    )


def read_code(text: str) -> str:
    """A typed code as short_code writes it: "o1l2-abcd " -> "0112ABCD".

    Case, spaces and hyphens make no difference; O is read as 0, I and L as 1
    (Crockford). What is no code comes out as no code either, without complaint.
    """
    plain = unicodedata.normalize("NFKC", text[:_LONGEST_TYPED]).upper()
    return "".join(filter(str.isalnum, plain)).translate(_MISREAD)


# What is no address at all.
UNKNOWN_NETWORK = "unknown"


def network_of(ip: str) -> str:
    """The network that an address stands for: its /24 (IPv4) or /64 (IPv6).

    An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) is what it maps. What
    is no address at all counts as one network called "unknown".
    """
    try:
        address = ipaddress.ip_address(ip.strip().partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv4Address):
        return f"{str(address).rpartition('.')[0]}.0/24"
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"
