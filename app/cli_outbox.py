"""The terminal's commands on the mails to be sent: `flask outbox`."""

from __future__ import annotations

import json
from datetime import datetime

import click
from flask.cli import AppGroup

from app import db
from app.domain import mail_care, record
from app.mail import outbox as queue
from app.models import OutboxState
from app.site import site
from app.terminal import writing

outbox = AppGroup("outbox", help="The mails to be sent.")

# What a person may want to see: all but what is done with.
_STATES = (OutboxState.DEAD, OutboxState.REFUSED, OutboxState.READY)


@outbox.command("count")
def outbox_count() -> None:
    """How many mails are in which state, as JSON."""
    with site().database.reading() as session:
        click.echo(json.dumps(queue.by_state(session), sort_keys=True))


@outbox.command("list")
@click.option("--state", type=click.Choice([state.value for state in _STATES]),
              help="Only those; otherwise all three.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def outbox_list(state: str | None, limit: int) -> None:
    """The newest mails that are stuck or wait, each on a line.

    Number, kind, state, attempts, when it is due, and what the mail server said; to
    whom they go is not shown.
    """
    states = [OutboxState(state)] if state else _STATES
    with site().database.reading() as session:
        mails = mail_care.look(session, states=states, limit=limit)
    for mail in mails:
        due = _time(mail.due_at if mail.state == OutboxState.READY else None)
        said = mail_care.said(mail.answer) or "-"
        click.echo(
            f"{mail.id}\t{mail.kind}\t{mail.state}\t{mail.attempts} tried\t"
            f"{due}\t{said}"
        )
    if not mails:
        click.echo("none", err=True)


@outbox.command("show")
@click.argument("outbox_id", metavar="ID", type=int)
def outbox_show(outbox_id: int) -> None:
    """All that is known of one mail, but for its address."""
    with site().database.reading() as session:
        mail = mail_care.find(session, outbox_id=outbox_id)
    if mail is None:
        raise _unknown(outbox_id)
    letter = "-" if mail.letter_id is None else mail.letter_id
    for name, value in (
        ("kind", mail.kind),
        ("number", mail.number),
        ("letter", letter),
        ("state", mail.state),
        ("tried", mail.attempts),
        ("asked for", _time(mail.created_at)),
        ("due", _time(mail.due_at)),
        ("ended", _time(mail.ended_at)),
        ("Message-ID", f"{mail.message_id}@..."),
        ("said", mail_care.said(mail.answer) or "-"),
    ):
        click.echo(f"{name}\t{value}")


@outbox.command("retry")
@click.argument("outbox_id", metavar="ID", type=int)
def outbox_retry(outbox_id: int) -> None:
    """Let a mail that is dead, refused or waiting be sent at once.

    What was reported of the address of a refused one is forgotten.
    """
    try:
        with writing() as session:
            forgotten = mail_care.retry(
                session,
                keyring=site().keyring,
                shelf=site().shelf,
                outbox_id=outbox_id,
                now=db.now(),
            )
    except mail_care.NotPossible as error:
        raise _impossible(outbox_id, error) from None
    if forgotten is None:
        raise _unknown(outbox_id)
    click.echo(f"mail {outbox_id} is due now")
    if forgotten:
        click.echo(f"{forgotten} reports forgotten")


@outbox.command("drop")
@click.argument("outbox_id", metavar="ID", type=int)
@click.option("--reason", required=True, help="For the record.")
def outbox_drop(outbox_id: int, reason: str) -> None:
    """Withhold a mail that is dead, refused or waiting; the record keeps the reason."""
    try:
        with writing() as session:
            found = mail_care.drop(
                session,
                outbox_id=outbox_id,
                reason=record.given(reason),
                now=db.now(),
            )
    except mail_care.NotPossible as error:
        raise _impossible(outbox_id, error) from None
    if not found:
        raise _unknown(outbox_id)
    click.echo(f"mail {outbox_id} is dropped")


def _time(at: datetime | None) -> str:
    return "-" if at is None else at.strftime("%Y-%m-%d %H:%M:%SZ")


def _unknown(outbox_id: int) -> click.ClickException:
    return click.ClickException(f"There is no mail {outbox_id}.")


def _impossible(outbox_id: int, error: mail_care.NotPossible) -> click.ClickException:
    return click.ClickException(f"Not possible: mail {outbox_id} is {error.state}.")
