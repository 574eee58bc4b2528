"""The desk: the queue of a letter, one screen for one signature, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from app import answers
from app.db import Transaction
from app.domain import (
    desk,
    desk_bulk,
    desk_undo,
    known,
    mail_figures,
    piles,
    queue,
    rights,
    signatories,
)
from app.domain.desk import Hand, Locked, MovedOn, NoSuchSignature
from app.domain.desk_undo import TooLate
from app.domain.known import Known
from app.domain.rights import Act
from app.domain.showing import Part
from app.domain.views import PublicLine
from app.i18n import marked as _
from app.models import VerificationMethod
from app.organising import access, deciding, pages, words
from app.organising.access import Here
from app.site import site

bp = Blueprint("desk", __name__)

LINES = 20


def path(here: Here, tail: str = "", **asked: str) -> str:
    """An address of the desk of this letter."""
    query = urlencode({name: value for name, value in asked.items() if value})
    root = f"{request.script_root}/letters/{here.settings.slug}/desk"
    return f"{root}{tail}" + (f"?{query}" if query else "")


def pile_asked(here: Here) -> tuple[str, str]:
    """The pile that the request names, as (its name in addresses, its own name)."""
    name = request.values.get("pile", piles.WAITING)
    if name not in words.PILES:
        abort(404)
    return name, piles.mine(here.organiser_id) if name == "mine" else name


@bp.get("/letters/<slug:slug>/desk")
@access.on_letter(Act.VIEW)
def waiting(here: Here) -> Response:
    """The queue: what waits, in its order, with the filters."""
    name, pile = pile_asked(here)
    with site().database.glances() as session:
        after = queue.START
        if cursor := request.args.get("after"):
            after = _key(session, here, cursor)
        lines = queue.read(
            session, letter_id=here.settings.id, pile=pile, after=after, now=here.now,
            limit=LINES + 1,
        )  # fmt: skip
        number = queue.number(session, letter_id=here.settings.id, pile=pile)
        done = _done(session, here)
        silent = mail_figures.silent(session, letter_id=here.settings.id)
    more = len(lines) > LINES
    lines = lines[:LINES]
    return pages.page(
        "organising/desk/queue.html",
        here=here,
        lines=lines,
        pile=name,
        piles=words.PILES,
        why={reasons: _why(reasons) for reasons in {one.hold_reasons for one in lines}},
        number=number,
        cap=queue.CAP,
        mine=here.organiser_id,
        may_bulk=rights.may(here.role, Act.BULK),
        now=here.now,
        next=f"{lines[-1].place}.{lines[-1].public_id}" if more else None,
        done=done,
        silent=silent,
    )


def _why(reasons: str | None) -> str:
    """The hold reasons as sentences; few differ, so a page asks once for each."""
    translate = pages.translator()
    return " ".join(
        translate(words.HOLD_REASONS.get(reason, reason))
        for reason in (reasons or "").split()
    )


def _key(session: Transaction, here: Here, cursor: str) -> queue.Key:
    """The key that a cursor stands for; it outlives the signature's place."""
    place, _dot, public_id = cursor.partition(".")
    if not place.isdecimal() or len(place) > 6:
        abort(404)
    try:
        found = desk.find(session, letter_id=here.settings.id, public_id=public_id)
    except NoSuchSignature:
        abort(404)
    return int(place), found


def _done(session: Transaction, here: Here) -> Mapping[str, Any] | None:
    """What was done a moment ago and can still be undone."""
    batch = request.args.get("done")
    if not batch:
        return None
    told = desk_undo.told(
        session, batch=batch, organiser_id=here.organiser_id, now=here.now
    )
    return told and {"batch": batch, "verb": words.VERBS.get(told[0], told[0]),
                     "name": told[1], "number": told[2]}  # fmt: skip


@bp.get("/letters/<slug:slug>/desk/next")
@access.on_letter(Act.DESK)
def following(here: Here) -> Response:
    """On to the next of a pile that nobody else has on the screen."""
    name, pile = pile_asked(here)
    with site().database.snapshot() as session:
        cursor = request.args.get("after")
        after = _key(session, here, cursor) if cursor else queue.START
        found = queue.following(
            session, letter_id=here.settings.id, pile=pile, after=after,
            organiser_id=here.organiser_id, now=here.now,
        )  # fmt: skip
    if found is None:
        return answers.see_other(path(here, pile=name))
    return answers.see_other(path(here, f"/{found.public_id}", pile=name))


