"""Correct my line after confirming, or change what of it is shown: form, look, press."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import answers, db
from app.domain import correcting, lifecycle, outgoing
from app.domain.correcting import ASKS_ANEW, CLAIM, ChangedMeanwhile
from app.domain.drafts import Draft
from app.domain.views import SignForm
from app.models import OutboxKind
from app.signing import forms, guard, own
from app.signing.confirming import line_of
from app.signing.own import Mine, unknown_link
from app.site import site

bp = Blueprint("correcting", __name__)

# What goes from the form to the look at it and on to the last button.
FIELDS = (
    "name",
    "title",
    "affiliation",
    "sector",
    "country",
    "statement",
    "listed",
    "identification_only",
    "public_figure",
)


@bp.get("/manage/<token>/correct")
def form(token: str) -> Response:
    """The fields of my line as they stand."""
    with site().database.reading() as session:
        found = own.find(session, token)
    if found is None:
        return unknown_link()
    if not found.living:
        return own.moved_on(token)
    former = correcting.draft_of(found.row, found.settings)
    return _form(found, token, forms.filled(former), 200)


@bp.post("/manage/<token>/correct")
def act(token: str) -> Response:
    """Show what it would be; go back to the fields; or do it."""
    typed = guard.read_form(request)
    with site().database.reading() as session:
        found = own.find(session, token)
    if found is None:
        return unknown_link()
    if not found.living:
        return own.moved_on(token)
    draft, filled = forms.judge(
        typed,
        settings=found.settings,
        language=found.view.language,
        former=correcting.draft_of(found.row, found.settings),
    )
    if draft is None:
        return _form(found, token, filled, 400)
    if typed.get("action") == "edit":
        return _form(found, token, filled, 200)
    if typed.get("action") != "correct":
        return _look(found, token, draft, filled)
    try:
        with site().database.writing() as session:
            correcting.correct(
                session,
                settings=found.settings,
                signature_id=found.id,
                draft=draft,
                look=typed.get("look", ""),
                now=db.now(),
            )
            session.commit()
    except ChangedMeanwhile:
        with site().database.reading() as session:
            found = own.find(session, token) or found
        return _look(found, token, draft, filled, meanwhile=True)
    except lifecycle.NotAllowed:
        # Decided meanwhile: the page tells what it is now, and what is left.
        pass
    return own.moved_on(token)


def _form(found: Mine, token: str, filled: SignForm, status: int) -> Response:
    return answers.page(
        "signing/manage_correct.html",
        status=status,
        letter=found.view,
        token=token,
        form=filled,
        mine=found.row,
    )


def _look(
    found: Mine,
    token: str,
    draft: Draft,
    filled: SignForm,
    *,
    meanwhile: bool = False,
) -> Response:
    """What would be shown, and what else would come of it, before it comes of it."""
    with site().database.reading() as session:
        told = outgoing.tells(
            session, kind=OutboxKind.CORRECTED, signature_id=found.id, now=db.now()
        )
    changed = correcting.changed(found.row, found.settings, draft)
    claim = bool(CLAIM & changed)
    line = line_of(draft, found.settings, found.view.language)._replace(
        verified=found.row.verified and not claim,
        confirmed_on=found.row.confirmed_at.date(),
        signed_version=found.settings.outdated.get(found.row.text_version_id),
    )
    return answers.page(
        "signing/manage_look.html",
        status=409 if meanwhile else 200,
        letter=found.view,
        token=token,
        line=found.as_read(line),
        fields=[(name, filled.values.get(name, "")) for name in FIELDS],
        look=correcting.seen(found.row, found.settings),
        changed=changed,
        hidden=found.hidden,
        listed=draft.listed,
        was_listed=found.row.listed,
        counted=found.row.state == "counted",
        drops_verification=claim and found.row.verified,
        featured=claim and found.row.featured_rank is not None,
        asks_anew=bool(ASKS_ANEW & changed),
        meanwhile=meanwhile,
        told=told,
    )
