"""Turn claimed rows into mails: what is sent, and whether, is decided only now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jinja2 import TemplateError
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from app import db
from app.db import Transaction
from app.domain import addresses, letters, resting
from app.domain.keyring import Keyring, Unopenable
from app.domain.letters import Settings
from app.domain.resting import Rest
from app.domain.shelf import Shelf
from app.domain.tokens import Purpose, Tokens
from app.domain.views import LetterView
from app.mail import ceilings, messages, outbox, samples, updates
from app.mail.ceilings import Admission
from app.mail.outbox import Claim
from app.mail.subjects import Seen, Subject, Subjects, look
from app.mail.wire import Envelope, House
from app.models import OutboxKind, Suppression

# The mails that somebody other than the owner of the address can cause: these alone
# are under the ceilings, and never go to who said "this was not me".
_UNASKED = frozenset({OutboxKind.CONFIRM, OutboxKind.MANAGE, OutboxKind.INVITED,
                      OutboxKind.REMINDER})  # fmt: skip

# Whoever waits for one of these has it in hand to say where it goes.
_ASKED = frozenset({OutboxKind.MANAGE})
# What nobody gets who has complained about a mail of the letter.
_UNWANTED = frozenset({OutboxKind.CONFIRM, OutboxKind.INVITED, OutboxKind.REMINDER,
                       OutboxKind.UPDATE, OutboxKind.CLOSING})  # fmt: skip

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
    OutboxKind.HELD: messages.held,
    OutboxKind.RELEASED: messages.released,
    OutboxKind.VERIFIED: messages.verified,
    OutboxKind.TEXT_CHANGED: messages.text_changed,
}

_s = db.table(Suppression).c
# Of a mail that no ceiling is about.
_FREE = Admission()


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail that is to be handed over, and the slot it takes."""

    claim: Claim
    subject: Subject
    letter: LetterView
    slot: int | None


