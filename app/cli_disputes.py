"""The terminal's commands on disputes, and on what of a line is seen."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.cli_signatures import verb
from app.domain import disputes, showing
from app.domain.showing import Part
from app.models import Dispute, DisputeResult
from app.site import site
from app.terminal import actor, letter_id, writing

dispute = AppGroup("dispute", help="Objections to public lines.")


@dispute.command("list")
@click.option("--letter", "slug", required=True, help="The slug of the letter.")
def dispute_list(slug: str) -> None:
    """The open ones, newest first, with what was written."""
    with site().database.reading() as session:
        which = letter_id(session, slug)
        assert which is not None
        rows = disputes.page(session, keyring=site().keyring, letter_id=which)
    for row in rows:
        held = "held" if row.dispute.held else "noted"
        click.echo(
            f"{row.dispute.public_id}\t{row.dispute.kind}\t{held}\t{row.signature}"
            f"\t{row.name or '(erased)'}\t{row.dispute.words}"
        )
    if not rows:
        click.echo("no open dispute", err=True)


@dispute.command("settle")
@click.argument("public_id")
@click.option("--as", "result", required=True,
              type=click.Choice([result.value for result in DisputeResult]))  # fmt: skip
@click.option("--by", "by", required=True, help="The organiser's mail address.")
@click.option("--reason", required=True, help="Why; it stands in the record.")
def dispute_settle(public_id: str, result: str, by: str, reason: str) -> None:
    """End an objection, and every other open one to the same line."""
    with writing() as session:
        which = session.scalar(
            select(Dispute.letter_id).where(Dispute.public_id == public_id)
        )
        try:
            disputes.settle(
                session,
                letter_id=which or 0,
                public_id=public_id,
                result=DisputeResult(result),
                actor=actor(session, by, which),
                reason=reason,
                now=db.now(),
            )
        except disputes.Unknown:
            raise click.ClickException(f"No open dispute {public_id}.") from None


_PART = click.option(
    "--part", required=True, type=click.Choice([part.value for part in Part])
)


@_PART
def _hide(
    session: Session, signature_id: int, actor: str, reason: str, part: str
) -> None:
    """Take a statement or an affiliation out of sight; the person stays."""
    showing.hide(
        session,
        signature_id=signature_id,
        part=Part(part),
        actor=actor,
        reason=reason,
        now=db.now(),
    )


verb("hide", reason=True)(_hide)


@_PART
def _show(session: Session, signature_id: int, actor: str, part: str) -> None:
    """Let what was hidden be seen again."""
    showing.show(
        session, signature_id=signature_id, part=Part(part), actor=actor, now=db.now()
    )


verb("show")(_show)
