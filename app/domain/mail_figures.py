"""What becomes of the forms that are sent, hour by hour and by mail domain.

Forms and mails are counted when their mail ends, signatures by the worker a minute
after they were made: nobody who signs waits for a figure. A domain has a line of its
own once `KNOWN` people have confirmed from there, and before that it is one of the
others; so no line tells who a person is, and a letter has at most `MOST` of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    update,
)

from app import db, prepared
from app.db import Transaction, insert_for
from app.domain import addresses, outgoing
from app.domain.tally import hour_of
from app.models import (
    MailDomain,
    MailFigure,
    MailMark,
    Membership,
    Origin,
    OutboxKind,
    Role,
    Signature,
)
from app.prepared import Question, Step

KNOWN, MOST = 10, 200
# Signatures younger than this are counted the next time: one with a smaller id may
# still be on its way.
SETTLED = timedelta(minutes=1)
# For so long figures are kept, and over so long they are shown.
KEPT, SHOWN = timedelta(days=30), timedelta(days=7)
_BATCH = 5000

# When a domain is said to have fallen silent: so many mails of six hours, the last
# hour's left out, and nobody confirmed; though before that, of at least so many, so
# large a part did.
_WINDOW, _PATIENCE = timedelta(hours=6), timedelta(hours=1)
_MAILS, _MAILS_BEFORE, _USUAL = 10, 20, 0.3

_d, _f = db.table(MailDomain).c, db.table(MailFigure).c
_s, _m = db.table(Signature).c, db.table(Membership).c
_COUNTED = ("submitted", "mailed", "confirmed", "came_back", "complained")


class Domain(NamedTuple):
    """The figures of one mail domain; '' stands for all others together."""

    domain: str
    submitted: int
    mailed: int
    confirmed: int
    came_back: int
    complained: int
    silent_since: datetime | None


class Ended(NamedTuple):
    """A form whose first mail has ended; `sent`: its provider took it."""

    letter_id: int
    address: str
    sent: bool


def note(session: Transaction, *, ended: Sequence[Ended], now: datetime) -> None:
    """Count forms whose first mail has ended."""
    submitted: Counter[tuple[int, str]] = Counter()
    mailed: Counter[tuple[int, str]] = Counter()
    lines: dict[tuple[int, str], str] = {}
    for letter_id, address, sent in ended:
        at = letter_id, _domain(address)
        if at not in lines:
            lines[at] = _line(session, *at)
        of = letter_id, lines[at]
        submitted[of] += 1
        mailed[of] += sent
    hour = hour_of(now)
    # In one order, so that two workers cannot wait for each other.
    for of in sorted(submitted):
        _add(session, of[0], hour, of[1], submitted=submitted[of], mailed=mailed[of])


def note_return(
    session: Transaction,
    *,
    letter_id: int,
    address: str,
    complaint: bool,
    now: datetime,
) -> None:
    """Count a form whose mail came back after all, or a complaint about any mail."""
    line = _line(session, letter_id, _domain(address))
    more = {"complained" if complaint else "came_back": 1}
    _add(session, letter_id, hour_of(now), line, **more)


def _domain(address: str) -> str:
    return addresses.domain_of(addresses.canonical(address))


def _line(session: Transaction, letter_id: int, domain: str) -> str:
    """A domain where it has a line of its own; '' where it is among the others."""
    values = {"letter": letter_id, "domain": domain}
    return domain if prepared.run(session, Step(_LINE, values)) else ""


_LINE = Question(
    lambda gathered: select(_d.domain).where(
        _d.letter_id == bindparam("letter"), _d.domain == bindparam("domain")
    )
)


def count(session: Transaction, *, now: datetime) -> int:
    """Count the signatures made since the last time; how many those were.

    Also says which domains have fallen silent, and forgets figures that are old.
    """
    mark = session.execute(
        select(MailMark.signature_id).where(MailMark.id == 1).with_for_update()
    ).scalar()
    if mark is None:
        session.execute(
            insert_for(session)(db.table(MailMark))
            .values(id=1, signature_id=0)
            .on_conflict_do_nothing()
        )
        mark = 0
    found: Counter[tuple[int, datetime, str]] = Counter()
    seen = mark
    rows = session.execute(
        select(_s.id, _s.letter_id, _s.origin, _s.address_domain, _s.created_at)
        .where(_s.id > mark)
        .order_by(_s.id)
        .limit(_BATCH)
    )
    for row in rows:
        if row.created_at > now - SETTLED:
            break
        seen = row.id
        if row.origin == Origin.CONFIRMED.value and row.address_domain:
            hour = hour_of(row.created_at)
            found[row.letter_id, hour, row.address_domain] += 1
    known = _known(session, found)
    for (letter_id, hour, domain), number in found.items():
        line = domain if (letter_id, domain) in known else ""
        _add(session, letter_id, hour, line, confirmed=number)
    if seen != mark:
        session.execute(
            update(db.table(MailMark)).where(MailMark.id == 1).values(signature_id=seen)
        )
    session.execute(delete(db.table(MailFigure)).where(_f.hour <= now - KEPT))
    _listen(session, now)
    return sum(found.values())


def _known(
    session: Transaction, found: Counter[tuple[int, datetime, str]]
) -> set[tuple[int, str]]:
    """Which of these domains have a line of their own; some get it now."""
    wanted: dict[int, set[str]] = {}
    for letter_id, _hour, domain in found:
        wanted.setdefault(letter_id, set()).add(domain)
    known = set()
    for letter_id, domains in wanted.items():
        own = set(
            session.execute(
                select(_d.domain).where(_d.letter_id == letter_id)
            ).scalars()
        )
        for domain in sorted(domains - own):
            if len(own) < MOST and _is_many(session, letter_id, domain):
                session.execute(
                    insert_for(session)(db.table(MailDomain))
                    .values(letter_id=letter_id, domain=domain)
                    .on_conflict_do_nothing()
                )
                own.add(domain)
        known |= {(letter_id, domain) for domain in domains & own}
    return known


def _is_many(session: Transaction, letter_id: int, domain: str) -> bool:
    from_there = (
        select(_s.id)
        .where(_s.letter_id == letter_id, _s.address_domain == domain)
        .limit(KNOWN)
        .subquery()
    )
    number = session.execute(select(func.count()).select_from(from_there)).scalar()
    return number == KNOWN


def _add(
    session: Transaction, letter_id: int, hour: datetime, domain: str, **more: int
) -> None:
    table = db.table(MailFigure)
    session.execute(
        insert_for(session)(table)
        .values(
            letter_id=letter_id,
            hour=hour,
            domain=domain,
            **{name: more.get(name, 0) for name in _COUNTED},
        )
        .on_conflict_do_update(
            index_elements=["letter_id", "hour", "domain"],
            set_={name: table.c[name] + number for name, number in more.items()},
        )
    )


def _listen(session: Transaction, now: datetime) -> None:
    """Note which domains have fallen silent, and which are heard again.

    The owners of a letter are mailed when one falls silent.
    """
    hour = hour_of(now)
    since = hour - _WINDOW - _PATIENCE

    def sums(column: Any, condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, column), else_=0)), 0)

    rows = session.execute(
        select(
            _d.letter_id,
            _d.domain,
            _d.silent_since,
            sums(_f.mailed, and_(_f.hour >= since, _f.hour < hour - _PATIENCE)),
            sums(_f.confirmed, _f.hour >= since),
            sums(_f.mailed, _f.hour < since),
            sums(_f.confirmed, _f.hour < since),
        )
        .join(
            db.table(MailFigure),
            and_(_f.letter_id == _d.letter_id, _f.domain == _d.domain),
        )
        .where(_f.hour > hour - SHOWN)
        .group_by(_d.letter_id, _d.domain, _d.silent_since)
    ).all()
    alarmed: set[int] = set()
    for letter_id, domain, silent, mailed, heard, mailed_before, heard_before in rows:
        usual = mailed_before >= _MAILS_BEFORE and (
            heard_before >= _USUAL * mailed_before
        )
        falls_silent = not heard and mailed >= _MAILS and usual
        if bool(silent) != (falls_silent or (bool(silent) and not heard)):
            session.execute(
                update(db.table(MailDomain))
                .where(_d.letter_id == letter_id, _d.domain == domain)
                .values(silent_since=None if silent else now)
            )
            if not silent:
                alarmed.add(letter_id)
    _alarm(session, alarmed, now)


def _alarm(session: Transaction, letters: set[int], now: datetime) -> None:
    """Ask for one mail to each owner of these letters; what is silent it says itself."""
    owners = select(_m.organiser_id).where(
        _m.letter_id.in_(sorted(letters)), _m.role == Role.OWNER.value
    )
    for organiser_id in sorted(set(session.execute(owners).scalars())):
        outgoing.ask_anew(session, kind=OutboxKind.ALARM, organiser_id=organiser_id,
                          due_at=now, now=now)  # fmt: skip


def silent_of(session: Transaction, *, organiser_id: int) -> list[tuple[int, str]]:
    """The silent domains of all letters that somebody owns: (letter's id, domain)."""
    rows = session.execute(
        select(_d.letter_id, _d.domain)
        .join(db.table(Membership), _m.letter_id == _d.letter_id)
        .where(
            _m.organiser_id == organiser_id,
            _m.role == Role.OWNER.value,
            _d.silent_since.is_not(None),
        )
        .order_by(_d.letter_id, _d.silent_since, _d.domain)
    )
    return [(letter_id, domain) for letter_id, domain in rows]


_SILENT = Question(
    lambda gathered: (
        select(_d.domain, _d.silent_since)
        .where(_d.letter_id == bindparam("letter"), _d.silent_since.is_not(None))
        .order_by(_d.silent_since)
    )
)


def silent(session: Transaction, *, letter_id: int) -> list[tuple[str, datetime]]:
    """The mail domains from which nobody confirms any more, and since when."""
    rows = prepared.run(session, Step(_SILENT, {"letter": letter_id}))
    return [(domain, db.moment(since)) for domain, since in rows]


def read(session: Transaction, *, letter_id: int, now: datetime) -> list[Domain]:
    """The figures of the last days by domain, those with most forms first.

    Reads at most as many rows as there are hours and domains: never more with more
    signatures.
    """
    since = dict(silent(session, letter_id=letter_id))
    columns = [func.sum(_f[name]) for name in _COUNTED]
    rows = session.execute(
        select(_f.domain, *columns)
        .where(_f.letter_id == letter_id, _f.hour > hour_of(now) - SHOWN)
        .group_by(_f.domain)
        .order_by(_f.domain == literal_column("''"), columns[0].desc(), _f.domain)
    )
    return [
        Domain._make((domain, *map(int, numbers), since.get(domain)))
        for domain, *numbers in rows
    ]
