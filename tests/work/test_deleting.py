"""A deleted letter leaves no row in any table, whatever was done with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from app import db
from app.domain import (
    backlog,
    blocked_names,
    chores,
    desk,
    disputes,
    ending,
    hold_rules,
    invitations,
    mailing_moves,
    mailings,
    previews,
    record,
    sectors,
    snapshots,
    switches,
    unveiling,
    watch_lists,
)
from app.domain.conditions import Conditions
from app.models import (
    Base,
    Bounce,
    Bouncing,
    DisputeKind,
    FactorReset,
    Letter,
    Logo,
    MailDomain,
    MailFigure,
    MailingKind,
    Outbox,
    Pdf,
    RequestKind,
    Role,
    Signature,
    Submission,
)
from tests.house import SLUG, House
from tests.letters import another_letter, sign_letter
from tests.organisers import at_desk, hand, invitation, organiser, signed
from tests.work.imported import FILE, check, run, upload
from tests.work.labour import ACTOR, finish, letter_id, people
from tests.work.test_cases import run as run_case


def hanging() -> set[Table]:
    """Every table whose rows belong to a letter, directly or by what they point to."""
    found = {db.table(Letter)}
    tables = Base.metadata.sorted_tables
    while more := {
        table
        for table in tables
        if table not in found
        and (
            "letter_id" in table.c
            or any(key.column.table in found for key in table.foreign_keys)
        )
    }:
        found |= more
    return found


def filled(house: House) -> dict[str, int]:
    """How many rows the tables of letters hold."""
    with house.site.database.reading() as session:
        return {
            table.name: number
            for table in hanging()
            if (number := session.scalar(select(func.count()).select_from(table)))
        }


def live(house: House) -> None:
    """Do with the letter what can be done with one."""
    which, now = letter_id(house), db.now()
    invitation(house)
    organiser(house, "Ella", Role.EDITOR)
    with house.writing() as session:
        watch_lists.add(session, letter_id=which, lines=["Ada Notable"], actor=ACTOR,
                        now=now)  # fmt: skip
    signed(house, "Ada Notable")
    row = signed(house, "Bea Ordinary")
    house.sign(email="cleo@example.org", name="Cleo Waiting")
    # Before the import asks people to confirm: its mails come one by one later.
    _work_at_the_desk(house, which)
    one = upload(house)
    check(house, one)
    finish(house)
    run(house, one, asks=True)
    finish(house)
    house.deliver()
    with house.writing() as session:
        disputes.file(
            session, keyring=house.site.keyring, letter_id=which, signature_id=row.id,
            kind=DisputeKind.NOT_ME, words="Not I.", contact="", network="192.0.2.1",
            now=now,
        )  # fmt: skip
        previews.make(session, letter_id=which, note="us", actor=ACTOR, now=now)
        news = mailings.create(session, letter_id=which, kind=MailingKind.UPDATE,
                               actor=ACTOR, now=now)  # fmt: skip
        mailings.save(session, letter_id=which, public_id=news, public=True,
                      texts={"en": ("News", "There is some.")}, actor=ACTOR,
                      now=now)  # fmt: skip
        mailing_moves.start(session, letter_id=which, public_id=news, actor=ACTOR,
                            now=now)  # fmt: skip
        snapshots.take(session, letter_id=which, actor=ACTOR, now=now)
        sectors.merge(session, letter_id=which, key="academia", into="politics",
                      actor=ACTOR, now=now)  # fmt: skip
        switches.freeze(session, letter_id=which, frozen=True, actor=ACTOR, now=now)
        unveiling.plan(session, letter_id=which, times=[now + timedelta(days=1)],
                       amount=5, actor=ACTOR, now=now)  # fmt: skip
        blocked_names.block(session, signature_id=row.id, now=now)
        hold_rules.save_institutions(
            session,
            letter_id=which,
            lines=["University of X = x.example"],
            actor=ACTOR,
            now=now,
        )
    run_case(house, Conditions(name="Ada *"))
    finish(house)
    house.fold()
    signed(house, "Dora Later")
    upload(house, source="Never gone on with")
    wrong = f"{FILE}www.example.org;;;\n"
    check(house, upload(house, wrong, source="With a line that nobody can take"))
    finish(house)
    with house.writing() as session:
        record.seal(session)
    check(house, upload(house, source="Being checked at the end"))


def _work_at_the_desk(house: House, which: int) -> None:
    """What organisers leave behind: locks, moves, questions, offers, figures."""
    now, olga = db.now(), organiser(house)
    disowned = house.confirm_link(name="Not Me", email="notme@example.org")
    house.post(disowned, {"action": "not_me"})
    row = signed(house, "Frida Figure", public_figure="yes", may_contact="yes")
    with at_desk(house, row, olga) as (session, hers):
        desk.ask(session, hers, kind=RequestKind.CALL, days=7)
    hand(house, row, olga)
    with house.writing() as session:
        rules = hold_rules.HoldRules(network_limit=9)
        hold_rules.save(session, letter_id=which, rules=rules, actor=ACTOR, now=now)
        invitations.invite(
            session, letter_id=which, email="otto@example.org", role=Role.VIEWER,
            organiser_id=olga, now=now,
        )  # fmt: skip
        backlog.look(session, now=now + timedelta(hours=2))
        rows: dict[type[Base], dict[str, Any]] = {
            FactorReset: {"organiser_id": olga, "due_at": now},
            Logo: {"hash": "0" * 32, "content": b"", "width": 2, "height": 2},
            Bouncing: {"signature_id": row.id, "status": "5.1.1", "since": now},
            MailDomain: {"domain": "example.org"},
            MailFigure: {"domain": "example.org", "hour": now, "submitted": 1,
                         "mailed": 1, "confirmed": 1},
            Pdf: {"language": "en", "revision": 0, "altered": 0, "version": "",
                  "hash": "0" * 32, "body": b"%PDF-"},
        }  # fmt: skip
        for model, values in rows.items():
            session.execute(insert(db.table(model)), {"letter_id": which, **values})
        mail = session.scalar(
            select(Outbox.id).where(Outbox.signature_id.is_not(None)).limit(1)
        )
        session.execute(
            insert(db.table(Bounce)),
            {"outbox_id": mail, "kind": "hard", "letter_id": which, "status": "5.1.1",
             "address_key": b"k" * 32, "at": now},
        )  # fmt: skip


def test_a_deleted_letter_leaves_nothing_in_any_table(house: House) -> None:
    live(house)
    before = filled(house)
    missing = {table.name for table in hanging()} - before.keys()
    assert missing == set(), "there is something of the letter in every table"
    with house.writing() as session:
        ending.delete(session, letter_id=letter_id(house), typed=SLUG, actor=ACTOR,
                      now=db.now())  # fmt: skip
    left = filled(house)
    # The slug stays taken; the record stays with its seals, and names nobody.
    assert left.keys() <= {"letter", "record", "seal"}, left
    finish(house)
    assert filled(house).keys() <= {"letter", "record", "seal"}, "nor does work go on"


def test_what_belongs_to_another_letter_stays(house: House) -> None:
    another_letter(house, "second")
    assert sign_letter(house, "second").status_code == 303
    before = filled(house)
    live(house)
    with house.writing() as session:
        ending.delete(session, letter_id=letter_id(house), typed=SLUG, actor=ACTOR,
                      now=db.now())  # fmt: skip
    left = filled(house)
    assert left["submission"] == before["submission"] == 1
    assert house.fresh("/letters/second").status_code == 200


def test_a_large_letter_is_gone_at_once_and_wiped_in_batches(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_BATCH", 40)
    manage = house.confirm(name="Mara Managing", email="mara@example.org")
    house.deliver()
    people(house, 150, affiliation="University of X")
    waiting = house.confirm_link(name="Wanda Waiting", email="wanda@example.org")
    another_letter(house, "second")
    other = sign_letter(house, "second", email="ole@example.org")
    assert other.status_code == 303
    assert house.sign(email="ugo@example.org", name="Ugo Unsent").status_code == 303
    with house.writing() as session:
        ending.delete(session, letter_id=letter_id(house), typed=SLUG, actor=ACTOR,
                      now=db.now())  # fmt: skip
    assert house.ask(select(Letter.wiped_at).where(Letter.slug == SLUG)) == [(None,)]
    assert house.fresh(f"/letters/{SLUG}").status_code == 404
    assert house.post(waiting, {"action": "confirm"}).status_code in (404, 410)
    assert house.fresh(manage).status_code < 500
    # Of the two mails that wait one is another letter's, and that one leaves.
    assert [mail.recipients for mail in house.deliver()] == [("ole@example.org",)]

    batches = 0
    with house.site.database.reading() as session:
        assert chores.waiting(session, now=db.now())
    while filled(house).get("signature"):
        with house.writing() as session:
            assert 0 < chores.do(session, now=db.now()) < 1000
        house.fold()
        batches += 1
    assert batches >= 3, "in one batch there would be no turn for others"
    for _ in range(3):
        with house.writing() as session:
            chores.do(session, now=db.now())
    with house.site.database.reading() as session:
        assert not chores.waiting(session, now=db.now())
    ((deleted,),) = house.ask(select(Letter.id).where(Letter.wiped_at.is_not(None)))
    left = house.ask(select(Submission.letter_id).union(select(Signature.letter_id)))
    assert deleted not in [row[0] for row in left]
    assert house.fresh("/letters/second").status_code == 200
