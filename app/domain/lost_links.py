"""The manage link once more, for whoever types the address that signed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, literal, select

from app import db
from app.db import Transaction, insert_for
from app.domain import addresses, guesses, outgoing
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.models import Outbox, OutboxKind, Signature

# How often one address may be asked for within a window of `guesses`.
PER_ADDRESS = 3
_APART = timedelta(minutes=1)


def ask(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    address: str,
    now: datetime,
) -> None:
    """Mail the manage link to an address, if it has signed this letter.

    The same two statements run whatever is known of the address, and the first writes
    a row in any case: neither the answer nor how long it takes tells a stranger
    (threats 19). The ceilings, and whether the owner minds, are judged when the mail
    is sent.
    """
    canonical = addresses.canonical(address)
    try:
        tries = {f"manage {settings.id} {canonical}": PER_ADDRESS}
        guesses.count(session, keyring=keyring, tries=tries, now=now)
        wanted = True
    except guesses.TooMany:
        wanted = False
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    mails, signed = db.table(Outbox), db.table(Signature).c
    values = outgoing.new_mail(OutboxKind.MANAGE, now)
    of_it = (
        mails.c.signature_id == signed.id,
        mails.c.kind == OutboxKind.MANAGE.value,
    )
    number = select(func.coalesce(func.max(mails.c.number), 0) + 1).where(*of_it)
    lately = select(mails.c.id).where(*of_it, mails.c.created_at > now - _APART)
    found = select(
        signed.id,
        number.correlate(db.table(Signature)).scalar_subquery(),
        *(literal(value, mails.c[name].type) for name, value in values.items()),
    ).where(
        signed.letter_id == settings.id,
        signed.address_key == keyring.address_key(pepper, canonical),
        literal(wanted),
        ~lately.correlate(db.table(Signature)).exists(),
    )
    session.execute(
        insert_for(session)(mails)
        .from_select(["signature_id", "number", *values], found)
        .on_conflict_do_nothing()
    )
