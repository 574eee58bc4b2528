"""Read every setting from the environment once, and refuse to start on a wrong one."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit


class ConfigError(ValueError):
    """A setting is missing or wrong; the message starts with the variable's name."""


@dataclass(frozen=True, slots=True)
class Dkim:
    """Where the key lies that signs mails, and where its public half is published."""

    key: Path
    selector: str
    domain: str


@dataclass(frozen=True, slots=True)
class Config:
    """What the whole house may know about where it runs.

    Times are `timedelta`; addresses carry no trailing slash.
    """

    secret_keys: tuple[bytes, ...]
    database_url: str
    base_url: str
    instance: Path
    development: bool
    mail_server: str
    mail_port: int
    mail_security: str
    mail_username: str | None
    mail_password: str | None
    mail_from: str
    mail_dkim: Dkim | None
    mail_bounces: str | None
    mail_bounces_port: int | None
    mail_hook_secrets: tuple[bytes, ...]
    mail_timeout: float
    updates_per_minute: int
    updates_per_domain: int
    lease: timedelta
    retry_first: timedelta
    fold_every: float
    trusted_proxies: int
    metrics_token: str | None
    memory: bool
    pool_size: int
    web_threads: int
    log_level: str
    second_factor: bool

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are ours (RFC 9110 section 7.4: others get 421)."""
        return _hosts(self.base_url, self.development)

    @property
    def origins(self) -> frozenset[str]:
        """The Origin headers that are ours (scheme, host and port)."""
        scheme = urlsplit(self.base_url).scheme
        return frozenset(f"{scheme}://{host}" for host in self.hosts)


@cache
def _hosts(base_url: str, development: bool) -> frozenset[str]:
    """Asked for by every request, and always the same."""
    parts = urlsplit(base_url)
    names = {parts.netloc}
    if development:
        # Passkeys refuse 127.0.0.1 and people type either: both are this machine.
        port = f":{parts.port}" if parts.port else ""
        names |= {f"localhost{port}", f"127.0.0.1{port}"}
    return frozenset(names)


def _text(environ: Mapping[str, str], name: str, default: str | None = None) -> str:
    value = environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ConfigError(f"{name} is not set")
    return default


def _optional(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name, "").strip() or None


def _flag(environ: Mapping[str, str], name: str, default: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in ("", "1", "yes", "true", "0", "no", "false"):
        return value in ("1", "yes", "true") if value else default
    raise ConfigError(f"{name} must be 1 or 0, not {value!r}")


def _number(
    environ: Mapping[str, str], name: str, default: float, low: float, high: float
) -> float:
    value = environ.get(name, "").strip()
    try:
        number = float(value) if value else default
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ConfigError(
            f"{name} must be a number from {low:g} to {high:g}, not {value!r}"
        )
    return number


def _keys(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    keys = tuple(
        key.strip().encode()
        for key in _text(environ, "SECRET_KEYS").split(",")
        if key.strip()
    )
    if not keys or any(len(key) < 32 for key in keys):
        raise ConfigError("SECRET_KEYS must be one or more keys of 32 characters each")
    return keys


def _base_url(environ: Mapping[str, str]) -> str:
    value = _text(environ, "BASE_URL").rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
        raise ConfigError(
            f"BASE_URL must look like https://letters.example.org, not {value!r}"
        )
    return value


# Letters, digits and hyphens between dots (RFC 6376 section 3.1, RFC 5321).
_NAME = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def _dkim(environ: Mapping[str, str], sender: str) -> Dkim | None:
    """How mails are signed; the file itself is the worker's to read."""
    key = _optional(environ, "MAIL_DKIM_KEY")
    selector = _optional(environ, "MAIL_DKIM_SELECTOR")
    theirs = sender.rpartition("@")[2].lower()
    domain = _text(environ, "MAIL_DKIM_DOMAIN", theirs).lower()
    if key is None:
        return None
    if selector is None or not re.fullmatch(rf"{_NAME}(\.{_NAME})*", selector):
        raise ConfigError(
            "MAIL_DKIM_SELECTOR must name the key of MAIL_DKIM_KEY, as letters2026, "
            f"not {selector!r}"
        )
    if not re.fullmatch(rf"{_NAME}(\.{_NAME})+", domain):
        raise ConfigError(
            f"MAIL_DKIM_DOMAIN must be a domain as example.org, not {domain!r}"
        )
    # Otherwise DMARC takes no notice of the signature (RFC 7489 section 3.1.1).
    if not (f".{theirs}".endswith(f".{domain}") or domain.endswith(f".{theirs}")):
        raise ConfigError(
            f"MAIL_DKIM_DOMAIN must be the domain of MAIL_FROM, {theirs}, or one above "
            f"or below it, not {domain!r}"
        )
    return Dkim(Path(key), selector, domain)


