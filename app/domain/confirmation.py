"""The button behind the mailed link: a signature, or "this was not me"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    bindparam,
    case,
    delete,
    literal_column,
    not_,
    null,
    or_,
    select,
    union_all,
    update,
)

from app import db, prepared
from app.db import RowId, Transaction, insert_for
from app.domain import (
    addresses,
    holds,
    inviting,
    lifecycle,
    name_keys,
    outgoing,
    record,
    standing,
    tally,
)
from app.domain.drafts import (
    LinkState,
    Opened,
    address_context,
    open_link,
    signature_address,
    wipe,
)
from app.domain.keyring import Keyring
from app.domain.lifecycle_entry import next_id
from app.domain.shelf import Shelf
from app.models import (
    IS_OPEN,
    Measure,
    Outbox,
    OutboxKind,
    OutboxState,
    Signature,
    State,
    Submission,
    SubmissionState,
    Suppression,
)
from app.prepared import Statement, Step


class Outcome(StrEnum):
    """How a pressed button ended."""

    CONFIRMED = "confirmed"
    # The address had signed by another link.
    ALREADY = "already"
    # The link is not open: `Confirmed.opened` says what it is instead.
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The result of confirming; `number` is the total that it made."""

    outcome: Outcome
    opened: Opened | None
    state: State | None = None
    public_id: str = ""
    number: int | None = None


_signature = db.table(Signature).c
# What the rules look up, whether the address has signed, how many are counted, and
# the id that the signature would have: one way to the database for all of them.
_SIGNED, _NUMBER, _ID = "signed", "number", "id"
_ASKED_BEFORE = Statement(
    lambda insert: union_all(
        *(part.add_columns(literal_column("0")) for part in holds.LOOK_UPS),
        select(literal_column(f"'{_SIGNED}'"), literal_column("1")).where(
            _signature.letter_id == bindparam("letter"),
            _signature.address_key == bindparam("address"),
        ),
        select(literal_column(f"'{_NUMBER}'"), tally.TOTAL.scalar_subquery()),
        select(literal_column(f"'{_ID}'"), next_id(insert)),
    )
)
_form = db.table(Submission).c
_mail = db.table(Outbox).c
_IS_USED = _form.id == bindparam("used")
_IS_REFUSED = (
    select(_mail.id)
    .where(_mail.submission_id == _form.id, _mail.state == OutboxState.REFUSED.value)
    .exists()
)
_END = Statement(
    lambda _: (
        update(db.table(Submission))
        .where(
            _form.letter_id == bindparam("letter"),
            _form.address_key == bindparam("key"),
            IS_OPEN,
            # A form whose mail the provider refused is its writer's alone, who may still
            # correct the address: ending it would tell that the owner has confirmed.
            or_(_IS_USED, not_(_IS_REFUSED)),
        )
        .values(
            state=case(
                (_IS_USED, SubmissionState.USED.value), else_=SubmissionState.VOID.value
            ),
            signature_id=case(
                (_IS_USED, bindparam("signature", type_=RowId)), else_=null()
            ),
            address_key=null(),
            content_key=null(),
            sealed=null(),
            network_key=null(),
        )
    )
)


