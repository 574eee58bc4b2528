"""Behind a link that opens once: set a password, then sign in with it."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_security import hash_password
from werkzeug.exceptions import Gone

from app import answers, db, i18n, urls
from app.domain import entries, passwords
from app.domain.passwords import PasswordProblem
from app.domain.tokens import InvalidToken, Purpose
from app.i18n import marked as _
from app.organising import access, shell
from app.site import site

bp = Blueprint("enter", __name__)

WRONG = {
    PasswordProblem.SHORT: _("Please take at least 12 characters."),
    PasswordProblem.LONG: _("Please take at most 1,000 characters."),
    PasswordProblem.COMMON: _("That is one of the first to be guessed. Several words "
                              "that do not belong together are good."),
    PasswordProblem.OWN: _("Your address is the first to be guessed. Several words "
                           "that do not belong together are good."),
}  # fmt: skip


def _identifier(token: str) -> bytes:
    try:
        return site().tokens.read(Purpose.ENTER, token)
    except InvalidToken:
        raise Gone from None


@bp.get("/enter/<token>")
@access.open_to_all
def ask(token: str) -> Response:
    """Ask for the new password; opening the link uses nothing up."""
    try:
        with site().database.snapshot() as connection:
            _id, email = entries.find(
                connection, identifier=_identifier(token), now=db.now()
            )
    except entries.LinkOver:
        raise Gone from None
    return shell.page("organising/enter.html", token=token, email=email, wrong="")


@bp.post("/enter/<token>")
@access.open_to_all
def settle(token: str) -> Response:
    """Set the password, and send on to sign in with it."""
    identifier, now = _identifier(token), db.now()
    password = request.form.get("password", "")
    try:
        with site().database.snapshot() as connection:
            _id, email = entries.find(connection, identifier=identifier, now=now)
        if problem := passwords.problem(password, email=email):
            wrong = i18n.translator(shell.locale())(WRONG[problem])
            return shell.page(
                "organising/enter.html",
                status=400,
                token=token,
                email=email,
                wrong=wrong,
            )
        hashed = hash_password(password)
        with site().database.transaction() as connection:
            entries.use(connection, identifier=identifier, hashed=hashed, now=now)
            connection.commit()
    except entries.LinkOver:
        raise Gone from None
    return answers.see_other(urls.organise("sign-in"))
