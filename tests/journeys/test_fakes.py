"""A fake famous name never stands on the list: watch-list, verification, return."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from app import db
from app.domain import organisers, record
from app.models import Role
from tests.house import SLUG, House, later

VERA = "vera@example.org"


def run(house: House, *arguments: str) -> Result:
    """Run a `flask` command on the house."""
    return house.app.test_cli_runner().invoke(args=list(arguments))


@pytest.fixture
def staffed(house: House) -> House:
    """A house where Vera verifies."""
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
    return house


def shown(house: House) -> str:
    """Everything that the public can read of the letter, from a fresh process."""
    letter, api = f"/letters/{SLUG}", f"/api/v1/letters/{SLUG}"
    pages = (
        letter,
        f"{letter}/de",
        f"{letter}/signatories",
        f"{letter}/signatories.csv",
        f"{letter}/corrections",
        f"{letter}/corrections.atom",
        f"{api}/tally",
        f"{api}/signatories",
        f"{api}/corrections",
    )
    return "\n".join(house.fresh(page).text for page in pages)


@pytest.mark.parametrize(
    "spelling",
    [
        "Sam Altman",
        "\u0405am \u0410ltman",
        "S a m Altman",
        "Altman, Sam",
        "Sam Alt\u200bman",
        "Sam Altm\u0430n PhD",
    ],
)
def test_threat_3_look_alikes_of_a_watched_name_are_held(
    staffed: House, tmp_path: Path, spelling: str
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# targets\nSam Altman\nYann LeCun  # asked us\n\n")
    done = run(staffed, "watch-list", "import", str(names), "--letter", SLUG,
               "--by", VERA)  # fmt: skip
    assert done.output == f"2 names added to the list of {SLUG}\n"
    staffed.confirm(name=spelling, email="x@attacker.example.org")
    (row,) = staffed.signatures()
    assert (row.state, row.hold_reasons) == ("held", "watch_list")
    assert staffed.numbers()["confirmed"] == 0
    assert "ltman" not in shown(staffed)


def test_threat_3_a_namesake_that_only_sounds_alike_is_not_held(
    staffed: House, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Sam Altman\n")
    run(staffed, "watch-list", "import", str(names), "--by", VERA)
    staffed.confirm(name="Samantha Altmann")
    assert [row.state for row in staffed.signatures()] == ["counted"]


def test_the_same_list_twice_adds_nothing(staffed: House, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Sam Altman\nSAM  ALTMAN\n")
    arguments = ("watch-list", "import", str(names), "--by", VERA)
    first, second = run(staffed, *arguments), run(staffed, *arguments)
    assert first.stdout == "1 names added to the list of all letters\n"
    assert first.stderr == "line 2: twice: SAM  ALTMAN\n"
    assert second.stdout == "0 names added to the list of all letters\n"
    assert run(staffed, "watch-list", "list").output == "Sam Altman\n"


def test_threat_5_a_rejected_fake_returns_under_another_spelling_and_is_held(
    staffed: House,
) -> None:
    staffed.confirm(name="Ja Rule", email="one@example.org")
    (fake,) = staffed.signatures()
    done = run(staffed, "signature", "reject", fake.public_id, "--by", VERA,
               "--reason", "not the person", "--fake")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert staffed.numbers()["confirmed"] == 0
    later(minutes=2)
    staffed.confirm(name="J\u0430 Rul\u0435", email="two@example.org")
    assert [row.state for row in staffed.signatures()] == ["rejected", "held"]
    assert staffed.numbers()["confirmed"] == 0
    assert "Rul" not in shown(staffed)
    staffed.check()


def test_a_public_figure_is_released_verified_and_featured_by_hand(
    staffed: House,
) -> None:
    staffed.confirm(name="Yoshua Example", public_figure="yes")
    (row,) = staffed.signatures()
    assert row.state == "held"
    listed = run(staffed, "signature", "list", "--letter", SLUG)
    assert listed.output.startswith(f"{row.public_id}\tYoshua Example, Professor")
    too_early = run(staffed, "signature", "feature", row.public_id, "--by", VERA,
                    "--rank", "1")  # fmt: skip
    assert too_early.exit_code == 1
    assert "Not possible" in too_early.output
    for arguments in (
        ("verify", "--method", "call", "--evidence", "rang the institute"),
        ("release",),
        ("feature", "--rank", "1"),
    ):
        verb, *options = arguments
        done = run(staffed, "signature", verb, row.public_id, "--by", VERA, *options)
        assert done.exit_code == 0, done.output
    assert staffed.numbers() == {"confirmed": 1, "verified": 1, "collected": 778}
    page = staffed.fresh(f"/letters/{SLUG}").text
    notable = page.index("Notable signatories")
    assert notable < page.index("Yoshua Example") < page.index("Newest signatories")
    staffed.check()


def test_a_stranger_may_not_act_and_a_reason_is_required(staffed: House) -> None:
    staffed.confirm()
    (row,) = staffed.signatures()
    stranger = run(staffed, "signature", "hold", row.public_id, "--by",
                   "mallory@example.org", "--reason", "x")  # fmt: skip
    assert "may not do that" in stranger.output
    empty = run(staffed, "signature", "hold", row.public_id, "--by", VERA,
                "--reason", "  ")  # fmt: skip
    assert "A reason is required" in empty.output
    assert [found.state for found in staffed.signatures()] == ["counted"]
