"""Whether the mail server takes our mails: written by the worker, read by the web.

The breaker itself is each worker's own; what is kept here is what it goes by.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, null, select, update

from app import db, prepared
from app.db import Moment, Transaction
from app.models import MailRelay
from app.prepared import Statement, Step

_t = db.table(MailRelay)


class Standing(NamedTuple):
    """Since when it refuses us, if it does, and how often a worker has stood back."""

    refuses_since: datetime | None
    refusals: int


def refused(session: Transaction, *, now: datetime) -> None:
    """It has refused us, and a worker stands back."""
    prepared.run(session, Step(_REFUSED, {"id": 1, "since": now, "first": 1}))


def well(session: Transaction) -> None:
    """It has taken a mail, or judged an address: whatever it had against us is over."""
    prepared.run(session, Step(_WELL, {"one": 1}))


_REFUSED = Statement(
    lambda insert: (
        insert(_t)
        .values(
            id=bindparam("id"),
            refuses_since=bindparam("since", type_=Moment),
            refusals=bindparam("first"),
        )
        .on_conflict_do_update(
            index_elements=["id"],
            set_={
                "refuses_since": func.coalesce(
                    _t.c.refuses_since, bindparam("since", type_=Moment)
                ),
                "refusals": _t.c.refusals + bindparam("first"),
            },
        )
        .inline()
    )
)
# Touches no row while all is well.
_WELL = Statement(
    lambda insert: (
        update(_t)
        .where(_t.c.id == bindparam("one"), _t.c.refuses_since.is_not(None))
        .values(refuses_since=null())
    )
)


def read(session: Transaction) -> Standing:
    """How it stands by now."""
    row = session.execute(select(_t.c.refuses_since, _t.c.refusals)).first()
    return Standing(row.refuses_since, row.refusals) if row else Standing(None, 0)
