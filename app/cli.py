"""The terminal's edge: `flask letter`, `signature`, `organiser`, `tally`, `record`."""

from __future__ import annotations

import logging
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from app import db, urls
from app.cli_bounces import bounces_group
from app.cli_cases import case, export, import_
from app.cli_disputes import dispute
from app.cli_dkim import dkim_group
from app.cli_holds import blocked, holds_group, watch_list
from app.cli_outbox import outbox
from app.cli_signatures import signature
from app.domain import (
    addresses,
    editing,
    entries,
    factors,
    letter_files,
    letter_loading,
    organisers,
    record,
    retention,
    sectors,
    tally,
    tally_check,
)
from app.domain.tokens import Purpose
from app.models import Letter, Role
from app.site import Unsafe, refuse_unsafe, site
from app.terminal import actor, writing


def register(app: Flask) -> None:
    """Hang the commands on the application."""
    for group in (
        letter,
        signature,
        dispute,
        organiser,
        watch_list,
        holds_group,
        blocked,
        tally_group,
        record_group,
        outbox,
        bounces_group,
        dkim_group,
        case,
        import_,
    ):
        app.cli.add_command(group)
    app.cli.add_command(worker)
    app.cli.add_command(export)
    app.cli.add_command(retain)


letter = AppGroup("letter", help="Letters as folders of files.")


@letter.command("load")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--by", "by", help="The organiser who loads it; the system otherwise.")
@click.option("--minor", is_flag=True,
              help="Changed words are minor: nobody who signed is asked again.")  # fmt: skip
def letter_load(folder: Path, by: str | None, minor: bool) -> None:
    """Create or update the letter that FOLDER describes.

    Once the letter is published, changed words are a material change: everyone who
    signed is asked by mail to keep or withdraw, unless --minor says otherwise.
    """
    try:
        files = letter_files.read(folder)
        with writing() as session:
            done = letter_loading.load(
                session,
                keyring=site().keyring,
                files=files,
                actor=actor(session, by) if by else record.SYSTEM,
                now=db.now(),
                minor=minor,
            )
    except editing.ReadOnly:
        raise click.ClickException(f"{files.slug} is archived: read only") from None
    except letter_files.LetterFileError as error:
        raise click.ClickException(str(error)) from None
    except (sectors.SectorInUse, letter_loading.SectorMerged) as error:
        where = f"{folder / 'letter.toml'}, sectors"
        raise click.ClickException(f"{where}: {error}") from None
    click.echo(f"{done.slug}: {', '.join(done.changes) or 'nothing changed'}")


@letter.command("list")
def letter_list() -> None:
    """The letters of this house."""
    with site().database.reading() as session:
        for row in session.scalars(select(Letter).order_by(Letter.id)):
            state = "published" if row.published_at else "draft"
            click.echo(f"{row.slug}\t{state}\trevision {row.revision}")


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
        with writing() as session:
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
    with site().database.reading() as session:
        for email, name, role in organisers.team(session, slug=slug):
            click.echo(f"{email}\t{name}\t{role}")


@organiser.command("let-in")
@click.argument("email")
@click.option("--without-factor", is_flag=True,
              help="Take the second factor and its recovery codes away as well.")  # fmt: skip
def organiser_let_in(email: str, without_factor: bool) -> None:
    """Print a link to set a new password with, for who has no other way in.

    Make sure first, by another way than mail, that it is they who ask.
    """
    here, now = site(), db.now()
    with writing() as session:
        organiser_id = organisers.with_address(session, email=email)
        if organiser_id is None:
            raise click.ClickException(f"there is no organiser {email}")
        if without_factor:
            factors.end(session, organiser_id=organiser_id, now=now)
        made = entries.let_in(session, organiser_id=organiser_id, now=now)
    token = here.tokens.make(Purpose.ENTER, made)
    link = urls.absolute(here.config.base_url, urls.organise("enter", token))
    click.echo(f"This link opens once, within an hour: {link}")


tally_group = AppGroup("tally", help="The published numbers.")


@tally_group.command("check")
def check_tally() -> None:
    """Compare the published numbers with the signatures; 1 on a difference."""
    with site().database.reading() as session:
        differences = tally_check.check(session)
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
        with writing() as session:
            batch = tally.fold(session)
        moved += batch
        if not batch:
            break
    click.echo(f"{moved} ledger rows folded")


record_group = AppGroup("record", help="The account of what was done.")


@record_group.command("seal")
def record_seal() -> None:
    """Seal what is unsealed, as the worker does each minute."""
    with writing() as session:
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
    with site().database.reading() as session:
        found = record.verify(session, expected=expected)
        head = record.head(session)
    if found is not None:
        click.echo(
            f"link {found.position}, line {found.record_id or 'unknown'}: {found.what}"
        )
        raise SystemExit(1)
    click.echo(f"unbroken up to {head.position}:{head.hash}")


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Deliver mail, fold, seal and wipe until told to stop."""
    from app.mail.dkim import UnusableKey
    from app.worker import Worker

    here = site()
    try:
        refuse_unsafe(here)
    except Unsafe as error:
        raise click.ClickException(str(error)) from None
    try:
        made = Worker(here.config, here.database)
    except UnusableKey as error:
        raise click.ClickException(f"{error}.") from None
    logging.getLogger("undersigned.worker").info("the worker has started")
    made.run()


@click.command("retain")
@with_appcontext
def retain() -> None:
    """Wipe what has outlived its period, as the worker does each hour."""
    with writing() as session:
        ended = retention.run(session, now=db.now())
    click.echo(f"{ended} rows ended or wiped")
