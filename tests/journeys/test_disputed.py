"""Somebody's name was signed by another: they say so, and Vera settles it."""

from __future__ import annotations

from app import db
from app.domain import organisers, record
from app.models import Role
from tests.house import SLUG, House
from tests.journeys.test_fakes import VERA, run, shown

BY = ("--by", VERA)


def test_a_disputed_notable_is_gone_until_vera_has_asked(house: House) -> None:
    with house.writing() as session:
        organisers.join(
            session,
            email=VERA,
            name="Vera",
            slug=SLUG,
            role=Role.VERIFIER,
            actor=record.SYSTEM,
            now=db.now(),
        )
    house.confirm(name="Yann LeCun", affiliation="Meta", statement="I am for it.")
    public_id = house.signatures()[0].public_id
    for verb in (
        ("verify", public_id, *BY, "--method", "call", "--evidence", "rang a number"),
        ("feature", public_id, *BY, "--rank", "50"),
    ):
        assert run(house, "signature", *verb).exit_code == 0
    assert "Yann LeCun" in shown(house)

    # He reads it in the paper, and says that he did not.
    said = {"action": "say", "kind": "not_me", "words": "I never did.", "contact": ""}
    path = f"/letters/{SLUG}/signatories/{public_id}/dispute"
    assert house.post(path, said).status_code == 303
    assert "Yann LeCun" not in shown(house)

    listed = run(house, "dispute", "list", "--letter", SLUG).output
    identifier, kind, held, disputed, name, words = listed.strip().split("\t")
    assert (kind, held, disputed) == ("not_me", "held", public_id)
    assert (name, words) == ("Yann LeCun", "I never did.")

    # It was he after all; but what he said is not what he wants printed.
    settle = ("dispute", "settle", identifier, *BY)
    assert run(house, *settle, "--as", "kept", "--reason", " ").exit_code == 1
    assert run(house, *settle, "--as", "kept", "--reason", "rang him").exit_code == 0
    assert "Yann LeCun" in shown(house)
    again = run(house, *settle, "--as", "removed", "--reason", "again")
    assert "No open dispute" in again.output
    hide = ("signature", "hide", public_id, *BY, "--part", "statement")
    assert run(house, *hide, "--reason", "he asked us").exit_code == 0
    after = shown(house)
    assert "Yann LeCun" in after
    assert "I am for it." not in after
    assert "was hidden" in after
    show = ("signature", "show", public_id, *BY, "--part", "statement")
    assert run(house, *show).exit_code == 0
    assert "I am for it." in shown(house)
    assert run(house, "dispute", "list", "--letter", SLUG).exit_code == 0


def test_a_fake_that_was_disputed_is_removed_and_told_of(house: House) -> None:
    with house.writing() as session:
        organisers.join(
            session,
            email=VERA,
            name="Vera",
            slug=SLUG,
            role=Role.VERIFIER,
            actor=record.SYSTEM,
            now=db.now(),
        )
    house.confirm(name="Xi Jinping", email="x@attacker.example")
    public_id = house.signatures()[0].public_id
    path = f"/letters/{SLUG}/signatories/{public_id}/dispute"
    house.post(path, {"action": "say", "kind": "not_them"})
    assert "Xi Jinping" in shown(house), "an ordinary line is looked at in turn"
    (identifier, *_rest) = run(house, "dispute", "list", "--letter", SLUG).output.split(
        "\t"
    )
    done = run(house, "dispute", "settle", identifier, *BY, "--as", "removed",
               "--reason", "not him")  # fmt: skip
    assert done.exit_code == 0
    after = shown(house)
    assert "Xi Jinping" not in after
    assert "1 signature was removed by the organisers." in after
    # It comes back in another spelling, and waits.
    house.confirm(name="Jinping X\u0456", email="y@attacker.example")
    assert house.signatures()[-1].hold_reasons == "rejected_before"
    assert "Jinping" not in shown(house)
