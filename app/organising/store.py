"""Organisers and passkeys as Flask-Security knows them, on the house's own tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, g
from flask_security import SQLAlchemySessionUserDatastore
from flask_security.core import RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import Delete, Insert, Update
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import (
    DeclarativeBase,
    Session,
    column_property,
    relationship,
    scoped_session,
    sessionmaker,
)

from app import db, models
from app.site import site

_ORGANISER = db.table(models.Organiser)
_PASSKEY = db.table(models.Passkey)


class _Base(DeclarativeBase):
    """Second classes on tables that the models make: they add no table."""

    metadata = models.Base.metadata


class Account(UserMixin, _Base):
    """An organiser, as far as signing in is concerned."""

    __table__ = _ORGANISER
    mf_recovery_codes = column_property(_ORGANISER.c.mf_recovery_codes)
    webauthn = relationship("Key", back_populates="user", cascade="all, delete-orphan")
    # Roles stand on letters (app/domain/rights.py), never on the person.
    roles = []  # noqa: RUF012 - annotated, it would be a column


MutableList.associate_with_attribute(Account.mf_recovery_codes)


class Key(WebAuthnMixin, _Base):
    """A passkey; it is named in the model."""

    __table__ = _PASSKEY
    user = relationship("Account", back_populates="webauthn")

    def get_user_mapping(self) -> dict[str, Any]:
        """How the owner of this key is found."""
        return {"id": self.user.id}


class NoRole(RoleMixin):
    """Flask-Security asks for a class of roles; the house gives none to a person."""

    name = ""


class _Routed(Session):
    """Reads without holding up those who write; writes on the other engine."""

    def get_bind(self, mapper: Any = None, **given: Any) -> Any:
        database, clause = site().database, given.get("clause")
        if self._flushing or isinstance(clause, Insert | Update | Delete):
            return database.engine
        return database.readers


class Store(SQLAlchemySessionUserDatastore):
    """Flask-Security's door to the database, one session a request."""

    def __init__(self, app: Flask, changed: Callable[[Any, str], None]) -> None:
        self._changed = changed
        self.sessions = scoped_session(
            sessionmaker(class_=_Routed, expire_on_commit=False),
            scopefunc=lambda: id(g._get_current_object()),
        )
        super().__init__(self.sessions, Account, NoRole, Key)
        app.teardown_appcontext(self._forget)

    def mf_set_recovery_codes(self, user: UserMixin, rcs: list[str] | None) -> None:
        """Keep new recovery codes in place of the former ones."""
        super().mf_set_recovery_codes(user, rcs)
        if rcs:
            self._changed(user, "organiser.recovery")

    def mf_delete_recovery_code(self, user: UserMixin, idx: int) -> bool:
        """Use a recovery code up; False: there is none at this place."""
        used = bool(super().mf_delete_recovery_code(user, idx))
        if used:
            self._changed(user, "organiser.recovered")
        return used

    def _forget(self, _: BaseException | None) -> None:
        self.sessions.remove()
