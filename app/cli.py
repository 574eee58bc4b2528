"""The terminal's edge: `flask letter`, `signature`, `organiser`, `tally`, `record`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.domain import (
    addresses,
    letter_files,
    letter_loading,
    lifecycle,
    organisers,
    record,
    retention,
    tally,
    verification,
)
from app.models import Letter, Role, Signature, State, VerificationMethod
from app.site import Site, Unsafe, refuse_unsafe


def register(app: Flask) -> None:
    """Hang the commands on the application."""
    for group in (letter, signature, organiser, tally_group, record_group, outbox):
        app.cli.add_command(group)
    app.cli.add_command(worker)
    app.cli.add_command(retain)


def _site() -> Site:
    from app.site import site

    return site()


@contextmanager
def _writing() -> Iterator[Session]:
    """A transaction that commits at the end, and turns refusals into sentences."""
    try:
        with _site().database.writing() as session:
            yield session
            session.commit()
    except lifecycle.NotAllowed as error:
        raise click.ClickException(
            f"Not possible: the signature is {error.state}, and {error.verb.value} "
            "does not apply to that."
        ) from None
    except lifecycle.ReasonMissing:
        raise click.ClickException("A reason is required: --reason '...'") from None
    except verification.EvidenceMissing:
        raise click.ClickException("Evidence is required: --evidence '...'") from None


letter = AppGroup("letter", help="Letters as folders of files.")


@letter.command("load")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--by", "by", help="The organiser who loads it; the system otherwise.")
def letter_load(folder: Path, by: str | None) -> None:
    """Create or update the letter that FOLDER describes."""
    try:
        files = letter_files.read(folder)
        with _writing() as session:
            done = letter_loading.load(
                session,
                keyring=_site().keyring,
                files=files,
                actor=_actor(session, by) if by else record.SYSTEM,
                now=db.now(),
            )
    except (letter_files.LetterFileError, letter_loading.SectorInUse) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{done.slug}: {', '.join(done.changes) or 'nothing changed'}")


@letter.command("list")
def letter_list() -> None:
    """The letters of this house."""
    with _site().database.reading() as session:
        for row in session.scalars(select(Letter).order_by(Letter.id)):
            state = "published" if row.published_at else "draft"
            click.echo(f"{row.slug}\t{state}\trevision {row.revision}")


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
    with _site().database.reading() as session:
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


def _verb(name: str, *, reason: bool = False) -> Callable[[Command], click.Command]:
    """A command on one signature, by one organiser, in one transaction."""

    def decorate(function: Command) -> click.Command:
        @wraps(function)
        def run(public_id: str, by: str, **options: Any) -> None:
            with _writing() as session:
                found = session.execute(
                    select(Signature.id, Signature.letter_id).where(
                        Signature.public_id == public_id
                    )
                ).first()
                if found is None:
                    raise click.ClickException(f"There is no signature {public_id}.")
                actor = _actor(session, by, found.letter_id)
                function(session, found.id, actor, **options)
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


@_verb("release")
def _release(session: Session, signature_id: int, actor: str) -> None:
    """Let a held signature into the list and the count."""
    lifecycle.release(session, signature_id=signature_id, actor=actor, now=db.now())


@_verb("hold", reason=True)
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


_verb("reject", reason=True)(_reject)


@_verb("reinstate", reason=True)
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
    verification.verify(
        session,
        signature_id=signature_id,
        method=VerificationMethod(method),
        evidence=evidence,
        note=note,
        actor=actor,
        now=db.now(),
    )


_verb("verify")(_verify)


@click.option("--rank", type=click.IntRange(1), help="Its place; none takes it off.")
def _feature(session: Session, signature_id: int, actor: str, rank: int | None) -> None:
    """Show a verified signature among the notable ones."""
    lifecycle.feature(
        session, signature_id=signature_id, rank=rank, actor=actor, now=db.now()
    )


_verb("feature")(_feature)


organiser = AppGroup("organiser", help="The people who run letters.")


@organiser.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--letter", "slug", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]),
              default=Role.VERIFIER.value, show_default=True)  # fmt: skip
def organiser_add(email: str, name: str, slug: str, role: str) -> None:
    """Give a person a role on a letter."""
    try:
        with _writing() as session:
            organisers.join(
                session,
                email=email,
                name=name,
                slug=slug,
                role=Role(role),
                actor=record.SYSTEM,
                now=db.now(),
            )
    except (organisers.NoSuchLetter, addresses.AddressProblem) as error:
        raise click.ClickException(f"{email}, {slug}: {error}") from None
    click.echo(f"{email} is {role} of {slug}")


@organiser.command("list")
@click.option("--letter", "slug", required=True)
def organiser_list(slug: str) -> None:
    """Who runs a letter."""
    with _site().database.reading() as session:
        for email, name, role in organisers.team(session, slug=slug):
            click.echo(f"{email}\t{name}\t{role}")


tally_group = AppGroup("tally", help="The published numbers.")


@tally_group.command("check")
def tally_check() -> None:
    """Compare the published numbers with the signatures; 1 on a difference."""
    with _site().database.reading() as session:
        differences = tally.check(session)
    for item in differences:
        click.echo(
            f"letter {item.letter_id}, {item.facet} {item.key}, {item.measure}: "
            f"published {item.published}, counted {item.counted}"
        )
    if differences:
        raise SystemExit(1)
    click.echo("the numbers are the signatures")


@tally_group.command("fold")
def tally_fold() -> None:
    """Fold what is unfolded, as the worker does each second."""
    moved = 0
    while True:
        with _writing() as session:
            batch = tally.fold(session)
        moved += batch
        if not batch:
            break
    click.echo(f"{moved} ledger rows folded")


record_group = AppGroup("record", help="The account of what was done.")


@record_group.command("seal")
def record_seal() -> None:
    """Seal what is unsealed, as the worker does each minute."""
    with _writing() as session:
        head = record.seal(session)
    click.echo(f"{head.position} {head.hash}")


@record_group.command("verify")
@click.option("--head", "kept", help="POSITION:HASH as kept elsewhere, to see a cut.")
def record_verify(kept: str | None) -> None:
    """Walk the chain; name the first bad line and end with 1 if there is one."""
    expected = None
    if kept:
        position, _, digest = kept.partition(":")
        if not position.isdigit() or len(digest) != 64:
            raise click.ClickException("--head must be POSITION:HASH")
        expected = record.Head(int(position), digest)
    with _site().database.reading() as session:
        found = record.verify(session, expected=expected)
        head = record.head(session)
    if found is not None:
        click.echo(
            f"link {found.position}, line {found.record_id or 'unknown'}: {found.what}"
        )
        raise SystemExit(1)
    click.echo(f"unbroken up to {head.position}:{head.hash}")


outbox = AppGroup("outbox", help="The mails to be sent.")


@outbox.command("count")
def outbox_count() -> None:
    """How many mails are in which state, as JSON."""
    from app.mail import outbox as queue

    with _site().database.reading() as session:
        click.echo(json.dumps(queue.by_state(session), sort_keys=True))


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Deliver mail, fold, seal and wipe until told to stop."""
    from app.worker import Worker

    here = _site()
    try:
        refuse_unsafe(here)
    except Unsafe as error:
        raise click.ClickException(str(error)) from None
    logging.getLogger("undersigned.worker").info("the worker has started")
    Worker(here.config, here.database).run()


@click.command("retain")
@with_appcontext
def retain() -> None:
    """Wipe what has outlived its period, as the worker does each hour."""
    with _writing() as session:
        ended = retention.run(session, now=db.now())
    click.echo(f"{ended} rows ended or wiped")


def _actor(session: Session, email: str, letter_id: int | None = None) -> str:
    """The organiser behind an address, who must have a part in the letter."""
    found = organisers.find(session, email=email, letter_id=letter_id)
    if found is None:
        raise click.ClickException(
            f"{email} may not do that: flask organiser add {email} gives a role."
        )
    return record.organiser(found)
