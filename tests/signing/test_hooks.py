"""The webhook for mail providers: signed, once, and of use only where it is set up."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.domain.keyring import Keyring
from app.mail.verp import Verp
from app.models import Bounce, Bouncing, Outbox
from tests.house import BASE, KEYS, House, later
from tests.mail.work import row
from tests.servers.smtp import Sink

OLD, NEW = b"o" * 24, b"n" * 32
SECRETS = ",".join("whsec_" + base64.b64encode(one).decode() for one in (NEW, OLD))
ADDRESS = "bounces@letters.example.org"
HOOK = "/hooks/mail"


@pytest.fixture
def hooked(database_url: str, tmp_path: Path, smtp_sink: Sink) -> Iterator[House]:
    """A house that a provider reports to."""
    running = House(database_url, tmp_path, smtp_sink, MAIL_HOOK_SECRET=SECRETS,
                    MAIL_BOUNCES=ADDRESS)  # fmt: skip
    yield running
    running.close()


def report(
    house: House,
    body: Any,
    *,
    secret: bytes = NEW,
    at: float | None = None,
    **headers: str,
) -> TestResponse:
    """Send a body as a provider does, signed with a secret."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    when = str(int(db.now().timestamp() if at is None else at))
    mac = hmac.digest(secret, f"msg_1.{when}.".encode() + raw, "sha256")
    given = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": when,
        "webhook-signature": "v1a,bm90 v1," + base64.b64encode(mac).decode(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return house.client.post(HOOK, base_url=BASE, data=raw, headers=given)


def said(answer: TestResponse) -> dict[str, Any]:
    """The JSON of an answer."""
    return dict(json.loads(answer.text))


def bounce(**named: str) -> dict[str, Any]:
    return {"events": [{"type": "bounce", "status": "5.1.1", **named}]}


def kept(house: House) -> list[tuple[str, str]]:
    return [tuple(one) for one in house.ask(select(Bounce.kind, Bounce.status))]


def mailed(house: House) -> Any:
    """Somebody signs, and their mail is handed over."""
    house.sign()
    assert len(house.deliver()) == 1
    return row(house)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_signed_report_is_taken_by_either_name(hooked: House, secret: bytes) -> None:
    inbox = hooked.sign().headers["Location"]
    hooked.deliver()
    mail = row(hooked)
    name = f"<{mail.message_id}@letters.example.org>"
    answer = report(hooked, bounce(message_id=name), secret=secret)
    assert (answer.status_code, said(answer)["noted"]) == (200, 1)
    assert kept(hooked) == [("hard", "5.1.1")]
    assert "The address was refused" in hooked.get(inbox).text
    sender = Verp(Keyring([KEYS.encode()]), ADDRESS).make(mail.id)
    complaint = {"events": [{"type": "complaint", "sender": sender}]}
    assert said(report(hooked, complaint, secret=secret))["noted"] == 1
    # The same again, as whoever replays it within minutes would do it.
    again = report(hooked, bounce(message_id=name), secret=secret)
    assert (said(again)["noted"], said(again)["repeated"]) == (0, 1)
    assert len(kept(hooked)) == 2


def test_what_is_not_signed_just_now_is_not_taken(hooked: House) -> None:
    mail = mailed(hooked)
    body = bounce(message_id=f"{mail.message_id}@localhost")
    now = db.now().timestamp()
    for answer in (
        report(hooked, body, secret=b"x" * 32),
        report(hooked, body, at=now - 301),
        report(hooked, body, at=now + 330),
        report(hooked, body, webhook_id="msg_2"),
        report(hooked, body, webhook_id=""),
        report(hooked, body, webhook_timestamp="yesterday"),
        report(hooked, body, webhook_timestamp="9" * 400),
        report(hooked, body, webhook_signature=""),
        report(hooked, body, webhook_signature="v1,*** v1, v2,bm90"),
    ):
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert said(answer)["detail"]
    assert kept(hooked) == []


def test_without_a_secret_there_is_no_hook(house: House) -> None:
    answer = report(house, bounce(message_id="0@localhost"))
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


WRONG: list[Any] = [
    b"", b"\xff", b"[" * 9000, [], {}, {"events": {}}, {"events": [1]},
    {"events": [{"type": "open", "message_id": "1@x"}]},
    {"events": [{"type": "bounce", "message_id": "1@x"}]},
    {"events": [{"type": "bounce", "message_id": "1@x", "status": "550"}]},
    {"events": [{"type": "bounce", "message_id": "1@x", "status": ["5.1.1"]}]},
    {"events": [{"type": "complaint", "message_id": 1}]},
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG, ids=lambda body: str(body)[:40])
def test_what_is_not_understood_is_named(hooked: House, body: Any) -> None:
    answer = report(hooked, body)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert said(answer)["title"] == "Bad Request"


def test_nobody_is_hurt_by_strange_names(hooked: House) -> None:
    mail = mailed(hooked)
    strange = ["\ud800@x", "\0@x", "", "a" * 9000, mail.message_id[:-1] + "@x"]
    events = [{"type": "complaint", "message_id": name} for name in strange]
    events += [
        {"type": "complaint", "sender": f"bounces+{mail.id}.00000000@{'x' * 50}"},
        {"type": "bounce", "message_id": f"{mail.message_id}@x", "status": "2.0.0"},
    ]
    answer = report(hooked, {"events": events})
    assert (answer.status_code, said(answer)["unknown"]) == (200, 6)
    assert kept(hooked) == []
    assert report(hooked, b" " * 20_000).status_code == 413
    assert report(hooked, {}, Content_Type="text/plain").status_code == 415
    assert report(hooked, {}, Origin="https://evil.example").status_code == 403


def test_a_mail_in_hand_is_to_be_told_again(hooked: House) -> None:
    hooked.sign()
    mail = row(hooked)
    assert mail.state == "ready"
    answer = report(hooked, bounce(message_id=f"{mail.message_id}@x"))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    hooked.deliver()
    assert said(report(hooked, bounce(message_id=f"{mail.message_id}@x")))["noted"] == 1


def test_a_signature_is_marked(hooked: House) -> None:
    hooked.confirm()
    later(minutes=2)
    hooked.deliver()
    newest = hooked.ask(
        select(Outbox.message_id).where(Outbox.signature_id.is_not(None))
    )
    report(hooked, bounce(message_id=f"{newest[0].message_id}@x"))
    assert hooked.ask(select(Bouncing.status)) == [("5.1.1",)]
