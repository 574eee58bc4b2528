"""The form of a case: its conditions as they are typed, and what is wrong with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.db import Transaction
from app.domain import desk, names
from app.domain.conditions import Conditions
from app.domain.desk import NoSuchSignature
from app.domain.names import NameProblem
from app.i18n import marked as _
from app.organising import words

# A pattern with many stars takes a database longer than its worth.
MOST_STARS = 4
LONGEST = 200
PATTERNS = ("name", "affiliation", "domain")
TIMES = ("since", "until")

UNFIT = {
    NameProblem.TOO_LONG: _("The reason is too long: 200 characters at most."),
    NameProblem.LINK: _("The reason is published: it must not hold a link."),
    NameProblem.ADDRESS: _("The reason is published: it must not hold an address."),
}
UNFIT_ELSE = _("The reason is published, and cannot be as it stands.")


@dataclass(slots=True)
class Asked:
    """What the form says: its conditions, and what is wrong with which field."""

    wanted: Conditions
    typed: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Another one as soon as the conditions are others than those looked at."""
        said = json.dumps(self.wanted.as_json(), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def read(
    session: Session | Transaction, *, letter_id: int, form: Mapping[str, str]
) -> Asked:
    """The conditions of a form that was sent; what is wrong stands at its field."""
    wrong: dict[str, str] = {}
    patterns = {name: names.clean_line(form.get(name, "")) for name in PATTERNS}
    for name, pattern in patterns.items():
        if len(pattern) > LONGEST or pattern.count("*") > MOST_STARS:
            wrong[name] = _("A pattern has at most 200 characters and four stars.")
    times = {name: _time(form.get(name, "").strip()) for name in TIMES}
    for name, (_at, fine) in times.items():
        if not fine:
            wrong[name] = _("This is not a time, as 2026-05-03T18:00 would be.")
    since, until = times["since"][0], times["until"][0]
    if since and until and until <= since:
        wrong["until"] = _("The end lies before the beginning.")
    reason = form.get("hold_reason", "")
    if reason and reason not in words.HOLD_REASONS:
        wrong["hold_reason"], reason = words.PROBLEMS["choice"], ""
    network_of = form.get("network_of", "").strip()
    if network_of and not _known(session, letter_id, network_of):
        wrong["network_of"] = _("This letter has no signature of this id.")
    wanted = Conditions(
        **patterns,
        network_of=network_of,
        hold_reason=reason,
        since=since,
        until=until,
        verified_too=form.get("verified_too") == "yes",
    )
    return Asked(wanted, form, wrong)


def _time(text: str) -> tuple[datetime | None, bool]:
    """A time (UTC) as the field gives it, and whether what was typed is one."""
    if not text:
        return None, True
    try:
        at = datetime.fromisoformat(text)
        return (
            at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        ), True
    except (ValueError, OverflowError):
        return None, False


def _known(session: Session | Transaction, letter_id: int, public_id: str) -> bool:
    if not public_id.isprintable():
        return False
    try:
        desk.find(session, letter_id=letter_id, public_id=public_id)
    except NoSuchSignature:
        return False
    return True
