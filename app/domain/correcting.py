"""A signatory changes the own line: what is claimed, what is said, what is shown."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import db
from app.db import Transaction
from app.domain import holds, lifecycle, name_keys, record
from app.domain.drafts import Draft
from app.domain.holds import HoldReason
from app.domain.letters import Settings
from app.domain.tally import NOT_SAID
from app.domain.verbs import MOVES, NotAllowed, Verb
from app.models import Signature, State

_signature = db.table(Signature)
_c = _signature.c
_TYPED = ("name", "title", "affiliation", "statement")
# What a verification speaks of; and that with all else that the holds look at.
CLAIM = frozenset({"name", "title", "affiliation"})
ASKS_ANEW = CLAIM | {"public_figure"}
# What changes how a line is shown and not what it says.
_SHOWN = frozenset({"listed", "identification_only", "country"})


class ChangedMeanwhile(Exception):
    """What stands now is not what the person has seen."""


def draft_of(row: Any, settings: Settings) -> Draft:
    """A signature that stands, as the form that would make it."""
    return Draft(
        email="",
        name=row.name,
        title=row.title or "",
        affiliation=row.affiliation or "",
        sector=settings.merged.get(row.sector, row.sector),
        country="" if row.country == NOT_SAID else row.country,
        statement=row.statement or "",
        listed=row.listed,
        public_figure=row.public_figure,
        identification_only=row.identification_only,
        wants_updates=row.wants_updates,
        may_contact=row.may_contact,
        language=row.language,
        text_version_id=row.text_version_id,
        consent_version=row.consent_version or "",
    )


def seen(row: Any, settings: Settings) -> str:
    """A hash of what the signatory is shown: another one, and something has moved.

    Nothing goes into it that they are not told.
    """
    draft = draft_of(row, settings)
    told = [row.state, row.verified, row.featured_rank is not None]
    told += [getattr(draft, name) for name in sorted(_columns(draft))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def changed(row: Any, settings: Settings, draft: Draft) -> set[str]:
    """The columns that a correction would change."""
    former = draft_of(row, settings)
    return {
        name
        for name in _columns(draft)
        if getattr(former, name) != getattr(draft, name)
    }


def _columns(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) or None for name in _TYPED} | {
        "sector": draft.sector,
        "country": draft.country or NOT_SAID,
        "listed": draft.listed,
        "identification_only": draft.identification_only,
        "public_figure": draft.public_figure,
    }


def correct(
    session: Transaction,
    *,
    settings: Settings,
    signature_id: int,
    draft: Draft,
    look: str,
    now: datetime,
) -> State:
    """Put what was typed in the place of what stands; the state that it leads to.

    `look` is what `seen` said when the person was asked. The holds are decided anew
    where what they look at has changed: a person who let a name in has not let in
    another one, and need not look again at another sentence of it. What is so already
    is quiet. Raises NotAllowed for a signature that is rejected or withdrawn, and
    ChangedMeanwhile.
    """
    row = session.execute(
        select(_signature).where(_c.id == signature_id).with_for_update()
    ).one()
    state = State(row.state)
    if state not in MOVES[Verb.CORRECT]:
        raise NotAllowed(Verb.CORRECT, state)
    names = changed(row, settings, draft)
    if not names:
        return state
    if look != seen(row, settings):
        raise ChangedMeanwhile
    changes = {name: _columns(draft)[name] for name in names}
    shown = {name: changes.pop(name) for name in _SHOWN & names}
    if shown:
        lifecycle.display(
            session,
            Verb.LIST,
            signature_id=signature_id,
            changes=shown,
            actor=record.SIGNATORY,
            now=now,
            # One mail tells of all.
            tell=not changes,
        )
    if not changes:
        return state
    if "name" in changes:
        changes["name_key"] = next(iter(name_keys.asked(draft.name)), "")
    if "sector" in changes:
        changes["recoded_from"] = None
    return lifecycle.correct(
        session,
        signature_id=signature_id,
        changes=changes,
        claim_changed=bool(CLAIM & names),
        hold_reasons=_reasons(session, row, settings, draft, names, now),
        actor=record.SIGNATORY,
        now=now,
    )


def _reasons(
    session: Transaction,
    row: Any,
    settings: Settings,
    draft: Draft,
    names: set[str],
    now: datetime,
) -> list[str]:
    """Why the corrected line waits; what lifecycle itself keeps is not among them."""
    if not ASKS_ANEW & names:
        known = set(HoldReason)
        return [r for r in (row.hold_reasons or "").split() if r in known]
    claim = holds.Claim(
        keys=name_keys.asked(draft.name),
        title=draft.title,
        affiliation=draft.affiliation,
        public_figure=draft.public_figure,
        address_domain=row.address_domain,
        network_key=row.network_key,
    )
    anew = holds.decide_again(
        session,
        letter_id=settings.id,
        rules=settings.hold_rules,
        claim=claim,
        former=row.hold_reasons,
        now=now,
    )
    return [reason.value for reason in anew]