@bp.get("/letters/<slug:slug>/desk/<public_id>")
@access.on_letter(Act.VIEW)
def one(here: Here, public_id: str) -> Response:
    """One signature; who may decide on it has it in hand from now on."""
    return screen(here, public_id, status=200)


def screen(
    here: Here,
    public_id: str,
    *,
    status: int,
    typed: Mapping[str, str] | None = None,
    problem: tuple[str, str] | None = None,
    notice: str | None = None,
) -> Response:
    """The screen of one signature, with what was typed and what was wrong with it."""
    name, pile = pile_asked(here)
    may = rights.may(here.role, Act.DESK)
    held_by = None
    with site().database.writing() as session:
        signature_id = _find(session, here, public_id)
        if may:
            try:
                desk.take(session, signature_id=signature_id, now=here.now,
                          organiser_id=here.organiser_id)  # fmt: skip
            except Locked as locked:
                held_by = locked.by or ""
        found = known.about(session, keyring=site().keyring, signature_id=signature_id,
                            organiser_id=here.organiser_id)  # fmt: skip
        key = queue.key_of(
            session, letter_id=here.settings.id, pile=pile, public_id=public_id
        )
        done = _done(session, here)
        session.commit()
    return pages.page(
        "organising/desk/one.html",
        here=here,
        status=status,
        known=found,
        signature=found.row,
        before=_line(here, found, verified=found.row.verified),
        after=_line(here, found, verified=True),
        pile=name,
        cursor=f"{key[0]}.{public_id}" if key else "",
        may=may and held_by is None,
        held_by=held_by,
        typed=typed or {},
        problem=problem,
        notice=notice,
        parts=[part.value for part in Part if getattr(found.row, part.value)],
        hidden=[part.value for part in Part if getattr(found.row, part.column)],
        second_asked=here.settings.second_reviewer,
        proposal=next((v for v in found.verifications
                       if v["awaits_second"] and v["voided_at"] is None), None),
        actor=here.actor,
        open_request=next((r for r in found.requests if r.answer is None), None),
        words=words,
        methods=[(method.value, words.METHODS[method.value])
                 for method in VerificationMethod],
        done=done,
    )  # fmt: skip


def _find(session: Transaction, here: Here, public_id: str) -> int:
    try:
        return desk.find(session, letter_id=here.settings.id, public_id=public_id)
    except NoSuchSignature:
        abort(404)


def _line(here: Here, found: Known, *, verified: bool) -> PublicLine | None:
    """What the public sees, or would see, of a signature; None: nothing."""
    if found.row.name is None or found.row.state in ("rejected", "withdrawn"):
        return None
    line = signatories.line(found.row, here.settings, here.settings.default_language)
    hidden: dict[str, Any] = {
        part.value: None for part in Part if getattr(found.row, part.column) is not None
    }
    return line._replace(verified=verified, **hidden)


@bp.post("/letters/<slug:slug>/desk/<public_id>")
@access.on_letter(Act.DESK)
def decide(here: Here, public_id: str) -> Response:
    """Decide, and go on to the next at once; nothing typed is lost where one cannot."""
    typed = request.form
    name, pile = pile_asked(here)
    act: Callable[..., str | None] | None = deciding.ACTS.get(typed.get("action", ""))
    if act is None:
        abort(400)
    try:
        with site().database.writing() as session:
            signature_id = _find(session, here, public_id)
            hand = Hand(
                signature_id, here.organiser_id, typed.get("seen", ""), here.now
            )
            key = queue.key_of(
                session, letter_id=here.settings.id, pile=pile, public_id=public_id
            )
            batch = act(session, hand, typed)
            found = batch and queue.following(
                session, letter_id=here.settings.id, pile=pile,
                after=key or queue.START, organiser_id=here.organiser_id, now=here.now,
            )  # fmt: skip
            session.commit()
    except MovedOn as moved:
        return screen(here, public_id, status=409, typed=typed,
                      notice=_what_happened(moved.signature_id))  # fmt: skip
    except Locked as locked:
        return screen(here, public_id, status=409, typed=typed,
                      notice=_whose(locked.by))  # fmt: skip
    except deciding.PROBLEMS as error:
        problem = deciding.problem_of(error)
        status = 409 if problem == "state" else 400
        return screen(here, public_id, status=status, typed=typed,
                      problem=(typed["action"], words.PROBLEMS[problem]))  # fmt: skip
    if batch is None:
        return answers.see_other(path(here, f"/{public_id}", pile=name))
    tail = f"/{found.public_id}" if found and found.id != signature_id else ""
    return answers.see_other(path(here, tail, pile=name, done=batch))


