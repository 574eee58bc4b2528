"""A verification is a record: by which method, on what evidence, by which two people."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app import db
from app.domain import desk, featuring, lifecycle, requests, verification
from app.domain.lifecycle import NotAllowed, ReasonMissing
from app.domain.requests import AlreadyAsked, MayNotAsk
from app.domain.verification import EvidenceMissing, NotALink, OwnWork
from app.models import (
    Collection,
    EvidenceRequest,
    Outbox,
    Record,
    RequestAnswer,
    RequestKind,
    Signature,
    Verification,
    VerificationMethod,
)
from tests.house import House, later
from tests.organisers import at_desk, letter_id, organiser, pile, row_of, signed

CALL, POST = VerificationMethod.CALL, VerificationMethod.PUBLIC_POST


def review(house: House, row: Any, organiser_id: int, **how: Any) -> bool:
    given: dict[str, Any] = {"method": CALL, "evidence": "rang the institute"}
    with house.writing() as session:
        return verification.review(
            session, keyring=house.site.keyring, signature_id=row.id,
            organiser_id=organiser_id, now=db.now(), **(given | how),
        )  # fmt: skip


def second(house: House, row: Any, organiser_id: int) -> None:
    with house.writing() as session:
        verification.second(
            session, keyring=house.site.keyring, signature_id=row.id,
            organiser_id=organiser_id, now=db.now(),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "evidence", "problem"),
    [
        (CALL, "  ", EvidenceMissing),
        (POST, "", EvidenceMissing),
        (POST, "on her site", NotALink),
        (POST, "javascript:alert(1)", NotALink),
        (CALL, "ftp://example.org/x", NotALink),
        (POST, "https://", NotALink),
        (POST, "http://[half/x", NotALink),
        (POST, "https://example.org/@paula/1 with a photograph", None),
        (CALL, "rang the institute", None),
    ],
)
def test_evidence_is_there_and_a_link_is_a_web_address(
    house: House, method: VerificationMethod, evidence: str, problem: Any
) -> None:
    row, olga = signed(house, "Paula Prominent"), organiser(house)
    if problem is None:
        assert review(house, row, olga, method=method, evidence=evidence)
        assert row_of(house, row).verified
        return
    with pytest.raises(problem):
        review(house, row, olga, method=method, evidence=evidence)
    assert not row_of(house, row).verified


def test_where_two_are_asked_for_the_first_review_proves_nothing(house: House) -> None:
    house.set_letter(second_reviewer=True)
    row = signed(house, "Paula Prominent", public_figure="yes")
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    assert not review(house, row, olga)
    assert not row_of(house, row).verified
    house.deliver()
    assert pile(house, "second") == pile(house, f"mine:{olga}") == ["Paula Prominent"]
    with pytest.raises(OwnWork):
        second(house, row, olga)
    with at_desk(house, row, otto) as (session, his):
        desk.second(session, his, keyring=house.site.keyring, and_release=True)
    stands = row_of(house, row)
    assert (stands.verified, stands.state) == (True, "counted")
    assert pile(house, "second") == []
    house.check()
    later(minutes=1)
    subjects = [str(mail.message["Subject"]) for mail in house.deliver()]
    assert [s.partition(":")[0] for s in subjects] == ["You are marked as verified"]
    with pytest.raises(NotAllowed):
        second(house, row, otto)


def test_a_second_reviewer_may_say_no(house: House) -> None:
    house.set_letter(second_reviewer=True)
    row = signed(house, "Paula Prominent")
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    review(house, row, olga)
    with pytest.raises(ReasonMissing), at_desk(house, row, otto) as (session, his):
        desk.decline(session, his, reason="")
    with at_desk(house, row, otto) as (session, his):
        desk.decline(session, his, reason="that was her brother")
    assert pile(house, "second") == []
    with pytest.raises(NotAllowed):
        second(house, row, otto)


def test_the_database_too_knows_that_two_are_two(house: House) -> None:
    row, olga = signed(house, "Paula Prominent"), organiser(house)
    review(house, row, olga)
    for values in (
        {"second_by": f"organiser:{olga}", "second_at": db.now()},
        {"second_by": "organiser:99"},
        {"second_by": "organiser:99", "second_at": db.now(), "awaits_second": True},
    ):
        with pytest.raises(IntegrityError), house.writing() as session:
            session.execute(update(Verification).values(values))


def test_a_corrected_claim_is_not_seconded(house: House) -> None:
    house.set_letter(second_reviewer=True)
    row = signed(house, "Paula Prominent")
    olga, otto = organiser(house, "Olga"), organiser(house, "Otto")
    review(house, row, olga)
    with house.writing() as session:
        lifecycle.correct(
            session, signature_id=row.id, changes={"title": "Minister"},
            claim_changed=True, hold_reasons=[], actor="signatory", now=db.now(),
        )  # fmt: skip
    with pytest.raises(NotAllowed):
        second(house, row, otto)


def test_nobody_reviews_what_they_signed_themselves(house: House) -> None:
    olga = organiser(house, "Olga")
    row = signed(house, "Olga O", email="Olga+letter@organisers.example.org")
    with pytest.raises(OwnWork):
        review(house, row, olga)
    assert review(house, row, organiser(house, "Otto"))


def test_nobody_reviews_what_they_took_in(house: House) -> None:
    olga = organiser(house, "Olga")
    (row,) = house.ask(
        select(Signature.__table__).where(Signature.origin == "collected").limit(1)
    )
    with house.writing() as session:
        session.execute(update(Collection).values(collected_by=f"organiser:{olga}"))
    with pytest.raises(OwnWork):
        review(house, row, olga)
    assert review(house, row, organiser(house, "Otto"))


def test_a_verification_is_revoked_with_a_reason(house: House) -> None:
    row, olga = signed(house, "Paula Prominent"), organiser(house)
    review(house, row, olga)
    assert house.numbers()["verified"] == 1
    with at_desk(house, row, olga) as (session, hers):
        desk.revoke(session, hers, reason="the caller was another")
    assert not row_of(house, row).verified
    assert house.numbers()["verified"] == 0
    assert pile(house, "prominent") == ["Paula Prominent"]
    (line,) = house.ask(select(db.table(Record)).order_by(Record.id.desc()).limit(1))
    assert (line.verb, line.reason_hash is None) == ("revoke", False)
    house.check()


def test_what_was_written_of_the_erased_is_erased_with_them(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    ask(house, row, olga)
    with at_desk(house, row, olga) as (session, hers):
        desk.answer(session, hers, answer=RequestAnswer.PROVED, note="Paula called")
    review(house, row, olga, evidence="Paula called", note="at home")
    with house.writing() as session:
        lifecycle.erase(session, signature_id=row.id, actor="signatory", now=db.now())
    assert house.ask(select(EvidenceRequest.note)) == [(None,)]
    about = select(Verification.evidence, Verification.note)
    assert house.ask(about.where(Verification.signature_id == row.id)) == [("", "")]


# -- Requests --------------------------------------------------------------------


def ask(house: House, row: Any, organiser_id: int) -> None:
    with at_desk(house, row, organiser_id) as (session, held):
        desk.ask(session, held, kind=RequestKind.PUBLIC_POST, days=7)


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, False),
        ({"may_contact": "yes"}, True),
        ({"public_figure": "yes"}, True),
    ],
)
def test_only_who_waits_or_allowed_it_is_asked(
    house: House, fields: dict[str, str], may: bool
) -> None:
    row, olga = signed(house, "Paula Prominent", **fields), organiser(house)
    house.deliver()
    if not may:
        with pytest.raises(MayNotAsk):
            ask(house, row, olga)
        return
    ask(house, row, olga)
    assert pile(house, f"mine:{olga}") == ["Paula Prominent"]
    later(seconds=31)
    (mail,) = house.deliver()
    assert "on your own site" in mail.text
    assert f"Reference: {row.public_id[:8]}" in mail.text
    with pytest.raises(AlreadyAsked):
        ask(house, row, olga)


def test_an_answer_is_kept_and_three_questions_are_enough(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    for _ in range(requests.MOST):
        ask(house, row, olga)
        with at_desk(house, row, olga) as (session, hers):
            desk.answer(session, hers, answer=RequestAnswer.NO_ANSWER, note="")
    assert pile(house, f"mine:{olga}") == []
    assert len(house.ask(select(EvidenceRequest.id))) == 3
    with pytest.raises(MayNotAsk):
        ask(house, row, olga)
    later(minutes=1)
    house.deliver()
    states = house.ask(select(Outbox.state).where(Outbox.kind == "evidence"))
    assert {state for (state,) in states} == {"void"}, "answered before it left"


# -- The order of the featured ---------------------------------------------------


def featured(house: House) -> list[str]:
    with house.site.database.reading() as session:
        lines = featuring.listed(session, letter_id=letter_id(house))
    return [line.name for line in lines if line.name.startswith("Paula")]


def test_the_featured_are_put_in_order(house: House) -> None:
    olga = organiser(house)
    actor = f"organiser:{olga}"
    rows = {}
    for name in ("Paula A", "Paula B", "Paula C"):
        rows[name] = signed(house, name)
        review(house, rows[name], olga)
        with house.writing() as session:
            featuring.feature(
                session, signature_id=rows[name].id, actor=actor, now=db.now()
            )
    with house.site.database.reading() as session:
        before = len(featuring.listed(session, letter_id=letter_id(house))) - 3
    lines = len(house.ask(select(Record.id)))
    assert featured(house) == ["Paula A", "Paula B", "Paula C"]
    for name, to, order in (
        ("Paula C", before + 1, ["Paula C", "Paula A", "Paula B"]),
        ("Paula C", 99, ["Paula A", "Paula B", "Paula C"]),
        ("Paula B", -5, ["Paula B", "Paula A", "Paula C"]),
    ):
        with house.writing() as session:
            featuring.move(
                session, letter_id=letter_id(house), public_id=rows[name].public_id,
                to=to, actor=actor, now=db.now(),
            )  # fmt: skip
        assert featured(house) == order
    assert len(house.ask(select(Record.id))) == lines + 3
    house.check()


def test_one_who_is_not_featured_has_no_place(house: House) -> None:
    row = signed(house, "Paula A")
    with pytest.raises(NotAllowed), house.writing() as session:
        featuring.move(
            session, letter_id=letter_id(house), public_id=row.public_id, to=1,
            actor="organiser:1", now=db.now(),
        )  # fmt: skip


def test_one_question_at_a_time_in_the_database_too(house: House) -> None:
    row, olga = signed(house, "Paula Figure", public_figure="yes"), organiser(house)
    ask(house, row, olga)
    with pytest.raises(IntegrityError), house.writing() as session:
        session.execute(
            insert(db.table(EvidenceRequest)),
            {"signature_id": row.id, "kind": "call", "asked_by": olga,
             "asked_at": db.now(), "deadline": db.now()},
        )  # fmt: skip
