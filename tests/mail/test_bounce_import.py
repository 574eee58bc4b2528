"""Reports that lie in a maildir, taken by a command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from app.models import Bounce
from tests.house import FIELDS, House
from tests.mail.reports import ADDRESS, report
from tests.servers.smtp import Sink


@pytest.fixture
def posted(database_url: str, tmp_path: Path, smtp_sink: Sink) -> Iterator[House]:
    """A house whose mails name themselves in their envelope."""
    running = House(database_url, tmp_path, smtp_sink, MAIL_BOUNCES=ADDRESS)
    yield running
    running.close()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """An empty one."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / "maildir" / part).mkdir(parents=True)
    return tmp_path / "maildir"


def command(house: House, *arguments: str) -> Result:
    return house.app.test_cli_runner().invoke(args=["bounces", *arguments])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_handled_is_moved_and_the_rest_stays(
    posted: House, maildir: Path
) -> None:
    posted.sign()
    (mail,) = posted.deliver()
    forged = mail.sender[:-25].replace("+", "+1") + mail.sender[-25:]
    files = {
        "1.a": report("postfix", mail.sender),
        "2.a": report("gmail", mail.sender).replace(b"\n", b"\r\n"),
        "3.a:2,": report("complaint", mail.sender),
        "4.a": report("away", mail.sender),
        "5.a": report("postfix", forged),
        "6.a": b"\x00\xff garbage",
        "7.a": b"",
        # Only named in what the report quotes.
        "8.a": b"To: postmaster@example.org\n\n" + report("postfix", mail.sender),
    }
    for name, content in files.items():
        (maildir / "new" / name).write_bytes(content)
    result = command(posted, "import", str(maildir))
    assert result.exit_code == 0, result.output
    assert result.output.split() == ["noted", "2", "repeated", "1", "left", "5"]
    assert names(maildir / "cur") == {"1.a:2,S", "2.a:2,S", "3.a:2,S"}
    assert names(maildir / "new") == {"4.a", "5.a", "6.a", "7.a", "8.a"}
    kept = posted.ask(select(Bounce.kind, Bounce.status).order_by(Bounce.kind))
    assert [tuple(one) for one in kept] == [("complaint", ""), ("hard", "5.1.1")]


def test_an_address_is_written_to_again_at_once(posted: House, maildir: Path) -> None:
    posted.sign()
    (mail,) = posted.deliver()
    (maildir / "new" / "1").write_bytes(report("postfix", mail.sender))
    command(posted, "import", str(maildir))
    forgotten = command(posted, "forget", FIELDS["email"], "--letter", "deepfakes")
    assert forgotten.output == "1 reports forgotten\n"
    assert posted.ask(select(Bounce.kind)) == []


def test_it_says_what_is_missing(house: House, posted: House, tmp_path: Path) -> None:
    assert "MAIL_BOUNCES is not set" in command(house, "import", str(tmp_path)).output
    assert "no maildir" in command(posted, "import", str(tmp_path)).output
