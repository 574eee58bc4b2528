"""Flask-Security with the seven defaults changed that would have been holes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask_security import WebauthnUtil
from flask_security.totp import Totp
from sqlalchemy import or_, update
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app import db
from app.i18n import marked as _
from app.models import Organiser
from app.site import site
from config import Config

# How long after signing in what is delicate needs no second asking.
FRESH = timedelta(minutes=10)

SHORTEST_PASSWORD = 12


class OneTimeTotp(Totp):
    """Time-based codes of which none opens twice (RFC 6238 section 5.2).

    By default a code could be used again for as long as it is valid.
    """

    def get_last_counter(self, user: Any) -> int | None:
        """The newest time step that this person has used."""
        counter: int | None = user.totp_counter
        return counter

    def verify_totp(
        self, token: str, totp_secret: str, user: Any, window: int = 0
    ) -> bool:
        """Whether the code opens; of several at once with one code, one does."""
        return super().verify_totp(token, totp_secret, user, window) and _claim(user)

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Note the time step; `_claim` decides who was the first to do so."""
        user.claimed_counter = tmatch.counter


def _claim(user: Any) -> bool:
    counter = user.claimed_counter
    with site().database.transaction() as connection:
        claimed = connection.execute(
            update(Organiser)
            .where(
                Organiser.id == user.id,
                or_(Organiser.totp_counter.is_(None), Organiser.totp_counter < counter),
            )
            .values(totp_counter=counter)
        )
        connection.commit()
    return claimed.rowcount == 1


