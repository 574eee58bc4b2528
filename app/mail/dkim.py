"""Sign mails with a key of ours (DKIM: RFC 6376, RFC 8301, RFC 8463).

Only where no relay does it. It is OpenSSL that signs: dkimpy computes in Python, which
takes several times as long as making a mail and sending it. In the tests it verifies.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from config import Dkim

Key = RSAPrivateKey | Ed25519PrivateKey

# Shorter ones are forged, and longer ones no verifier has to know (RFC 8301).
_SHORTEST, _LONGEST = 2048, 4096

# What stands for the mail. Each is named once more than a mail has it, so that nobody
# can add another one that a reader would see instead (RFC 6376 section 8.15).
_SEALED = (
    b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"MIME-Version",
    b"Content-Type", b"Content-Transfer-Encoding",
)  # fmt: skip
# Signed where the mail has it; RFC 8058 demands it of those about a list.
_SIGNED = (
    b"Auto-Submitted", b"Content-Language", b"List-Id", b"List-Unsubscribe",
    b"List-Unsubscribe-Post", b"X-Auto-Response-Suppress",
)  # fmt: skip

# Where lines of the header are folded: by characters, or by names.
_WIDTH, _ON_A_LINE = 72, 5
# One text of a TXT record (RFC 1035 section 3.3.14).
_TEXT = 255

_FIELDS_END = b"\r\n\r\n"
_NEXT_FIELD = re.compile(rb"\r\n(?![ \t])")
# A single space is left as it is, and most are.
_SPACES = re.compile(rb"[ \t]{2,}|\t")
_LAST_SPACES = re.compile(rb"[ \t]+(?=\r\n)")
_LAST_LINES = re.compile(rb"(?:\r\n)+\Z")


class UnusableKey(Exception):
    """The key file cannot be read, or holds no key that may sign; a sentence says why."""


class Signer:
    """Signs the bytes of mails, just before they go over the wire."""

    def __init__(self, key: Key, *, selector: str, domain: str) -> None:
        self._key = key
        self.selector = selector
        self.domain = domain
        self._head = "; ".join(
            (
                "v=1",
                f"a={'rsa' if isinstance(key, RSAPrivateKey) else 'ed25519'}-sha256",
                "c=relaxed/relaxed",
                f"d={domain}",
                f"s={selector}",
            )
        ).encode("ascii")

    @classmethod
    def of(cls, settings: Dkim) -> Self:
        """The signer that the settings speak of. Raises UnusableKey."""
        key = read_key(settings.key)
        return cls(key, selector=settings.selector, domain=settings.domain)

    def sign(self, content: bytes, *, now: datetime) -> bytes:
        """The mail with its signature in front; not a byte of it may change any more.

        `content` is the whole mail with lines that end in CRLF, as it goes over the
        wire before the dots are doubled.
        """
        head, _, body = content.partition(_FIELDS_END)
        names, signed = _signed_fields(head)
        body_hash = hashlib.sha256(_relaxed_body(body)).digest()
        unsigned = b"DKIM-Signature: %s; t=%d;\r\n\th=%s;\r\n\tbh=%s;\r\n\tb=" % (
            self._head,
            now.timestamp(),
            _folded(names),
            b64encode(body_hash),
        )
        # The field itself comes last, without its value and its line end.
        covered = signed + _relaxed_field(unsigned).removesuffix(b"\r\n")
        signature = b64encode(self._signature(covered))
        folded = b"\r\n\t ".join(
            signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH)
        )
        return unsigned + folded + b"\r\n" + content

    def _signature(self, covered: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(covered, PKCS1v15(), SHA256())
        # RFC 8463 section 3: what is signed is the hash.
        return self._key.sign(hashlib.sha256(covered).digest())

    @property
    def record_name(self) -> str:
        """Where verifiers look for the public key (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record to publish there, as one text."""
        public = self._key.public_key()
        if isinstance(self._key, RSAPrivateKey):
            kind = "rsa"
            raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            kind = "ed25519"
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={kind}; p={b64encode(raw).decode()}"

    @property
    def record_line(self) -> str:
        """The line of a zone file, the text in pieces of a length that DNS takes."""
        text = self.record
        pieces = (text[at : at + _TEXT] for at in range(0, len(text), _TEXT))
        quoted = " ".join(f'"{piece}"' for piece in pieces)
        return f"{self.record_name}. IN TXT ( {quoted} )"


def read_key(path: Path) -> Key:
    """The private key in a PEM file. Raises UnusableKey."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UnusableKey(
            f"MAIL_DKIM_KEY: {path} cannot be read ({error.strerror})"
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey(
            f"MAIL_DKIM_KEY: {path} holds no private key in PEM without a password"
        ) from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, RSAPrivateKey) and _SHORTEST <= key.key_size <= _LONGEST:
        return key
    raise UnusableKey(
        f"MAIL_DKIM_KEY: {path} must hold an RSA key of {_SHORTEST} to {_LONGEST} bits,"
        " or one for Ed25519"
    )


def make_key(*, ed25519: bool) -> bytes:
    """A new private key in PEM: RSA with 2048 bits, or Ed25519."""
    key: Key = (
        Ed25519PrivateKey.generate()
        if ed25519
        else generate_private_key(public_exponent=65537, key_size=_SHORTEST)
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _signed_fields(head: bytes) -> tuple[list[bytes], bytes]:
    """The names for h=, and what they stand for, made relaxed."""
    fields: dict[bytes, list[bytes]] = {}
    for field in _NEXT_FIELD.split(head):
        name = field.partition(b":")[0].strip().lower()
        fields.setdefault(name, []).append(field)
    names: list[bytes] = []
    signed: list[bytes] = []
    for name in (*_SEALED, *_SIGNED):
        # Of several the last one comes first (RFC 6376 section 5.4.2).
        found = fields.get(name.lower(), [])[::-1]
        names += [name] * (len(found) + (name in _SEALED))
        signed += map(_relaxed_field, found)
    return names, b"".join(signed)


def _folded(names: list[bytes]) -> bytes:
    """The names in one value, a few on a line."""
    lines = (names[at : at + _ON_A_LINE] for at in range(0, len(names), _ON_A_LINE))
    return b":\r\n\t ".join(map(b":".join, lines))


def _relaxed_field(field: bytes) -> bytes:
    """A header field as RFC 6376 section 3.4.2 has it."""
    name, _, value = field.partition(b":")
    flat = _SPACES.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return b"%s:%s\r\n" % (name.strip().lower(), flat)


def _relaxed_body(body: bytes) -> bytes:
    """The body as RFC 6376 section 3.4.4 has it."""
    flat = _LAST_LINES.sub(b"", _SPACES.sub(b" ", _LAST_SPACES.sub(b"", body)))
    return flat + b"\r\n" if flat else b""
