"""The terminal's commands on signatures: what organisers do by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.domain import lifecycle, record, verification
from app.models import Letter, Signature, State, VerificationMethod
from app.site import site
from app.terminal import actor, writing

signature = AppGroup(
    "signature",
    help="What organisers do to signatures, where there is no page for it yet.",
)


@signature.command("list")
@click.option("--letter", "slug", required=True, help="The slug of the letter.")
@click.option("--state", type=click.Choice([state.value for state in State]),
              default=State.HELD.value, show_default=True)  # fmt: skip
@click.option("--limit", default=50, show_default=True)
def signature_list(slug: str, state: str, limit: int) -> None:
    """List signatures of a letter, oldest first, with the ids that the verbs take."""
    with site().database.reading() as session:
        rows = session.scalars(
            select(Signature)
            .join(Letter, Letter.id == Signature.letter_id)
            .where(Letter.slug == slug, Signature.state == state)
            .order_by(Signature.id)
            .limit(limit)
        ).all()
        for row in rows:
            marks = [
                *(["verified"] if row.verified else []),
                *([f"featured {row.featured_rank}"] if row.featured_rank else []),
                *([row.hold_reasons] if row.hold_reasons else []),
            ]
            claim = ", ".join(filter(None, (row.name, row.title, row.affiliation)))
            click.echo(f"{row.public_id}\t{claim or '(erased)'}\t{' '.join(marks)}")
    if not rows:
        click.echo(f"no {state} signature", err=True)


Command = Callable[..., None]


def verb(name: str, *, reason: bool = False) -> Callable[[Command], click.Command]:
    """A command on one signature, by one organiser, in one transaction."""

    def decorate(function: Command) -> click.Command:
        @wraps(function)
        def run(public_id: str, by: str, **options: Any) -> None:
            with writing() as session:
                found = session.execute(
                    select(Signature.id, Signature.letter_id).where(
                        Signature.public_id == public_id
                    )
                ).first()
                if found is None:
                    raise click.ClickException(f"There is no signature {public_id}.")
                who = actor(session, by, found.letter_id)
                function(session, found.id, who, **options)
            click.echo(f"{public_id}: {name} done")

        command: Any = run
        if reason:
            command = click.option("--reason", required=True)(command)
        command = click.option(
            "--by", "by", required=True, help="The organiser's mail address."
        )(command)
        command = click.argument("public_id")(command)
        return signature.command(name)(command)

    return decorate


@verb("release")
def _release(session: Session, signature_id: int, actor: str) -> None:
    """Let a held signature into the list and the count."""
    lifecycle.release(session, signature_id=signature_id, actor=actor, now=db.now())


@verb("hold", reason=True)
def _hold(session: Session, signature_id: int, actor: str, reason: str) -> None:
    """Keep a counted signature out until a person looks."""
    lifecycle.hold(
        session, signature_id=signature_id, actor=actor, reason=reason, now=db.now()
    )


@click.option("--fake", is_flag=True, help="The name stays held on this letter.")
def _reject(
    session: Session, signature_id: int, actor: str, reason: str, fake: bool
) -> None:
    """Take a signature out of the count."""
    lifecycle.reject(
        session,
        signature_id=signature_id,
        actor=actor,
        reason=reason,
        fake=fake,
        now=db.now(),
    )


verb("reject", reason=True)(_reject)


@verb("reinstate", reason=True)
def _reinstate(session: Session, signature_id: int, actor: str, reason: str) -> None:
    """Put a rejected signature back where it came from."""
    lifecycle.reinstate(
        session, signature_id=signature_id, actor=actor, reason=reason, now=db.now()
    )


@click.option(
    "--method",
    required=True,
    type=click.Choice([method.value for method in VerificationMethod]),
)
@click.option("--evidence", required=True, help="A link, or what was seen or heard.")
@click.option("--note", default="")
def _verify(
    session: Session,
    signature_id: int,
    actor: str,
    method: str,
    evidence: str,
    note: str,
) -> None:  # fmt: skip
    """Mark the person as proved, with the account of how."""
    stands = verification.review(
        session,
        keyring=site().keyring,
        signature_id=signature_id,
        method=VerificationMethod(method),
        evidence=evidence,
        note=note,
        organiser_id=record.organiser_id(actor),
        now=db.now(),
    )
    if not stands:
        click.echo("It stands once a second organiser has agreed to it.")


verb("verify")(_verify)


@click.option("--rank", type=click.IntRange(1), help="Its place; none takes it off.")
def _feature(session: Session, signature_id: int, actor: str, rank: int | None) -> None:
    """Show a verified signature among the notable ones."""
    lifecycle.feature(
        session, signature_id=signature_id, rank=rank, actor=actor, now=db.now()
    )


verb("feature")(_feature)