def confirm(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    submission_id: bytes,
    now: datetime,
) -> Confirmed:
    """Turn an open submission into a signature; doing it again changes nothing.

    The other open submissions of the same person become void, and what they and
    this one held is wiped, in the same transaction.
    """
    opened = open_link(
        session,
        keyring=keyring,
        shelf=shelf,
        submission_id=submission_id,
        now=now,
        lock=True,
    )
    if opened is None or opened.draft is None:
        return Confirmed(Outcome.NOT_POSSIBLE, opened)
    settings, draft = opened.settings, opened.draft
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    canonical = addresses.canonical(draft.email)
    address_key = keyring.address_key(pepper, canonical)
    keys = name_keys.asked(draft.name)
    name_key = keys[0] if keys else ""
    domain = addresses.domain_of(canonical)
    invited = draft.invitation and inviting.redeem(
        session,
        letter_id=settings.id,
        draft=draft,
        address_key=address_key,
        name_key=name_key,
        now=now,
    )
    claim = holds.Claim(
        keys=keys,
        title=draft.title,
        affiliation=draft.affiliation,
        public_figure=draft.public_figure,
        address_domain=domain,
        network_key=opened.network_key,
    )
    rules = settings.hold_rules
    asked = holds.values_of(
        letter_id=settings.id, rules=rules, claim=claim, now=now
    ) | tally.total_of(letter_id=settings.id, measure=Measure.CONFIRMED)
    asked["address"] = address_key
    found: dict[str, int] = dict(prepared.run(session, Step(_ASKED_BEFORE, asked)))
    number, signature_id = found.pop(_NUMBER), found.pop(_ID)
    signed = found.pop(_SIGNED, 0)
    end = Step(
        _END,
        {
            "letter": settings.id,
            "key": address_key,
            "used": b"" if signed else submission_id,
            "signature": None if signed else signature_id,
        },
    )
    if signed:
        prepared.run(session, end)
        return Confirmed(Outcome.ALREADY, opened)
    reasons = holds.reasons(rules, claim, set(found))
    if invited and not settings.second_reviewer:
        # Whom an organiser knew by the address is the person: nothing is to be asked.
        reasons = []
    public_id = standing.new_public_id()
    entered = lifecycle.confirm(
        session,
        letter_id=settings.id,
        values={
            "public_id": public_id,
            "address_key": address_key,
            "address_sealed": keyring.seal(
                draft.email.encode(), context=address_context(public_id)
            ),
            "address_domain": domain,
            "network_key": opened.network_key,
            "name": draft.name,
            "name_key": name_key,
            "title": draft.title or None,
            "affiliation": draft.affiliation or None,
            # Chosen before a merge of sectors, perhaps.
            "sector": settings.merged.get(draft.sector, draft.sector),
            "country": draft.country or tally.NOT_SAID,
            "statement": draft.statement or None,
            "listed": draft.listed,
            "public_figure": draft.public_figure,
            "identification_only": draft.identification_only,
            "wants_updates": draft.wants_updates,
            "may_contact": draft.may_contact,
            "language": draft.language,
            "text_version_id": draft.text_version_id,
            "consent_version": draft.consent_version,
        },
        hold_reasons=[reason.value for reason in reasons],
        signature_id=signature_id,
        also=[end],
        now=now,
    )
    if invited:
        inviting.vouch(
            session, invited, keyring=keyring, signature_id=entered.id, now=now
        )
    return Confirmed(
        Outcome.CONFIRMED,
        opened,
        state=entered.state,
        public_id=entered.public_id,
        number=number + (entered.state is State.COUNTED),
    )


def disown(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    submission_id: bytes,
    now: datetime,
) -> bool:
    """ "This was not me": nothing is published, and this letter mails no more.

    Before confirming the submission ends; afterwards the signature is erased.
    Returns False when the link stands for nothing that could be disowned.
    """
    opened = open_link(
        session,
        keyring=keyring,
        shelf=shelf,
        submission_id=submission_id,
        now=now,
        lock=True,
    )
    if opened is None:
        return False
    address = opened.draft.email if opened.draft else None
    if opened.state is LinkState.USED and opened.signature_id is not None:
        address = signature_address(
            session, keyring=keyring, signature_id=opened.signature_id
        )
        if address is not None:
            lifecycle.erase(
                session,
                signature_id=opened.signature_id,
                actor=record.SIGNATORY,
                now=now,
            )
    if address is None:
        return False
    session.execute(
        wipe(SubmissionState.VOID).where(
            Submission.id == submission_id,
            IS_OPEN,
        )
    )
    session.execute(
        insert_for(session)(db.table(Suppression))
        .values(
            letter_id=opened.settings.id,
            address_key=keyring.house_address_key(addresses.canonical(address)),
            submission_id=submission_id,
            created_at=now,
        )
        .on_conflict_do_update(
            index_elements=["letter_id", "address_key"],
            set_={"submission_id": submission_id},
        )
    )
    return True


def disowned(session: Transaction, *, submission_id: bytes) -> bool:
    """Whether "this was not me" was said by this link and stands."""
    found = select(Suppression.letter_id).where(
        Suppression.submission_id == submission_id
    )
    return session.scalar(found) is not None


def take_back(session: Transaction, *, submission_id: bytes) -> None:
    """Undo "this was not me": the person may be mailed and sign again."""
    session.execute(
        delete(Suppression).where(Suppression.submission_id == submission_id)
    )


def ask_for_manage_link(
    session: Transaction, *, submission_id: bytes, now: datetime
) -> None:
    """Mail the manage link of the signature that this used link made."""
    signature_id = session.scalar(
        select(Submission.signature_id).where(Submission.id == submission_id)
    )
    if signature_id is None:
        return
    mail_manage_link(session, signature_id=signature_id, now=now)


def mail_manage_link(session: Transaction, *, signature_id: int, now: datetime) -> None:
    """Mail the manage link to the address of a signature; once a minute at most.

    Anybody may ask for it: the mail goes to the owner, within the ceilings of all
    mails that nobody's proof asked for.
    """
    times = session.scalars(
        select(Outbox.created_at).where(
            Outbox.signature_id == signature_id,
            Outbox.kind == OutboxKind.MANAGE.value,
        )
    ).all()
    if any(asked_at > now - timedelta(minutes=1) for asked_at in times):
        return
    outgoing.ask(
        session,
        kind=OutboxKind.MANAGE,
        signature_id=signature_id,
        number=len(times) + 1,
        now=now,
    )
