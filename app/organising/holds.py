"""The hold rules of a letter: tried on the present signatures, then set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Response, abort, request

from app import answers, urls
from app.domain import hold_rules, hold_trials
from app.domain.hold_rules import BadLine, HoldRules
from app.domain.hold_trials import Place
from app.domain.holds import HoldReason
from app.domain.rights import Act
from app.i18n import marked as _
from app.models import ClaimPolicy
from app.organising import access, hold_words, pages
from app.organising.access import Here
from app.site import site

bp = Blueprint("holds", __name__)


@dataclass(slots=True)
class Typed:
    """The form of the rules as it was sent: what it says, and what is wrong with it."""

    rules: HoldRules
    # A limit as it was typed: it may be no number.
    limits: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)


def _as_set(rules: HoldRules) -> Typed:
    limits = {
        name: str(getattr(rules, name) or "") for name, _w in hold_words.LIMITS.values()
    }
    return Typed(rules, limits)


def _read(former: HoldRules) -> Typed:
    """The rules that the form asks for; 400 for what no form of ours sends."""
    form = request.form
    try:
        claim = ClaimPolicy(form.get("claim", ""))
    except ValueError:
        abort(400)
    limits = {
        name: form.get(name, "").strip() for name, _w in hold_words.LIMITS.values()
    }
    read = Typed(former, limits)
    numbers: dict[str, int | None] = dict.fromkeys(limits)
    for name, text in limits.items():
        if text:
            number = int(text) if text.isdecimal() and len(text) < 5 else 0
            if number in hold_rules.LIMITS:
                numbers[name] = number
            else:
                read.wrong[name] = _("A whole number from 1 to 1,000, or nothing.")
    read.rules = replace(
        former,
        claim=claim,
        network_limit=numbers["network_limit"],
        domain_limit=numbers["domain_limit"],
        watch_list=form.get("watch_list") == "yes",
        rejected_before=form.get("rejected_before") == "yes",
        public_figure=form.get("public_figure") == "yes",
    )
    return read


def _show(here: Here, typed: Typed, *, status: int = 200, **context: Any) -> Response:
    return pages.page(
        "organising/holds/rules.html", here=here, status=status, typed=typed,
        words=hold_words, may=here.may(Act.EDIT),
        **{"saved": False, "trial": None, **context},
    )  # fmt: skip


@bp.get("/letters/<slug:slug>/holds")
@access.on_letter(Act.VIEW)
def rules(here: Here) -> Response:
    """The rules as they are set."""
    with site().database.snapshot() as session:
        found = hold_rules.load(session, letter_id=here.settings.id)
    return _show(here, _as_set(found), saved=request.args.get("saved") == "yes")


@bp.post("/letters/<slug:slug>/holds")
@access.on_letter(Act.EDIT)
def save(here: Here) -> Response:
    """Set the rules; they hold for whoever confirms from now on."""
    with site().database.transaction() as session:
        typed = _read(hold_rules.load(session, letter_id=here.settings.id))
        if typed.wrong:
            return _show(here, typed, status=400)
        hold_rules.save(
            session, letter_id=here.settings.id, rules=typed.rules, actor=here.actor,
            now=here.now,
        )  # fmt: skip
        session.commit()
    return answers.see_other(
        f"{urls.organise_letter(here.settings.slug, 'holds')}?saved=yes"
    )


@bp.post("/letters/<slug:slug>/holds/try")
@access.on_letter(Act.VIEW)
def attempt(here: Here) -> Response:
    """Show whom a rule would hold as the form has it; nothing is set by that."""
    rule, after = _asked()
    with site().database.snapshot() as session:
        typed = _read(hold_rules.load(session, letter_id=here.settings.id))
        _needs(rule, typed)
        if typed.wrong:
            return _show(here, typed, status=400)
        try:
            trial = hold_trials.attempt(
                session, letter_id=here.settings.id, rule=rule, rules=typed.rules,
                after=after,
            )  # fmt: skip
        except ValueError:
            # No place of ours: those of networks are written in hexadecimal.
            abort(400)
    return _show(here, typed, trial=trial, rule=rule, went_on=after is not None,
                 cap=hold_trials.COUNTED_TO)  # fmt: skip


def _asked() -> tuple[HoldReason, Place | None]:
    """The rule whose button was pressed, and where to go on, if it was "go on"."""
    further = request.form.get("further", "")
    name, _colon, place = further.partition(":")
    number, _colon, key = place.partition(":")
    try:
        rule = HoldReason(name or request.form.get("rule", ""))
    except ValueError:
        abort(400)
    if not further:
        return rule, None
    if not (number.isdecimal() and len(number) < 19 and key.isprintable()):
        abort(400)
    return rule, Place(key, int(number))


def _needs(rule: HoldReason, typed: Typed) -> None:
    """Say what is missing for this rule to hold anybody at all."""
    if rule is HoldReason.CLAIM and typed.rules.claim is ClaimPolicy.OFF:
        typed.wrong["claim"] = _("Choose when it is asked for, to try it.")
    elif rule in hold_words.LIMITS:
        name = hold_words.LIMITS[rule][0]
        if not typed.limits[name]:
            typed.wrong[name] = _("Say a number, to try it.")


# -- Institutions -----------------------------------------------------------------


@bp.get("/letters/<slug:slug>/holds/institutions")
@access.on_letter(Act.VIEW)
def institutions(here: Here) -> Response:
    """The institutions of the claim rule with their domains, to be edited as a text."""
    with site().database.snapshot() as session:
        found = hold_rules.institutions(session, letter_id=here.settings.id)
    lines = [f"{name} = {domains.replace(' ', ', ')}" for name, domains in found]
    return _institutions(here, "\n".join(lines), saved="saved" in request.args)


def _institutions(
    here: Here, text: str, *, bad: list[BadLine] | None = None, saved: bool = False
) -> Response:
    return pages.page(
        "organising/holds/institutions.html", here=here, status=400 if bad else 200,
        text=text, bad=bad or [], saved=saved, words=hold_words,
        may=here.may(Act.EDIT),
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/holds/institutions")
@access.on_letter(Act.EDIT)
def save_institutions(here: Here) -> Response:
    """Put the list in place of the former one, or say what is wrong with which line."""
    text = request.form.get("lines")
    if text is None:
        abort(400)
    with site().database.transaction() as session:
        bad = hold_rules.save_institutions(
            session, letter_id=here.settings.id, lines=text.splitlines(),
            actor=here.actor, now=here.now,
        )  # fmt: skip
        if bad:
            return _institutions(here, text, bad=bad)
        session.commit()
    return answers.see_other(
        f"{urls.organise_letter(here.settings.slug, 'holds', 'institutions')}?saved=yes"
    )
