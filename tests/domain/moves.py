"""Verbs as functions of a signature, and what a move leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import db
from app.domain import lifecycle, standing
from app.domain.lifecycle import Verb
from app.models import Ledger, Outbox, Record, State
from tests.house import House

C, H, R, W = State.COUNTED, State.HELD, State.REJECTED, State.WITHDRAWN

Act = Callable[[Session, int], State]


_DISPLAYS: dict[Verb, dict[str, Any]] = {
    Verb.HIDE: {"statement_hidden_at": db.now()},
    Verb.SHOW: {"statement_hidden_at": None},
    Verb.INDEX: {"noindex": True},
    Verb.LIST: {"listed": False},
}


def _display(
    session: Session, signature_id: int, *, verb: Verb, changes: dict[str, Any]
) -> State:
    return lifecycle.display(
        session,
        verb,
        signature_id=signature_id,
        changes=changes,
        actor="organiser:1",
        now=db.now(),
    )


def acts(verb: Verb) -> Act:
    """The verb as a function of a signature, with reasons where it asks for them."""
    organiser: dict[str, Any] = {"actor": "organiser:1", "now": db.now()}
    because = organiser | {"reason": "because"}
    functions: dict[Verb, Callable[..., State]] = {
        Verb.RELEASE: lambda s, i: lifecycle.release(s, signature_id=i, **organiser),
        Verb.HOLD: lambda s, i: lifecycle.hold(s, signature_id=i, **because),
        Verb.REJECT: lambda s, i: lifecycle.reject(
            s, signature_id=i, fake=False, **because
        ),
        Verb.REINSTATE: lambda s, i: lifecycle.reinstate(s, signature_id=i, **because),
        Verb.CORRECT: lambda s, i: lifecycle.correct(
            s,
            signature_id=i,
            changes={"title": "Dean"},
            claim_changed=True,
            hold_reasons=[],
            **organiser,
        ),
        Verb.VERIFY: lambda s, i: lifecycle.verify(s, signature_id=i, **organiser),
        Verb.FEATURE: lambda s, i: lifecycle.feature(
            s, signature_id=i, rank=1, **organiser
        ),
        **{
            verb: partial(_display, verb=verb, changes=changes)
            for verb, changes in _DISPLAYS.items()
        },
        Verb.WITHDRAW: lambda s, i: lifecycle.withdraw(s, signature_id=i, **organiser),
        Verb.RETURN: lambda s, i: lifecycle.come_back(
            s, signature_id=i, address_key=b"k" * 32, **organiser
        ),
        Verb.REDACT: lambda s, i: lifecycle.erase(s, signature_id=i, **organiser),
        Verb.REVOKE: lambda s, i: lifecycle.revoke(s, signature_id=i, **because),
        Verb.UNDO: lambda s, i: lifecycle.undo(
            s,
            signature_id=i,
            to=State.HELD,
            changes={"hold_reasons": "by_hand", "rejected_from": None},
            **organiser,
        ),
    }
    return functions[verb]


def in_state(house: House, state: State) -> int:
    """A signature that the verbs themselves have brought into this state."""
    house.confirm(public_figure="yes" if state is H else "")
    (row,) = house.signatures()
    if state in (R, W):
        with house.writing() as session:
            acts(Verb.REJECT if state is R else Verb.WITHDRAW)(session, row.id)
    assert house.signatures()[0].state == state.value
    return int(row.id)


def left(house: House) -> tuple[int, int, int]:
    """How many lines of the record, ledger rows and mails there are."""
    with house.site.database.reading() as session:
        return tuple(
            session.scalar(select(text("count(*)")).select_from(db.table(model)))
            for model in (Record, Ledger, Outbox)
        )


def late(house: House, verb: Verb, to: State, stale: standing.Facts) -> State:
    """A move by somebody who read the signature before somebody else moved it."""
    with house.writing() as session:
        return lifecycle._move(
            session, verb, stale, to, actor="organiser:1", now=db.now(),
            reason="late", changes={},
        )  # fmt: skip


def read(house: House, signature_id: int) -> standing.Facts:
    """The signature as a move reads it."""
    with house.site.database.reading() as session:
        return standing.facts(session, signature_id=signature_id)
