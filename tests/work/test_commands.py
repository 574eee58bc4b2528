"""`flask case`, `flask import` and `flask export`, as an operator types them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from click.testing import Result

from app import db
from app.domain import organisers
from app.models import Role
from tests.house import SLUG, House
from tests.work.labour import ACTOR, finish, people

ME = "olga@example.org"


@pytest.fixture(autouse=True)
def olga(house: House) -> None:
    """Olga owns the letter."""
    with house.writing() as session:
        organisers.join(
            session, email=ME, name="Olga", slug=SLUG, role=Role.OWNER, actor=ACTOR,
            now=db.now(),
        )  # fmt: skip


def flask(house: House, *arguments: str, fine: bool = True) -> Result:
    result = house.app.test_cli_runner().invoke(args=[*arguments, "--letter", SLUG])
    assert (result.exit_code == 0) == fine, result.output
    assert "Traceback" not in result.output
    return result


def test_a_case_from_its_preview_to_its_undoing(house: House) -> None:
    people(house, 3, name=lambda n: f"Eve {n}")
    people(house, 2)
    seen = flask(house, "case", "preview", "--name", "eve *").output
    assert seen.endswith("3 signatures\n")
    assert "Eve 2, University of X\tcounted" in seen
    begun = flask(
        house, "case", "run", "--name", "eve *", "--reason", "Made up", "--by", ME
    ).output
    case = begun.partition(":")[0]
    finish(house)
    assert house.numbers()["confirmed"] == 2
    assert (
        "Made up\tdone 100 % moved 3 public 3\tundone: -"
        in flask(house, "case", "list").output
    )
    stop = flask(house, "case", "stop", case, "--by", ME)
    assert "nothing to stop" in stop.output
    flask(house, "case", "undo", case, "--by", ME)
    finish(house)
    assert house.numbers()["confirmed"] == 5
    assert "undone: done 100 % moved 3" in flask(house, "case", "list").output
    again = flask(house, "case", "undo", case, "--by", ME, fine=False)
    assert "not possible at this point" in again.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("case", "preview"), "at least one condition"),
        (("case", "run", "--reason", "x", "--by", ME), "at least one condition"),
        (("case", "run", "--name", "x", "--reason", " ", "--by", ME), "reason"),
        (
            ("case", "run", "--name", "x", "--reason", "<b>", "--by", ME),
            "cannot be published: markup",
        ),
        (
            ("case", "run", "--name", "x", "--reason", "x", "--by", "eve@example.org"),
            "may not do that",
        ),
        (("case", "undo", "nobody", "--by", ME), "none with this id"),
        (("import", "run", "nobody", "--by", ME), "none with this id"),
        (("import", "problems", "nobody"), "none with this id"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    house: House, arguments: tuple[str, ...], said: str
) -> None:
    assert said in flask(house, *arguments, fine=False).output


def test_an_import_from_the_file_to_its_undoing(house: House, tmp_path: Path) -> None:
    file = tmp_path / "lists.csv"
    file.write_text("Name;Town\nJane Doe;Bonn\nJohn Doe;Köln\n<b>;Ulm\n")
    before = house.numbers()
    told = flask(house, "import", "upload", str(file), "--source", "Paper", "--by", ME)
    assert "3 rows, utf-8; name: Name" in told.output
    one = told.output.partition(":")[0]
    finish(house)
    assert flask(house, "import", "problems", one).output == "row 4\tname\tmarkup\n"
    flask(house, "import", "run", one, "--by", ME)
    finish(house)
    assert house.numbers()["collected"] == before["collected"] + 2
    assert "run: done 100 % asked 0 collected 2 left_out 1" in (
        flask(house, "import", "list").output
    )
    late = flask(house, "import", "drop", one, "--by", ME, fine=False)
    assert "not possible at this point" in late.output
    assert "nothing to stop" in flask(house, "import", "stop", one, "--by", ME).output
    flask(house, "import", "undo", one, "--by", ME)
    finish(house)
    assert house.numbers() == before


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"PK\x03\x04", (), "cannot be read: not_text"),
        (b'Name\nx\n"open\n', (), "cannot be read: broken in row 3"),
        (b"Town\nBonn\n", (), "which column holds the name"),
        (b"A,B\nx,y\n", ("--column", "name=3"), "which column holds the name"),
        (b"A,B\nx,y\n", ("--column", "name"), "which column holds the name"),
        (b"Name\nx\n", ("--source", "<b>"), "source cannot be published: markup"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_a_sentence(
    house: House, tmp_path: Path, content: bytes, options: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "lists.csv"
    file.write_bytes(content)
    arguments = ("import", "upload", str(file), "--source", "Paper", *options)
    refused = flask(house, *arguments, "--by", ME, fine=False)
    assert said in refused.output


def test_an_export_into_a_file(house: House, tmp_path: Path) -> None:
    house.confirm(wants_updates="yes")
    file = tmp_path / "out.csv"
    flask(house, "export", str(file), "--by", ME)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        emails = {row["name"]: row["email"] for row in csv.DictReader(opened)}
    assert emails["Alice Example"] == "alice@example.org"
    flask(house, "export", str(tmp_path / "out.xlsx"), "--as", "xlsx", "--by", ME)
    assert (tmp_path / "out.xlsx").read_bytes().startswith(b"PK")
    said = house.app.test_cli_runner().invoke(args=["record", "seal"]).output
    assert re.match(r"\d+ [0-9a-f]{64}", said)
