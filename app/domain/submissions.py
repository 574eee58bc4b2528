"""Take a filled-in form, mail its link, correct it, and find it by its code."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, select, tuple_, update

from app import db, prepared
from app.db import Moment, Transaction
from app.domain import addresses, outgoing
from app.domain.drafts import (
    LIFETIME,
    Draft,
    open_link,
    sealing_context,
    wipe,
)
from app.domain.keyring import Keyring
from app.domain.letters import Settings
from app.domain.shelf import Shelf
from app.models import (
    IS_OPEN,
    Letter,
    Outbox,
    OutboxKind,
    Submission,
    SubmissionState,
)
from app.prepared import Statement, Step

# The same form within this time is a double click and asks for no second mail.
SAME_FORM = timedelta(minutes=10)
# "Send it again" sooner than this asks for no second mail either.
SEND_AGAIN = timedelta(minutes=1)
CODE_TRIES = 5


def _sign(insert: Any) -> Any:
    """Keep a form; the same form again renews it and, after a while, its mail."""
    kept = db.table(Submission)
    statement = insert(kept).values(
        {
            column.name: bindparam(column.name)
            for column in kept.c
            if column.name in _KEPT
        }
    )
    again = kept.c.mailed_at <= bindparam("double_click_since", type_=Moment)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["letter_id", "address_key", "content_key"],
        index_where=IS_OPEN,
        set_={
            "mail_number": case(
                (again, kept.c.mail_number + 1), else_=kept.c.mail_number
            ),
            "expires_at": case((again, new.expires_at), else_=kept.c.expires_at),
            "mailed_at": case((again, new.mailed_at), else_=kept.c.mailed_at),
        },
    ).returning(kept.c.id, kept.c.mail_number)


_KEPT = frozenset(
    {
        "id", "letter_id", "state", "address_key", "content_key", "sealed", "language",
        "code_tries", "mail_number", "mailed_at", "created_at", "expires_at",
        "network_key",
    }
)  # fmt: skip


def _mail(insert: Any, form: Any) -> Any:
    """Ask for the mail of a form: `form` selects the id and the number of its mail."""
    columns = db.table(Outbox).c
    return (
        insert(columns.id.table)
        .from_select(
            ["submission_id", "number", *_OF_A_MAIL],
            form.add_columns(
                *(
                    bindparam(f"mail_{name}", type_=columns[name].type)
                    for name in _OF_A_MAIL
                )
            ),
        )
        .on_conflict_do_nothing()
    )


def _sign_at_once(insert: Any) -> Any:
    kept = _sign(insert).cte("kept")
    mail = _mail(insert, select(kept.c.id, kept.c.mail_number)).cte("mail")
    return select(kept.c.id).add_cte(mail)


def _mail_of_kept(insert: Any) -> Any:
    kept = db.table(Submission).c
    same = (kept[name] == bindparam(name) for name in _SAME_FORM_KEY)
    return _mail(insert, select(kept.id, kept.mail_number).where(*same, IS_OPEN))


_SAME_FORM_KEY = ("letter_id", "address_key", "content_key")
_OF_A_MAIL = ("kind", "message_id", "state", "attempts", "due_at", "created_at")
_SIGN = Statement(_sign)
_MAIL_OF_KEPT = Statement(_mail_of_kept)
_SIGN_AT_ONCE = Statement(_sign_at_once)


def _keep(session: Transaction, form: prepared.Values, mail: prepared.Values) -> bytes:
    """Write form and mail; the id of the form, which may be the same of before.

    SQLite knows no INSERT within another statement, so it is told one by one.
    """
    if db.dialect(session) == "postgresql":
        return bytes(prepared.run(session, Step(_SIGN_AT_ONCE, {**form, **mail}))[0][0])
    kept = prepared.run(session, Step(_SIGN, form))
    same = {name: form[name] for name in _SAME_FORM_KEY}
    prepared.run(session, Step(_MAIL_OF_KEPT, {**same, **mail}))
    return bytes(kept[0][0])


# A deleted letter has none any more.
_PEPPERS = select(Letter.id, Letter.pepper).where(Letter.deleted_at.is_(None))


def _content_key(pepper: bytes, content: bytes) -> bytes:
    """A keyed hash of all that was typed: the same form twice is one submission."""
    return hmac.digest(pepper, b"content-v1\0" + content, "sha256")


def sign(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    draft: Draft,
    network_key: bytes | None = None,
    now: datetime,
) -> bytes:
    """Keep a filled-in form and ask for its confirmation mail; return its id.

    `network_key` stands for the network that it came from, where that is known.

    The same two statements run whatever is known of the address: whether it has
    signed, is suppressed or has had too many mails is judged when the mail is
    sent, so no answer given here can tell a stranger (threats 19).
    """
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    content = draft.to_bytes()
    identifier = secrets.token_bytes(16)
    form = {
        "id": identifier,
        "letter_id": settings.id,
        "address_key": keyring.address_key(pepper, addresses.canonical(draft.email)),
        "content_key": _content_key(pepper, content),
        "state": SubmissionState.OPEN.value,
        "sealed": keyring.seal(content, context=sealing_context(identifier)),
        "language": draft.language,
        "network_key": network_key,
        "code_tries": 0,
        "mail_number": 1,
        "mailed_at": now,
        "created_at": now,
        "expires_at": now + LIFETIME,
        "double_click_since": now - SAME_FORM,
    }
    mail = {
        f"mail_{name}": value
        for name, value in outgoing.new_mail(OutboxKind.CONFIRM, now).items()
    }
    return _keep(session, form, mail)


def send_again(session: Transaction, *, submission_id: bytes, now: datetime) -> None:
    """Ask for the confirmation mail once more; the ceilings are judged at sending."""
    number = session.scalar(
        update(Submission)
        .where(
            Submission.id == submission_id,
            IS_OPEN,
            Submission.expires_at > now,
            Submission.mailed_at <= now - SEND_AGAIN,
        )
        .values(mail_number=Submission.mail_number + 1, mailed_at=now)
        .returning(Submission.mail_number)
    )
    if number is not None:
        outgoing.ask(
            session,
            kind=OutboxKind.CONFIRM,
            submission_id=submission_id,
            number=number,
            now=now,
        )


def readdress(
    session: Transaction,
    *,
    keyring: Keyring,
    shelf: Shelf,
    submission_id: bytes,
    address: str,
    now: datetime,
) -> bytes | None:
    """Send what was typed to another address; the old link ends. None: too late."""
    opened = open_link(
        session,
        keyring=keyring,
        shelf=shelf,
        submission_id=submission_id,
        now=now,
        lock=True,
    )
    if opened is None or opened.draft is None:
        return None
    session.execute(
        wipe(SubmissionState.VOID).where(
            Submission.id == submission_id,
            IS_OPEN,
        )
    )
    # Another address than the one that was invited proves nothing.
    draft = replace(opened.draft, email=address, invitation="")
    return sign(
        session,
        keyring=keyring,
        settings=opened.settings,
        draft=draft,
        network_key=opened.network_key,
        now=now,
    )


def correct(
    session: Transaction,
    *,
    keyring: Keyring,
    settings: Settings,
    submission_id: bytes,
    draft: Draft,
    now: datetime,
) -> bool:
    """Put what was typed anew behind the same link; False when it is not open.

    The address stays the one that the link was mailed to.
    """
    pepper = keyring.unwrap_pepper(settings.id, settings.pepper)
    content = draft.to_bytes()
    content_key = _content_key(pepper, content)
    address_key = keyring.address_key(pepper, addresses.canonical(draft.email))
    # Another open form that says just the same gives way to this link.
    session.execute(
        wipe(SubmissionState.VOID).where(
            Submission.letter_id == settings.id,
            Submission.address_key == address_key,
            Submission.content_key == content_key,
            IS_OPEN,
            Submission.id != submission_id,
        )
    )
    changed = session.execute(
        update(Submission)
        .where(
            Submission.id == submission_id,
            Submission.address_key == address_key,
            IS_OPEN,
            Submission.expires_at > now,
        )
        .values(
            content_key=content_key,
            sealed=keyring.seal(content, context=sealing_context(submission_id)),
        )
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def find_by_code(
    session: Transaction, *, keyring: Keyring, address: str, code: str, now: datetime
) -> bytes | None:
    """The open submission that a typed code belongs to; None when none does.

    A wrong code counts against every open submission of the address, and after
    five the codes of these are dead; their links go on working.
    """
    canonical = addresses.canonical(address)
    keys = [
        (
            letter_id,
            keyring.address_key(keyring.unwrap_pepper(letter_id, pepper), canonical),
        )
        for letter_id, pepper in session.execute(_PEPPERS)
    ]
    theirs = (
        tuple_(Submission.letter_id, Submission.address_key).in_(keys),
        IS_OPEN,
        Submission.expires_at > now,
        Submission.code_tries < CODE_TRIES,
    )
    candidates = session.scalars(
        select(Submission.id).where(*theirs).order_by(Submission.id).with_for_update()
    ).all()
    for submission_id in candidates:
        if keyring.matches_code(submission_id, code):
            return submission_id
    session.execute(
        update(Submission)
        .where(Submission.id.in_(candidates), Submission.code_tries < CODE_TRIES)
        .values(code_tries=Submission.code_tries + 1)
        .execution_options(synchronize_session=False)
    )
    return None
