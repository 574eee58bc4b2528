"""Turn claimed rows into mails: who is written to, and what, is decided only now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from app.db import Transaction
from app.domain import (
    addresses,
    drafts,
    entries,
    invitations,
    inviting,
    letters,
    requests,
    tally,
    wordings,
)
from app.domain.keyring import Keyring, Unopenable
from app.domain.shelf import Shelf
from app.domain.tokens import Purpose, Tokens
from app.domain.views import LetterView
from app.mail import messages, outbox
from app.mail.messages import Envelope, House
from app.mail.outbox import Claim
from app.models import (
    LinkPurpose,
    Measure,
    Membership,
    Organiser,
    OutboxKind,
    Reason,
    Record,
    Signature,
    SignInvitation,
    State,
    Suppression,
)

# The mails that somebody other than the owner of the address can cause: these alone
# are under the ceilings, and never go to who said "this was not me".
_UNASKED = frozenset({OutboxKind.CONFIRM, OutboxKind.MANAGE, OutboxKind.INVITED})

# What goes wrong when a row, and not the house, is broken.
UNMAKEABLE = (
    Unopenable,
    ValueError,
    TypeError,
    LookupError,
    NoResultFound,
    TemplateError,
)


# The mails that hold nothing but the link.
_PLAIN: dict[OutboxKind, Callable[..., bytes]] = {
    OutboxKind.MANAGE: messages.manage,
    OutboxKind.RELEASED: messages.released,
    OutboxKind.VERIFIED: messages.verified,
    OutboxKind.TEXT_CHANGED: messages.text_changed,
}
# What a mail says must hold when it leaves: somebody may have decided otherwise.
_STILL_TRUE: dict[str, Callable[[Any], bool]] = {
    OutboxKind.RELEASED: lambda row: row.state == State.COUNTED,
    OutboxKind.REJECTED: lambda row: row.state == State.REJECTED,
    OutboxKind.VERIFIED: lambda row: row.verified,
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail that is to be handed over, and the slot it takes."""

    claim: Claim
    subject: Subject
    letter: LetterView
    slot: int | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row speaks of, as it stands when the mail is about to be sent."""

    letter_id: int
    language: str
    address: str
    signature: str | None
    # The total when the mail was claimed; none while the signature is held.
    number: int | None = None
    # What an organiser said or asked, and until when.
    reason: str | None = None
    request: str = ""
    deadline: datetime | None = None
    invitation: str = ""


class Maker:
    """Makes parcels out of claims, inside the transaction that claimed them."""

    def __init__(self, keyring: Keyring, tokens: Tokens, house: House) -> None:
        self._keyring = keyring
        self._tokens = tokens
        self._house = house
        self._shelf = Shelf()

    def make(
        self, session: Transaction, claims: list[Claim], *, now: datetime
    ) -> list[Parcel]:
        """The parcels to send; rows that are not to be sent are ended here.

        A row that cannot be made is dead and never stops the others (threats 14).
        """
        subjects = []
        for claimed in claims:
            try:
                subject = self._subject(session, claimed, now)
            except UNMAKEABLE as error:
                outbox.dead(session, claimed, answer=type(error).__name__, now=now)
                continue
            if isinstance(subject, str):
                outbox.void(session, claimed, why=subject, now=now)
            else:
                subjects.append((claimed, subject))
        keys = {
            claimed.id: self._keyring.house_address_key(
                addresses.canonical(subject.address)
            )
            for claimed, subject in subjects
        }
        outbox.take_turns(session, keys.values())
        parcels = []
        for claimed, subject in subjects:
            parcel = self._admitted(session, claimed, subject, keys[claimed.id], now)
            if parcel is not None:
                parcels.append(parcel)
        return parcels

    def _admitted(
        self,
        session: Transaction,
        claimed: Claim,
        subject: Subject,
        key: bytes,
        now: datetime,
    ) -> Parcel | None:
        """The parcel of one subject, if its address may have one more mail."""
        slot = None
        if claimed.kind in _UNASKED:
            if self._suppressed(session, subject.letter_id, key):
                outbox.void(session, claimed, why="suppressed", now=now)
                return None
            admission = outbox.admit(
                session, address_key=key, letter_id=subject.letter_id, now=now
            )
            if admission.wait_until is not None:
                outbox.give_back(
                    session,
                    claimed,
                    due_at=admission.wait_until,
                    answer=outbox.TOO_SOON,
                )
                return None
            if admission.slot is None:
                outbox.void(session, claimed, why="ceiling", now=now)
                return None
            slot = admission.slot
        settings = self._shelf.of(session, letter_id=subject.letter_id, now=now)
        view = letters.view(settings, language=subject.language, now=now)
        return Parcel(claimed, subject, view, slot)

    def _subject(
        self, session: Transaction, claimed: Claim, now: datetime
    ) -> Subject | str:
        """What the row speaks of, or why there is nothing to send."""
        if claimed.invitation_id is not None:
            return self._of_invitation(session, claimed.invitation_id, now)
        if claimed.signature_id is not None:
            if claimed.kind == OutboxKind.TEXT_CHANGED and not wordings.is_asked(
                session, signature_id=claimed.signature_id
            ):
                return "kept"
            return self._of_signature(session, claimed, claimed.signature_id)
        if claimed.organiser_id is not None:
            return self._of_organiser(session, claimed, claimed.organiser_id, now)
        if claimed.sign_invitation_id is not None:
            return self._of_sign_invitation(session, claimed.sign_invitation_id, now)
        assert claimed.submission_id is not None
        opened = drafts.open_link(
            session,
            keyring=self._keyring,
            shelf=self._shelf,
            submission_id=claimed.submission_id,
            now=now,
        )
        if opened is None or opened.draft is None:
            return f"link {opened.state.value if opened else 'gone'}"
        settings = opened.settings
        address_key = self._keyring.address_key(
            self._keyring.unwrap_pepper(settings.id, settings.pepper),
            addresses.canonical(opened.draft.email),
        )
        signature = session.scalar(
            select(Signature.public_id).where(
                Signature.letter_id == settings.id,
                Signature.address_key == address_key,
            )
        )
        return Subject(
            letter_id=settings.id,
            language=opened.language,
            address=opened.draft.email,
            signature=signature,
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
        row = session.execute(
            select(Organiser.email, Membership.letter_id)
            .join(Membership, Membership.organiser_id == Organiser.id)
            .where(Organiser.id == organiser_id, Organiser.active)
            .order_by(Membership.letter_id)
        ).first()
        if row is None:
            return "no letter of theirs"
        settings = self._shelf.of(session, letter_id=row.letter_id, now=now)
        link = b""
        if claimed.kind == OutboxKind.RESET:
            # Made only now: its hour begins when the mail leaves.
            link = entries.make(
                session, organiser_id=organiser_id, purpose=LinkPurpose.RESET, now=now
            )
        return Subject(
            letter_id=row.letter_id,
            language=settings.default_language,
            address=row.email,
            signature=None,
            request=session.scalar(
                select(Record.verb).where(Record.id == claimed.record_id)
            )
            or "",
            invitation=link.hex(),
        )

    def _of_signature(
        self, session: Transaction, claimed: Claim, signature_id: int
    ) -> Subject | str:
        row = session.execute(
            select(
                Signature.public_id,
                Signature.letter_id,
                Signature.state,
                Signature.language,
                Signature.verified,
            ).where(Signature.id == signature_id)
        ).one()
        address = drafts.signature_address(
            session, keyring=self._keyring, signature_id=signature_id
        )
        if address is None or row.state == State.WITHDRAWN:
            return "withdrawn"
        if not _STILL_TRUE.get(claimed.kind, lambda _: True)(row):
            return "not so any more"
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
            number=tally.total(
                tally.read(session, letter_id=row.letter_id), Measure.CONFIRMED
            )
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

    def _suppressed(self, session: Transaction, letter_id: int, key: bytes) -> bool:
        found = select(Suppression.letter_id).where(
            Suppression.letter_id == letter_id, Suppression.address_key == key
        )
        return session.scalar(found) is not None

    def content(self, parcel: Parcel, *, now: datetime) -> bytes:
        """The mail as bytes; made outside any transaction, since it takes a while.

        Raises one of UNMAKEABLE when it cannot be made.
        """
        claimed, subject, view = parcel.claim, parcel.subject, parcel.letter
        envelope = Envelope(subject.address, claimed.message_id, now)
        manage = (
            self._tokens.make(Purpose.MANAGE, subject.signature.encode())
            if subject.signature
            else ""
        )
        if claimed.kind == OutboxKind.SIGNED:
            return messages.signed(
                self._house, envelope, view, manage=manage, number=subject.number
            )
        if claimed.kind in _PLAIN:
            write = _PLAIN[OutboxKind(claimed.kind)]
            return write(self._house, envelope, view, manage=manage)
        if claimed.kind == OutboxKind.REJECTED:
            return messages.rejected(
                self._house, envelope, view, manage=manage, reason=subject.reason
            )
        if claimed.kind == OutboxKind.EVIDENCE:
            assert subject.signature is not None
            assert subject.deadline is not None
            return messages.evidence(
                self._house,
                envelope,
                view,
                manage=manage,
                request=subject.request,
                reference=subject.signature[:8],
                deadline=subject.deadline,
            )
        if claimed.kind == OutboxKind.INVITED:
            assert subject.deadline is not None
            token = self._tokens.make(
                Purpose.SIGN_INVITATION, subject.invitation.encode()
            )
            return messages.invited(
                self._house, envelope, view, token=token, deadline=subject.deadline
            )
        if claimed.kind == OutboxKind.RESET:
            token = self._tokens.make(Purpose.ENTER, bytes.fromhex(subject.invitation))
            return messages.reset(self._house, envelope, view, token=token)
        if claimed.kind == OutboxKind.ACCOUNT:
            return messages.account(self._house, envelope, view, change=subject.request)
        if manage:
            return messages.already_signed(self._house, envelope, view, manage=manage)
        if claimed.invitation_id is not None:
            return messages.invitation(
                self._house,
                envelope,
                view,
                token=self._tokens.make(Purpose.INVITATION, claimed.invitation_id),
            )
        assert claimed.submission_id is not None
        return messages.confirm(
            self._house,
            envelope,
            view,
            token=self._tokens.make(Purpose.CONFIRM, claimed.submission_id),
            code=self._keyring.short_code(claimed.submission_id),
        )
