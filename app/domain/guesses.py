"""How often passwords and codes may be tried (threats 43)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from app import db
from app.db import Transaction, insert_for
from app.domain.keyring import Keyring
from app.models import Guess

WINDOW = timedelta(minutes=15)
# How many tries a window holds: for one account or code, from one network, of all.
PER_ACCOUNT, PER_NETWORK, IN_ALL = 10, 30, 500


class TooMany(RuntimeError):
    """It was tried too often; `wait` is how long until it may be tried again."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(str(wait))
        self.wait = wait


def count(
    session: Transaction, *, keyring: Keyring, tries: Mapping[str, int], now: datetime
) -> None:
    """Count one try for each key of `tries`, which gives how many it may have.

    Raises TooMany, once what it counts is written: to go on trying changes nothing.
    """
    since = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % WINDOW
    table = db.table(Guess)
    add = (
        insert_for(session)(table)
        .on_conflict_do_update(
            index_elements=["key", "since"], set_={"number": table.c.number + 1}
        )
        .returning(table.c.number)
    )
    too_many = False
    # In the order of the keys, so that two who share some wait for one another in turn.
    keyed = sorted(
        (keyring.guess_key(now.date(), tried), limit) for tried, limit in tries.items()
    )
    for key, limit in keyed:
        row = {"key": key, "since": since, "number": 1}
        too_many |= session.execute(add, row).scalar_one() > limit
    if too_many:
        raise TooMany(since + WINDOW - now)
