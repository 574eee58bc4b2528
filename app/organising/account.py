"""One's own account: ways to sign in, and the sessions that are open."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_security import hash_password

from app import answers, db, i18n, urls
from app.domain import accounts, passwords, record, sessions
from app.domain.sessions import Person
from app.organising import access, shell
from app.organising.enter import WRONG
from app.site import site

bp = Blueprint("account", __name__)


@bp.get("/account")
@access.signed_in
def mine(person: Person) -> Response:
    """What opens this account, and where it is open."""
    with site().database.snapshot() as connection:
        listed = sessions.listed(connection, organiser_id=person.id, now=db.now())
    return shell.page("organising/account.html", sessions=listed)


@bp.post("/account/sessions/<int:number>/end")
@access.signed_in
def end(person: Person, number: int) -> Response:
    """End one session; one of somebody else is none."""
    return _end(person, number)


@bp.post("/account/sessions/end")
@access.signed_in
def end_others(person: Person) -> Response:
    """End all sessions but this one."""
    return _end(person, None)


def _end(person: Person, number: int | None) -> Response:
    now, actor = db.now(), record.organiser(person.id)
    with site().database.transaction() as connection:
        ended = sessions.end(
            connection,
            organiser_id=person.id,
            sign_in_id=number,
            but=person.sign_in_id if number is None else None,
            now=now,
        )
        record.write(
            connection,
            letter_id=None,
            actor=actor,
            verb="session.end",
            subject=actor,
            after=str(ended),
            at=now,
        )
        connection.commit()
    return answers.see_other(urls.organise("account"))


@bp.get("/account/password")
@access.signed_in
@access.fresh
def password(person: Person) -> Response:
    """Ask for a new password of whoever has just proved who they are."""
    return _password(person, "")


def _password(person: Person, wrong: str) -> Response:
    return shell.page(
        "organising/password.html",
        status=400 if wrong else 200,
        email=person.email,
        wrong=wrong,
    )


@bp.post("/account/password")
@access.signed_in
@access.fresh
def change_password(person: Person) -> Response:
    """Set it; every other session of this account ends, and a mail tells of it."""
    typed = request.form.get("password", "")
    if problem := passwords.problem(typed, email=person.email):
        return _password(person, i18n.translator(shell.locale())(WRONG[problem]))
    hashed = hash_password(typed)
    with site().database.transaction() as connection:
        accounts.set_password(
            connection,
            organiser_id=person.id,
            hashed=hashed,
            but=person.sign_in_id,
            now=db.now(),
        )
        connection.commit()
    return answers.see_other(urls.organise("account"))
