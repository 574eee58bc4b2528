"""The terminal's commands on the key that signs mails: `flask dkim`."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask.cli import AppGroup

from app.mail import dkim
from app.site import site

dkim_group = AppGroup("dkim", help="The key that signs mails, where no relay does.")


@dkim_group.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--ed25519", is_flag=True,
              help="A key for Ed25519, which not every provider can verify yet.")  # fmt: skip
def dkim_key(file: Path, *, ed25519: bool) -> None:
    """Make a key in FILE, which its owner alone can read; one that is there stays.

    RSA with 2048 bits, which every provider verifies, unless --ed25519 says otherwise.
    """
    try:
        # Never readable for others, not even while it is written.
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already.") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}.") from None
    with os.fdopen(opened, "wb") as made:
        made.write(dkim.make_key(ed25519=ed25519))
    click.echo(f"MAIL_DKIM_KEY={file.absolute()}")


@dkim_group.command("record")
def dkim_record() -> None:
    """The line for the zone file, by which others verify the signatures."""
    settings = site().config.mail_dkim
    if settings is None:
        raise click.ClickException("MAIL_DKIM_KEY is not set: nothing is signed here.")
    try:
        signer = dkim.Signer.of(settings)
    except dkim.UnusableKey as error:
        raise click.ClickException(f"{error}.") from None
    click.echo(signer.record_line)
