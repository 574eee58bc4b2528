"""What waits for an organiser, pile by pile, the riskiest and most visible first."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, literal, literal_column, select, tuple_

from app import db, prepared
from app.db import Moment, RowId, Transaction
from app.domain.piles import mine
from app.models import DeskEntry, DeskLock, Organiser, Signature
from app.prepared import Question, Step

CAP = 1000

_entry, _s = db.table(DeskEntry).c, db.table(Signature).c


class Waiting(NamedTuple):
    """One line of the queue."""

    place: int
    id: int
    public_id: str
    name: str
    title: str | None
    affiliation: str | None
    sector: str
    hold_reasons: str | None
    state: str
    verified: bool
    created_at: datetime
    locked_by: int | None
    locked_by_name: str | None

    @property
    def reasons(self) -> list[str]:
        """The hold reasons, as keys."""
        return (self.hold_reasons or "").split()

    @property
    def description(self) -> str:
        """Title and affiliation as they stand after the name."""
        return ", ".join(part for part in (self.title, self.affiliation) if part)


_lock, _who = db.table(DeskLock).c, db.table(Organiser).c
_QUEUE = (
    select(
        _entry.place, _s.id, _s.public_id, _s.name, _s.title, _s.affiliation, _s.sector,
        _s.hold_reasons, _s.state, _s.verified, _s.created_at, _lock.organiser_id,
        _who.name.label("locked_by_name"),
    )
    .select_from(
        db.table(DeskEntry)
        .join(db.table(Signature), _s.id == _entry.signature_id)
        .outerjoin(
            db.table(DeskLock),
            (_lock.signature_id == _entry.signature_id)
            & (_lock.until > bindparam("now", type_=Moment)),
        )
        .outerjoin(db.table(Organiser), _who.id == _lock.organiser_id)
    )
    .where(
        _entry.letter_id == bindparam("letter", type_=RowId),
        _entry.pile == bindparam("pile"),
        # The key as one value: both databases then seek to it in the index.
        tuple_(_entry.place, _entry.signature_id)
        > tuple_(bindparam("place"), bindparam("id", type_=RowId)),
    )
    .order_by(_entry.place, _entry.signature_id)
    .limit(bindparam("limit"))
)  # fmt: skip
_PAGE = Question(lambda gathered: _QUEUE)
_asked = db.table(DeskEntry).alias("asked")
_NEXT = _QUEUE.where(
    (_lock.organiser_id.is_(None)) | (_lock.organiser_id == bindparam("me")),
    ~exists(
        select(literal(1)).where(
            _asked.c.letter_id == _entry.letter_id,
            _asked.c.pile == bindparam("mine"),
            _asked.c.place == _entry.place,
            _asked.c.signature_id == _entry.signature_id,
        )
    ),
)

Key = tuple[int, int]
START: Key = (-1, 0)


def read(
    session: Transaction,
    *,
    letter_id: int,
    pile: str,
    after: Key = START,
    now: datetime,
    limit: int,
) -> list[Waiting]:
    """The part of a pile that follows the key `after`."""
    given = {
        "letter": letter_id, "pile": pile, "place": after[0], "id": after[1],
        "now": now, "limit": limit,
    }  # fmt: skip
    rows = prepared.run(session, Step(_PAGE, given))
    # The truth of a column is 1 or 0 on SQLite, and its time a text.
    return [
        one._replace(verified=bool(one.verified), created_at=db.moment(one.created_at))
        for one in map(Waiting._make, rows)
    ]


def following(
    session: Transaction,
    *,
    letter_id: int,
    pile: str,
    after: Key,
    organiser_id: int,
    now: datetime,
) -> Waiting | None:
    """The next of a pile that nobody else has on the screen; the first, at its end.

    What waits for an answer to this very organiser is passed over, but in the pile of
    just that.
    """
    own = mine(organiser_id)
    given = {
        "letter": letter_id, "pile": pile, "now": now, "me": organiser_id, "limit": 1,
        "mine": "" if pile == own else own,
    }  # fmt: skip
    for place_, id_ in dict.fromkeys((after, START)):
        row = session.execute(_NEXT, given | {"place": place_, "id": id_}).first()
        if row is not None:
            return Waiting._make(row)
    return None


_NUMBER = Question(
    lambda gathered: select(func.count()).select_from(
        select(literal_column("1"))
        .where(
            _entry.letter_id == bindparam("letter", type_=RowId),
            _entry.pile == bindparam("pile"),
        )
        .limit(literal_column(str(CAP + 1)))
        .subquery()
    )
)


def number(session: Transaction, *, letter_id: int, pile: str) -> int:
    """How many there are in a pile; one more than CAP stands for "more"."""
    asked = Step(_NUMBER, {"letter": letter_id, "pile": pile})
    ((found,),) = prepared.run(session, asked)
    return int(found)


def key_of(
    session: Transaction, *, letter_id: int, pile: str, public_id: str
) -> Key | None:
    """Where a signature stands in a pile, or None."""
    row = session.execute(
        select(_entry.place, _entry.signature_id)
        .select_from(
            db.table(Signature).join(db.table(DeskEntry), _entry.signature_id == _s.id)
        )
        .where(
            _s.public_id == public_id,
            _entry.letter_id == letter_id,
            _entry.pile == pile,
        )
    ).first()
    return (row.place, row.signature_id) if row else None
