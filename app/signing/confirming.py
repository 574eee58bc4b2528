"""Behind the mailed link: see what would be published, and press a button or not."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from app import answers, db, i18n, sheets, urls
from app.db import Transaction
from app.domain import (
    confirmation,
    drafts,
    leaving,
    letters,
    signatories,
    submissions,
    tally,
)
from app.domain.confirmation import Outcome
from app.domain.drafts import Draft, LinkState, Opened
from app.domain.letters import Settings
from app.domain.tokens import InvalidToken, Purpose
from app.domain.views import LetterView, PublicLine, SignForm
from app.i18n import marked as _
from app.i18n import marked_plural as ngettext
from app.models import State
from app.signing import forms, guard
from app.site import site

bp = Blueprint("confirming", __name__)

_STATUS = {
    LinkState.EXPIRED: 410,
    LinkState.CLOSED: 410,
    LinkState.VOID: 410,
    LinkState.USED: 200,
}
# How many there are with the signature that was just confirmed.
_YOURS = ngettext(
    "<strong>%(shown)s</strong> signature: yours is the first",
    "<strong>%(shown)s</strong> signatures with yours",
)


def _read(token: str) -> bytes:
    """The submission that a token names; one that names none is b""."""
    try:
        return site().tokens.read(Purpose.CONFIRM, token)
    except InvalidToken:
        return b""


def _open(session: Transaction, submission_id: bytes) -> Opened | None:
    return drafts.open_link(
        session,
        keyring=site().keyring,
        shelf=site().shelf,
        submission_id=submission_id,
        now=db.now(),
    )


def _view(opened: Opened) -> LetterView:
    return letters.view(opened.settings, language=opened.language, now=db.now())


@bp.get("/confirm/<token>")
def preview(token: str) -> Response:
    """Show exactly what would be published; nothing changes by looking."""
    submission_id = _read(token)
    with site().database.snapshot() as session:
        opened = _open(session, submission_id)
        disowned = confirmation.disowned(session, submission_id=submission_id)
    if opened is None or opened.draft is None:
        return _ended(opened, token, disowned=disowned)
    view = _view(opened)
    return answers.page(
        "signing/confirm.html",
        letter=view,
        token=token,
        line=line_of(opened.draft, opened.settings, view.language),
        listed=opened.draft.listed,
        phase=view.phase,
        asked=opened.draft.asked,
    )


@bp.post("/confirm/<token>")
def act(token: str) -> Response:
    """Confirm, correct, or hear that it was not they."""
    here = site()
    typed = guard.read_form(request)
    submission_id = _read(token)
    action = typed.get("action")
    if action == "confirm":
        return _confirm(token, submission_id)
    if action == "correct":
        return _correct(token, submission_id, typed)
    with here.database.transaction() as session:
        match action:
            case "not_me":
                confirmation.disown(
                    session,
                    keyring=here.keyring,
                    shelf=here.shelf,
                    submission_id=submission_id,
                    now=db.now(),
                )
            case "take_back":
                confirmation.take_back(session, submission_id=submission_id)
            case "manage":
                confirmation.ask_for_manage_link(
                    session, submission_id=submission_id, now=db.now()
                )
            case _:
                abort(400)
        opened = _open(session, submission_id)
        session.commit()
    if action == "manage" and (opened is None or opened.draft is None):
        return _ended(opened, token, asked=True)
    return answers.see_other(urls.confirm(token))


def _confirm(token: str, submission_id: bytes) -> Response:
    here = site()
    with here.database.transaction() as session:
        done = confirmation.confirm(
            session,
            keyring=here.keyring,
            shelf=here.shelf,
            submission_id=submission_id,
            now=db.now(),
        )
        session.commit()
    if done.outcome is Outcome.NOT_POSSIBLE or done.opened is None:
        return _ended(done.opened, token)
    view = _view(done.opened)
    if done.outcome is Outcome.ALREADY or done.state is None:
        return _link_page(done.opened, "already", 200, token)
    manage = here.tokens.make(Purpose.MANAGE, done.public_id.encode())
    pieces = sheets.marked(
        done.opened.settings,
        view,
        "signing/confirmed.html",
        ("number", "manage"),
        state=done.state.value,
        again=False,
    )
    number = done.number or 0
    yours = i18n.counted(_YOURS, number, view.locale)
    parts = {
        "number": yours % {"shown": i18n.number(number, view.locale)},
        "manage": urls.manage(manage),
    }
    return answers.html(sheets.filled(pieces, parts), view)


def _correct(token: str, submission_id: bytes, typed: dict[str, str]) -> Response:
    here = site()
    with here.database.snapshot() as session:
        opened = _open(session, submission_id)
    if opened is None or opened.draft is None:
        return _ended(opened, token)
    if "corrected" not in typed and "name" not in typed:
        return _correction(opened, token, forms.filled(opened.draft), 200)
    draft, form = forms.judge(
        typed,
        settings=opened.settings,
        language=opened.language,
        former=opened.draft,
    )
    if draft is None:
        return _correction(opened, token, form, 400)
    with here.database.transaction() as session:
        submissions.correct(
            session,
            keyring=here.keyring,
            settings=opened.settings,
            submission_id=submission_id,
            draft=draft,
            now=db.now(),
        )
        session.commit()
    return answers.see_other(urls.confirm(token))


def _correction(opened: Opened, token: str, form: SignForm, status: int) -> Response:
    view = _view(opened)
    return answers.page(
        "signing/correct.html",
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
    wrong = {"email": problem} if problem else {}
    if not values["code"].strip():
        wrong["code"] = translate(_("Please fill this in."))
    if wrong:
        return _code_page(SignForm(values, wrong), 400)
    with here.database.transaction() as session:
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
    return answers.see_other(urls.confirm(token))


def _locale() -> str:
    return i18n.speaks(answers.language_asked() or i18n.FALLBACK)


def _code_page(form: SignForm, status: int) -> Response:
    return answers.page("signing/code.html", locale=_locale(), status=status, form=form)


def line_of(draft: Draft, settings: Settings, language: str) -> PublicLine:
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
    locale = _locale()
    translate = i18n.translator(locale)
    # No other mail than the one to confirm holds a code.
    coded = request.path.startswith("/confirm")
    code = (translate(_("Type the code from the mail")), urls.confirm_code(locale))
    return answers.page(
        "signing/link.html",
        locale=locale,
        status=404,
        kind="unknown",
        token=None,
        coded=coded,
        steps=[
            *([code] if coded else []),
            (translate(_("To the open letters")), urls.home()),
        ],
    )


def _ended(
    opened: Opened | None, token: str, *, disowned: bool = False, asked: bool = False
) -> Response:
    """The page of a link that is not open (any more): its state, nothing personal."""
    if opened is None:
        return unknown_link()
    if disowned:
        return _link_page(opened, "disowned", 200, token)
    if opened.state is not LinkState.USED:
        return _link_page(opened, opened.state.value, _STATUS[opened.state], token)
    with site().database.snapshot() as session:
        left = leaving.unreachable(session, signature_id=opened.signature_id)
    if left is not None:
        # No link can be mailed to it any more, and none has to be.
        kind = "withdrawn" if left is State.WITHDRAWN else "used"
        return _link_page(opened, kind, 200, token)
    view = _view(opened)
    return answers.page(
        "signing/confirmed.html",
        letter=view,
        state="",
        manage=None,
        again=True,
        token=token,
        asked=asked,
    )


def _link_page(opened: Opened, kind: str, status: int, token: str) -> Response:
    view = _view(opened)
    translate = i18n.translator(view.locale)
    letter_path = urls.letter(view.slug, view.language)
    steps = {
        "already": [(translate(_("Back to the letter")), letter_path)],
        "closed": [(translate(_("Read the letter")), letter_path)],
        "disowned": [(translate(_("Read the letter")), letter_path)],
        "used": [(translate(_("Back to the letter")), letter_path)],
    }.get(kind, [(translate(_("Sign again")), f"{letter_path}#sign")])
    return answers.page(
        "signing/link.html",
        status=status,
        letter=view,
        kind=kind,
        steps=steps,
        token=token,
    )