def _bounces(environ: Mapping[str, str]) -> str | None:
    """The address that envelope senders are made from.

    Between name and @ 29 characters are put, and RFC 5321 allows 64.
    """
    value = _optional(environ, "MAIL_BOUNCES")
    if value and not re.fullmatch(r"[A-Za-z0-9._-]{1,35}@[A-Za-z0-9.-]+", value):
        raise ConfigError(
            "MAIL_BOUNCES must look like bounces@letters.example.org, with at most 35 "
            f"letters, digits, dots and hyphens before the @, not {value!r}"
        )
    return value


def _bounces_port(environ: Mapping[str, str], bounces: str | None) -> int | None:
    port = int(_number(environ, "MAIL_BOUNCES_PORT", 0, 0, 65535))
    if port and not bounces:
        raise ConfigError("MAIL_BOUNCES_PORT is of no use without MAIL_BOUNCES")
    return port or None


def _hook_secrets(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """The secrets of the webhook, as Standard Webhooks writes them: whsec_ and base64."""
    secrets = []
    for given in (_optional(environ, "MAIL_HOOK_SECRET") or "").split(","):
        if given.strip():
            try:
                secret = b64decode(given.strip().removeprefix("whsec_"), validate=True)
            except ValueError:
                secret = b""
            if len(secret) < 24:
                raise ConfigError(
                    "MAIL_HOOK_SECRET must be whsec_ and at least 24 bytes in base64"
                )
            secrets.append(secret)
    return tuple(secrets)


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the settings from `environ`.

    Raises ConfigError with the variable's name for a missing or wrong value.
    """
    instance = Path(_text(environ, "INSTANCE", "instance")).resolve()
    base_url = _base_url(environ)
    development = _flag(environ, "DEVELOPMENT", False)
    security = _text(environ, "MAIL_SECURITY", "none").lower()
    if security not in ("none", "starttls", "tls"):
        raise ConfigError(
            f"MAIL_SECURITY must be none, starttls or tls, not {security!r}"
        )
    bounces = _bounces(environ)
    sender = _text(environ, "MAIL_FROM", f"letters@{urlsplit(base_url).hostname}")
    return Config(
        secret_keys=_keys(environ),
        database_url=_text(
            environ, "DATABASE_URL", f"sqlite:///{instance}/undersigned.sqlite3"
        ),
        base_url=base_url,
        instance=instance,
        development=development,
        mail_server=_text(environ, "MAIL_SERVER", "127.0.0.1"),
        mail_port=int(_number(environ, "MAIL_PORT", 25, 1, 65535)),
        mail_security=security,
        mail_username=_optional(environ, "MAIL_USERNAME"),
        mail_password=_optional(environ, "MAIL_PASSWORD"),
        mail_from=sender,
        mail_dkim=_dkim(environ, sender),
        mail_bounces=bounces,
        mail_bounces_port=_bounces_port(environ, bounces),
        mail_hook_secrets=_hook_secrets(environ),
        mail_timeout=_number(environ, "MAIL_TIMEOUT", 120, 0.1, 600),
        updates_per_minute=int(
            _number(environ, "MAIL_UPDATES_PER_MINUTE", 600, 1, 60_000)
        ),
        updates_per_domain=int(
            _number(environ, "MAIL_UPDATES_PER_DOMAIN", 300, 1, 60_000)
        ),
        lease=timedelta(seconds=_number(environ, "MAIL_LEASE", 120, 1, 3600)),
        retry_first=timedelta(seconds=_number(environ, "MAIL_RETRY", 60, 0.05, 3600)),
        fold_every=_number(environ, "FOLD_EVERY", 1, 0.05, 60),
        trusted_proxies=int(_number(environ, "TRUSTED_PROXIES", 0, 0, 5)),
        metrics_token=_optional(environ, "METRICS_TOKEN"),
        memory=_flag(environ, "MEMORY", True),
        pool_size=int(_number(environ, "POOL_SIZE", 10, 1, 200)),
        web_threads=int(_number(environ, "WEB_THREADS", 8, 1, 200)),
        log_level=_text(environ, "LOG_LEVEL", "INFO").upper(),
        second_factor=_flag(environ, "SECOND_FACTOR", not development),
    )
