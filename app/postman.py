"""Deliver what the outbox holds: claim a few mails, hand them over, write down the end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from time import monotonic

from sqlalchemy import Connection

from app import db
from app.db import Database
from app.domain import mail_figures
from app.domain.keyring import Keyring
from app.domain.tokens import Tokens
from app.mail import ceilings, outbox, relay
from app.mail.delivery import TAKEN, Answer, Result, Transport
from app.mail.dkim import Signer
from app.mail.parcels import UNMAKEABLE, Maker, Parcel
from app.mail.verp import Verp
from app.mail.wire import House
from app.models import OutboxKind
from app.receiving import Reports
from config import Config

log = logging.getLogger("undersigned.worker")

_LONGEST_BREAK = 60.0
# Whoever waits for their mail sees within this that it has left.
_WRITE_WITHIN = 0.5
# No more are claimed than leave within this. A slow server's mails stay for others,
# and for whoever is to be forgotten meanwhile.
_IN_HAND = 1.0

# These certainly did not happen: their slots are free again.
_UNSENT = frozenset({Result.UNMADE, Result.HOUSE_REFUSED, Result.TROUBLE})

Ended = tuple[Parcel, Answer]


def _forms(ended: Iterable[Ended]) -> list[mail_figures.Ended]:
    """The forms whose first mail has ended, one way or the other."""
    return [
        mail_figures.Ended(
            parcel.subject.letter_id,
            parcel.subject.address,
            answer.result is Result.SENT,
        )
        for parcel, answer in ended
        if (parcel.claim.kind, parcel.claim.number) == (OutboxKind.CONFIRM, 1)
        and answer.result in (Result.SENT, Result.ADDRESS_REFUSED)
    ]


def _judge(session: Connection, results: Sequence[Result], now: datetime) -> None:
    """Keep how the mail server takes us, where its answers tell."""
    if Result.HOUSE_REFUSED in results:
        relay.refused(session, now=now)
    elif {Result.SENT, Result.ADDRESS_REFUSED} & set(results):
        relay.well(session)


class Postman:
    """Delivers what the outbox holds, and stands back while the relay refuses us."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self._transport = Transport(config)
        keyring = Keyring(config.secret_keys)
        self._signer = Signer.of(config.mail_dkim) if config.mail_dkim else None
        self._verp = Verp(keyring, config.mail_bounces) if config.mail_bounces else None
        self._reports = Reports(database, keyring)
        self._maker = Maker(
            keyring,
            Tokens(config.secret_keys),
            House(config.base_url, config.mail_from),
        )
        self._size = 1
        self._pause = 0.0
        self._open_until = 0.0

    @property
    def breaker_open(self) -> bool:
        """Whether the relay refused us and we wait before asking again."""
        return monotonic() < self._open_until

    def deliver(self) -> int:
        """Send one batch; return how many rows were taken in hand."""
        if self.breaker_open:
            return 0
        began, lease = monotonic(), self._config.lease
        with self._database.transaction() as session:
            now = db.now()
            claims = outbox.claim(session, now=now, lease=lease, limit=self._size)
            parcels = self._maker.make(session, claims, now=now) if claims else []
            session.commit()
        tried = self._hand_over(parcels, until=now + lease / 2)
        if tried:
            fit = int(tried * _IN_HAND / (monotonic() - began))
            self._size = min(max(fit, 1), outbox.BATCH)
        return len(claims)

    def _hand_over(self, parcels: list[Parcel], *, until: datetime) -> int:
        """Hand the mails over, and write down how that ended a few at a time.

        A worker that is killed in between sends those few once more. What is not tried
        by `until` goes back: others take it once the lease is over. How many were tried.
        """
        ended: list[Ended] = []
        written = monotonic()
        for tried, parcel in enumerate(parcels, start=1):
            answer = self._send(parcel)
            ended.append((parcel, answer))
            refused = answer.result is Result.HOUSE_REFUSED
            if refused or db.now() > until:
                self._finish(ended, untried=parcels[tried:])
                if refused:
                    self._open_breaker(answer)
                return tried
            self._pause = 0.0
            if monotonic() - written > _WRITE_WITHIN:
                self._finish(ended)
                ended, written = [], monotonic()
        self._finish(ended)
        return len(parcels)

    def close(self) -> None:
        """End the kept connection."""
        self._transport.close()

    def _send(self, parcel: Parcel) -> Answer:
        """Hand over one mail; what came of it."""
        now = db.now()
        try:
            content = self._maker.content(parcel, now=now)
        except UNMAKEABLE as error:
            log.exception("mail %s cannot be made", parcel.claim.id)
            return Answer(Result.UNMADE, type(error).__name__)
        if self._signer is not None:
            content = self._signer.sign(content, now=now)
        sender = self._verp.make(parcel.claim.id) if self._verp else None
        return self._transport.send(content, to=parcel.subject.address, sender=sender)

    def _finish(self, ended: Sequence[Ended], untried: Sequence[Parcel] = ()) -> None:
        """Write down how mails ended, and put back what was claimed and not tried."""
        if not ended:
            return
        now = db.now()
        taken = [
            parcel.claim for parcel, answer in ended if answer.result is Result.SENT
        ]
        unmade = [parcel.slot for parcel, answer in ended if answer.result in _UNSENT]
        with self._database.transaction() as session:
            outbox.sent(session, taken, answer=TAKEN, now=now)
            for parcel, answer in ended:
                self._end(session, parcel, answer, now)
            for parcel in untried:
                outbox.give_back(session, parcel.claim, due_at=now)
            ceilings.release(session, [*unmade, *(one.slot for one in untried)])
            mail_figures.note(session, ended=_forms(ended), now=now)
            _judge(session, [answer.result for _parcel, answer in ended], now)
            session.commit()
        for parcel, answer in ended:
            log.info("mail %s: %s", parcel.claim.id, answer.result.name.lower())

    def _end(
        self, session: Connection, parcel: Parcel, answer: Answer, now: datetime
    ) -> None:
        """Write down how one mail ended that was not sent."""
        claim = parcel.claim
        match answer.result:
            case Result.ADDRESS_REFUSED:
                outbox.refused(session, claim, answer=answer.text, now=now)
                if claim.signature_id is not None:
                    self._reports.refused(session, claim.id, answer.text, now=now)
            case Result.UNMADE:
                outbox.dead(session, claim, answer=answer.text, now=now)
            case Result.HOUSE_REFUSED:
                outbox.give_back(session, claim, due_at=now, answer=answer.text)
            case Result.TROUBLE | Result.UNKNOWN:
                outbox.retry(
                    session,
                    claim,
                    answer=answer.text,
                    first=self._config.retry_first,
                    now=now,
                )

    def _open_breaker(self, answer: Answer) -> None:
        first = self._config.retry_first.total_seconds() / 60
        self._pause = min(max(self._pause * 2, first), _LONGEST_BREAK)
        self._open_until = monotonic() + self._pause
        log.warning(
            "the mail server refuses us, trying again in %.0f s: %s",
            self._pause,
            answer.text,
        )
