"""What a row of the outbox speaks of: who is written to, and whether it still holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import db
from app.db import Transaction
from app.domain import (
    drafts,
    entries,
    factors,
    invitations,
    inviting,
    mail_figures,
    mail_tests,
    requests,
    tally,
    wordings,
)
from app.domain.keyring import Keyring
from app.domain.letters import Phase
from app.domain.mailings import Text
from app.domain.shelf import Shelf
from app.domain.verbs import RETURN_WITHIN
from app.mail.outbox import Claim
from app.models import (
    LinkPurpose,
    Measure,
    Membership,
    Organiser,
    OutboxKind,
    Reason,
    Record,
    Seal,
    Signature,
    SignInvitation,
    State,
)

# What a mail says must hold when it leaves: somebody may have decided otherwise.
_STILL_TRUE: dict[str, Callable[[Any], bool]] = {
    OutboxKind.HELD: lambda row: row.state == State.HELD,
    OutboxKind.RELEASED: lambda row: row.state == State.COUNTED,
    OutboxKind.REJECTED: lambda row: row.state == State.REJECTED,
    OutboxKind.VERIFIED: lambda row: row.verified,
}

_s = db.table(Signature).c


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row speaks of, as it stands when the mail is about to be sent."""

    letter_id: int
    language: str
    address: str
    signature: str | None
    # The total when the mail was claimed; none while the signature is held.
    number: int | None = None
    # Whether it waits for a person.
    held: bool = False
    # What an organiser said or asked, and until when.
    reason: str | None = None
    request: str = ""
    deadline: datetime | None = None
    invitation: str = ""
    # The mail domains that an alarm is about.
    domains: tuple[str, ...] = ()
    # What organisers have to say.
    news: Text | None = None
    # Whether an organiser wants to see how it arrives.
    test: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read for a whole batch at once: each question costs as much as a mail."""

    signatures: dict[int, Any]
    forms: dict[bytes, drafts.Form]
    # How many have confirmed, letter by letter, as far as anybody has asked.
    totals: dict[int, int] = field(default_factory=dict)

    def total(self, session: Transaction, letter_id: int) -> int:
        """How many have confirmed on a letter."""
        if letter_id not in self.totals:
            numbers = tally.read(session, letter_id=letter_id)
            self.totals[letter_id] = tally.total(numbers, Measure.CONFIRMED)
        return self.totals[letter_id]


def look(session: Transaction, claims: Sequence[Claim]) -> Seen:
    """Read what most claims speak of."""
    ids = {claimed.signature_id for claimed in claims} - {None}
    rows = (
        session.execute(
            select(
                _s.id,
                _s.public_id,
                _s.letter_id,
                _s.state,
                _s.language,
                _s.verified,
                _s.withdrawn_at,
                _s.wants_updates,
                _s.address_sealed,
            ).where(_s.id.in_(sorted(filter(None, ids))))
        )
        if ids
        else ()
    )
    forms = {claimed.submission_id for claimed in claims} - {None}
    return Seen(
        {row.id: row for row in rows},
        drafts.forms(session, submission_ids=set(filter(None, forms))),
    )


class Subjects:
    """Makes the subjects of claims, as they stand when the mails are to leave."""

    def __init__(self, keyring: Keyring, shelf: Shelf) -> None:
        self._keyring = keyring
        self._shelf = shelf

    def of(
        self, session: Transaction, claimed: Claim, seen: Seen, now: datetime
    ) -> Subject | str:
        """What the row speaks of, or why there is nothing to send."""
        if claimed.invitation_id is not None:
            return self._of_invitation(session, claimed.invitation_id, now)
        if claimed.signature_id is not None:
            if claimed.kind == OutboxKind.TEXT_CHANGED and not wordings.is_asked(
                session, signature_id=claimed.signature_id
            ):
                return "kept"
            return self._of_signature(session, claimed, claimed.signature_id, seen)
        if claimed.kind == OutboxKind.EXAMPLE:
            return self._example(session, claimed, seen, now)
        if claimed.organiser_id is not None:
            return self._of_organiser(session, claimed, claimed.organiser_id, now)
        if claimed.sign_invitation_id is not None:
            return self._of_sign_invitation(session, claimed.sign_invitation_id, now)
        assert claimed.submission_id is not None
        form = seen.forms.get(claimed.submission_id)
        if form is None:
            return "link gone"
        opened = drafts.open_form(
            session, form, keyring=self._keyring, shelf=self._shelf, now=now
        )
        if opened.draft is None:
            return f"link {opened.state.value}"
        settings = opened.settings
        if claimed.kind == OutboxKind.REMINDER:
            if form.signature is not None:
                return "signed"
            if opened.draft.asked:
                return "asked by the team"
            if settings.phase(now) is Phase.CLOSED:
                return "closed"
        return Subject(
            letter_id=settings.id,
            language=opened.language,
            address=opened.draft.email,
            signature=form.signature,
        )

    def _of_sign_invitation(
        self, session: Transaction, invitation_id: int, now: datetime
    ) -> Subject | str:
        public_id = session.scalars(
            select(SignInvitation.public_id).where(SignInvitation.id == invitation_id)
        ).one()
        invited = inviting.open_link(
            session, keyring=self._keyring, public_id=public_id, now=now
        )
        if invited is None:
            return "invitation ended"
        return Subject(
            letter_id=invited.letter_id,
            language=invited.language,
            address=invited.address,
            signature=None,
            invitation=public_id,
            deadline=invited.expires_at,
        )

    def _of_invitation(
        self, session: Transaction, invitation_id: bytes, now: datetime
    ) -> Subject | str:
        try:
            offer = invitations.find(session, identifier=invitation_id, now=now)
        except invitations.InvitationOver:
            return "invitation over"
        settings = self._shelf.of(session, letter_id=offer.letter_id, now=now)
        return Subject(
            letter_id=offer.letter_id,
            language=settings.default_language,
            address=offer.email,
            signature=None,
        )

    def _of_organiser(
        self, session: Transaction, claimed: Claim, organiser_id: int, now: datetime
    ) -> Subject | str:
        """A mail about an account; it looks like a mail of a letter of theirs."""
        silent: list[tuple[int, str]] = []
        if claimed.kind == OutboxKind.ALARM:
            silent = mail_figures.silent_of(session, organiser_id=organiser_id)
            if not silent:
                return "not so any more"
        row = session.execute(
            select(Organiser.email, Membership.letter_id)
            .join(Membership, Membership.organiser_id == Organiser.id)
            .where(Organiser.id == organiser_id, Organiser.active)
            .order_by(Membership.letter_id)
        ).first()
        if row is None:
            return "no letter of theirs"
        # An alarm is about one letter; whoever owns several sees the others there.
        letter_id = silent[0][0] if silent else row.letter_id
        settings = self._shelf.of(session, letter_id=letter_id, now=now)
        ends = None
        if claimed.kind == OutboxKind.FACTOR:
            ends = factors.due_at(session, organiser_id=organiser_id)
            if ends is None:
                return "not so any more"
        link = b""
        if claimed.kind == OutboxKind.RESET:
            # Made only now: its hour begins when the mail leaves.
            link = entries.make(
                session, organiser_id=organiser_id, purpose=LinkPurpose.RESET, now=now
            )
        return Subject(
            letter_id=letter_id,
            language=settings.default_language,
            address=row.email,
            signature=None,
            request=self._line(session, claimed),
            domains=tuple(domain for of, domain in silent if of == letter_id),
            deadline=ends,
            invitation=link.hex(),
        )

    def _example(
        self, session: Transaction, claimed: Claim, seen: Seen, now: datetime
    ) -> Subject | str:
        """A mail of the letter for an organiser to look at: the record says which."""
        asked = mail_tests.read(session, record_id=claimed.record_id)
        if asked is None:
            return "not so any more"
        settings = self._shelf.of(session, letter_id=asked.letter_id, now=now)
        if asked.language not in settings.wordings:
            return "not so any more"
        return Subject(
            letter_id=asked.letter_id,
            language=asked.language,
            address=asked.address,
            signature=None,
            number=seen.total(session, asked.letter_id),
            request=asked.subject,
            test=True,
        )

    def _line(self, session: Transaction, claimed: Claim) -> str:
        """What the record says: the verb of a line, or the head that it was then."""
        if claimed.kind == OutboxKind.HEAD:
            seal = session.execute(
                select(Seal.position, Seal.hash).where(
                    Seal.record_id == claimed.record_id
                )
            ).one()
            return f"{seal.position}:{seal.hash}"
        verb = session.scalar(select(Record.verb).where(Record.id == claimed.record_id))
        return verb or ""

    def _of_signature(
        self, session: Transaction, claimed: Claim, signature_id: int, seen: Seen
    ) -> Subject | str:
        row = seen.signatures[signature_id]
        address = drafts.sealed_address(
            row.address_sealed, keyring=self._keyring, public_id=row.public_id
        )
        told = claimed.kind == OutboxKind.WITHDRAWN
        if address is None or (row.state == State.WITHDRAWN) is not told:
            return "not so any more" if told else "withdrawn"
        if not _STILL_TRUE.get(claimed.kind, lambda _: True)(row):
            return "not so any more"
        if row.withdrawn_at is not None:
            return Subject(
                letter_id=row.letter_id,
                language=row.language,
                address=address,
                signature=row.public_id,
                deadline=row.withdrawn_at + RETURN_WITHIN,
            )
        asked = None
        if claimed.kind == OutboxKind.EVIDENCE:
            asked = requests.open_request(session, signature_id=signature_id)
            if asked is None:
                return "no open request"
        return Subject(
            letter_id=row.letter_id,
            language=row.language,
            address=address,
            signature=row.public_id,
            held=row.state == State.HELD,
            number=seen.total(session, row.letter_id)
            if row.state == State.COUNTED
            else None,
            reason=session.scalar(
                select(Reason.text).where(Reason.record_id == claimed.record_id)
            )
            if claimed.record_id is not None
            else None,
            request=asked.kind if asked else "",
            deadline=asked.deadline if asked else None,
        )
