"""The terminal's commands on many signatures: cases, imports and exports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import NoResultFound

from app import db
from app.domain import (
    exports,
    import_rows,
    imports,
    invalidation,
    letters,
    uploads,
)
from app.domain.conditions import Conditions
from app.domain.exports import Format
from app.domain.import_files import BYTES, FileProblem
from app.domain.jobs import Progress
from app.site import site
from app.terminal import actor, letter_id, writing

_LETTER = click.option("--letter", "slug", required=True, help="Its slug.")
_BY = click.option("--by", "by", required=True, help="The organiser's mail address.")


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the domain refuses into sentences."""
    try:
        yield
    except invalidation.NothingAsked:
        raise click.ClickException(
            "Every signature meets that: say at least one condition."
        ) from None
    except invalidation.ReasonUnfit as error:
        raise click.ClickException(
            f"The reason cannot be published: {error.problem.value}."
        ) from None
    except (invalidation.NotNow, imports.NotNow):
        raise click.ClickException("That is not possible at this point.") from None
    except uploads.SourceUnfit as error:
        raise click.ClickException(
            f"The source cannot be published: {error.problem.value}."
        ) from None
    except uploads.SourceTaken:
        raise click.ClickException(
            "There is a collection with this source: say what differs."
        ) from None
    except imports.NobodyCanConfirm:
        raise click.ClickException(
            "The letter takes no signatures now, so nobody could confirm."
        ) from None
    except FileProblem as error:
        where = f" in row {error.row}" if error.row else ""
        raise click.ClickException(
            f"The file cannot be read: {error.fault.value}{where}."
        ) from None
    except import_rows.MappingProblem:
        raise click.ClickException(
            "Say which column holds the name: --column name=1, counted from 1."
        ) from None
    except NoResultFound:
        raise click.ClickException("The letter has none with this id.") from None


def _progress(progress: Progress | None) -> str:
    if progress is None:
        return "-"
    figures = " ".join(f"{name} {n}" for name, n in sorted(progress.result.items()))
    why = f" ({progress.problem})" if progress.problem else ""
    return f"{progress.state.value} {progress.percent} %{why} {figures}".rstrip()


# -- Cases -----------------------------------------------------------------------

case = AppGroup("case", help="Reject many signatures that meet the same conditions.")

_CONDITIONS = (
    click.option("--name", default="", help="A pattern: * is any letters, ? one."),
    click.option("--affiliation", default="", help="A pattern, as above."),
    click.option("--domain", default="", help="Of the address: '*.example.org'."),
    click.option("--network-of", default="", help="The id of a signature."),
    click.option("--hold-reason", default="", help="watch_list, public_figure, ..."),
    click.option("--since", type=click.DateTime(), help="UTC."),
    click.option("--until", type=click.DateTime(), help="UTC; before this moment."),
    click.option("--verified-too", is_flag=True, help="Spare nobody."),
)


def _conditions(command: Any) -> Any:
    for option in reversed(_CONDITIONS):
        command = option(command)
    return command


def _wanted(typed: dict[str, Any]) -> Conditions:
    for name in ("since", "until"):
        at: datetime | None = typed[name]
        typed[name] = at.replace(tzinfo=UTC) if at else None
    return Conditions(**typed)


@case.command("preview")
@_LETTER
@_conditions
def case_preview(slug: str, **typed: Any) -> None:
    """Say how many signatures a case would reject, and show the newest of them."""
    with _refusals(), site().database.reading() as session:
        found = invalidation.preview(
            session, letter_id=_of(session, slug), wanted=_wanted(typed)
        )
    for row in found.sample:
        claim = ", ".join(filter(None, (row.name, row.title, row.affiliation)))
        click.echo(f"{row.public_id}\t{claim or '(erased)'}\t{row.state}")
    click.echo(f"{found.number}{'+' if found.capped else ''} signatures")


@case.command("run")
@_LETTER
@_BY
@click.option("--reason", required=True, help="One line, which is published.")
@_conditions
def case_run(slug: str, by: str, reason: str, **typed: Any) -> None:
    """Reject what meets the conditions; the worker does it."""
    with _refusals(), writing() as session:
        which = _of(session, slug)
        public_id = invalidation.run(
            session,
            letter_id=which,
            wanted=_wanted(typed),
            reason=reason,
            actor=actor(session, by, which),
            now=db.now(),
        )
    click.echo(f"{public_id}: begun")


@case.command("list")
@_LETTER
def case_list(slug: str) -> None:
    """The cases of a letter, newest first."""
    with site().database.reading() as session:
        for shown in invalidation.listed(session, letter_id=_of(session, slug)):
            click.echo(
                f"{shown.public_id}\t{shown.reason}\t{_progress(shown.ran)}"
                f"\tundone: {_progress(shown.undone)}"
            )


@case.command("stop")
@click.argument("public_id")
@_LETTER
@_BY
def case_stop(public_id: str, slug: str, by: str) -> None:
    """End a case, or its undoing, before its next batch."""
    _act(invalidation.stop, public_id, slug, by)


@case.command("undo")
@click.argument("public_id")
@_LETTER
@_BY
def case_undo(public_id: str, slug: str, by: str) -> None:
    """Put back what a case has rejected and nobody has moved since."""
    _act(invalidation.undo, public_id, slug, by)


def _of(session: Any, slug: str) -> int:
    found = letter_id(session, slug)
    assert found is not None, "a slug was given"
    return found