class Maker:
    """Makes parcels out of claims, inside the transaction that claimed them."""

    def __init__(self, keyring: Keyring, tokens: Tokens, house: House) -> None:
        self._keyring = keyring
        self._tokens = tokens
        self._house = house
        self._shelf = Shelf()
        self._subjects = Subjects(keyring, self._shelf)

    def make(
        self, session: Transaction, claims: list[Claim], *, now: datetime
    ) -> list[Parcel]:
        """The parcels to send; rows that are not to be sent are ended here.

        A row that cannot be made is dead and never stops the others (threats 14).
        """
        subjects = self._subjects_of(session, claims, now)
        keys = {
            claimed.id: self._keyring.house_address_key(
                addresses.canonical(subject.address)
            )
            for claimed, subject in subjects
        }
        ceilings.take_turns(
            session, (keys[c.id] for c, _ in subjects if c.kind in _UNASKED)
        )
        alone = self._left_alone(session, subjects, keys, now)
        suppressed = self._suppressed(session, subjects, keys)
        wanted = []
        for claimed, subject in subjects:
            why = alone.get(claimed.id)
            if why is Rest.BOUNCES:
                outbox.refused(session, claimed, answer="came back before", now=now)
            elif why is Rest.COMPLAINED:
                outbox.void(session, claimed, why="complained", now=now)
            elif self._settings(session, subject, now).deleted_at is not None:
                outbox.void(session, claimed, why="letter deleted", now=now)
            elif claimed.id in suppressed:
                outbox.void(session, claimed, why="suppressed", now=now)
            else:
                wanted.append((claimed, subject))
        return self._admitted(session, wanted, keys, now)

    def _subjects_of(
        self, session: Transaction, claims: list[Claim], now: datetime
    ) -> list[tuple[Claim, Subject]]:
        """The claims that there is something to send of; the others are ended here."""
        seen = look(session, claims)
        subjects = []
        for claimed in claims:
            try:
                subject = self._subject(session, claimed, seen, now)
            except UNMAKEABLE as error:
                outbox.dead(session, claimed, answer=type(error).__name__, now=now)
                continue
            if isinstance(subject, str):
                outbox.void(session, claimed, why=subject, now=now)
            elif isinstance(subject, datetime):
                outbox.give_back(session, claimed, due_at=subject, answer="paused")
            else:
                subjects.append((claimed, subject))
        return subjects

    def _subject(
        self, session: Transaction, claimed: Claim, seen: Seen, now: datetime
    ) -> Subject | str | datetime:
        if claimed.kind not in outbox.MAILINGS:
            return self._subjects.of(session, claimed, seen, now)
        return updates.subject(
            session,
            claimed,
            seen=seen,
            keyring=self._keyring,
            shelf=self._shelf,
            now=now,
        )

    def _left_alone(
        self,
        session: Transaction,
        subjects: list[tuple[Claim, Subject]],
        keys: dict[int, bytes],
        now: datetime,
    ) -> dict[int, Rest]:
        """The mails that are not sent because their address is left alone, and why."""
        theirs = resting.left_alone(session, address_keys=keys.values(), now=now)
        failing = resting.failing(
            session,
            signature_ids=[c.signature_id for c, _ in subjects if c.signature_id],
        )
        found = {}
        for claimed, subject in subjects:
            if claimed.organiser_id or claimed.invitation_id or claimed.kind in _ASKED:
                continue
            why = theirs.get((subject.letter_id, keys[claimed.id]))
            if claimed.signature_id in failing:
                why = Rest.BOUNCES
            if why is Rest.BOUNCES or (why and claimed.kind in _UNWANTED):
                found[claimed.id] = why
        return found

    def _suppressed(
        self,
        session: Transaction,
        subjects: list[tuple[Claim, Subject]],
        keys: dict[int, bytes],
    ) -> set[int]:
        """The mails whose owner has said "this was not me"."""
        unasked = [one for one in subjects if one[0].kind in _UNASKED]
        if not unasked:
            return set()
        found = {
            (letter_id, bytes(key))
            for letter_id, key in session.execute(
                select(_s.letter_id, _s.address_key).where(
                    _s.letter_id.in_(sorted({about.letter_id for _, about in unasked})),
                    _s.address_key.in_(sorted({keys[c.id] for c, _ in unasked})),
                )
            )
        }
        return {c.id for c, about in unasked if (about.letter_id, keys[c.id]) in found}

    def _admitted(
        self,
        session: Transaction,
        subjects: list[tuple[Claim, Subject]],
        keys: dict[int, bytes],
        now: datetime,
    ) -> list[Parcel]:
        """The parcels of those whose address may have one more mail."""
        unasked = [one for one in subjects if one[0].kind in _UNASKED]
        admissions = ceilings.admit(
            session,
            wanted=[(about.letter_id, keys[claimed.id]) for claimed, about in unasked],
            now=now,
        )
        admitted = {
            claimed.id: admission
            for (claimed, _), admission in zip(unasked, admissions, strict=True)
        }
        parcels = []
        for claimed, subject in subjects:
            admission = admitted.get(claimed.id, _FREE)
            if admission.wait_until is not None:
                outbox.give_back(
                    session,
                    claimed,
                    due_at=admission.wait_until,
                    answer=ceilings.TOO_SOON,
                )
            elif admission.slot is None and admission is not _FREE:
                outbox.void(session, claimed, why="ceiling", now=now)
            else:
                settings = self._settings(session, subject, now)
                view = letters.view(settings, language=subject.language, now=now)
                parcels.append(Parcel(claimed, subject, view, admission.slot))
        return parcels

    def _settings(
        self, session: Transaction, subject: Subject, now: datetime
    ) -> Settings:
        return self._shelf.of(session, letter_id=subject.letter_id, now=now)

    def content(self, parcel: Parcel, *, now: datetime) -> bytes:
        """The mail as bytes; made outside any transaction, since it takes a while.

        Raises one of UNMAKEABLE when it cannot be made.
        """
        claimed, subject, view = parcel.claim, parcel.subject, parcel.letter
        envelope = Envelope(subject.address, claimed.message_id, now, test=subject.test)
        if claimed.kind == OutboxKind.EXAMPLE:
            return samples.make(
                subject.request,
                self._house,
                view,
                number=subject.number or 0,
                now=now,
                envelope=envelope,
            )
        if subject.news is not None:
            kind = OutboxKind(claimed.kind)
            return updates.content(
                self._house, self._tokens, envelope, view, kind=kind, about=subject
            )
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
        if claimed.kind == OutboxKind.CORRECTED:
            return messages.corrected(
                self._house, envelope, view, manage=manage, held=subject.held
            )
        if claimed.kind == OutboxKind.WITHDRAWN:
            assert subject.deadline is not None
            return messages.withdrawn(
                self._house, envelope, view, manage=manage, deadline=subject.deadline
            )
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
        if claimed.kind == OutboxKind.FACTOR:
            assert subject.deadline is not None
            return messages.factor(
                self._house, envelope, view, deadline=subject.deadline
            )
        if claimed.kind == OutboxKind.HEAD:
            return messages.head(self._house, envelope, view, head=subject.request)
        if claimed.kind == OutboxKind.ALARM:
            return messages.alarm(self._house, envelope, view, domains=subject.domains)
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
        ask = messages.confirm
        if claimed.kind == OutboxKind.REMINDER:
            ask = messages.reminder
        return ask(
            self._house,
            envelope,
            view,
            token=self._tokens.make(Purpose.CONFIRM, claimed.submission_id),
            code=self._keyring.short_code(claimed.submission_id),
        )
