"""Who may try a password or a code once more: counted before anything is compared."""

from __future__ import annotations

import secrets

from flask import Response, current_app, request, session
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import TooManyRequests

from app import db, network
from app.domain import guesses
from app.site import site

# A browser in which somebody has signed in is known for their account this long:
# strangers who guess that person's password do not lock them out of it.
_KNOWN_FOR = 180 * 24 * 60 * 60

_CODES = {
    "security.two_factor_token_validation": "tf_user_id",
    "security.mf_recovery": "tf_user_id",
    "security.verify": "_user_id",
}


def check() -> None:
    """Count a try. Raises TooManyRequests, before a hash is computed."""
    if request.method != "POST":
        return
    if request.endpoint == "security.login":
        tries = _of_password()
    elif request.endpoint in _CODES:
        # Who tries these has proved something: the account alone is counted.
        who = session.get(_CODES[request.endpoint], "")
        tries = {f"{request.endpoint} {who}": guesses.PER_ACCOUNT}
    else:
        return
    here = site()
    with here.database.transaction() as connection:
        try:
            guesses.count(connection, keyring=here.keyring, tries=tries, now=db.now())
        except guesses.TooMany as error:
            wait = int(error.wait.total_seconds()) + 1
            raise TooManyRequests(retry_after=wait) from None
        finally:
            connection.commit()


def _of_password() -> dict[str, int]:
    email = request.form.get("email", "")[:254].strip().lower()
    browser = _known(email)
    if browser is not None:
        return {f"browser {browser} {email}": guesses.PER_ACCOUNT}
    tries = {f"account {email}": guesses.PER_ACCOUNT, "all": guesses.IN_ALL}
    found = network.of(request, of_any_kind=site().config.development)
    if found is not None:
        tries[f"network {found}"] = guesses.PER_NETWORK
    return tries


def remember(response: Response, email: str) -> None:
    """Let the browser be known as one in which this person has signed in."""
    config = current_app.config
    response.set_cookie(
        _cookie(),
        _signer().dumps([_named(email), secrets.token_hex(8)]),
        max_age=_KNOWN_FOR,
        path=config["SESSION_COOKIE_PATH"],
        secure=config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _known(email: str) -> str | None:
    """What this browser is called, if the person with this address knows it."""
    try:
        named, browser = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadData, ValueError):
        return None
    return str(browser) if named == _named(email) else None


def _named(email: str) -> str:
    return site().keyring.house_address_key(email.strip().lower()).hex()


def _cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known"


def _signer() -> URLSafeSerializer:
    config = current_app.config
    keys = [*reversed(config["SECRET_KEY_FALLBACKS"]), config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="known-browser")