def _act(verb: Any, public_id: str, slug: str, by: str) -> None:
    with _refusals(), writing() as session:
        which = _of(session, slug)
        who = actor(session, by, which)
        done = verb(
            session, letter_id=which, public_id=public_id, actor=who, now=db.now()
        )
    click.echo(f"{public_id}: {'nothing to stop' if done is False else 'asked for'}")


# -- Imports ---------------------------------------------------------------------

import_ = AppGroup("import", help="Take in signatures that were collected elsewhere.")


@import_.command("upload")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_LETTER
@_BY
@click.option("--source", required=True, help="Where from, as the public reads it.")
@click.option("--column", "columns", multiple=True,
              help="FIELD=NUMBER, from 1; told by the names otherwise.")  # fmt: skip
def import_upload(
    file: Path, slug: str, by: str, source: str, columns: tuple[str, ...]
) -> None:
    """Keep FILE, sealed, and let the worker check each row; nothing is published."""
    with _refusals(), writing() as session:
        which = _of(session, slug)
        who = actor(session, by, which)
        settings = letters.load(session, letter_id=which)
        public_id = uploads.upload(
            session,
            keyring=site().keyring,
            settings=settings,
            file_name=file.name,
            content=_content(file),
            source=source,
            actor=who,
            now=db.now(),
        )
        row = uploads.find(session, letter_id=which, public_id=public_id)
        header = uploads.part(
            session, keyring=site().keyring, import_id=row.id, number=0
        )
        assert header is not None, "it was kept just now"
        names = header[0].cells
        mapping = _mapping(columns) or import_rows.guess(names)
        imports.check(
            session,
            letter_id=which,
            public_id=public_id,
            mapping=mapping,
            columns=len(names),
            actor=who,
            now=db.now(),
        )
    said = ", ".join(f"{name}: {names[index]}" for name, index in mapping.items())
    click.echo(f"{public_id}: {row.rows} rows, {row.encoding}; {said}")


def _content(file: Path) -> bytes:
    # One byte more than is taken tells that it is too large.
    with file.open("rb") as opened:
        return opened.read(BYTES + 1)


def _mapping(columns: tuple[str, ...]) -> dict[str, int]:
    mapping = {}
    for column in columns:
        name, _, number = column.partition("=")
        if not number.isdigit() or number == "0":
            raise import_rows.MappingProblem
        mapping[name] = int(number) - 1
    return mapping


@import_.command("list")
@_LETTER
def import_list(slug: str) -> None:
    """The imports of a letter, newest first."""
    with site().database.reading() as session:
        for shown in imports.listed(session, letter_id=_of(session, slug)):
            row = shown.row
            click.echo(
                f"{row.public_id}\t{row.source}\t{row.rows} rows"
                f"\tchecked: {_progress(shown.checked)}\trun: {_progress(shown.ran)}"
                f"\tundone: {_progress(shown.undone)}"
            )


@import_.command("problems")
@click.argument("public_id")
@_LETTER
def import_problems(public_id: str, slug: str) -> None:
    """What is wrong with which row."""
    with _refusals(), site().database.reading() as session:
        row = uploads.find(session, letter_id=_of(session, slug), public_id=public_id)
        after = 0
        while found := imports.problems(session, import_id=row.id, after=after):
            for number, field, problem in found:
                click.echo(f"row {number}\t{field}\t{problem}")
            after = found[-1][0]


@import_.command("run")
@click.argument("public_id")
@_LETTER
@_BY
@click.option("--ask", "asks", is_flag=True, help="Ask people with an address.")
@click.option("--repeats", is_flag=True, help="Take in rows that repeat another.")
def import_run(public_id: str, slug: str, by: str, asks: bool, repeats: bool) -> None:
    """Take in the rows that are in order; the worker does it."""
    with _refusals(), writing() as session:
        which = _of(session, slug)
        imports.run(
            session,
            settings=letters.load(session, letter_id=which),
            public_id=public_id,
            asks=asks,
            repeats=repeats,
            actor=actor(session, by, which),
            now=db.now(),
        )
    click.echo(f"{public_id}: begun")


@import_.command("stop")
@click.argument("public_id")
@_LETTER
@_BY
def import_stop(public_id: str, slug: str, by: str) -> None:
    """End whatever runs before its next batch."""
    _act(imports.stop, public_id, slug, by)


@import_.command("undo")
@click.argument("public_id")
@_LETTER
@_BY
def import_undo(public_id: str, slug: str, by: str) -> None:
    """Take back and wipe what an import has brought in."""
    _act(imports.undo, public_id, slug, by)


@import_.command("drop")
@click.argument("public_id")
@_LETTER
@_BY
def import_drop(public_id: str, slug: str, by: str) -> None:
    """Wipe an upload that is not to be taken in."""
    _act(imports.drop, public_id, slug, by)


# -- Exports ---------------------------------------------------------------------


@click.command("export")
@with_appcontext
@_LETTER
@_BY
@click.option("--as", "as_", type=click.Choice([format_.value for format_ in Format]),
              default=Format.CSV.value, show_default=True)  # fmt: skip
@click.argument("file", type=click.File("wb"))
def export(file: BinaryIO, slug: str, by: str, as_: str) -> None:
    """Write a letter's signatures to FILE, with the addresses of who agreed."""
    with writing() as session:
        which = _of(session, slug)
        exports.begin(
            session,
            letter_id=which,
            as_=Format(as_),
            actor=actor(session, by, which),
            now=db.now(),
        )
    here = site()
    write = exports.as_csv if as_ == Format.CSV else exports.as_workbook
    file.writelines(write(here.database, keyring=here.keyring, letter_id=which))
