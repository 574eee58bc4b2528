"""Imports: upload a file, say what its columns are, look, take it in, take it back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import NoResultFound

from app import answers, urls
from app.db import Transaction
from app.domain import import_rows, imports, uploads
from app.domain.import_files import BYTES, ROWS, FileProblem
from app.domain.import_rows import MappingProblem
from app.domain.rights import Act
from app.domain.uploads import SourceUnfit
from app.i18n import marked as _
from app.organising import access, cases, import_words, pages
from app.organising.access import Here
from app.site import site

bp = Blueprint("importing", __name__)

LINES = 50
# So many rows of the file show what its columns hold, and so many of what is wrong.
SHOWN, TOLD = 3, 100
_ID = re.compile(r"[\w-]{1,22}\Z", re.ASCII)


@bp.get("/letters/<slug:slug>/imports")
@access.on_letter(Act.IMPORT)
def listed(here: Here) -> Response:
    """The imports of the letter, newest first, and a form for the next one."""
    return _list(here)


def _list(here: Here, *, status: int = 200, **wrong: str) -> Response:
    with site().database.snapshot() as session:
        found = imports.listed(
            session, letter_id=here.settings.id, limit=LINES + 1,
            before=answers.place_asked("before"),
        )  # fmt: skip
    return pages.page(
        "organising/imports/list.html", here=here, status=status, wrong=wrong,
        source=request.form.get("source", ""), imports=found[:LINES],
        further=found[LINES - 1].row.id if len(found) > LINES else None,
        states=cases.STATES,
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/imports")
@access.on_letter(Act.IMPORT, newest=True)
def upload(here: Here) -> Response:
    """Keep a file, sealed; nothing is published by it."""
    translate = pages.translator()
    file = request.files.get("file")
    if file is None or not file.filename:
        return _list(here, status=400, file=translate(_("Choose a file.")))
    try:
        with site().database.transaction() as session:
            public_id = uploads.upload(
                session,
                keyring=site().keyring,
                settings=here.settings,
                file_name=file.filename,
                # One byte more than is taken tells that it is too large.
                content=file.read(BYTES + 1),
                source=request.form.get("source", ""),
                actor=here.actor,
                now=here.now,
            )
            session.commit()
    except FileProblem as error:
        fault = translate(import_words.FAULTS[error.fault], row=error.row or 1)
        return _list(here, status=400, file=fault)
    except SourceUnfit as error:
        problem = translate(import_words.PROBLEMS[error.problem])
        return _list(here, status=400, source=problem)
    except uploads.SourceTaken as error:
        taken = translate(import_words.REFUSED[type(error)])
        return _list(here, status=409, source=taken)
    return answers.see_other(_there(here, public_id))


def _there(here: Here, public_id: str) -> str:
    return urls.organise_letter(here.settings.slug, "imports", public_id)


@bp.get("/letters/<slug:slug>/imports/<public_id>")
@access.on_letter(Act.IMPORT)
def one(here: Here, public_id: str) -> Response:
    """Where an import stands, what is wrong with which row, and what can be done."""
    return _show(here, public_id)


def _show(
    here: Here,
    public_id: str,
    *,
    status: int = 200,
    notice: str = "",
    chosen: Mapping[str, int] | None = None,
) -> Response:
    # No file has more rows, and what the database keeps of one is smaller than an id.
    after = min(answers.place_asked("after") or 0, ROWS)
    with site().database.snapshot() as session:
        found = _find(session, here, public_id)
        columns, rows = _beginning(session, found.row.id)
        problems = imports.problems(
            session, import_id=found.row.id, after=after, limit=TOLD
        )
    mapping = chosen if chosen is not None else found.row.mapping
    return pages.page(
        "organising/imports/one.html", here=here, status=status, shown=found,
        row=found.row, notice=notice, columns=columns, rows=rows, problems=problems,
        mapping=import_rows.guess(columns) if mapping is None else mapping,
        further=problems[-1][0] if len(problems) > TOLD // 2 else None,
        words=import_words, states=cases.STATES,
    )  # fmt: skip


def _beginning(
    session: Transaction, import_id: int
) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the first rows; nothing once the file is wiped."""
    kept = [
        uploads.part(
            session, keyring=site().keyring, import_id=import_id, number=number
        )
        for number in (0, 1)
    ]
    if kept[0] is None or kept[1] is None:
        return [], []
    return kept[0][0].cells, [line.cells for line in kept[1][:SHOWN]]


def _find(session: Transaction, here: Here, public_id: str) -> imports.Shown:
    if not _ID.match(public_id):
        abort(404)
    try:
        return imports.show(session, letter_id=here.settings.id, public_id=public_id)
    except NoResultFound:
        abort(404)


@bp.post("/letters/<slug:slug>/imports/<public_id>/check")
@access.on_letter(Act.IMPORT)
def check(here: Here, public_id: str) -> Response:
    """Say which column holds what, and let every row be judged."""
    chosen = {
        name: int(said)
        for name in import_rows.FIELDS
        if (said := request.form.get(name, "")).isdecimal() and len(said) < 4
    }

    def begin(session: Transaction) -> None:
        found = _find(session, here, public_id)
        columns, _rows = _beginning(session, found.row.id)
        imports.check(
            session, letter_id=here.settings.id, public_id=public_id, mapping=chosen,
            columns=len(columns), actor=here.actor, now=here.now,
        )  # fmt: skip

    try:
        return _act(here, public_id, begin)
    except MappingProblem:
        return _show(
            here, public_id, status=400, chosen=chosen,
            notice=_("Say which column holds the name; no column can serve twice."),
        )  # fmt: skip


@bp.post("/letters/<slug:slug>/imports/<public_id>/run")
@access.on_letter(Act.IMPORT, newest=True)
def run(here: Here, public_id: str) -> Response:
    """Begin to take in the rows that are in order."""
    return _act(
        here,
        public_id,
        lambda session: imports.run(
            session,
            settings=here.settings,
            public_id=public_id,
            asks=request.form.get("asks") == "yes",
            repeats=request.form.get("repeats") == "yes",
            actor=here.actor,
            now=here.now,
        ),
    )


@bp.post("/letters/<slug:slug>/imports/<public_id>/<any(stop, undo, drop):what>")
@access.on_letter(Act.IMPORT)
def end(here: Here, public_id: str, what: str) -> Response:
    """Stop what runs, take back what was brought in, or wipe what was not taken in."""
    act = {"stop": imports.stop, "undo": imports.undo, "drop": imports.drop}[what]
    return _act(
        here,
        public_id,
        lambda session: act(
            session, letter_id=here.settings.id, public_id=public_id,
            actor=here.actor, now=here.now,
        ),
    )  # fmt: skip


def _act(here: Here, public_id: str, act: Callable[[Transaction], Any]) -> Response:
    try:
        with site().database.transaction() as session:
            _find(session, here, public_id)
            done = act(session)
            session.commit()
    except tuple(import_words.REFUSED) as error:
        notice = import_words.REFUSED[type(error)]
        return _show(here, public_id, status=409, notice=notice)
    if done is False:
        return _show(here, public_id, status=409, notice=_("It has ended already."))
    return answers.see_other(_there(here, public_id))
