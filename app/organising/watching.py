"""Watch-lists and blocked names of a letter: whose names wait for a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import Conflict

from app import answers, urls
from app.domain import blocked_names, watch_lists
from app.domain.hold_rules import LineFault
from app.domain.rights import Act
from app.domain.verbs import ReasonMissing
from app.i18n import marked as _
from app.organising import access, hold_words, pages
from app.organising.access import Here
from app.site import site

bp = Blueprint("watching", __name__)

LINES = 100
# So many lines that were not taken are told of one by one.
TOLD = 200


@bp.get("/letters/<slug:slug>/holds/watch-list")
@access.on_letter(Act.VIEW)
def listed(here: Here) -> Response:
    """The letter's own list, or the one that all letters share."""
    return _show(here)


def _show(here: Here, *, status: int = 200, **context: Any) -> Response:
    asked = request.args
    shared = asked.get("list") == "shared"
    search, after = asked.get("q", "")[:200], answers.place_asked("after") or 0
    with site().database.snapshot() as session:
        names = watch_lists.page(
            session,
            letter_id=None if shared else here.settings.id,
            search=search,
            after=after,
            size=LINES + 1,
        )
    return pages.page(
        "organising/holds/watch_list.html", here=here, status=status,
        shared=shared, search=search, names=names[:LINES], words=hold_words, told=TOLD,
        further=names[LINES - 1].id if len(names) > LINES else None,
        may=here.may(Act.EDIT) and not shared, number=_number(asked, "added"),
        removed=_number(asked, "removed"),
        **{"taken": None, "typed": "", "wrong": "", "wrong_removal": "", **context},
    )  # fmt: skip


def _number(asked: Any, name: str) -> int | None:
    text = asked.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 7 else None


@bp.post("/letters/<slug:slug>/holds/watch-list")
@access.on_letter(Act.EDIT)
def add(here: Here) -> Response:
    """Take names in, one a line; what was not taken comes back to be mended."""
    text = request.form.get("names", "")
    file = request.files.get("file")
    if file is not None and file.filename:
        try:
            text = f"{text}\n{file.read().decode('utf-8-sig')}"
        except UnicodeDecodeError:
            return _show(here, status=400, typed=text,
                         wrong=_("This file is not a text in UTF-8."))  # fmt: skip
    if not text.strip():
        return _show(here, status=400, wrong=_("Give names, one a line, or a file."))
    lines = text.strip("\r\n").splitlines()
    with site().database.transaction() as session:
        taken = watch_lists.add(
            session, letter_id=here.settings.id, lines=lines, actor=here.actor,
            now=here.now,
        )  # fmt: skip
        session.commit()
    if not taken.passed_over:
        there = urls.organise_letter(here.settings.slug, "holds", "watch-list")
        return answers.see_other(f"{there}?added={taken.added}")
    to_mend = [
        lines[line.number - 1]
        for line in taken.passed_over
        if line.fault is not LineFault.TWICE
    ]
    return _show(
        here, status=400 if to_mend else 200, taken=taken, typed="\n".join(to_mend)
    )


@bp.post("/letters/<slug:slug>/holds/watch-list/remove")
@access.on_letter(Act.EDIT)
def remove(here: Here) -> Response:
    """Take the chosen names off the letter's own list."""
    chosen = request.form.getlist("name")
    if not chosen:
        return _show(here, status=400, wrong_removal=_("Choose names to remove."))
    if not all(one.isdecimal() and len(one) < 19 for one in chosen):
        abort(400)
    with site().database.transaction() as session:
        gone = watch_lists.remove(
            session, letter_id=here.settings.id, ids=[int(one) for one in chosen],
            actor=here.actor, now=here.now,
        )  # fmt: skip
        session.commit()
    there = urls.organise_letter(here.settings.slug, "holds", "watch-list")
    return answers.see_other(f"{there}?removed={gone}")


# -- Blocked names ----------------------------------------------------------------


@bp.get("/letters/<slug:slug>/holds/blocked")
@access.on_letter(Act.VIEW)
def blocked(here: Here) -> Response:
    """The names that were rejected as fake on this letter (peers R7)."""
    return _blocked(here)


def _blocked(here: Here, *, status: int = 200, **context: Any) -> Response:
    after = request.args.get("after", "")
    if not after.isprintable():
        abort(400)
    with site().database.snapshot() as session:
        names = blocked_names.page(
            session, letter_id=here.settings.id, after=after, size=LINES + 1
        )
    return pages.page(
        "organising/holds/blocked.html", here=here, status=status, names=names[:LINES],
        further=names[LINES - 1].key if len(names) > LINES else None,
        may=here.may(Act.EDIT), lifted="lifted" in request.args,
        **{"wrong": None, **context},
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/holds/blocked")
@access.on_letter(Act.EDIT)
def lift(here: Here) -> Response:
    """Let people of this name sign without being held for it."""
    key = request.form.get("key", "")
    if not key or not key.isprintable():
        abort(400)
    try:
        with site().database.transaction() as session:
            blocked_names.lift(
                session, letter_id=here.settings.id, key=key, actor=here.actor,
                reason=request.form.get("reason", "")[:2000], now=here.now,
            )  # fmt: skip
            session.commit()
    except ReasonMissing:
        return _blocked(here, status=400, wrong=key)
    except blocked_names.NotBlocked:
        raise Conflict from None
    there = urls.organise_letter(here.settings.slug, "holds", "blocked")
    return answers.see_other(f"{there}?lifted=yes")
