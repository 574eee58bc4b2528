"""What changes of the letter do to its signatures; none of them moves a state.

A part of the lifecycle: it alone may write these columns, and what it changes leaves
a line of the record and ledger rows in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select, update

from app import db
from app.db import Transaction
from app.domain import record, tally
from app.domain.standing import entries_of, facts
from app.domain.tally import Entry
from app.models import Facet, Measure, Signature, SnapshotLine, State


def keep(
    session: Transaction,
    *,
    signature_id: int,
    text_version_id: int,
    number: int,
    now: datetime,
) -> bool:
    """Let a signature stand under a newer wording, as its signatory wishes.

    False where it is neither counted nor held any more.
    """
    former = facts(session, signature_id=signature_id)
    kept = session.execute(
        update(db.table(Signature))
        .where(
            db.table(Signature).c.id == signature_id,
            db.table(Signature).c.state.in_([State.COUNTED.value, State.HELD.value]),
        )
        .values(text_version_id=text_version_id)
    )
    if not kept.rowcount:  # type: ignore[attr-defined]
        return False
    record.write(
        session,
        letter_id=former.letter_id,
        actor=record.SIGNATORY,
        verb="keep",
        subject=former.public_id,
        after=f"text version {number}",
        at=now,
    )
    if former.state is State.COUNTED:
        # The label at the public line goes, so this is a public change.
        unmoved = Entry(Facet.SECTOR, former.sector, Measure.CONFIRMED, 0)
        tally.post(session, letter_id=former.letter_id, entries=[unmoved], at=now)
    return True


def recode(
    session: Transaction,
    *,
    letter_id: int,
    old: str,
    new: str,
    after: int,
    upto: int,
    now: datetime,
) -> int:
    """Put the signatures with ids in (after, upto] from one sector into another.

    The sector that was chosen first stays written at each. What is counted moves by
    summed ledger rows, in the hour of the merge: hours past stay as they were.
    """
    rows = session.execute(
        update(db.table(Signature))
        .where(
            db.table(Signature).c.id > after,
            db.table(Signature).c.id <= upto,
            db.table(Signature).c.letter_id == letter_id,
            db.table(Signature).c.sector == old,
        )
        .values(
            sector=new,
            recoded_from=func.coalesce(
                db.table(Signature).c.recoded_from, db.table(Signature).c.sector
            ),
        )
        .returning(
            db.table(Signature).c.state,
            db.table(Signature).c.origin,
            db.table(Signature).c.verified,
        )
    ).all()
    moved: Counter[Measure] = Counter()
    for row in rows:
        for entry in entries_of(
            State(row.state), row.origin, new, tally.NOT_SAID, row.verified, 1
        ):
            if entry.facet is Facet.SECTOR:
                moved[entry.measure] += 1
    tally.post(
        session,
        letter_id=letter_id,
        entries=[
            Entry(Facet.SECTOR, key, measure, sign * number)
            for measure, number in sorted(moved.items())
            for key, sign in ((old, -1), (new, 1))
        ],
        at=now,
    )
    return len(rows)


def wipe_lines(session: Transaction, *, signature_id: int) -> None:
    """Wipe what press snapshots say of a person who is erased; ids and hashes stay."""
    session.execute(
        update(db.table(SnapshotLine))
        .where(db.table(SnapshotLine).c.signature_id == signature_id)
        .values(said=None, salt=None)
    )


def newest_id(session: Transaction) -> int:
    """The highest id that a signature has by now; 0 where there is none."""
    return session.scalar(select(func.coalesce(func.max(Signature.id), 0))) or 0


def forget_networks(
    session: Transaction, *, until: datetime, held_until: datetime
) -> int:
    """Wipe from which network old signatures came, of held ones later; how many."""
    old = Signature.confirmed_at <= until
    wiped = session.execute(
        update(db.table(Signature))
        .where(
            Signature.network_key.is_not(None),
            old,
            (Signature.state != State.HELD.value)
            | (Signature.confirmed_at <= held_until),
        )
        .values(network_key=None)
        .execution_options(synchronize_session=False)
    )
    return int(wiped.rowcount)  # type: ignore[attr-defined]
