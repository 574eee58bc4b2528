"""The manage link is lost: type the address that signed, and it comes once more."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import answers, db, i18n
from app.domain import letters, lost_links
from app.domain.letters import Settings
from app.domain.views import SignForm
from app.signing import forms, guard
from app.signing.routes import walkable
from app.site import site

bp = Blueprint("lost_link", __name__)


@bp.get("/letters/<slug:slug>/manage")
def form(slug: str) -> Response:
    """Where to type the address."""
    with site().database.snapshot() as session:
        settings = walkable(session, slug)
    return _page(settings, SignForm(), 200)


@bp.post("/letters/<slug:slug>/manage")
def ask(slug: str) -> Response:
    """The same answer, byte for byte, whoever has signed or not."""
    here, now = site(), db.now()
    typed = guard.read_form(request)
    with here.database.snapshot() as session:
        settings = walkable(session, slug)
    language = settings.wording(answers.language_asked(settings)).language
    translate = i18n.translator(i18n.speaks(language))
    address, problem = forms.judge_address(typed.get("email", ""), translate)
    if problem:
        wrong = SignForm({"email": typed.get("email", "")}, {"email": problem})
        return _page(settings, wrong, 400)
    with here.database.transaction() as session:
        lost_links.ask(
            session, keyring=here.keyring, settings=settings, address=address, now=now
        )
        session.commit()
    return _page(settings, SignForm(), 200, asked=True)


def _page(
    settings: Settings, form: SignForm, status: int, *, asked: bool = False
) -> Response:
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    return answers.page(
        "signing/lost_link.html", status=status, letter=view, form=form, asked=asked
    )
