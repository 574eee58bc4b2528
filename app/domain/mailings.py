"""Updates as their organisers write and read them; `mailing_moves` sends them off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app import db
from app.db import Transaction
from app.domain import editing, record, wording
from app.domain.editing import WrongValue
from app.domain.standing import new_public_id
from app.domain.views import StoredHtml
from app.models import (
    IS_COUNTED,
    Mailing,
    MailingKind,
    MailingState,
    MailingText,
    Signature,
)

PAGE = 50
LONGEST_SUBJECT = 150
LONGEST_SOURCE = 20_000

_m = db.table(Mailing).c
_t = db.table(MailingText).c

# How its mails can end.
_ENDS = frozenset({"sent", "refused", "bounced", "void", "dead"})
# What the outbox says of a mail that its provider took, and returned afterwards.
CAME_BACK = "came back: "

# Who wishes for news, as the index has them (see IS_OPEN).
WISHES = (IS_COUNTED, Signature.wants_updates)


class NotNow(Exception):
    """The mailing is in a state in which this cannot be done; `problem` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Text(NamedTuple):
    """What a mailing says in one language."""

    subject: str
    source: str
    html: StoredHtml


@dataclass(frozen=True, slots=True)
class Shown:
    """A mailing as a page shows it."""

    id: int
    public_id: str
    letter_id: int
    kind: MailingKind
    state: MailingState
    public: bool
    due_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    total: int
    sent: int
    refused: int
    bounced: int
    withheld: int
    created_at: datetime
    texts: Mapping[str, Text] = field(default_factory=dict)

    @property
    def unended(self) -> bool:
        """Whether mails of it may still leave."""
        return self.state in (MailingState.RUNNING, MailingState.PAUSED)

    @property
    def left(self) -> int:
        """How many people have still to be written to."""
        if not self.unended:
            return 0
        ended = self.sent + self.refused + self.bounced + self.withheld
        return max(0, self.total - ended)

    @property
    def percent(self) -> int:
        """How much of it is done, for the bar."""
        if self.state is MailingState.DONE:
            return 100
        if not self.total:
            return 0
        # Whom a stop has spared was not written to, though nobody is left.
        reached = self.sent + self.refused + self.bounced
        done = self.total - self.left if self.unended else reached
        return min(99, 100 * done // self.total)

    def text(self, *languages: str) -> Text | None:
        """The text in the first of these languages that there is one in."""
        found = (self.texts[code] for code in languages if code in self.texts)
        return next(found, None)


_SHOWN = (
    _m.id,
    _m.public_id,
    _m.letter_id,
    _m.kind,
    _m.state,
    _m.public,
    _m.due_at,
    _m.started_at,
    _m.ended_at,
    _m.total,
    _m.sent,
    _m.refused,
    _m.bounced,
    (_m.void + _m.dead).label("withheld"),
    _m.created_at,
)


def create(
    session: Session, *, letter_id: int, kind: MailingKind, actor: str, now: datetime
) -> str:
    """Begin a draft without a word in it; its public id. The thanks there are once:
    where they have been begun, theirs.

    Raises ReadOnly, and NotNow for thanks of a letter that has not closed.
    """
    letter = editing.take(session, letter_id=letter_id)
    if kind is MailingKind.CLOSING:
        if letter.closes_at is None or letter.closes_at > now:
            raise NotNow("open")
        begun = session.scalar(
            select(_m.public_id).where(
                _m.letter_id == letter_id, _m.kind == MailingKind.CLOSING.value
            )
        )
        if begun is not None:
            return str(begun)
    public_id = new_public_id()
    session.execute(
        insert(db.table(Mailing)),
        {
            "public_id": public_id,
            "letter_id": letter_id,
            "kind": kind.value,
            "state": MailingState.DRAFT.value,
            "public": True,
            "author": actor,
            "walked_to": 0,
            "up_to": 0,
            "total": 0,
            "sent": 0,
            "refused": 0,
            "bounced": 0,
            "void": 0,
            "dead": 0,
            "created_at": now,
        },
    )
    note(session, letter_id, public_id, "create", actor=actor, now=now)
    return public_id


def save(
    session: Session,
    *,
    letter_id: int,
    public_id: str,
    texts: Mapping[str, tuple[str, str]],
    public: bool,
    actor: str,
    now: datetime,
) -> None:
    """Write down subject and Markdown by language; a language left empty has none.

    Raises WrongValue with the field's name ("subject-de"), NotNow for one that is no
    draft, ReadOnly, and NoResultFound.
    """
    editing.take(session, letter_id=letter_id)
    mailing_id = take(session, letter_id, public_id, MailingState.DRAFT)
    rows = [
        {"mailing_id": mailing_id, "language": language, **_judged(language, *typed)}
        for language, typed in texts.items()
        if any(part.strip() for part in typed)
    ]
    session.execute(delete(db.table(MailingText)).where(_t.mailing_id == mailing_id))
    if rows:
        session.execute(insert(db.table(MailingText)), rows)
    session.execute(
        update(db.table(Mailing)).where(_m.id == mailing_id).values(public=public)
    )
    note(session, letter_id, public_id, "change", actor=actor, now=now)


def _judged(language: str, subject: str, source: str) -> dict[str, str]:
    line = editing.line_of(f"subject-{language}", subject, LONGEST_SUBJECT)
    if not source.strip():
        raise WrongValue(f"source-{language}", "empty")
    if len(source) > LONGEST_SOURCE:
        raise WrongValue(f"source-{language}", "long")
    return {"subject": line, "source": source, "html": wording.render(source)}


def discard(
    session: Session, *, letter_id: int, public_id: str, actor: str, now: datetime
) -> None:
    """Throw a draft away. Raises NotNow, ReadOnly and NoResultFound."""
    editing.take(session, letter_id=letter_id)
    mailing_id = take(session, letter_id, public_id, MailingState.DRAFT)
    session.execute(delete(db.table(MailingText)).where(_t.mailing_id == mailing_id))
    session.execute(delete(db.table(Mailing)).where(_m.id == mailing_id))
    note(session, letter_id, public_id, "discard", actor=actor, now=now)


def find(session: Transaction, *, letter_id: int, public_id: str) -> Shown:
    """One mailing of a letter with all it says. Raises NoResultFound."""
    row = session.execute(
        select(*_SHOWN).where(_m.letter_id == letter_id, _m.public_id == public_id)
    ).one()
    return _shown(row, texts(session, [row.id]).get(row.id, {}))


def listed(session: Transaction, *, letter_id: int, before: int | None) -> list[Shown]:
    """A page of a letter's mailings with one more than fits, newest first."""
    asked = select(*_SHOWN).where(_m.letter_id == letter_id)
    return _page(session, asked, before)


def published(
    session: Transaction, *, letter_id: int, before: int | None = None
) -> list[Shown]:
    """The same of those that everybody may read: begun, and meant for all."""
    asked = select(*_SHOWN).where(
        _m.letter_id == letter_id, _m.public, _m.started_at.is_not(None)
    )
    return _page(session, asked, before)


def _page(session: Transaction, asked: Any, before: int | None) -> list[Shown]:
    if before is not None:
        asked = asked.where(_m.id < before)
    rows = session.execute(asked.order_by(_m.id.desc()).limit(PAGE + 1)).all()
    said = texts(session, [row.id for row in rows])
    return [_shown(row, said.get(row.id, {})) for row in rows]


def _shown(row: Any, said: Mapping[str, Text]) -> Shown:
    values = dict(row._mapping) | {
        "kind": MailingKind(row.kind),
        "state": MailingState(row.state),
    }
    if values["state"] is MailingState.STOPPED:
        # Most of them were never asked for, and the mails that were end one by one.
        reached = row.sent + row.refused + row.bounced
        values["withheld"] = max(row.withheld, row.total - reached)
    return Shown(**values, texts=said)


def texts(session: Transaction, mailing_ids: list[int]) -> dict[int, dict[str, Text]]:
    """What mailings say: mailing -> language -> text."""
    found: dict[int, dict[str, Text]] = {}
    rows = session.execute(
        select(db.table(MailingText)).where(_t.mailing_id.in_(mailing_ids))
    )
    for row in rows:
        text = Text(row.subject, row.source, StoredHtml(row.html))
        found.setdefault(row.mailing_id, {})[row.language] = text
    return found


def readers(session: Transaction, *, letter_id: int) -> int:
    """How many people an update would go to now, counted along their index."""
    found = select(func.count()).where(Signature.letter_id == letter_id, *WISHES)
    return session.scalar(found) or 0


def take(
    session: Transaction, letter_id: int, public_id: str, *states: MailingState
) -> int:
    """A mailing's id, kept for this transaction. Raises NotNow and NoResultFound."""
    row = session.execute(
        select(_m.id, _m.state)
        .where(_m.letter_id == letter_id, _m.public_id == public_id)
        .with_for_update()
    ).one()
    if row.state not in states:
        raise NotNow("state")
    return int(row.id)


def recount(session: Transaction, *, mailing_id: int, before: str, after: str) -> None:
    """Count one mail of a mailing among others: ends by the names of their columns.

    A mail that has not ended is in none of them.
    """
    changes = {
        name: _m[name] + (1 if name == after else -1)
        for name in _ENDS & {before, after}
        if before != after
    }
    if changes:
        session.execute(
            update(db.table(Mailing)).where(_m.id == mailing_id).values(**changes)
        )


def note(
    session: Transaction,
    letter_id: int,
    public_id: str,
    verb: str,
    *,
    actor: str,
    now: datetime,
    after: str | None = None,
) -> int:
    """Write down what was done with a mailing; the line's id."""
    return record.write(
        session,
        letter_id=letter_id,
        actor=actor,
        verb=f"update.{verb}",
        subject=public_id,
        after=after,
        at=now,
    )
