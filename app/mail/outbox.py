"""The outbox as a queue: claim by lease, finish by token."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, null, select, update

from app import db, prepared
from app.db import Moment, Transaction
from app.models import (
    IS_UNSENT,
    Mailing,
    Outbox,
    OutboxKind,
    OutboxState,
)
from app.prepared import Statement, Step

# The most that one worker has in hand: so many are sent twice if it is killed.
BATCH = 50
UPDATES_AT_ONCE = 5
# The priorities: what somebody waits for, and what organisers have to say.
AWAITED, UPDATES = 0, 1

# The mails of a mailing: their number is its id.
MAILINGS = frozenset({OutboxKind.UPDATE, OutboxKind.CLOSING})

_LONGEST_PAUSE = timedelta(hours=4)
# So many tries take a week, with pauses that begin at a minute.
LAST_TRY = 46


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the outbox that this worker alone may send until its lease ends."""

    token: str
    id: int
    kind: str
    submission_id: bytes | None
    signature_id: int | None
    invitation_id: bytes | None
    sign_invitation_id: int | None
    organiser_id: int | None
    record_id: int | None
    number: int
    message_id: str
    attempts: int

    @property
    def mailing_id(self) -> int | None:
        """The update that the mail brings to a signatory; None of any other mail."""
        if self.kind not in MAILINGS or self.signature_id is None:
            return None
        return self.number


def claim(
    session: Transaction, *, now: datetime, lease: timedelta, limit: int = BATCH
) -> list[Claim]:
    """Take up to `limit` mails that are due, oldest first, with a lease on each.

    Updates have their turn once nothing else is due, and a few at a time: however many
    of them wait, whoever has just signed waits for no more than those few. A row whose
    lease has run out is due again: its worker is taken for dead, and its token no
    longer fits, so that a late "done" of it is refused.
    """
    token = secrets.token_hex(16)
    claims = _claim(session, AWAITED, token, limit, now, lease)
    if len(claims) < limit:
        few = min(limit - len(claims), UPDATES_AT_ONCE)
        updates = _claim(session, UPDATES, token, few, now, lease)
        # By mailing, so that two workers count on them in the same order.
        claims += sorted(updates, key=lambda claimed: (claimed.number, claimed.id))
    return claims


def _claim(
    session: Transaction,
    priority: int,
    token: str,
    limit: int,
    now: datetime,
    lease: timedelta,
) -> list[Claim]:
    values = {
        "turn": priority,
        "limit": limit,
        "now": now,
        "until": now + lease,
        "token": token,
    }
    rows = prepared.run(session, Step(_CLAIM, values))
    return [Claim(token, *row) for row in sorted(rows)]


def _end(
    session: Transaction,
    claimed: Claim,
    *,
    state: OutboxState,
    answer: str,
    now: datetime,
) -> bool:
    """Finish a mail in `state`; False when the lease was lost meanwhile."""
    values = {
        "of": claimed.id,
        "token": claimed.token,
        "as": state.value,
        "said": answer[:200],
        "now": now,
    }
    ended = bool(prepared.run(session, Step(_END, values)))
    if ended:
        _count(session, [claimed], state)
    return ended


def _count(session: Transaction, ended: Iterable[Claim], state: OutboxState) -> None:
    """Let the mailings know how many of their mails ended so."""
    ends = Counter(one.mailing_id for one in ended if one.mailing_id is not None)
    # In one order, so that two workers cannot wait for each other.
    for mailing_id, number in sorted(ends.items()):
        count = db.table(Mailing).c[state.value]
        session.execute(
            update(db.table(Mailing))
            .where(Mailing.id == mailing_id)
            .values({count: count + number})
        )


_o = db.table(Outbox)
_CLAIM = Statement(
    lambda insert: (
        update(_o)
        .where(
            _o.c.id.in_(
                select(_o.c.id)
                .where(
                    IS_UNSENT,
                    _o.c.priority == bindparam("turn"),
                    _o.c.due_at <= bindparam("now", type_=Moment),
                )
                .order_by(_o.c.due_at)
                .limit(bindparam("limit"))
                .with_for_update(skip_locked=True)
                .scalar_subquery()
            )
        )
        .values(
            state=OutboxState.LEASED.value,
            lease_token=bindparam("token"),
            due_at=bindparam("until", type_=Moment),
            attempts=_o.c.attempts + 1,
        )
        .returning(
            _o.c.id,
            _o.c.kind,
            _o.c.submission_id,
            _o.c.signature_id,
            _o.c.invitation_id,
            _o.c.sign_invitation_id,
            _o.c.organiser_id,
            _o.c.record_id,
            _o.c.number,
            _o.c.message_id,
            _o.c.attempts,
        )
    )
)
_END = Statement(
    lambda insert: (
        update(_o)
        .where(_o.c.id == bindparam("of"), _o.c.lease_token == bindparam("token"))
        .values(
            state=bindparam("as"),
            lease_token=null(),
            answer=bindparam("said"),
            ended_at=bindparam("now", type_=Moment),
        )
        .returning(_o.c.id)
    )
)


