"""What the house has of me: a page, the same as a file, and a receipt to take along."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app import answers, db, i18n
from app.domain import own_data, receipts
from app.i18n import marked as _
from app.signing import own
from app.signing.own import Mine, unknown_link
from app.site import site

bp = Blueprint("own_data", __name__)

# What each line of the record and each mail is called; others as they are.
HISTORY = {
    "release": _("let into list and count"),
    "hold": _("kept back until a person looks at it"),
    "reject": _("taken out of the count"),
    "reinstate": _("put back into the count"),
    "correct": _("corrected"),
    "list": _("changed in how it is shown"),
    "verify": _("marked as verified"),
    "revoke": _("no longer marked as verified"),
    "feature": _("placed among the notable, or no longer"),
    "hide": _("a part of it hidden"),
    "show": _("a hidden part shown again"),
    "index": _("kept from search engines, or no longer"),
    "keep": _("kept under the letter’s new text"),
    "withdraw": _("taken back"),
    "return": _("put back after it was taken back"),
    "redact": _("wiped"),
    "undo": _("a decision undone"),
    "language": _("another language chosen"),
    "updates.want": _("news wished for"),
    "updates.stop": _("news no longer wished for"),
    "contact.allow": _("being written to for verifying allowed"),
    "contact.stop": _("being written to for verifying no longer allowed"),
}
BY = {
    "you": _("by you"),
    "organisers": _("by the organisers"),
    "house": _("by this site"),
}
MAILS = {
    "signed": _("your signature is confirmed"),
    "held": _("your signature waits for a person"),
    "manage": _("your link once more"),
    "released": _("your signature was let in"),
    "rejected": _("your signature was taken out"),
    "verified": _("you are marked as verified"),
    "evidence": _("the organisers ask for something that proves you"),
    "text_changed": _("the letter’s text has changed"),
    "corrected": _("your signature was changed"),
    "withdrawn": _("your signature is withdrawn"),
    "update": _("news of the letter"),
    "closing": _("thanks after the closing"),
}
SENT = {
    "ready": _("waits to be sent"),
    "leased": _("is being sent"),
    "sent": _("taken by your provider"),
    "refused": _("refused by your provider"),
    "void": _("not sent after all"),
    "dead": _("could not be made"),
}
METHODS = {
    "institution_mail": _("by a mail from the institution"),
    "independent_reply": _("by an address found independently"),
    "public_post": _("by something said in public"),
    "call": _("by a call"),
    "known_in_person": _("known in person"),
    "signed_document": _("by a signed document"),
    "public_record": _("by a public record"),
}


def _gathered(token: str) -> tuple[Mine, dict[str, Any]] | None:
    here = site()
    with here.database.reading() as session:
        found = own.find(session, token)
        if found is None:
            return None
        return found, own_data.gather(
            session,
            keyring=here.keyring,
            settings=found.settings,
            signature_id=found.id,
            now=db.now(),
        )


@bp.get("/manage/<token>/data")
def page(token: str) -> Response:
    """All that is stored about me, in words."""
    gathered = _gathered(token)
    if gathered is None:
        return unknown_link()
    found, data = gathered
    translate = i18n.translator(found.view.locale)

    def words(table: dict[str, str]) -> dict[str, str]:
        return {name: translate(sentence) for name, sentence in table.items()}

    return answers.page(
        "signing/manage_data.html",
        letter=found.view,
        token=token,
        data=data,
        mine=found.row,
        line=found.line,
        sector=found.settings.sector_labels(found.view.language).get(
            found.row.sector, found.row.sector
        ),
        language=i18n.language_name(found.row.language),
        at=db.moment,
        history=words(HISTORY),
        by=words(BY),
        mails=words(MAILS),
        sent=words(SENT),
        methods=words(METHODS),
    )


@bp.get("/manage/<token>/data.json")
def as_json(token: str) -> Response:
    """The same, to take along (GDPR, Article 20)."""
    gathered = _gathered(token)
    if gathered is None:
        return unknown_link()
    found, data = gathered
    return _download(answers.json(data), f"{found.settings.slug}-my-data.json")


@bp.get("/manage/<token>/receipt.json")
def receipt(token: str) -> Response:
    """What the house says of my signature, signed by it."""
    here = site()
    with here.database.reading() as session:
        found = own.find(session, token)
        if found is None:
            return unknown_link()
        if not found.living:
            return own.moved_on(token)
        text = receipts.issue(
            session,
            keyring=here.keyring,
            settings=found.settings,
            row=found.row,
            line=found.line,
            house=here.config.base_url,
            now=db.now(),
        )
    response = Response(text, mimetype="application/json")
    return _download(response, f"{found.settings.slug}-receipt.json")


def _download(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
