"""Behind the mailed link: see what would be published, and press a button or not."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import answers, db, i18n, urls
from app.domain import confirmation, drafts, letters, signatories, submissions, tally
from app.domain.confirmation import Outcome
from app.domain.drafts import Draft, LinkState, Opened
from app.domain.letters import Settings
from app.domain.tokens import InvalidToken, Purpose
from app.domain.views import LetterView, PublicLine, SignForm
from app.i18n import marked as _
from app.models import Letter, Submission
from app.signing import forms, guard
from app.site import site

bp = Blueprint("confirming", __name__)

_STATUS = {
    LinkState.EXPIRED: 410,
    LinkState.CLOSED: 410,
    LinkState.VOID: 410,
    LinkState.USED: 200,
    LinkState.UNKNOWN: 404,
}


def _settings_of(session: Session, submission_id: bytes) -> Settings | None:
    """The letter that a submission is for."""
    slug = session.scalar(
        select(Letter.slug)
        .join(Submission, Submission.letter_id == Letter.id)
        .where(Submission.id == submission_id)
    )
    if slug is None:
        return None
    found = site().shelf.get(session, slug=slug, now=db.now())
    return found[0] if found else None


def _read(token: str) -> bytes | None:
    try:
        return site().tokens.read(Purpose.CONFIRM, token)
    except InvalidToken:
        return None


def _open(
    session: Session, submission_id: bytes, settings: Settings, now: datetime
) -> Opened:
    return drafts.open_link(
        session,
        keyring=site().keyring,
        submission_id=submission_id,
        settings=settings,
        now=now,
    )


@bp.get("/confirm/<token>")
def preview(token: str) -> Response:
    """Show exactly what would be published; nothing changes by looking."""
    now = db.now()
    submission_id = _read(token)
    with site().database.reading() as session:
        settings = _settings_of(session, submission_id) if submission_id else None
        if settings is None or submission_id is None:
            return unknown_link()
        opened = _open(session, submission_id, settings, now)
        disowned = confirmation.disowned(session, submission_id=submission_id)
    view = letters.view(settings, language=opened.language or None, now=now)
    if opened.draft is None:
        return _ended(settings, view, token, opened.state, disowned=disowned)
    return answers.page(
        "signing/confirm.html",
        locale=view.locale,
        settings=settings,
        letter=view,
        token=token,
        line=_line(opened.draft, settings, view.language),
        listed=opened.draft.listed,
        phase=view.phase,
    )


@bp.post("/confirm/<token>")
def act(token: str) -> Response:
    """Confirm, correct, or hear that it was not they."""
    here, now = site(), db.now()
    typed = guard.read_form(request)
    submission_id = _read(token)
    if submission_id is None:
        return unknown_link()
    match typed.get("action"):
        case "confirm":
            return _confirm(token, submission_id, now)
        case "correct":
            return _correct(token, submission_id, typed, now)
        case "not_me":
            with here.database.writing() as session:
                confirmation.disown(
                    session, keyring=here.keyring, submission_id=submission_id, now=now
                )
                session.commit()
            return redirect(urls.confirm(token), 303, Response)
        case "take_back":
            with here.database.writing() as session:
                confirmation.take_back(session, submission_id=submission_id)
                session.commit()
            return redirect(urls.confirm(token), 303, Response)
        case "manage":
            with here.database.writing() as session:
                confirmation.ask_for_manage_link(
                    session, submission_id=submission_id, now=now
                )
                session.commit()
            return _again(token, submission_id, asked=True)
    abort(400)


def _confirm(token: str, submission_id: bytes, now: datetime) -> Response:
    here = site()
    with here.database.writing() as session:
        settings = _settings_of(session, submission_id)
        if settings is None:
            return unknown_link()
        done = confirmation.confirm(
            session,
            keyring=here.keyring,
            settings=settings,
            submission_id=submission_id,
            now=now,
        )
        session.commit()
    if done.outcome is Outcome.AGAIN:
        return _again(token, submission_id)
    view = letters.view(settings, language=done.language or None, now=now)
    if done.outcome is Outcome.ALREADY:
        return _link_page(settings, view, "already", 200)
    if done.public_id is None or done.state is None:
        return _ended(settings, view, token, done.link)
    manage = here.tokens.make(Purpose.MANAGE, done.public_id.encode())
    return answers.page(
        "signing/confirmed.html",
        locale=view.locale,
        settings=settings,
        letter=view,
        state=done.state.value,
        number=done.number,
        manage=urls.manage(manage),
        again=False,
        token=token,
        asked=False,
    )


def _again(token: str, submission_id: bytes, *, asked: bool = False) -> Response:
    """The page of a link that was used: its state, and nothing personal."""
    now = db.now()
    with site().database.reading() as session:
        settings = _settings_of(session, submission_id)
        if settings is None:
            return unknown_link()
        opened = _open(session, submission_id, settings, now)
    view = letters.view(settings, language=opened.language or None, now=now)
    if opened.state is not LinkState.USED:
        return _ended(settings, view, token, opened.state)
    return _used(settings, view, token, asked=asked)


def _used(
    settings: Settings, view: LetterView, token: str, *, asked: bool = False
) -> Response:
    return answers.page(
        "signing/confirmed.html",
        locale=view.locale,
        settings=settings,
        letter=view,
        state="",
        number=None,
        manage=None,
        again=True,
        token=token,
        asked=asked,
    )


def _correct(
    token: str, submission_id: bytes, typed: dict[str, str], now: datetime
) -> Response:
    here = site()
    with here.database.reading() as session:
        settings = _settings_of(session, submission_id)
        if settings is None:
            return unknown_link()
        opened = _open(session, submission_id, settings, now)
    view = letters.view(settings, language=opened.language or None, now=now)
    if opened.draft is None:
        return _ended(settings, view, token, opened.state)
    if "corrected" not in typed and "name" not in typed:
        form = forms.filled(opened.draft)
        return _correction(settings, view, token, form, 200)
    draft, form = forms.judge(
        typed, settings=settings, language=view.language, former=opened.draft
    )
    if draft is None:
        return _correction(settings, view, token, form, 400)
    with here.database.writing() as session:
        submissions.correct(
            session,
            keyring=here.keyring,
            settings=settings,
            submission_id=submission_id,
            draft=draft,
            now=now,
        )
        session.commit()
    return redirect(urls.confirm(token), 303, Response)


def _correction(
    settings: Settings, view: LetterView, token: str, form: SignForm, status: int
) -> Response:
    return answers.page(
        "signing/correct.html",
        locale=view.locale,
        settings=settings,
        status=status,
        letter=view,
        token=token,
        form=form,
    )


@bp.get("/confirm")
def code_form() -> Response:
    """The form for the short code, by itself."""
    return _code_page(SignForm(), 200)


@bp.post("/confirm")
def code() -> Response:
    """Take the typed code to the preview; it confirms nothing by itself."""
    here = site()
    typed = guard.read_form(request)
    translate = i18n.translator(_locale())
    values = {"email": typed.get("email", ""), "code": typed.get("code", "")}
    address, problem = forms.judge_address(values["email"], translate)
    if problem:
        return _code_page(SignForm(values, {"email": problem}), 400)
    with here.database.writing() as session:
        submission_id = submissions.find_by_code(
            session,
            keyring=here.keyring,
            address=address,
            code=values["code"],
            now=db.now(),
        )
        session.commit()
    if submission_id is None:
        sentence = translate(
            _(
                "Address and code do not belong together, or the code has been tried "
                "too often. Please look at the newest mail, or use its link."
            )
        )
        return _code_page(SignForm(values, {"code": sentence}), 400)
    token = here.tokens.make(Purpose.CONFIRM, submission_id)
    return redirect(urls.confirm(token), 303, Response)


def _locale() -> str:
    return i18n.speaks(answers.language_asked() or i18n.FALLBACK)


def _code_page(form: SignForm, status: int) -> Response:
    return answers.page(
        "signing/code.html", locale=_locale(), status=status, letter=None, form=form
    )


def _line(draft: Draft, settings: Settings, language: str) -> PublicLine:
    """The line that confirming this draft would publish."""
    return PublicLine(
        id="",
        name=draft.name,
        title=draft.title or None,
        affiliation=draft.affiliation or None,
        identification_only=draft.identification_only,
        sector_label=settings.sector_label(draft.sector, language),
        country_label=signatories.country_label(
            draft.country or tally.NOT_SAID, language
        ),
        statement=draft.statement or None,
        verified=False,
        featured=False,
        origin="confirmed",
        confirmed_on=None,
    )


def unknown_link() -> Response:
    """The page of a link that this house did not make."""
    translate = i18n.translator(i18n.FALLBACK)
    return answers.page(
        "signing/link.html",
        locale=i18n.FALLBACK,
        status=404,
        letter=None,
        kind="unknown",
        token=None,
        disowned=False,
        steps=[
            (translate(_("Type the code from the mail")), urls.confirm_code()),
            (translate(_("To the open letters")), urls.home()),
        ],
    )


def _ended(
    settings: Settings,
    view: LetterView,
    token: str,
    state: LinkState,
    *,
    disowned: bool = False,
) -> Response:
    """The page of a link that is not open any more."""
    if state is LinkState.USED and not disowned:
        return _used(settings, view, token)
    return _link_page(
        settings,
        view,
        "disowned" if disowned else state.value,
        200 if disowned else _STATUS[state],
        token=token,
    )


def _link_page(
    settings: Settings,
    view: LetterView,
    kind: str,
    status: int,
    *,
    token: str | None = None,
) -> Response:
    translate = i18n.translator(view.locale)
    letter_path = urls.letter(view.slug, view.language)
    steps = {
        "already": [(translate(_("Back to the letter")), letter_path)],
        "closed": [(translate(_("Read the letter")), letter_path)],
        "disowned": [(translate(_("Read the letter")), letter_path)],
    }.get(kind, [(translate(_("Sign again")), f"{letter_path}#sign")])
    return answers.page(
        "signing/link.html",
        locale=view.locale,
        settings=settings,
        status=status,
        letter=view,
        kind=kind,
        steps=steps,
        token=token,
    )
