"""What waits for an organiser, in piles, the riskiest and most visible first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
)

from app import db, prepared
from app.db import Moment, RowId, Transaction
from app.models import (
    DeskEntry,
    DeskLock,
    EvidenceRequest,
    Organiser,
    Signature,
    State,
    Verification,
)
from app.prepared import Question, Step

# All that waits; the hold reasons are piles by their own names; and three more.
WAITING = "waiting"
PROMINENT = "prominent"
SECOND = "second"
DISPUTED = "disputed"

CAP = 1000

# How likely it is that somebody is shown who did not sign. A reason that nobody
# weighed counts as a light one.
_RISK = {
    "rejected_before": 6,
    "watch_list": 5,
    DISPUTED: 5,
    "corrected": 4,
    "public_figure": 3,
    "by_hand": 3,
    "claim": 3,
    "network_speed": 2,
    "domain_speed": 2,
}
_LIGHT = 2
# Reasons that speak of a name which readers would repeat.
_FAMOUS = frozenset({"watch_list", "rejected_before", "public_figure", "corrected"})
_LAST = 1000

_entry, _s = db.table(DeskEntry).c, db.table(Signature).c
_ENTER = insert(db.table(DeskEntry))
_FACTS = select(
    _s.id,
    _s.letter_id,
    _s.state,
    _s.verified,
    _s.hold_reasons,
    _s.public_figure,
    _s.listed,
    _s.statement,
).where(_s.id.in_(bindparam("ids", expanding=True)))


def mine(organiser_id: int) -> str:
    """The pile of what an organiser has asked about or proposed."""
    return f"mine:{organiser_id}"


def place(reasons: Sequence[str], *, listed: bool, statement: bool) -> int:
    """Where a signature stands in its piles: risk times exposure, turned round.

    The smaller the sooner, so that one index serves the order; among equals the
    oldest comes first.
    """
    risk = sum(_RISK.get(reason, _LIGHT) for reason in reasons) or 1
    exposure = 1 + 3 * bool(_FAMOUS & set(reasons)) + listed + statement
    return max(0, _LAST - risk * exposure)


def enter(
    session: Transaction, *, signature_id: int, values: Mapping[str, Any]
) -> None:
    """Put a signature that was just made into the piles where it belongs.

    Costs nothing for one that neither waits nor says that it is a public figure.
    """
    if values["state"] == State.HELD or values.get("public_figure"):
        _write(session, [_Facts.of(signature_id, values)], prominent=False)


def settle(
    session: Transaction, *, signature_ids: Sequence[int], prominent: bool = False
) -> None:
    """Put signatures into the piles where they belong now, and out of all others.

    Whoever was famous stays so while not verified; `prominent` says that they are.
    """
    if not signature_ids:
        return
    left = session.execute(
        delete(DeskEntry)
        .where(DeskEntry.signature_id.in_(signature_ids))
        .returning(DeskEntry.signature_id, DeskEntry.pile)
        .execution_options(synchronize_session=False)
    )
    famous = {row.signature_id for row in left if row.pile in (*_FAMOUS, PROMINENT)}
    rows = session.execute(_FACTS, {"ids": list(signature_ids)}).all()
    live = [row.id for row in rows if row.state in (State.COUNTED, State.HELD)]
    asked, second = _in_hand(session, live)
    _write(
        session,
        [
            _Facts(*row[:7], bool(row.statement), asked.get(row.id, set()),
                   row.id in second, row.id in famous)
            for row in rows
        ],
        prominent=prominent,
    )  # fmt: skip


def _in_hand(
    session: Transaction, signature_ids: list[int]
) -> tuple[dict[int, set[str]], set[int]]:
    """Whose piles signatures are in, and which wait for a second reviewer."""
    asked: dict[int, set[str]] = {}
    if not signature_ids:
        return asked, set()
    for signature_id, organiser_id in session.execute(
        select(EvidenceRequest.signature_id, EvidenceRequest.asked_by).where(
            EvidenceRequest.signature_id.in_(signature_ids),
            EvidenceRequest.answer.is_(None),
            EvidenceRequest.taken_back_at.is_(None),
        )
    ):
        asked.setdefault(signature_id, set()).add(mine(organiser_id))
    second = set()
    for signature_id, actor in session.execute(
        select(Verification.signature_id, Verification.verified_by).where(
            Verification.signature_id.in_(signature_ids),
            Verification.awaits_second,
            Verification.voided_at.is_(None),
        )
    ):
        second.add(signature_id)
        kind, _, number = actor.partition(":")
        if kind == "organiser":
            asked.setdefault(signature_id, set()).add(mine(int(number)))
    return asked, second


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decides in which piles a signature belongs."""

    id: int
    letter_id: int
    state: str
    verified: bool
    hold_reasons: str | None
    public_figure: bool
    listed: bool
    statement: bool
    asked: set[str]
    second: bool
    famous: bool

    @classmethod
    def of(cls, signature_id: int, values: Mapping[str, Any]) -> _Facts:
        return cls(
            signature_id, values["letter_id"], values["state"], False,
            values.get("hold_reasons"), bool(values.get("public_figure")),
            bool(values.get("listed", True)), bool(values.get("statement")),
            set(), False, False,
        )  # fmt: skip

    def entries(self, prominent: bool) -> list[dict[str, Any]]:
        piles: set[str] = set()
        reasons: list[str] = []
        if self.state == State.HELD:
            reasons = (self.hold_reasons or "").split()
            piles |= {WAITING, *reasons}
        elif self.state != State.COUNTED:
            return []
        if self.second:
            piles |= {WAITING, SECOND}
        piles |= self.asked
        known = prominent or self.famous or self.public_figure
        if self.state == State.COUNTED and not self.verified and known:
            piles.add(PROMINENT)
            reasons = ["public_figure"]
        where = place(reasons, listed=self.listed, statement=self.statement)
        return [
            {
                "letter_id": self.letter_id,
                "pile": pile,
                "place": where,
                "signature_id": self.id,
            }
            for pile in sorted(piles)
        ]


def _write(session: Transaction, facts: list[_Facts], *, prominent: bool) -> None:
    rows = [row for fact in facts for row in fact.entries(prominent)]
    if rows:
        session.execute(_ENTER, rows)


# -- Reading ---------------------------------------------------------------------


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
