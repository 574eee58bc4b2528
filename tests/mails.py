"""Let the worker of a house deliver for as long as tests need it to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app import db
from app.models import Outbox
from tests.house import House
from tests.servers.smtp import Mail


def deliver_for(house: House, days: float) -> list[Mail]:
    """Deliver, moving the clock on to what is due next, for so many days at most."""
    passed = db.now() - datetime.now(UTC)
    end, before = passed + timedelta(days=days), len(house.sink.mails)
    while passed < end:
        house.deliver()
        due = house.ask(select(Outbox.due_at).where(Outbox.state == "ready"))
        if not due:
            break
        passed += max(min(at for (at,) in due) - db.now(), timedelta(seconds=1))
        db.move_clock(passed)
    return list(house.sink.mails[before:])
