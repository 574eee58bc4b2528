"""The terminal's commands on mails that came back."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path

import click
from flask.cli import AppGroup

from app.domain import resting
from app.domain.bounces import Taken
from app.mail import bounces
from app.mail.verp import Verp
from app.receiving import Reports
from app.site import site
from app.terminal import letter_id, writing

bounces_group = AppGroup("bounces", help="Mails that came back.")

# Where mail servers write to which address a mail came; last what its sender wrote.
_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")


@bounces_group.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def bounces_import(folder: Path) -> None:
    """Take the reports in the maildir FOLDER: from new/ what is handled goes to cur/.

    What came to no address of ours, or reports no failure, stays for a person to read.
    """
    address = site().config.mail_bounces
    if address is None:
        raise click.ClickException("MAIL_BOUNCES is not set.")
    new, read = folder / "new", folder / "cur"
    if not (new.is_dir() and read.is_dir()):
        raise click.ClickException(f"{folder} is no maildir: new/ or cur/ is missing.")
    verp = Verp(site().keyring, address)
    reports = Reports(site().database, site().keyring)
    done: Counter[str] = Counter()
    for path in sorted(new.iterdir()):
        taken = _take(reports, verp, path)
        if taken in (None, Taken.NOT_YET):
            done["left"] += 1
            continue
        # As the maildir's own programs mark what was read.
        path.rename(read / f"{path.name.partition(':')[0]}:2,S")
        done[str(taken)] += 1
    for what in (*Taken, "left"):
        if done[str(what)]:
            click.echo(f"{str(what).replace('_', ' ')}\t{done[str(what)]}")
    if not done:
        click.echo("nothing new", err=True)


def _take(reports: Reports, verp: Verp, path: Path) -> Taken | None:
    with path.open("rb") as file:
        content = file.read(bounces.LONGEST)
    outbox_id = _named(verp, content)
    return None if outbox_id is None else reports.take(content, outbox_id=outbox_id)


def _named(verp: Verp, content: bytes) -> int | None:
    """The mail that is named by the address to which a report came."""
    # Headers alone: what else there is does not say where it came to.
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    message = message_from_bytes(head, policy=compat32)
    for name in _TO:
        for value in message.get_all(name, []):
            if (outbox_id := verp.find(str(value))) is not None:
                return outbox_id
    return None


@bounces_group.command("forget")
@click.argument("email")
@click.option("--letter", "slug", required=True, help="Its slug.")
def bounces_forget(email: str, slug: str) -> None:
    """Let a letter write again to EMAIL, whose mails came back, at once."""
    with writing() as session:
        which = letter_id(session, slug)
        assert which is not None
        gone = resting.forget(
            session, keyring=site().keyring, letter_id=which, address=email
        )
    click.echo(f"{gone} reports forgotten")
