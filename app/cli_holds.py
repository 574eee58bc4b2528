"""The terminal's commands on holds: rules, watch-lists, blocked names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TextIO

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app import db
from app.domain import blocked_names, hold_rules, hold_trials, watch_lists
from app.domain.hold_rules import BadLine, HoldRules
from app.domain.holds import HoldReason
from app.models import ClaimPolicy
from app.site import site
from app.terminal import actor, letter_id, writing

_letter = click.option("--letter", "slug", required=True, help="Its slug.")
_any_list = click.option(
    "--letter", "slug", help="Its slug; without, the list that all share."
)
_by = click.option("--by", "by", required=True, help="The organiser's mail address.")


def _lines(file: TextIO) -> list[str]:
    try:
        return file.read().splitlines()
    except UnicodeDecodeError:
        raise click.ClickException(f"{file.name} is not UTF-8.") from None


def _tell(bad: Iterable[BadLine]) -> None:
    for line in bad:
        click.echo(f"line {line.number}: {line.fault.value}: {line.text}", err=True)


watch_list = AppGroup(
    "watch-list", help="Names that wait for a person whoever signs with them."
)


@watch_list.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@_any_list
@_by
def watch_list_import(file: TextIO, slug: str | None, by: str) -> None:
    """Put the names in FILE on a watch-list: one a line, # begins a comment."""
    lines = _lines(file)
    with writing() as session:
        which = letter_id(session, slug)
        taken = watch_lists.add(
            session,
            letter_id=which,
            lines=lines,
            actor=actor(session, by, which),
            now=db.now(),
        )
    _tell(taken.passed_over)
    click.echo(f"{taken.added} names added to the list of {slug or 'all letters'}")


@watch_list.command("list")
@_any_list
@click.option("--search", default="", help="Whom this name would be held for.")
def watch_list_list(slug: str | None, search: str) -> None:
    """The names on a watch-list."""
    with site().database.reading() as session:
        which, after = letter_id(session, slug), 0
        while page := watch_lists.page(
            session, letter_id=which, search=search, after=after, size=500
        ):
            for watched in page:
                click.echo(watched.name)
            after = page[-1].id


@watch_list.command("remove")
@click.argument("name")
@_any_list
@_by
def watch_list_remove(name: str, slug: str | None, by: str) -> None:
    """Take NAME, as it stands there, off a watch-list."""
    with writing() as session:
        which = letter_id(session, slug)
        who = actor(session, by, which)
        found = watch_lists.page(session, letter_id=which, search=name, size=500)
        ids = [watched.id for watched in found if watched.name == name]
        gone = watch_lists.remove(
            session, letter_id=which, ids=ids, actor=who, now=db.now()
        )
    if not gone:
        raise click.ClickException(f"{name} is not on that list.")
    click.echo(f"{name} is off the list of {slug or 'all letters'}")


holds_group = AppGroup("holds", help="Which signatures wait for a person.")


@holds_group.command("show")
@_letter
def holds_show(slug: str) -> None:
    """The rules of a letter as they are set."""
    with site().database.reading() as session:
        rules = hold_rules.load(session, letter_id=_known(session, slug))
    for name in ("watch_list", "rejected_before", "public_figure"):
        click.echo(f"{name}\t{'on' if getattr(rules, name) else 'off'}")
    click.echo(f"claim\t{rules.claim.value}")
    for name in ("network_limit", "domain_limit"):
        click.echo(f"{name}\t{getattr(rules, name) or 'off'}")
    click.echo(f"institutions\t{len(rules.institutions)}")


def _known(session: Session, slug: str) -> int:
    found = letter_id(session, slug)
    assert found is not None
    return found


