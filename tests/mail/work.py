"""Let workers work, and look at what became of the mails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from app.models import MailSlot, Outbox
from app.postman import Postman
from tests.house import House

# Makes a worker with settings of its own, such as `hire(MAIL_RETRY="60")`.
Hire = Callable[..., Postman]


def row(house: House) -> Any:
    """The newest row of the outbox."""
    return house.ask(select(Outbox.__table__).order_by(Outbox.id.desc()).limit(1))[0]


def slots(house: House) -> int:
    """How many hand-overs the ceilings count."""
    ((number,),) = house.ask(select(func.count()).select_from(MailSlot))
    return int(number)


def work(house: House, postman: Postman) -> None:
    """Let a worker take in hand whatever is due."""
    with house.app.app_context():
        while postman.deliver():
            pass


def sign_people(house: House, number: int) -> list[str]:
    """Let people sign; their addresses."""
    people = [f"person{n}@example.org" for n in range(number)]
    for address in people:
        assert house.sign(email=address).status_code == 303
    return people


def repaired(house: House, postman: Postman) -> None:
    """Deliver as when the breaker has closed, which it does by itself in time."""
    postman._open_until = 0.0
    assert not postman.breaker_open
    work(house, postman)
