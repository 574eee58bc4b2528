"""The forms of the desk's screen: read what was typed, and call the one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from app.domain import desk, requests, resting
from app.domain.desk import Hand
from app.domain.desk_bulk import NumberMissing
from app.domain.requests import AlreadyAsked, MayNotAsk
from app.domain.showing import Part
from app.domain.verbs import NotAllowed, ReasonMissing
from app.domain.verification import EvidenceMissing, NotALink, OwnWork
from app.models import RequestAnswer, RequestKind, VerificationMethod
from app.site import site

Typed = Mapping[str, str]


class NotAChoice(ValueError):
    """What was chosen is not in the closed list."""


_KEYS: dict[type[Exception], str] = {
    ReasonMissing: "reason",
    EvidenceMissing: "evidence",
    NotALink: "link",
    OwnWork: "own",
    NotAllowed: "state",
    MayNotAsk: "may_not_ask",
    AlreadyAsked: "already_asked",
    NumberMissing: "number",
    NotAChoice: "choice",
}
PROBLEMS = tuple(_KEYS)
LONGEST = 2000


def problem_of(error: Exception) -> str:
    """The key of the sentence that says what is wrong (`words.PROBLEMS`)."""
    return _KEYS[type(error)]


def _text(typed: Typed, name: str) -> str:
    return typed.get(name, "").strip()[:LONGEST]


def _verify(session: Session, hand: Hand, typed: Typed) -> str:
    try:
        method = VerificationMethod(typed.get("method", ""))
    except ValueError:
        raise NotAChoice from None
    return desk.verify(
        session,
        hand,
        keyring=site().keyring,
        method=method,
        evidence=_text(typed, "evidence"),
        note=_text(typed, "note"),
        and_release=typed.get("and_release") == "yes",
    )


def _second(session: Session, hand: Hand, typed: Typed) -> str:
    return desk.second(
        session,
        hand,
        keyring=site().keyring,
        and_release=typed.get("and_release") == "yes",
    )


def _reject(session: Session, hand: Hand, typed: Typed) -> str:
    return desk.reject(
        session,
        hand,
        reason=_text(typed, "reason"),
        fake=typed.get("fake") == "yes",
    )


def _ask(session: Session, hand: Hand, typed: Typed) -> str:
    try:
        kind = RequestKind(typed.get("kind", ""))
        days = int(typed.get("days", ""))
    except ValueError:
        raise NotAChoice from None
    if days not in requests.DAYS:
        raise NotAChoice
    return desk.ask(session, hand, kind=kind, days=days)


def _answer(session: Session, hand: Hand, typed: Typed) -> None:
    try:
        answer = RequestAnswer(typed.get("answer", ""))
    except ValueError:
        raise NotAChoice from None
    desk.answer(session, hand, answer=answer, note=_text(typed, "note"))


def _part(typed: Typed) -> Part:
    try:
        return Part(typed.get("part", ""))
    except ValueError:
        raise NotAChoice from None


def _hide(session: Session, hand: Hand, typed: Typed) -> None:
    desk.hide(session, hand, part=_part(typed), reason=_text(typed, "reason"))


def _show(session: Session, hand: Hand, typed: Typed) -> None:
    desk.show(session, hand, part=_part(typed))


def _write_again(session: Session, hand: Hand, typed: Typed) -> None:
    resting.write_again(session, keyring=site().keyring, actor=hand.actor,
                        signature_id=hand.signature_id, now=hand.now)  # fmt: skip


def _leave(session: Session, hand: Hand, typed: Typed) -> None:
    desk.leave(session, signature_id=hand.signature_id, organiser_id=hand.organiser_id)


# What the buttons of the screen are called; None: nothing to undo, stay.
ACTS: dict[str, Callable[[Session, Hand, Typed], str | None]] = {
    "release": lambda s, h, t: desk.release(s, h),
    "hold": lambda s, h, t: desk.hold(s, h, reason=_text(t, "reason")),
    "reject": _reject,
    "reinstate": lambda s, h, t: desk.reinstate(s, h, reason=_text(t, "reason")),
    "verify": _verify,
    "second": _second,
    "decline": lambda s, h, t: desk.decline(s, h, reason=_text(t, "reason")),
    "revoke": lambda s, h, t: desk.revoke(s, h, reason=_text(t, "reason")),
    "feature": lambda s, h, t: desk.feature(s, h, on=True),
    "unfeature": lambda s, h, t: desk.feature(s, h, on=False),
    "ask": _ask,
    "answer": _answer,
    "hide": _hide,
    "show": _show,
    "write_again": _write_again,
    "leave": _leave,
}
