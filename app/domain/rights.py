"""Which role may do what on a letter: one table, asked by one function."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.models import Role


class Act(StrEnum):
    """What an organiser does on a letter."""

    VIEW = "view"
    DESK = "desk"
    BULK = "bulk"


_EDITORS = frozenset({Role.OWNER, Role.EDITOR})
_VERIFIERS = _EDITORS | {Role.VERIFIER}
_ALL = _VERIFIERS | {Role.VIEWER}

ROLES: Mapping[Act, frozenset[Role]] = {
    Act.VIEW: _ALL,
    Act.DESK: _VERIFIERS,
    Act.BULK: _EDITORS,
}


def may(role: Role, act: Act) -> bool:
    """Whether a role may do this."""
    return role in ROLES[act]