class PasskeyUtil(WebauthnUtil):
    """Passkeys of the device itself (Touch ID, Windows Hello, Android) and of keys.

    By default first-factor keys had to be apart from the device, and whether the
    person is there was only preferred to be checked.
    """

    def authenticator_selection(
        self, user: Any, usage: str
    ) -> AuthenticatorSelectionCriteria:
        """Any kind of key that knows its person and needs no address typed."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def authentication_options(
        self, user: Any, usage: list[str], existing_options: dict[str, Any]
    ) -> dict[str, Any]:
        """The person must be checked by the key, whatever it is used for."""
        options: dict[str, Any] = super().authentication_options(
            user, usage, existing_options
        )
        options["user_verification"] = UserVerificationRequirement.REQUIRED
        return options

    def user_verification(
        self, user: Any, usage: list[str]
    ) -> UserVerificationRequirement:
        """What the answer of the key is held to."""
        return UserVerificationRequirement.REQUIRED

    def origin(self) -> str:
        """The configured address: no header decides what a key signs for."""
        return site().config.base_url


def _derive(key: bytes, purpose: str) -> bytes:
    info = f"undersigned/{purpose}/v1".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _text(key: bytes, purpose: str) -> str:
    return base64.urlsafe_b64encode(_derive(key, purpose)).decode()


def settings(config: Config) -> dict[str, Any]:
    """What Flask, Flask-WTF and Flask-Security are told."""
    secure = config.base_url.startswith("https:")
    keys: Sequence[bytes] = config.secret_keys
    return {
        "SECRET_KEY": _text(keys[0], "organiser-session"),
        "SECRET_KEY_FALLBACKS": [_text(k, "organiser-session") for k in keys[1:]],
        "APPLICATION_ROOT": "/organise",
        # The prefix __Host- makes browsers refuse it from any other name or path.
        "SESSION_COOKIE_NAME": "__Host-organise" if secure else "organise",
        "SESSION_COOKIE_PATH": "/" if secure else "/organise",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        # It asks for a Referer, which no page of ours sends; app/organising/fence.py
        # judges Sec-Fetch-Site and Origin instead.
        "WTF_CSRF_SSL_STRICT": False,
        "SECURITY_PASSWORD_SALT": _text(keys[-1], "organiser-password"),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
        # Its own clock knows no zone, and what it writes could not be stored.
        "SECURITY_DATETIME_FACTORY": db.now,
        # The name under which a device shows the passkey to its owner.
        "SECURITY_WAN_RP_NAME": "Undersigned",
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_FRESHNESS": FRESH,
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(0),
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_SEND_REGISTER_EMAIL": False,
        "SECURITY_CACHE_CONTROL": None,
        "SECURITY_ANONYMOUS_USER_DISABLED": False,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_JOIN_USER_ROLES": False,
        **_second_factor(config),
        **_ADDRESSES,
        **_WORDS,
    }


def _second_factor(config: Config) -> dict[str, Any]:
    keys = config.secret_keys
    return {
        "SECURITY_TWO_FACTOR": True,
        # In development one may look around without; a public site may not.
        "SECURITY_TWO_FACTOR_REQUIRED": config.second_factor,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        # The oldest key has number 1: a new one in front takes the next number.
        "SECURITY_TOTP_SECRETS": {
            str(number): _text(key, "organiser-totp")
            for number, key in enumerate(reversed(keys), 1)
        },
        "SECURITY_TOTP_ISSUER": "Undersigned",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [
            _text(key, "organiser-recovery") for key in keys
        ],
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": True,
        "SECURITY_WAN_ALLOW_AS_MULTI_FACTOR": True,
        "SECURITY_WAN_ALLOW_AS_VERIFY": ["first", "secondary"],
        "SECURITY_WAN_ALLOW_USER_HINTS": False,
    }


_ADDRESSES = {
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_VERIFY_URL": "/again",
    "SECURITY_TWO_FACTOR_SETUP_URL": "/second-factor",
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/code",
    "SECURITY_TWO_FACTOR_SELECT_URL": "/which-factor",
    "SECURITY_TWO_FACTOR_RESCUE_URL": "/no-factor",
    "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/recovery",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
    "SECURITY_WAN_REGISTER_URL": "/passkeys",
    "SECURITY_WAN_DELETE_URL": "/passkeys/remove",
    "SECURITY_WAN_SIGNIN_URL": "/passkey",
    "SECURITY_WAN_VERIFY_URL": "/again/passkey",
    "SECURITY_POST_LOGIN_VIEW": "/organise/",
    "SECURITY_POST_LOGOUT_VIEW": "/organise/sign-in",
    "SECURITY_POST_VERIFY_VIEW": "/organise/",
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/organise/recovery-codes",
    "SECURITY_WAN_POST_REGISTER_VIEW": "/organise/passkeys",
}

# What Flask-Security says, in words of the house; `shell` translates them.
_WORDS = {
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": (
        _("Address and password do not go together."), "error"),
    "SECURITY_MSG_INVALID_PASSWORD": (_("This is not your password."), "error"),
    "SECURITY_MSG_PASSWORD_NOT_PROVIDED": (_("Please type your password."), "error"),
    "SECURITY_MSG_EMAIL_NOT_PROVIDED": (_("Please type your address."), "error"),
    "SECURITY_MSG_TWO_FACTOR_INVALID_TOKEN": (
        _("This code does not fit, or it was used before. Wait for the next one."),
        "error"),
    "SECURITY_MSG_INVALID_RECOVERY_CODE": (
        _("This is none of your recovery codes, or it was used before."), "error"),
    "SECURITY_MSG_WEBAUTHN_NAME_REQUIRED": (
        _("Please give the passkey a name that tells you where it is."), "error"),
    "SECURITY_MSG_WEBAUTHN_NAME_INUSE": (
        _("You have a passkey with this name already."), "error"),
    "SECURITY_MSG_WEBAUTHN_NAME_NOT_FOUND": (
        _("You have no passkey with this name."), "error"),
    "SECURITY_MSG_WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (
        _("This passkey is not known here."), "error"),
    "SECURITY_MSG_WEBAUTHN_EXPIRED": (
        _("That took too long. Please try again."), "error"),
    "SECURITY_MSG_WEBAUTHN_NO_VERIFY": (
        _("The passkey could not be checked. Please try again."), "error"),
    "SECURITY_MSG_WEBAUTHN_CREDENTIAL_WRONG_USAGE": (
        _("This passkey cannot be used for that."), "error"),
    "SECURITY_MSG_API_ERROR": (_("The passkey did not answer."), "error"),
    "SECURITY_MSG_TWO_FACTOR_METHOD_NOT_AVAILABLE": (
        _("Please choose one of the list."), "error"),
    "SECURITY_MSG_TWO_FACTOR_PERMISSION_DENIED": (
        _("Please sign in first."), "error"),
    "SECURITY_MSG_TWO_FACTOR_SETUP_EXPIRED": (
        _("That took too long. Please try again."), "error"),
    "SECURITY_MSG_DISABLED_ACCOUNT": (
        _("Address and password do not go together."), "error"),
}  # fmt: skip
