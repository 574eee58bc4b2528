"""The development inbox: receive real SMTP, keep every mail as a file, list them.

`python -m app.dev_inbox FOLDER --descriptor N` serves on a socket that the caller
has bound, so that nobody can take its port in between; `--port N` binds one itself.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import os
import re
import secrets
import signal
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_LINK = re.compile(r"https?://[^\s<>\"']+")
_HREF = re.compile(r"href=[\"'](https?://[^\"']+)[\"']", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as it came: `to` is the envelope's, a header more than once is joined."""

    to: str
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    links: list[str]
    received_at: datetime


def store(folder: Path, recipients: list[str], content: bytes) -> None:
    """Write one mail so that it is on disk before its sender hears 250.

    The name begins with the time, so that names sort as the mails came.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns()}-{secrets.token_hex(4)}"
    aside = folder / f".{name}"
    with aside.open("xb") as file:
        # RFC 5321 section 4.4: the envelope is noted on top by whoever delivers.
        for recipient in recipients:
            file.write(b"Delivered-To: " + recipient.encode() + b"\r\n")
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(folder / f"{name}.eml")
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def recent(folder: Path, limit: int = 100) -> list[ReceivedMail]:
    """The newest `limit` mails, newest first; none where nothing ever came."""
    if not folder.is_dir():
        return []
    names = (name for name in os.listdir(folder) if name.endswith(".eml"))
    newest = sorted(names, reverse=True)[:limit]
    return [_read(folder / name) for name in newest]


def _read(path: Path) -> ReceivedMail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else str(value)
    text, markup = _body(message, "plain"), _body(message, "html")
    links = _LINK.findall(text) + [html.unescape(url) for url in _HREF.findall(markup)]
    return ReceivedMail(
        to=headers.pop("Delivered-To", ""),
        subject=headers.get("Subject", ""),
        headers=headers,
        text=text,
        html=markup,
        links=list(dict.fromkeys(link.rstrip(".,;:!?)") for link in links)),
        received_at=datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9, UTC),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


class _Keeper:
    """The hook that aiosmtpd calls with each mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        store(self._folder, [str(address) for address in envelope.rcpt_tos], content)
        return "250 OK, kept in the development inbox"


async def _serve(folder: Path, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    keeper = _Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True, loop=loop),
        sock=listener,
    )
    await stopped.wait()
    server.close()


def main() -> None:
    """Serve until told to stop by SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--descriptor", type=int, help="a bound socket, inherited")
    where.add_argument("--port", type=int)
    arguments = parser.parse_args()
    if arguments.descriptor is not None:
        listener = socket.socket(fileno=arguments.descriptor)
    else:
        listener = socket.create_server(("127.0.0.1", arguments.port))
    asyncio.run(_serve(arguments.folder, listener))


if __name__ == "__main__":
    main()
