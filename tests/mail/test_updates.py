"""Updates: to whom, in what order and how fast, and what stops one on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert, select, update

from app import db
from app.domain import (
    lifecycle,
    lifecycle_consents,
    mailing_moves,
    mailing_walk,
    outgoing,
    record,
)
from app.domain.mailing_walk import Pace
from app.domain.mailings import NotNow
from app.mail import outbox, updates
from app.models import MailingState, Outbox, OutboxKind, Record, Signature
from tests.house import House, message
from tests.mail.news import (
    PACE,
    address,
    analyse,
    do,
    draft,
    pass_by,
    plan,
    readers,
    send_all,
    shown,
    started,
    turn,
)
from tests.mail.work import row as newest_row
from tests.servers.behaviours import GREYLISTED, NO_SUCH_USER
from tests.work.labour import people

REJECT = {"reason": "fake", "fake": False}


def test_each_who_wishes_gets_one_mail_and_nobody_else(house: House) -> None:
    readers(house, 30)
    people(house, 5)
    readers(house, 1, state="held", hold_reasons="by_hand", address_domain="no.test")
    public_id = started(house)
    mails = send_all(house)
    assert Counter(mail.recipients[0] for mail in mails) == Counter(
        address(n) for n in range(30)
    )
    done = shown(house, public_id)
    assert (done.state, done.sent, done.total, done.left) == ("done", 30, 30, 0)
    assert turn(house) == 0, "nobody is written to twice"


def test_who_signs_after_it_began_has_the_next_one(house: House) -> None:
    readers(house, 2)
    started(house)
    later = readers(house, 1, address_domain="later.test")
    assert len(send_all(house)) == 2
    asked = select(Outbox.id).where(Outbox.signature_id.in_(later))
    assert house.ask(asked) == []


def test_mails_leave_at_the_pace_that_is_set(house: House) -> None:
    readers(house, 60)
    public_id = started(house)
    pace = Pace(per_minute=60, per_domain=60)
    asked = [turn(house, pace)]
    # Within a turn they are spread over it.
    due = [at for (at,) in house.ask(select(Outbox.due_at).order_by(Outbox.id))]
    assert {after - before for before, after in pairwise(due)} == {timedelta(seconds=1)}
    for _ in range(7):
        pass_by(seconds=10)
        house.deliver()
        asked.append(turn(house, pace))
    assert asked == [10] * 6 + [0, 0]
    assert len(house.sink.mails) == 60
    assert shown(house, public_id).state is MailingState.DONE


def test_a_mail_domain_gets_no_more_than_its_part_of_a_minute(house: House) -> None:
    readers(house, 40, address_domain=lambda n: "crowd.test" if n < 30 else f"{n}.test")
    started(house)
    pace = Pace(per_minute=240, per_domain=60)
    by_turn = []
    for _ in range(4):
        turn(house, pace)
        pass_by(seconds=10)
        by_turn.append(len(house.deliver()))
    # Ten of the crowd in a turn, and once they have had theirs all the others at once.
    assert by_turn[:3] == [10, 10, 20], by_turn


def test_what_somebody_waits_for_overtakes_every_update(house: House) -> None:
    (reader,) = readers(house, 1)
    now = db.now()
    with house.writing() as session:
        session.execute(
            insert(db.table(Outbox)),
            [
                outgoing.new_mail(OutboxKind.UPDATE, now - timedelta(hours=1))
                | {"signature_id": reader, "number": n + 1000, "priority": 1}
                for n in range(50_000)
            ],
        )
    analyse(house, "outbox")
    assert house.sign(email="waits@example.org").status_code == 303
    with house.statements_with_values() as said, house.writing() as session:
        claims = outbox.claim(session, now=db.now(), lease=timedelta(minutes=2))
    kinds = [claimed.kind for claimed in claims]
    assert kinds == ["confirm"] + ["update"] * outbox.UPDATES_AT_ONCE
    # However many wait, a claim reads the first few of each priority in their order.
    claimed = [one for one in said if one[0].startswith("UPDATE outbox")]
    assert len(claimed) == 2
    for one in claimed:
        found = plan(house, *one)
        assert "ix_outbox_due" in found, found
        for slow in ("SCAN outbox", "Seq Scan", "TEMP B-TREE", "Sort"):
            assert slow not in found, found


def test_the_walk_reads_along_those_who_wish(house: House) -> None:
    people(house, 3000)
    readers(house, 100)
    started(house)
    analyse(house, "signature")
    with house.statements_with_values() as said:
        turn(house)
    (asked,) = [one for one in said if "signature.address_domain" in one[0]]
    found = plan(house, *asked)
    assert "ix_signature_updates" in found, found


def test_a_pause_withholds_what_was_asked_for_already(house: House) -> None:
    readers(house, 20)
    public_id = started(house)
    assert turn(house) == 20
    pass_by(seconds=20)
    with house.app.app_context():
        assert 0 < house.postman.deliver() <= outbox.UPDATES_AT_ONCE
    first = list(house.sink.mails)
    do(house, mailing_moves.pause, public_id)
    assert house.deliver() == []
    assert turn(house) == 0
    pass_by(hours=1)
    assert house.deliver() == []
    assert shown(house, public_id).left == 20 - len(first)
    do(house, mailing_moves.resume, public_id)
    rest = send_all(house)
    everybody = Counter(mail.recipients[0] for mail in [*first, *rest])
    assert everybody == Counter(address(n) for n in range(20))
    assert shown(house, public_id).state is MailingState.DONE


def test_a_stop_is_an_end_and_what_was_asked_for_is_withheld(house: House) -> None:
    readers(house, 20)
    public_id = started(house)
    assert turn(house, Pace(60, 60)) == 10
    do(house, mailing_moves.stop, public_id)

    def figures() -> tuple[str, int, int, int]:
        stopped = shown(house, public_id)
        return (stopped.state, stopped.sent, stopped.withheld, stopped.left)

    # Those whose mail waited, and those to whom it had not come: at once, and for good.
    assert figures() == ("stopped", 0, 20, 0)
    pass_by(seconds=20)
    assert house.deliver() == []
    assert figures() == ("stopped", 0, 20, 0)
    with pytest.raises(NotNow):
        do(house, mailing_moves.resume, public_id)


def _unsubscribe(house: House, signature_id: int) -> None:
    with house.writing() as session:
        lifecycle_consents.want_updates(
            session, signature_id=signature_id, wanted=False, now=db.now()
        )


def _move(verb: Callable[..., object], **more: object) -> Callable[[House, int], None]:
    def move(house: House, signature_id: int) -> None:
        with house.writing() as session:
            verb(session, signature_id=signature_id, now=db.now(),
                 **{"actor": record.SIGNATORY, **more})  # fmt: skip

    return move


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(_unsubscribe, id="unsubscribed"),
        pytest.param(_move(lifecycle.withdraw), id="withdrawn"),
        pytest.param(_move(lifecycle.erase), id="erased"),
        pytest.param(_move(lifecycle.hold, reason="look"), id="held"),
        pytest.param(_move(lifecycle.reject, **REJECT), id="rejected"),
    ],
)
def test_who_left_between_asking_and_sending_gets_none(
    house: House, leave: Callable[[House, int], None]
) -> None:
    leaver, stayer = readers(house, 2)
    public_id = started(house)
    assert turn(house) == 2
    leave(house, leaver)
    pass_by(seconds=20)
    updates = [m for m in house.deliver() if "minister" in m.message["Subject"]]
    assert [mail.recipients[0] for mail in updates] == [address(1)]
    assert shown(house, public_id).withheld == 1
    states = select(Outbox.signature_id, Outbox.state).where(Outbox.kind == "update")
    assert sorted(map(tuple, house.ask(states))) == sorted(
        [(leaver, "void"), (stayer, "sent")]
    )


def test_what_a_provider_refuses_is_counted_and_stops_nobody(house: House) -> None:
    readers(house, 3)
    house.sink.refused[address(1)] = NO_SUCH_USER
    public_id = started(house)
    assert len(send_all(house)) == 2
    done = shown(house, public_id)
    assert (done.sent, done.refused, done.left) == (2, 1, 0)


def test_while_the_relay_puts_us_off_no_more_is_asked_for(house: House) -> None:
    readers(house, 400)
    for number in range(400):
        house.sink.refused[address(number)] = GREYLISTED
    started(house)
    for _ in range(20):
        turn(house)
        pass_by(seconds=10)
    waiting = house.ask(select(Outbox.id).where(Outbox.kind == "update"))
    assert len(waiting) == 100, "one turn of them, and not all four hundred"


def test_who_is_put_off_for_ever_keeps_no_update_from_its_end(house: House) -> None:
    readers(house, 2)
    house.sink.refused[address(0)] = GREYLISTED
    public_id = started(house)
    for _ in range(updates.MOST_TRIES + 3):
        turn(house)
        pass_by(hours=5)
        house.deliver()
    turn(house)
    done = shown(house, public_id)
    assert (done.state, done.sent, done.withheld) == ("done", 1, 1)


def test_a_mailing_stopped_by_a_lost_consent_is_counted_once(house: House) -> None:
    (one,) = readers(house, 1)
    public_id = started(house)
    turn(house)
    _unsubscribe(house, one)
    for _ in range(3):
        house.deliver()
        pass_by(seconds=20)
        turn(house)
    assert shown(house, public_id).withheld == 1
    assert shown(house, public_id).state is MailingState.DONE


def test_a_lost_lease_counts_for_whoever_has_it(house: House) -> None:
    readers(house, 1)
    public_id = started(house)
    turn(house)
    lease = timedelta(minutes=2)
    with house.writing() as session:
        (slow,) = outbox.claim(session, now=db.now(), lease=lease)
    with house.writing() as session:
        (quick,) = outbox.claim(session, now=db.now() + 2 * lease, lease=lease)
    with house.writing() as session:
        assert not outbox.sent(session, [slow], answer="250", now=db.now())
        assert outbox.sent(session, [quick], answer="250", now=db.now())
    assert slow.message_id == quick.message_id
    assert shown(house, public_id).sent == 1


def test_a_consent_is_kept_with_its_time_and_wording(house: House) -> None:
    (one,) = readers(house, 1)
    ((public_id,),) = house.ask(select(Signature.public_id).where(Signature.id == one))
    _unsubscribe(house, one)
    _unsubscribe(house, one)
    with house.writing() as session:
        assert lifecycle_consents.want_updates(
            session, signature_id=one, wanted=True, now=db.now()
        )
    said = house.ask(
        select(Record.verb, Record.after, Record.at).where(Record.subject == public_id)
    )
    assert [(verb, after) for verb, after, _ in said] == [
        ("updates.stop", None),
        ("updates.want", "2026-11"),
    ]


def test_who_is_erased_cannot_be_written_to_again(house: House) -> None:
    (one,) = readers(house, 1)
    _move(lifecycle.erase)(house, one)
    with house.writing() as session:
        assert not lifecycle_consents.want_updates(
            session, signature_id=one, wanted=True, now=db.now()
        )


def test_a_row_that_is_broken_stops_nobody(house: House) -> None:
    first, second = readers(house, 2)
    with house.writing() as session:
        session.execute(
            update(db.table(Signature))
            .where(Signature.id == first)
            .values(address_sealed=b"broken")
        )
    public_id = started(house)
    assert [mail.recipients[0] for mail in send_all(house)] == [address(1)]
    done = shown(house, public_id)
    assert (done.state, done.sent, done.withheld) == ("done", 1, 1)
    assert second


def test_a_test_mail_goes_to_who_asks_alone(house: House) -> None:
    readers(house, 3)
    olga = house.organiser("owner")
    public_id = draft(house)
    for language in ("de", "en", "en"):
        do(house, mailing_moves.test, public_id, language=language,
           organiser_id=olga.id)  # fmt: skip
    mails = house.deliver()
    assert [mail.recipients for mail in mails] == [(olga.email,)] * 3
    assert message(mails[0])["Subject"] == "[Test] Wir trafen die Ministerin"
    assert message(mails[1])["Subject"] == "[Test] We met the minister"
    assert newest_row(house).organiser_id == olga.id
    assert shown(house, public_id).sent == 0
    with pytest.raises(NotNow):
        do(house, mailing_moves.test, public_id, language="fr", organiser_id=olga.id)


def test_two_updates_at_once_each_reach_everybody_once(house: House) -> None:
    readers(house, 25)
    first, second = started(house), started(house)
    mails = send_all(house, PACE)
    assert Counter(mail.recipients[0] for mail in mails) == Counter(
        {address(n): 2 for n in range(25)}
    )
    assert {shown(house, one).sent for one in (first, second)} == {25}
    assert not timedelta(seconds=1) > mailing_walk.TURN
