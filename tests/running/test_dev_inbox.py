"""The development inbox takes real mail, keeps it, and shows the newest first."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.dev_inbox import recent, store
from app.processes import free_socket


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with free_socket() as listener:
        number = listener.fileno()
        command = [sys.executable, "-m", "app.dev_inbox", str(tmp_path)]
        process = subprocess.Popen(
            [*command, "--descriptor", str(number)], pass_fds=[number]
        )
        yield int(listener.getsockname()[1])
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def _message(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "letters@example.org"
    message["To"] = "Żółć <alice@example.org>"
    message["Subject"] = subject
    message["Message-ID"] = "<1@example.org>"
    link = "http://localhost:8000/confirm/a-b_c.d"
    message.set_content(f"Grüße!\n\n{link}\n\nNot you? <{link}?not_me=1>.\n")
    message.add_alternative(
        f"<p><a href='{link}'>Confirm</a> <a href='{link}?a=1&amp;b=2'>No</a></p>",
        subtype="html",
    )
    return message


def test_a_mail_sent_over_smtp_is_kept_with_its_parts(
    port: int, tmp_path: Path
) -> None:
    with smtplib.SMTP("localhost", port) as client:
        client.send_message(
            _message("Bitte bestätigen — ✍"), to_addrs=["a@example.org"]
        )
    [mail] = recent(tmp_path)
    assert mail.to == "a@example.org"
    assert mail.subject == "Bitte bestätigen — ✍"
    assert mail.headers["To"] == "Żółć <alice@example.org>"
    assert mail.headers["Message-ID"] == "<1@example.org>"
    assert mail.text.startswith("Grüße!")
    assert "<a href=" in mail.html
    link = "http://localhost:8000/confirm/a-b_c.d"
    assert mail.links == [link, f"{link}?not_me=1", f"{link}?a=1&b=2"]
    assert mail.received_at.utcoffset() is not None


def test_an_empty_inbox_is_an_empty_list(tmp_path: Path) -> None:
    assert recent(tmp_path / "nothing") == []


def test_the_newest_comes_first_and_only_as_many_as_asked_for(tmp_path: Path) -> None:
    for number in range(5):
        store(tmp_path, ["a@example.org"], f"Subject: {number}\r\n\r\n".encode())
    assert [mail.subject for mail in recent(tmp_path, 3)] == ["4", "3", "2"]


def test_a_mail_half_written_is_not_shown(tmp_path: Path) -> None:
    store(tmp_path, ["a@example.org"], b"Subject: whole\r\n\r\n")
    (tmp_path / ".1-half").write_bytes(b"Subject: half")
    assert [mail.subject for mail in recent(tmp_path)] == ["whole"]


def test_several_recipients_are_all_named(tmp_path: Path) -> None:
    store(tmp_path, ["a@example.org", "b@example.org"], b"Subject: x\r\n\r\nbody\r\n")
    [mail] = recent(tmp_path)
    assert mail.to == "a@example.org, b@example.org"
    assert os.listdir(tmp_path)[0].endswith(".eml")
