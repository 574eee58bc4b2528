"""What a running house has stored, and which processes its web server has."""

from __future__ import annotations

import subprocess

from sqlalchemy import select

from app.domain.drafts import Draft, sealing_context
from app.models import Outbox, Submission
from app.site import Site
from tests.house import settings
from tests.servers.live import Live


def stored(live: Live) -> set[str]:
    """The addresses of all submissions, each of which has its mail."""
    site = Site.open(settings(live.environment["DATABASE_URL"], live.folder))
    with site.database.reading() as session:
        rows = session.execute(select(Submission.id, Submission.sealed)).all()
        mailed = set(session.scalars(select(Outbox.submission_id)))
    site.database.dispose()
    assert {row.id for row in rows} <= mailed
    opened = (
        site.keyring.open(row.sealed, context=sealing_context(row.id)) for row in rows
    )
    return {Draft.from_bytes(sealed).email for sealed in opened}


def children(live: Live) -> dict[int, int]:
    """The web processes under the server: their pids, and their kilobytes."""
    lines = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    rows = [tuple(map(int, line.split())) for line in lines]
    parent = live.house.pid("web")
    return {pid: size for pid, above, size in rows if above == parent}
