"""Signed links: one salt per purpose, read strictly, expiry judged by the row."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

from itsdangerous import Signer


class Purpose(StrEnum):
    """What a link may be used for; a token for one opens nothing else."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    ENTER = "enter"
    INVITATION = "invitation"
    SIGN_INVITATION = "sign-invitation"
    PREVIEW = "preview"
    UNSUBSCRIBE = "unsubscribe"


class InvalidToken(Exception):
    """The text is not a token that this house made for this purpose."""


class Tokens:
    """Make and read the tokens that mailed links carry.

    A token is the base64url of an identifier, a dot, and an HMAC-SHA256 over it
    (itsdangerous, RFC 2104). It holds no time, so clocks that differ between
    nodes cannot spoil a link, and the database alone cannot make one.
    """

    def __init__(self, secret_keys: Sequence[bytes]) -> None:
        """`secret_keys`: the first signs, all of them verify."""
        self._signers = {
            purpose: tuple(_signer(key, purpose) for key in secret_keys)
            for purpose in Purpose
        }

    def make(self, purpose: Purpose, identifier: bytes) -> str:
        """The token for `identifier` (bytes of any length)."""
        value = encode(identifier)
        return f"{value}.{self._signers[purpose][0].get_signature(value).decode()}"

    def read(self, purpose: Purpose, token: str) -> bytes:
        """The identifier in `token`. Raises InvalidToken for anything not made here.

        Texts are compared whole: decoding first would let altered last characters
        through, as itsdangerous' own unsign does.
        """
        value, dot, signature = token.partition(".")
        if dot and token.isascii():
            for signer in self._signers[purpose]:
                expected = signer.get_signature(value).decode()
                if hmac.compare_digest(expected, signature):
                    return decode(value)
        raise InvalidToken


def _signer(key: bytes, purpose: Purpose) -> Signer:
    """What signs for one purpose; its key is derived now, and not for every token."""
    salt = f"undersigned.{purpose.value}"
    deriving = Signer(
        key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256
    )
    return Signer(
        deriving.derive_key(), key_derivation="none", digest_method=hashlib.sha256
    )


def encode(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes behind `encode`. Raises InvalidToken for any other spelling."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise InvalidToken from None
    if encode(raw) != text:
        raise InvalidToken
    return raw
