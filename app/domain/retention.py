"""What is wiped when: every period of the privacy notice, kept by the worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, or_, select, update

from app.db import Transaction
from app.domain import lifecycle_letter, uploads
from app.models import (
    IS_OPEN,
    IS_UNSENT,
    DeskLock,
    Dispute,
    Guess,
    MailSlot,
    Outbox,
    SignInvitation,
    Submission,
    SubmissionState,
    Suppression,
)

# A finished form or mail is kept this long, to answer "did you write to me?".
FINISHED = timedelta(days=30)
# Slots outlive the longest ceiling that counts them.
SLOTS = timedelta(days=7)
# How often passwords were tried.
GUESSES = timedelta(days=1)
# From which network a signature came; held ones are somebody's work for longer.
NETWORKS = timedelta(days=7)
NETWORKS_OF_HELD = timedelta(days=30)


def run(session: Transaction, *, now: datetime) -> int:
    """End and wipe what is due; return how many rows that were. Safe to repeat."""
    ended = uploads.forget(session, now=now)
    expired = (
        update(Submission)
        .where(IS_OPEN, Submission.expires_at <= now)
        .values(
            state=SubmissionState.EXPIRED.value,
            address_key=None,
            content_key=None,
            sealed=None,
            network_key=None,
        )
    )
    old_mail = delete(Outbox).where(
        ~IS_UNSENT,
        Outbox.ended_at <= now - FINISHED,
    )
    old_forms = delete(Submission).where(
        ~IS_OPEN,
        Submission.expires_at <= now - FINISHED,
        Submission.id.not_in(_kept_by(Suppression)),
        Submission.id.not_in(_kept_by(Outbox)),
    )
    # An invitation that nobody used forgets its address, and after a while its name.
    over = (
        update(SignInvitation)
        .where(SignInvitation.ended_at.is_(None), SignInvitation.expires_at <= now)
        .values(ended_at=now, address_sealed=None)
    )
    nameless = (
        update(SignInvitation)
        .where(
            SignInvitation.ended_at <= now - FINISHED, SignInvitation.name.is_not(None)
        )
        .values(name=None)
    )
    old_locks = delete(DeskLock).where(DeskLock.until <= now - FINISHED)
    # A network is told from another for a week; what was typed into a dispute is of
    # no use once it is settled and no longer asked about.
    old_networks = (
        update(Dispute)
        .where(Dispute.network_key.is_not(None), Dispute.at <= now - NETWORKS)
        .values(network_key=None)
    )
    old_words = (
        update(Dispute)
        .where(
            Dispute.settled_at <= now - FINISHED,
            or_(Dispute.words_sealed.is_not(None), Dispute.contact_sealed.is_not(None)),
        )
        .values(words_sealed=None, contact_sealed=None)
    )
    old_guesses = delete(Guess).where(Guess.since <= now - GUESSES)
    old_slots = delete(MailSlot).where(MailSlot.at <= now - SLOTS)
    for statement in (
        expired,
        old_mail,
        old_forms,
        over,
        nameless,
        old_locks,
        old_slots,
        old_guesses,
        old_networks,
        old_words,
    ):
        done = session.execute(statement.execution_options(synchronize_session=False))
        ended += done.rowcount  # type: ignore[attr-defined]
    return ended + lifecycle_letter.forget_networks(
        session, until=now - NETWORKS, held_until=now - NETWORKS_OF_HELD
    )


def _kept_by(model: type[Suppression | Outbox]) -> Select[bytes | None]:
    """The submissions that a row of another table still points at."""
    return select(model.submission_id).where(model.submission_id.is_not(None))