def _setting(command: Any) -> Any:
    """The options that say how the rules shall be."""
    for name in ("watch-list", "rejected-before", "public-figure"):
        command = click.option(f"--{name}/--no-{name}", default=None)(command)
    for name in ("network-limit", "domain-limit"):
        command = click.option(
            f"--{name}", type=click.IntRange(0, max(hold_rules.LIMITS)),
            help="How many an hour are let through; 0 switches the rule off.",
        )(command)  # fmt: skip
    policies = click.Choice([policy.value for policy in ClaimPolicy])
    return click.option("--claim", type=policies)(command)


def _changed(rules: HoldRules, options: dict[str, Any]) -> HoldRules:
    given = {name: value for name, value in options.items() if value is not None}
    if "claim" in given:
        given["claim"] = ClaimPolicy(given["claim"])
    for name in ("network_limit", "domain_limit"):
        if given.get(name) == 0:
            given[name] = None
    return replace(rules, **given)


@holds_group.command("set")
@_letter
@_by
@_setting
def holds_set(slug: str, by: str, **options: Any) -> None:
    """Switch rules of a letter on and off, and set how fast is too fast."""
    with writing() as session:
        which = _known(session, slug)
        changed = hold_rules.save(
            session,
            letter_id=which,
            rules=_changed(hold_rules.load(session, letter_id=which), options),
            actor=actor(session, by, which),
            now=db.now(),
        )
    click.echo(f"{slug}: {'the rules are set' if changed else 'nothing changed'}")


@holds_group.command("try")
@click.argument("rule", type=click.Choice([reason.value for reason in HoldReason]))
@_letter
@_setting
def holds_try(rule: str, slug: str, **options: Any) -> None:
    """Which of the present signatures RULE would hold, without setting it."""
    with site().database.reading() as session:
        which = _known(session, slug)
        trial = hold_trials.attempt(
            session,
            letter_id=which,
            rule=HoldReason(rule),
            rules=_changed(hold_rules.load(session, letter_id=which), options),
        )
    for found in trial.shown:
        claim = ", ".join(filter(None, (found.name, found.title, found.affiliation)))
        click.echo(f"{found.public_id}\t{claim}")
    more = "+" if trial.held == hold_trials.COUNTED_TO else ""
    click.echo(
        f"would hold {trial.held}{more} of {trial.looked_at} looked at", err=True
    )


@holds_group.command("institutions")
@click.argument("file", type=click.File(encoding="utf-8"))
@_letter
@_by
def holds_institutions(file: TextIO, slug: str, by: str) -> None:
    """Put FILE in place of a letter's list: a line "institution = domain, domain"."""
    lines = _lines(file)
    with writing() as session:
        which = _known(session, slug)
        bad = hold_rules.save_institutions(
            session,
            letter_id=which,
            lines=lines,
            actor=actor(session, by, which),
            now=db.now(),
        )
    if bad:
        _tell(bad)
        raise click.ClickException("Nothing was changed.")
    click.echo(f"{slug}: the institutions are set")


blocked = AppGroup("blocked", help="Names that were rejected as fake on a letter.")


@blocked.command("list")
@_letter
def blocked_list(slug: str) -> None:
    """The blocked names of a letter, by the keys that `lift` takes."""
    with site().database.reading() as session:
        which, after = _known(session, slug), ""
        while page := blocked_names.page(session, letter_id=which, after=after):
            for name in page:
                click.echo(f"{name.key}\t{name.spelling or ''}")
            after = page[-1].key


@blocked.command("lift")
@click.argument("key")
@_letter
@_by
@click.option("--reason", required=True)
def blocked_lift(key: str, slug: str, by: str, reason: str) -> None:
    """Let people of a blocked name sign again without being held for it."""
    try:
        with writing() as session:
            which = _known(session, slug)
            blocked_names.lift(
                session,
                letter_id=which,
                key=key,
                actor=actor(session, by, which),
                reason=reason,
                now=db.now(),
            )
    except blocked_names.NotBlocked:
        raise click.ClickException(f"{key} is not blocked on {slug}.") from None
    click.echo(f"{key} is free")
