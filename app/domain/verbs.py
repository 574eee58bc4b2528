"""What can be done to a signature, from which state, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from app.domain.record import ReasonMissing
from app.models import OutboxKind, State

__all__ = ["ReasonMissing"]


class Verb(StrEnum):
    """What can be done to a signature (design: sections 2 and 4)."""

    CONFIRM = "confirm"
    COLLECT = "collect"
    RELEASE = "release"
    HOLD = "hold"
    REJECT = "reject"
    REINSTATE = "reinstate"
    CORRECT = "correct"
    VERIFY = "verify"
    FEATURE = "feature"
    HIDE = "hide"
    SHOW = "show"
    INDEX = "index"
    # By name, or only counted; and what else of a line is no claim.
    LIST = "list"
    WITHDRAW = "withdraw"
    # The signatory takes a withdrawal back, while the way back is open.
    RETURN = "return"
    REDACT = "redact"
    # A verification that no longer holds good.
    REVOKE = "revoke"
    # What the desk did a moment ago, taken back.
    UNDO = "undo"


COUNTED, HELD = State.COUNTED, State.HELD
REJECTED, WITHDRAWN = State.REJECTED, State.WITHDRAWN

# verb -> {from: to}; None is "not there yet". Where two states stand, the verb's
# function says which: holds decide for confirm and correct, the past for reinstate.
MOVES: Mapping[Verb, Mapping[State | None, tuple[State, ...]]] = {
    Verb.CONFIRM: {None: (COUNTED, HELD)},
    Verb.COLLECT: {None: (COUNTED,)},
    Verb.RELEASE: {HELD: (COUNTED,)},
    Verb.HOLD: {COUNTED: (HELD,)},
    Verb.REJECT: {COUNTED: (REJECTED,), HELD: (REJECTED,)},
    Verb.REINSTATE: {REJECTED: (COUNTED, HELD)},
    Verb.CORRECT: {COUNTED: (COUNTED, HELD), HELD: (HELD, COUNTED)},
    Verb.VERIFY: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.FEATURE: {COUNTED: (COUNTED,)},
    Verb.HIDE: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.SHOW: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.INDEX: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.LIST: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.WITHDRAW: {COUNTED: (WITHDRAWN,), HELD: (WITHDRAWN,)},
    Verb.RETURN: {WITHDRAWN: (COUNTED, HELD)},
    Verb.REDACT: {WITHDRAWN: (WITHDRAWN,), REJECTED: (REJECTED,)},
    Verb.REVOKE: {COUNTED: (COUNTED,), HELD: (HELD,)},
    Verb.UNDO: {
        COUNTED: (COUNTED, HELD, REJECTED),
        HELD: (HELD, COUNTED, REJECTED),
        REJECTED: (COUNTED, HELD),
    },
}

# The verbs for which a second time is the same as once, and where they lead.
QUIET: Mapping[Verb, frozenset[State]] = {
    Verb.RELEASE: frozenset({COUNTED}),
    Verb.HOLD: frozenset({HELD}),
    Verb.REJECT: frozenset({REJECTED}),
    Verb.REINSTATE: frozenset({COUNTED, HELD}),
    Verb.WITHDRAW: frozenset({WITHDRAWN}),
    Verb.RETURN: frozenset({COUNTED, HELD}),
}

MAILS: Mapping[Verb, OutboxKind] = {
    Verb.CONFIRM: OutboxKind.SIGNED,
    Verb.RELEASE: OutboxKind.RELEASED,
    Verb.REJECT: OutboxKind.REJECTED,
    Verb.VERIFY: OutboxKind.VERIFIED,
    Verb.CORRECT: OutboxKind.CORRECTED,
    Verb.LIST: OutboxKind.CORRECTED,
    Verb.WITHDRAW: OutboxKind.WITHDRAWN,
}
# How long an organiser's move can be undone; its mail waits for as long.
UNDO_FOR = timedelta(seconds=30)
# How long a signatory may take a withdrawal back; then what is left is wiped.
RETURN_WITHIN = timedelta(hours=24)


class NotAllowed(Exception):
    """The verb does not apply to the state in which the signature is now."""

    def __init__(self, verb: Verb, state: State | None) -> None:
        super().__init__(verb, state)

    def __str__(self) -> str:
        return f"{self.verb.value} is not possible from {self.state}"

    @property
    def verb(self) -> Verb:
        """What was to be done."""
        return Verb(self.args[0])

    @property
    def state(self) -> State | None:
        """Where the signature is."""
        return State(self.args[1]) if self.args[1] else None
