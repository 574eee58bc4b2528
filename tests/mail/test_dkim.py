"""Mails signed with a key of ours, as a stranger verifies them (threats 16)."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dkim
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

import config
from app import create_public
from app.site import Site
from tests.house import House, copy_sqlite, later, settings
from tests.mail.news import send_all, started
from tests.servers.behaviours import DROP_AFTER_DOT
from tests.servers.smtp import Mail, Sink

SIGNED = {
    "MAIL_FROM": "letters@letters.example.org",
    "MAIL_DKIM_SELECTOR": "spring2026",
    "MAIL_DKIM_DOMAIN": "example.org",
}
NAME = b"spring2026._domainkey.example.org."
# Lines that the way over the wire could change: dots in front, spaces behind, long
# ones, ones that are not ASCII, and empty ones at the end.
TEXTS = {
    "en": (
        "Die Ministerin hörte zu, und alle drei Gesetze werden noch einmal gelesen",
        ".\n\n..dots\n\n. .  \n\n" + "ü" * 1200 + "\n\n" + "long " * 300 + "\n\n\n",
    )
}

Verify = Callable[[bytes], bool]


def command(database_url: str, folder: Path, *words: str, **given: str) -> Result:
    """Run a command in a house with such settings."""
    site = Site.open(settings(database_url, folder, **given))
    try:
        return create_public(site).test_cli_runner().invoke(args=list(words))
    finally:
        site.database.dispose()


def published(line: str) -> bytes:
    """What DNS gives out of a line of a zone file: its texts in one (RFC 6376 3.6.2.2)."""
    name, _, texts = line.partition(" IN TXT ")
    assert name.encode() == NAME
    pieces = re.findall(r'"([^"]*)"', texts)
    assert all(len(piece) <= 255 for piece in pieces)
    return "".join(pieces).encode()


@contextmanager
def signing(
    database_url: str, folder: Path, sink: Sink, *options: str
) -> Iterator[tuple[House, Verify]]:
    """A house that signs with a key of its own, and a stranger who verifies."""
    key = folder / "dkim.pem"
    given = {**SIGNED, "MAIL_DKIM_KEY": str(key)}
    made = command(database_url, folder, "dkim", "key", str(key), *options)
    assert (made.exit_code, made.output) == (0, f"MAIL_DKIM_KEY={key}\n")
    said = command(database_url, folder, "dkim", "record", **given)
    assert said.exit_code == 0, said.output
    record = published(said.output)

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == NAME
        return record

    house = House(database_url, folder, sink, **given)
    try:
        yield house, lambda content: dkim.verify(content, dnsfunc=dns)
    finally:
        house.close()


def some(house: House) -> list[Mail]:
    """Mails of several kinds: to confirm, signed, and an update in strange lines."""
    house.confirm(wants_updates="yes")
    house.deliver()
    started(house, texts=TEXTS)
    send_all(house)
    return list(house.sink.mails)


@pytest.mark.parametrize("options", [(), ("--ed25519",)], ids=["rsa", "ed25519"])
def test_row_16_every_mail_verifies_and_no_changed_one_does(
    filled_sqlite: Path, tmp_path: Path, smtp_sink: Sink, options: tuple[str, ...]
) -> None:
    url = copy_sqlite(filled_sqlite, tmp_path / "database")
    with signing(url, tmp_path, smtp_sink, *options) as (house, verifies):
        mails = some(house)
        assert len(mails) == 3
        for mail in mails:
            assert verifies(mail.content)
            _is_fit_for_any_wire(mail.content)
            _changed_in_any_way_it_fails(mail, verifies)
        # Who took the mail and could not say so gets it again.
        house.sign(email="second@example.org")
        house.sink.script.append(DROP_AFTER_DOT)
        house.deliver()
        later(minutes=2)
        house.deliver()
        first, again = (
            mail
            for mail in house.sink.mails
            if mail.recipients == ("second@example.org",)
        )
        assert first.message["Message-ID"] == again.message["Message-ID"]
        assert verifies(first.content)
        assert verifies(again.content)


def _is_fit_for_any_wire(content: bytes) -> None:
    """No relay has a reason to change it: 7 bits, CRLF, lines as RFC 5322 allows."""
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998


def _changed_in_any_way_it_fails(mail: Mail, verifies: Verify) -> None:
    """A byte of the body, a byte of each header that counts, or one more header."""
    head, body = mail.content.split(b"\r\n\r\n", 1)
    middle = len(body) // 2
    other = b"a" if body[middle : middle + 1] != b"a" else b"b"
    spoiled = body[:middle] + other + body[middle + 1 :]
    assert not verifies(head + b"\r\n\r\n" + spoiled)
    assert not verifies(mail.content + b"P.S.\r\n")
    names = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version",
             "Content-Type"]  # fmt: skip
    if mail.message["List-Unsubscribe"]:
        names += ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"]
    else:
        names += ["Auto-Submitted"]
    for name in names:
        line = f"\r\n{name}: ".encode()
        assert head.count(line) == 1
        assert not verifies(mail.content.replace(line, line + b"x", 1)), name
    for name in ("From", "Subject", "To", "Date", "Reply-To", "Content-Type"):
        for changed in (
            f"{name}: x\r\n".encode() + mail.content,
            head + f"\r\n{name}: x\r\n\r\n".encode() + body,
        ):
            assert not verifies(changed), name


def test_a_key_file_is_its_owners_alone_and_never_overwritten(
    filled_sqlite: Path, tmp_path: Path
) -> None:
    url = copy_sqlite(filled_sqlite, tmp_path / "database")
    key = tmp_path / "dkim.pem"
    assert command(url, tmp_path, "dkim", "key", str(key)).exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    again = command(url, tmp_path, "dkim", "key", str(key))
    assert again.exit_code == 1
    assert again.output == f"Error: {key} is there already.\n"
    assert key.read_bytes() == before
    nowhere = command(url, tmp_path, "dkim", "key", str(tmp_path / "no" / "key"))
    assert (nowhere.exit_code, "No such file" in nowhere.output) == (1, True)
    unset = command(url, tmp_path, "dkim", "record")
    assert (unset.exit_code, "MAIL_DKIM_KEY is not set" in unset.output) == (1, True)


def short_key() -> bytes:
    """A key that RFC 8301 forbids to sign with."""
    key = generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_key_that_cannot_sign_stops_the_worker_and_not_the_web(
    filled_sqlite: Path, tmp_path: Path
) -> None:
    url = copy_sqlite(filled_sqlite, tmp_path / "database")
    key = tmp_path / "dkim.pem"
    given = {**SIGNED, "MAIL_DKIM_KEY": str(key)}
    for content, why in (
        (None, "cannot be read (No such file or directory)"),
        (b"nonsense", "holds no private key in PEM without a password"),
        (short_key(), "must hold an RSA key of 2048 to 4096 bits, or one for Ed25519"),
    ):
        if content is not None:
            key.write_bytes(content)
        for words in (["worker"], ["dkim", "record"]):
            said = command(url, tmp_path, *words, **given)
            assert said.exit_code == 1
            assert said.output == f"Error: MAIL_DKIM_KEY: {key} {why}.\n"
        # Whoever signs meanwhile is not to blame: the page is served as ever.
        assert command(url, tmp_path, "outbox", "count", **given).exit_code == 0


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"MAIL_DKIM_SELECTOR": ""}, "MAIL_DKIM_SELECTOR"),
        ({"MAIL_DKIM_SELECTOR": "a b"}, "MAIL_DKIM_SELECTOR"),
        ({"MAIL_DKIM_DOMAIN": "example"}, "MAIL_DKIM_DOMAIN"),
        ({"MAIL_DKIM_DOMAIN": "example.net"}, "MAIL_DKIM_DOMAIN"),
        ({"MAIL_DKIM_DOMAIN": "ample.org"}, "MAIL_DKIM_DOMAIN"),
    ],
)
def test_settings_that_no_verifier_would_take_stop_the_start(
    tmp_path: Path, given: dict[str, str], variable: str
) -> None:
    everything = {**SIGNED, "MAIL_DKIM_KEY": "dkim.pem", **given}
    with pytest.raises(config.ConfigError, match=f"^{variable} must"):
        settings(f"sqlite:///{tmp_path}/x", tmp_path, **everything)


def test_without_a_domain_that_of_the_sender_signs(tmp_path: Path) -> None:
    given = {**SIGNED, "MAIL_DKIM_KEY": "dkim.pem", "MAIL_DKIM_DOMAIN": ""}
    read = settings(f"sqlite:///{tmp_path}/x", tmp_path, **given)
    assert read.mail_dkim is not None
    assert read.mail_dkim.domain == "letters.example.org"
