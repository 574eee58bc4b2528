"""Behind a link that opens once: set a password, then sign in with it."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_security import hash_password
from werkzeug.exceptions import Gone

from app import answers, db, i18n, urls
from app.domain import accounts, entries, passwords
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


@bp.get("/forgotten")
@access.open_to_all
def forgotten() -> Response:
    """Ask for the address of an account whose password is forgotten."""
    return shell.page("organising/forgotten.html", asked=False, email="")


@bp.post("/forgotten")
@access.open_to_all
def ask_anew() -> Response:
    """Mail a link, if there is such an account; the answer is the same for all."""
    # PostgreSQL takes no NUL in a text, and no address has one.
    email = request.form.get("email", "")[:254].replace("\0", "")
    with site().database.transaction() as connection:
        accounts.forgotten(connection, email=email, now=db.now())
        connection.commit()
    return shell.page("organising/forgotten.html", asked=True, email=email)
