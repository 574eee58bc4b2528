"""The signatory's way: read the letter, sign, look where the mail is, confirm."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, abort, request
from sqlalchemy import select

from app import answers, db, i18n, network, urls
from app.db import Transaction
from app.domain import letters, moving, previews, submissions, tokens
from app.domain.keyring import Unopenable
from app.domain.letters import Phase, Settings
from app.domain.tokens import InvalidToken
from app.domain.versions import Version
from app.domain.views import SignForm
from app.domain.wording import Difference, difference
from app.i18n import marked as _
from app.mail import ceilings
from app.models import Outbox, OutboxState, TextVersion
from app.signing import forms, guard, sheet, spam_folders
from app.site import site

bp = Blueprint("signing", __name__)

_REFERENCE = b"inbox"
# The length of a submission's id; what follows it in a reference is of the page alone.
_ID = 16
_SIGN_ANEW = _("The address cannot be corrected here (any more): please sign anew.")


def visible(session: Transaction, slug: str) -> tuple[Settings, Version]:
    """The letter called `slug`, or 404 where the public must not see one."""
    found = site().shelf.get(session, slug=slug, now=db.now())
    if found is None or not found[1].visible:
        abort(404)
    return found


def walkable(session: Transaction, slug: str) -> Settings:
    """The letter for the page behind a link of one's own; 404 where there is none."""
    now = db.now()
    found = site().shelf.get(session, slug=slug, now=now)
    if found is None or not found[0].walkable(now):
        abort(404)
    return found[0]


def _signable(session: Transaction, slug: str, preview: str | None) -> Settings:
    """The letter to be signed: a public one, or one in rehearsal by a private link."""
    settings = walkable(session, slug)
    if not settings.visible(db.now()) and slug != previews.slug_behind(
        session, tokens=site().tokens, token=preview or ""
    ):
        abort(404)
    return settings


@bp.get("/letters/<slug:slug>")
@bp.get("/letters/<slug:slug>/<language:locale>")
def letter(slug: str, locale: str | None = None) -> Response:
    """The letter with its numbers, its form and its first signatories."""
    now = db.now()
    found = moving.read(site().database, shelf=site().shelf, slug=slug, now=now)
    if found is None or not found.version.visible:
        abort(404)
    if locale is not None and locale not in found.settings.wordings:
        abort(404)
    view = letters.view(found.settings, language=locale, now=now)
    response = answers.html(sheet.put_together(found, view), view)
    return answers.public(response, version=found.version, names=True)


@bp.post("/letters/<slug:slug>/signatures")
def sign(slug: str) -> Response:
    """Take a filled-in form; the answer is the same whoever typed which address."""
    here, now = site(), db.now()
    typed = guard.read_form(request)
    settings = here.shelf.recent(slug)
    if settings is None or not settings.visible(now):
        with here.database.snapshot() as session:
            settings = _signable(session, slug, typed.get("preview"))
    language = settings.wording(typed.get("language")).language
    draft, form = forms.judge(typed, settings=settings, language=language)
    phase = settings.phase(now)
    if phase is not Phase.OPEN:
        form.errors.clear()
        status = 410 if phase is Phase.CLOSED else 409
        return _form_again(settings, language, form, status)
    if draft is None:
        return _form_again(settings, language, form, 400)
    wording = settings.wording(language)
    read = wording.standing.get(typed.get("text") or wording.hash)
    if read is None:
        change = _change(settings, language, typed["text"])
        form.values.pop("consent", None)
        return _form_again(settings, language, form, 409, change)
    draft = replace(draft, text_version_id=read)
    with here.database.transaction() as session:
        submission_id = submissions.sign(
            session,
            keyring=here.keyring,
            settings=settings,
            draft=draft,
            network_key=_network_key(now),
            now=now,
        )
        session.commit()
    return answers.see_other(
        urls.inbox(slug, refer_to(submission_id, draft.email), language)
    )


def _network_key(now: datetime) -> bytes | None:
    """What stands for the sender's network today, and tomorrow says no more."""
    here = site()
    found = network.of(request, of_any_kind=here.config.development)
    return None if found is None else here.keyring.network_key(now.date(), found)


def _form_again(
    settings: Settings,
    language: str,
    form: SignForm,
    status: int,
    change: list[Difference] | None = None,
) -> Response:
    view = letters.view(settings, language=language, now=db.now())
    return answers.page(
        "signing/sign.html",
        status=status,
        letter=view,
        form=form,
        change=change or [],
    )


def _change(settings: Settings, language: str, read: str) -> list[Difference]:
    """What has changed in the letter since the wording with hash `read`."""
    wording = settings.wording(language)
    with site().database.snapshot() as session:
        before = session.scalar(
            select(TextVersion.html).where(
                TextVersion.letter_id == settings.id,
                TextVersion.language == language,
                TextVersion.hash == read,
            )
        )
    return difference(before or "", wording.html)


