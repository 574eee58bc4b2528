"""The team page: who runs this letter, and who is asked to."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from flask_security import hash_password
from werkzeug.exceptions import BadRequest, Conflict, Forbidden, Gone

from app import answers, db, i18n, urls
from app.domain import factors, invitations, passwords, team
from app.domain.addresses import AddressProblem
from app.domain.rights import Act
from app.domain.tokens import InvalidToken, Purpose
from app.i18n import marked as _
from app.models import Role
from app.organising import access, shell
from app.organising.access import Here
from app.organising.enter import WRONG
from app.site import site

bp = Blueprint("team", __name__)


def _show(here: Here, *, status: int = 200, wrong: str = "") -> Response:
    with site().database.snapshot() as connection:
        members = team.members(connection, letter_id=here.settings.id)
        pending = invitations.pending(
            connection, letter_id=here.settings.id, now=here.now
        )
    return shell.page(
        "organising/team.html",
        status=status,
        here=here,
        members=members,
        pending=pending,
        roles=[role.value for role in Role],
        may=here.may(Act.TEAM),
        wrong=i18n.translator(shell.locale())(wrong) if wrong else "",
    )


def _back(here: Here) -> Response:
    return answers.see_other(urls.organise_letter(here.settings.slug, "team"))


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise BadRequest from None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


@bp.get("/letters/<slug:slug>/team")
@access.on_letter(Act.VIEW)
def page(here: Here) -> Response:
    """Who runs this letter."""
    return _show(here)


@bp.post("/letters/<slug:slug>/team/invite")
@access.on_letter(Act.TEAM)
@access.fresh
def invite(here: Here) -> Response:
    """Ask an address to join; once more is a new mail with a new link."""
    role = _role(request.form.get("role", ""))
    try:
        with site().database.transaction() as connection:
            invitations.invite(
                connection,
                letter_id=here.settings.id,
                email=request.form.get("email", ""),
                role=role,
                organiser_id=here.organiser_id,
                now=here.now,
            )
            connection.commit()
    except AddressProblem:
        return _show(here, status=400, wrong=_("This is not a complete address."))
    return _back(here)


@bp.post("/letters/<slug:slug>/team/revoke")
@access.on_letter(Act.TEAM)
@access.fresh
def revoke(here: Here) -> Response:
    """Take an invitation back."""
    try:
        with site().database.transaction() as connection:
            invitations.revoke(
                connection,
                letter_id=here.settings.id,
                email=request.form.get("email", ""),
                actor=here.actor,
                now=here.now,
            )
            connection.commit()
    except invitations.InvitationOver:
        raise Conflict from None
    return _back(here)


@bp.post("/letters/<slug:slug>/team/change")
@access.on_letter(Act.TEAM)
@access.fresh
def change(here: Here) -> Response:
    """Give a member another role."""
    return _change(here, _role(request.form.get("role", "")))


@bp.post("/letters/<slug:slug>/team/remove")
@access.on_letter(Act.TEAM)
@access.fresh
def remove(here: Here) -> Response:
    """Take a member's part away; one's own as well, but not the last owner's."""
    return _change(here, None)


@bp.post("/letters/<slug:slug>/team/factor")
@access.on_letter(Act.TEAM)
@access.fresh
def factor(here: Here) -> Response:
    """Let a member's lost second factor end after a day, or keep it after all."""
    member = _number(request.form.get("member", ""))
    keep = request.form.get("keep") == "yes"
    try:
        with site().database.transaction() as connection:
            if keep:
                factors.keep(
                    connection,
                    organiser_id=member,
                    letter_id=here.settings.id,
                    actor=here.actor,
                    now=here.now,
                )
            else:
                factors.ask(
                    connection,
                    organiser_id=member,
                    letter_id=here.settings.id,
                    actor=here.actor,
                    now=here.now,
                )
            connection.commit()
    except factors.NothingToReset:
        raise Conflict from None
    return _back(here)


def _change(here: Here, role: Role | None) -> Response:
    try:
        with site().database.transaction() as connection:
            team.change(
                connection,
                letter_id=here.settings.id,
                organiser_id=_number(request.form.get("member", "")),
                role=role,
                actor=here.actor,
                now=here.now,
            )
            connection.commit()
    except team.NotInTeam:
        raise Conflict from None
    except team.LastOwner:
        sentence = _("A letter keeps an owner: make somebody else one first.")
        return _show(here, status=409, wrong=sentence)
    return _back(here)


def _offer(token: str) -> tuple[bytes, invitations.Offer]:
    """What the link offers; somebody else who is signed in is refused (threats 45)."""
    try:
        identifier = site().tokens.read(Purpose.INVITATION, token)
        with site().database.snapshot() as connection:
            offer = invitations.find(connection, identifier=identifier, now=db.now())
    except (InvalidToken, invitations.InvitationOver):
        raise Gone from None
    person = g.get("person")
    if person is not None and person.id != offer.organiser_id:
        raise Forbidden
    return identifier, offer


@bp.get("/invitation/<token>")
@access.open_to_all
def ask(token: str) -> Response:
    """What is offered; opening the link accepts nothing."""
    return _ask(token, _offer(token)[1])


def _ask(token: str, offer: invitations.Offer, wrong: str = "") -> Response:
    return shell.page(
        "organising/invitation.html",
        status=400 if wrong else 200,
        token=token,
        offer=offer,
        wrong=i18n.translator(shell.locale())(wrong) if wrong else "",
    )


@bp.post("/invitation/<token>")
@access.open_to_all
def accept(token: str) -> Response:
    """Join; who has an account signs in to it, who is new sets a password."""
    identifier, offer = _offer(token)
    hashed = None
    if g.get("person") is None:
        if offer.can_sign_in:
            here = urls.organise("invitation", token)
            return answers.see_other(f"{urls.organise('sign-in')}?next={here}")
        password = request.form.get("password", "")
        if problem := passwords.problem(password, email=offer.email):
            return _ask(token, offer, WRONG[problem])
        hashed = hash_password(password)
    try:
        with site().database.transaction() as connection:
            invitations.accept(
                connection,
                identifier=identifier,
                name=request.form.get("name", "")[:200],
                hashed=hashed,
                now=db.now(),
            )
            connection.commit()
    except invitations.InvitationOver:
        raise Gone from None
    return answers.see_other(urls.organise())
