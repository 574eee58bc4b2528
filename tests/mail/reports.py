"""Reports about mails that come back, and the worker that takes them."""

from __future__ import annotations

import smtplib
import socket
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app import db
from app.domain import outgoing
from app.models import (
    Bounce,
    BounceKind,
    Bouncing,
    OutboxKind,
    Signature,
)
from app.worker import Worker
from tests.house import House, later, link
from tests.mail.work import work
from tests.servers.smtp import Mail

REPORTS = Path(__file__).parent.parent / "data" / "bounces"
ADDRESS = "b@letters.example.org"
HARD, SOFT, COMPLAINT = BounceKind.HARD, BounceKind.SOFT, BounceKind.COMPLAINT

# What each report says.
SAYS: dict[str, tuple[BounceKind, str] | None] = {
    "postfix": (HARD, "5.1.1"),
    "postfix_delayed": None,
    "postfix_expired": (SOFT, "4.4.1"),
    "full": (SOFT, "5.2.2"),
    "no_domain": (SOFT, "5.4.4"),
    "policy": (SOFT, "5.7.1"),
    "unclear": (SOFT, "4.2.2"),
    "several": (SOFT, "4.2.2"),
    "expanded": None,
    "delivered": None,
    "global": (HARD, "5.1.1"),
    "no_charset": (HARD, "5.1.1"),
    "no_action": (HARD, "5.1.1"),
    "nested": (HARD, "5.1.1"),
    "carried": None,
    "exim": (HARD, "5.1.1"),
    "exim_no_code": (HARD, "5.1.1"),
    "exim_delayed": None,
    "qmail": (HARD, "5.1.1"),
    "sendmail": (HARD, "5.0.0"),
    "exchange": (HARD, "5.1.10"),
    "exchange_words": (HARD, "5.1.1"),
    "outlook_html": (HARD, "5.1.10"),
    "gmail": (HARD, "5.1.1"),
    "gmail_words": (HARD, "5.1.1"),
    "gmail_delayed": None,
    "away": None,
    "left": None,
    "complaint": (COMPLAINT, ""),
    "not_spam": None,
}


def report(name: str, address: str = ADDRESS) -> bytes:
    """A report as it comes to the address that bounces go to."""
    return (
        (REPORTS / f"{name}.eml").read_bytes().replace(b"@@BOUNCE@@", address.encode())
    )


@dataclass(frozen=True)
class Office:
    """A worker with its door for reports."""

    house: House
    worker: Worker
    port: int

    def deliver(self) -> list[Mail]:
        """Let the worker send all that is due; the mails that came of it."""
        before = len(self.house.sink.mails)
        work(self.house, self.worker.postman)
        return list(self.house.sink.mails[before:])

    def lmtp(self) -> smtplib.LMTP:
        """A connection as Postfix makes it."""
        return smtplib.LMTP("127.0.0.1", self.port)

    def comes(self, name: str, mail: Mail | str) -> None:
        """The report comes to the envelope sender of a mail."""
        to = mail if isinstance(mail, str) else mail.sender
        with self.lmtp() as client:
            client.sendmail("", [to], report(name, to))

    def bounces(self) -> list[Any]:
        """What is kept of reports."""
        return self.house.ask(select(Bounce.kind, Bounce.status).order_by(Bounce.at))


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


def confirmed(office: Office, **fields: str) -> Mail:
    """Somebody signs and confirms; the mail that they get then."""
    office.house.sign(**fields)
    (mail,) = office.deliver()
    path = link(mail, "confirm")
    assert office.house.post(path, {"action": "confirm"}).status_code == 200
    later(minutes=2)
    (signed,) = office.deliver()
    return signed


def again(office: Office, kind: OutboxKind = OutboxKind.SIGNED) -> list[Mail]:
    """Ask for one more mail to the newest signature."""
    now = db.now()
    with office.house.writing() as session:
        signature_id = session.scalar(select(func.max(Signature.id)))
        outgoing.ask_anew(session, kind=kind, signature_id=signature_id, due_at=now,
                          now=now)  # fmt: skip
    return office.deliver()


def bouncing(office: Office) -> list[Any]:
    """The signatures whose address takes nothing any more."""
    return office.house.ask(select(Bouncing.signature_id, Bouncing.status))