def _write(session: Transaction, claimed: Claim, values: dict[str, object]) -> bool:
    done = session.execute(
        update(Outbox)
        .where(Outbox.id == claimed.id, Outbox.lease_token == claimed.token)
        .values(lease_token=None, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def sent(
    session: Transaction, claims: Sequence[Claim], *, answer: str, now: datetime
) -> int:
    """The SMTP server took these mails of one batch; how many were still leased."""
    if not claims:
        return 0
    ended = set(
        session.execute(
            update(_o)
            .where(
                _o.c.id.in_([claimed.id for claimed in claims]),
                _o.c.lease_token == claims[0].token,
            )
            .values(
                state=OutboxState.SENT.value,
                lease_token=None,
                answer=answer[:200],
                ended_at=now,
            )
            .returning(_o.c.id)
        ).scalars()
    )
    _count(session, [one for one in claims if one.id in ended], OutboxState.SENT)
    return len(ended)


def refused(
    session: Transaction, claimed: Claim, *, answer: str, now: datetime
) -> bool:
    """The provider refuses this address for good."""
    return _end(session, claimed, state=OutboxState.REFUSED, answer=answer, now=now)


def dead(session: Transaction, claimed: Claim, *, answer: str, now: datetime) -> bool:
    """The mail could not be made: nobody but us can mend that."""
    return _end(session, claimed, state=OutboxState.DEAD, answer=answer, now=now)


def void(session: Transaction, claimed: Claim, *, why: str, now: datetime) -> bool:
    """The mail is not to be sent any more."""
    return _end(session, claimed, state=OutboxState.VOID, answer=why, now=now)


def retry(
    session: Transaction,
    claimed: Claim,
    *,
    answer: str,
    first: timedelta,
    now: datetime,
) -> bool:
    """Trouble on the way: try again after a pause that grows, with jitter.

    After a week, as long as a link works, the address is taken for one that takes no
    mail (RFC 5321 section 4.5.4.1 asks for four or five days).
    """
    if claimed.attempts >= LAST_TRY:
        return refused(session, claimed, answer=answer, now=now)
    # The power is bounded as well: a time that long cannot be written down.
    pause = min(first * 4 ** min(claimed.attempts - 1, 10), _LONGEST_PAUSE)
    values = {
        "state": OutboxState.READY.value,
        "due_at": now + pause * random.uniform(0.8, 1.2),
        "answer": answer[:200],
    }
    return _write(session, claimed, values)


def give_back(
    session: Transaction, claimed: Claim, *, due_at: datetime, answer: str | None = None
) -> bool:
    """Nothing was tried: the row is as it was, and due at `due_at`."""
    values = {
        "state": OutboxState.READY.value,
        "due_at": due_at,
        "attempts": claimed.attempts - 1,
        "answer": answer,
    }
    return _write(session, claimed, values)


def waiting(session: Transaction, *, now: datetime) -> int:
    """How many mails are due and not sent, for the readiness page and metrics."""
    return (
        session.scalar(
            select(func.count()).where(
                IS_UNSENT,
                Outbox.priority.in_((AWAITED, UPDATES)),
                Outbox.due_at <= now,
            )
        )
        or 0
    )


def oldest_due(session: Transaction, *, now: datetime) -> datetime | None:
    """Since when the mail that waits longest has been due, if any is."""
    oldest = (
        session.scalar(
            select(func.min(Outbox.due_at)).where(
                IS_UNSENT, Outbox.priority == priority, Outbox.due_at <= now
            )
        )
        for priority in (AWAITED, UPDATES)
    )
    return min(filter(None, oldest), default=None)


def by_state(session: Transaction) -> dict[str, int]:
    """How many mails are in which state."""
    rows = session.execute(select(Outbox.state, func.count()).group_by(Outbox.state))
    return {state: number for state, number in rows}
