"""Show us a receipt: whether this house signed it, and whether it is still so."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Blueprint, Response, request

from app import answers, db, i18n
from app.domain import letters, receipts
from app.domain.receipts import Checked, Now, Verdict
from app.signing import guard
from app.site import site

bp = Blueprint("receipts", __name__)

_STATUS = {
    Verdict.GENUINE: 200,
    Verdict.UNREADABLE: 400,
    # It was read and understood, and is not ours.
    Verdict.ALTERED: 422,
    Verdict.FOREIGN: 422,
}


@bp.get("/receipts")
def form() -> Response:
    """Where a receipt is pasted or given as a file, and how to check it without us."""
    return _page(None, "")


@bp.post("/receipts")
def check() -> Response:
    """Say of a text, pasted or in a file, what can be said of it; nothing is kept."""
    if request.mimetype == "multipart/form-data":
        try:
            text = guard.read_file(request, "file").decode("utf-8-sig")
        except UnicodeDecodeError:
            return _page(Checked(Verdict.UNREADABLE), "")
    else:
        text = guard.read_form(request).get("receipt", "")
    checked = receipts.check(text, keyring=site().keyring)
    if checked.said is None:
        return _page(checked, text)
    slug = checked.said["letter"]
    with site().database.snapshot() as session:
        found = site().shelf.get(session, slug=slug, now=db.now())
        if found is None or not found[1].visible:
            return _page(checked, text, now=Now.UNTOLD)
        settings, _version = found
        now = receipts.stands(session, settings=settings, said=checked.said)
    view = letters.view(settings, language=answers.language_asked(), now=db.now())
    line = checked.said["line"]
    sectors = settings.sector_labels(view.language)
    return _page(
        checked,
        text,
        now=now,
        about=view,
        sector=line and sectors.get(line["sector"]),
        country=line and i18n.country_names(_locale()).get(line["country"]),
    )


@bp.get("/receipts/keys.json")
def keys() -> Response:
    """The public keys, for whoever checks receipts by themselves."""
    body = {
        "keys": [
            {
                "id": key_id,
                "algorithm": "Ed25519",
                "public_key": b64encode(key.public_bytes_raw()).decode(),
                "pem": key.public_bytes(
                    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
                ).decode(),
            }
            for key_id, key in site().keyring.receipt_keys()
        ]
    }
    return answers.for_any_site(answers.for_a_while(answers.json(body)))


def _locale() -> str:
    return i18n.speaks(answers.language_asked() or i18n.FALLBACK)


def _page(checked: Checked | None, text: str, **about: Any) -> Response:
    status = 200 if checked is None else _STATUS[checked.verdict]
    context = {"now": None, "about": None, "sector": None, "country": None} | about
    return answers.page(
        "signing/receipts.html",
        locale=_locale(),
        status=status,
        verdict=checked and checked.verdict.value,
        said=checked and checked.said,
        text=text,
        languages=[(code, i18n.language_name(code)) for code in i18n.LOCALES],
        at=db.moment,
        keys=[key_id for key_id, _key in site().keyring.receipt_keys()],
        **context,
    )
