"""What each role may do on a letter: one table, asked by one function."""

from __future__ import annotations

from enum import StrEnum

from app.models import Role


class Act(StrEnum):
    """One kind of doing; every organiser route names exactly one."""

    VIEW = "view"
    # Release, hold, reject, reinstate, verify, feature, ask for evidence.
    DESK = "desk"
    BULK = "bulk"
    CASES = "cases"
    IMPORT = "import"
    EDIT = "edit"
    # Opening, closing, embargo, freeze, pause.
    SWITCH = "switch"
    MAILINGS = "mailings"
    TEAM = "team"
    EXPORT = "export"
    DELETE = "delete"


_VIEWERS = frozenset(Role)
_VERIFIERS = frozenset({Role.OWNER, Role.EDITOR, Role.VERIFIER})
_EDITORS = frozenset({Role.OWNER, Role.EDITOR})
_OWNERS = frozenset({Role.OWNER})

RIGHTS: dict[Act, frozenset[Role]] = {
    Act.VIEW: _VIEWERS,
    Act.DESK: _VERIFIERS,
    Act.BULK: _EDITORS,
    Act.CASES: _EDITORS,
    Act.IMPORT: _EDITORS,
    Act.EDIT: _EDITORS,
    Act.SWITCH: _EDITORS,
    Act.MAILINGS: _EDITORS,
    Act.TEAM: _OWNERS,
    Act.EXPORT: _OWNERS,
    Act.DELETE: _OWNERS,
}


def may(role: Role, act: Act) -> bool:
    """Whether an organiser with this role on a letter may do this there."""
    return role in RIGHTS[act]