def refer_to(submission_id: bytes, address: str) -> str:
    """A text of constant length that only this house can read, new every time.

    It says at whose provider the mail lies, too: what the page shows must not depend
    on what has become of the form.
    """
    known = submission_id + bytes([spam_folders.number(address)])
    return tokens.encode(site().keyring.seal(known, context=_REFERENCE))


def _read_reference(reference: str) -> tuple[bytes, int]:
    """The submission behind a reference and the number of its provider, or 404."""
    try:
        known = site().keyring.open(tokens.decode(reference), context=_REFERENCE)
    except (InvalidToken, Unopenable):
        abort(404)
    return known[:_ID], int.from_bytes(known[_ID:])


@bp.get("/letters/<slug:slug>/inbox/<reference>")
def inbox(slug: str, reference: str) -> Response:
    """Where the mail is: on its way, handed over, or refused by the provider."""
    return _inbox(slug, reference, SignForm(), None)


def _inbox(
    slug: str, reference: str, form: SignForm, notice: str | None, status: int = 200
) -> Response:
    submission_id, provider = _read_reference(reference)
    with site().database.snapshot() as session:
        settings = walkable(session, slug)
        state = _state(session, submission_id)
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    translate = i18n.translator(view.locale)
    folder = spam_folders.sentence(provider)
    return answers.page(
        "signing/inbox.html",
        status=status,
        letter=view,
        reference=reference,
        state=state,
        form=form,
        notice=translate(notice) if notice else None,
        folder=translate(folder) if folder else None,
    )


# What a stranger may know of a mail: whatever ended well or was withheld is done.
_STATES = {
    OutboxState.READY.value: "waiting",
    OutboxState.LEASED.value: "waiting",
    OutboxState.DEAD.value: "waiting",
    OutboxState.REFUSED.value: "refused",
}


def _state(session: Transaction, submission_id: bytes) -> str:
    """How the page calls it; a mail that waits for its minute is one just sent.

    Otherwise a stranger could see that the address had a mail a moment ago. Once one
    mail is done it stays so: whether a later one waits would tell whether the link
    in the first was used.
    """
    mails = session.execute(
        select(Outbox.state, Outbox.answer).where(Outbox.submission_id == submission_id)
    ).all()
    states = {
        "done" if mail.answer == ceilings.TOO_SOON else _STATES.get(mail.state, "done")
        for mail in mails
    }
    if not states or "done" in states:
        return "done"
    return "waiting" if "waiting" in states else "refused"


@bp.post("/letters/<slug:slug>/inbox/<reference>")
def inbox_act(slug: str, reference: str) -> Response:
    """Send the mail again, or send it to another address where the first is refused.

    An address that took the mail may belong to somebody who has pressed the button
    since: nothing answered here may depend on that.
    """
    here, now = site(), db.now()
    typed = guard.read_form(request)
    submission_id, _provider = _read_reference(reference)
    action = typed.get("action")
    if action == "resend":
        with here.database.transaction() as session:
            submissions.send_again(session, submission_id=submission_id, now=now)
            session.commit()
        sentence = _("If there is still something to confirm, the mail goes out again.")
        return _inbox(slug, reference, SignForm(), sentence)
    if action != "address":
        abort(400)
    with here.database.snapshot() as session:
        settings = walkable(session, slug)
        refused = _state(session, submission_id) == "refused"
    if not refused:
        return _inbox(slug, reference, SignForm(), _SIGN_ANEW, 409)
    language = settings.wording(answers.language_asked(settings)).language
    translate = i18n.translator(i18n.speaks(language))
    address, problem = forms.judge_address(typed.get("email", ""), translate)
    if problem:
        form = SignForm({"address": typed.get("email", "")}, {"address": problem})
        return _inbox(slug, reference, form, None, 400)
    with here.database.transaction() as session:
        moved = submissions.readdress(
            session,
            keyring=here.keyring,
            shelf=here.shelf,
            submission_id=submission_id,
            address=address,
            now=now,
        )
        session.commit()
    if moved is None:
        return _inbox(slug, reference, SignForm(), _SIGN_ANEW, 409)
    return answers.see_other(urls.inbox(slug, refer_to(moved, address), language))


@bp.get("/letters/<slug:slug>/privacy")
def privacy(slug: str) -> Response:
    """The privacy notice of a letter."""
    with site().database.snapshot() as session:
        settings, version = visible(session, slug)
    language = answers.language_asked(settings)
    view = letters.view(settings, language=language, now=db.now())
    response = answers.page("signing/privacy.html", letter=view)
    return answers.public(response, version=version, names=False)