def _whose(by: str | None) -> str:
    translate = pages.translator()
    if by is None:
        return translate(
            _("You had this one for more than five minutes, so it was free for others. "
              "Nobody took it: look once more, and press again.")
        )  # fmt: skip
    return translate(_("%(name)s has this one on the screen."), name=by)


def _what_happened(signature_id: int) -> str:
    translate = pages.translator()
    with site().database.snapshot() as session:
        last = known.last_move(session, signature_id=signature_id)
    if last is None:
        return translate(
            _("It is not as you saw it any more: its owner changed it, or a rule did. "
              "Look once more; what you typed is kept.")
        )  # fmt: skip
    who, verb, _at = last
    return translate(
        _("It is not as you saw it any more. The last decision: %(verb)s, by %(name)s. "
          "Look once more; what you typed is kept."),
        verb=translate(words.VERBS.get(verb, verb)),
        name=who,
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/desk/undo")
@access.on_letter(Act.DESK)
def undo(here: Here) -> Response:
    """Take back what was done a moment ago, and show it again."""
    name, _pile = pile_asked(here)
    batch = request.form.get("batch", "")
    try:
        with site().database.writing() as session:
            desk_undo.undo(session, letter_id=here.settings.id, batch=batch,
                           organiser_id=here.organiser_id, now=here.now)  # fmt: skip
            public_ids = desk_undo.of_batch(session, batch=batch)
            session.commit()
    except (TooLate, MovedOn) as error:
        translate = pages.translator()
        sentence = (
            _("It is too late: 30 seconds are over, or the mail is on its way.")
            if isinstance(error, TooLate)
            else _("It has moved on since, so it cannot be undone.")
        )
        return pages.page("organising/desk/refused.html", here=here, status=409,
                          notice=translate(sentence), pile=name)  # fmt: skip
    tail = f"/{public_ids[0]}" if len(public_ids) == 1 else ""
    return answers.see_other(path(here, tail, pile=name))


@bp.route("/letters/<slug:slug>/desk/bulk", methods=["GET", "POST"])
@access.on_letter(Act.BULK)
def bulk(here: Here) -> Response:
    """Release or reject what a filter shows: first the number, then the stroke."""
    name, pile = pile_asked(here)
    typed = request.values
    verb = typed.get("verb", "release")
    if verb not in ("release", "reject"):
        abort(400)
    given: dict[str, Any] = {
        "letter_id": here.settings.id, "pile": pile, "verb": verb,
        "organiser_id": here.organiser_id, "now": here.now,
    }  # fmt: skip
    problem = notice = None
    if request.method == "POST":
        try:
            with site().database.writing() as session:
                batch, _number = desk_bulk.run(
                    session, **given, mark=typed.get("mark", ""),
                    typed=typed.get("number", ""), reason=typed.get("reason", ""),
                    fake=typed.get("fake") == "yes",
                )  # fmt: skip
                session.commit()
            return answers.see_other(path(here, pile=name, done=batch))
        except desk_bulk.OtherNow:
            notice = pages.translator()(
                _("The filter shows others now. Look at the number once more.")
            )
        except deciding.PROBLEMS as error:
            problem = words.PROBLEMS[deciding.problem_of(error)]
    with site().database.snapshot() as session:
        stroke = desk_bulk.look(session, **given)
    return pages.page(
        "organising/desk/bulk.html", here=here, stroke=stroke, verb=verb, pile=name,
        piles=words.PILES, typed=typed, problem=problem, notice=notice,
        status=409 if notice else 400 if problem else 200,
    )  # fmt: skip
