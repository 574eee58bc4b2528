"""Letters as files and as pages: what loading changes, and who may see what when."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.domain import letter_files, letter_loading, record
from app.domain.letter_loading import Loaded
from app.domain.sectors import SectorInUse
from app.models import Letter, Record, TextVersion
from tests.house import EXAMPLE, SLUG, House, later
from tests.letters import rows

HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example letter's folder, to be changed."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "letter"))


def change(folder: Path, old: str, new: str, *, file: str = "letter.toml") -> None:
    """Put `new` where `old` stands first in a file of the letter."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def loaded(house: House, folder: Path) -> Loaded:
    """Load a folder; what that changed."""
    with house.writing() as session:
        return letter_loading.load(
            session,
            keyring=house.site.keyring,
            files=letter_files.read(folder),
            actor=record.SYSTEM,
            now=db.now(),
        )


def letter(house: House) -> Any:
    """The row of the letter."""
    return house.ask(select(Letter.__table__).where(Letter.slug == SLUG))[0]


def versions(house: House, language: str) -> list[tuple[int, str]]:
    """The numbers and sources of the text versions in a language."""
    found = house.ask(
        select(TextVersion.number, TextVersion.source)
        .where(TextVersion.language == language)
        .order_by(TextVersion.number)
    )
    return [(number, source) for number, source in found]


# -- Loading ------------------------------------------------------------------------


def test_the_same_folder_twice_changes_nothing(house: House) -> None:
    before, counted = letter(house), rows(house)
    later(hours=1)
    assert loaded(house, EXAMPLE) == Loaded(SLUG)
    assert (letter(house), rows(house)) == (before, counted)
    house.check()


def test_a_changed_wording_is_a_new_version_and_the_old_one_is_kept(
    house: House, folder: Path
) -> None:
    ((first, source),) = versions(house, "de")
    house.confirm(language="de")
    (before,) = house.signatures()
    revision = letter(house).revision
    (folder / "de.md").write_text("Ganz andere Worte.\n", encoding="utf-8")
    assert loaded(house, folder).changes == ["de text version 2 (material)"]
    assert versions(house, "de") == [(first, source), (2, "Ganz andere Worte.\n")]
    assert len(versions(house, "en")) == len(versions(house, "fr")) == 1
    assert letter(house).revision > revision
    assert house.signatures() == [before]
    assert "Ganz andere Worte." in house.fresh(f"/letters/{SLUG}/de").text
    last = select(Record.verb, Record.subject).order_by(Record.id.desc()).limit(1)
    assert house.ask(last) == [("letter.load", SLUG)]
    # Going back to the old words is a new version too: the past is not rewritten.
    assert loaded(house, EXAMPLE).changes == ["de text version 3 (material)"]
    assert [number for number, _ in versions(house, "de")] == [1, 2, 3]


def test_a_changed_heading_or_setting_is_no_new_version(
    house: House, folder: Path
) -> None:
    change(folder, "Three laws against", "Four laws against")
    change(folder, 'country = "optional"', 'country = "no"')
    assert loaded(house, folder).changes == ["en heading", "country_policy"]
    assert len(versions(house, "en")) == 1
    page = house.fresh(f"/letters/{SLUG}").text
    assert "Four laws against" in page
    assert 'name="country"' not in page


def test_a_language_can_go_and_its_versions_stay(house: House, folder: Path) -> None:
    text = (folder / "letter.toml").read_text(encoding="utf-8")
    text = re.sub(r"\[languages\.fr\].*?\n\n", "", text, flags=re.DOTALL)
    (folder / "letter.toml").write_text(text, encoding="utf-8")
    assert loaded(house, folder).changes[0] == "fr taken out"
    assert house.fresh(f"/letters/{SLUG}/fr").status_code == 404
    assert len(versions(house, "fr")) == 1
    assert "fr added" in loaded(house, EXAMPLE).changes
    assert len(versions(house, "fr")) == 1
    assert house.fresh(f"/letters/{SLUG}/fr").status_code == 200


def test_a_sector_in_use_is_not_taken_out(house: House, folder: Path) -> None:
    house.confirm(sector="ai")
    before, counted = letter(house), rows(house)
    change(folder, 'key = "ai"', 'key = "machines"')
    with pytest.raises(SectorInUse, match="sector ai has signatures"):
        loaded(house, folder)
    assert (letter(house), rows(house)) == (before, counted)


def test_the_command_says_which_sector_is_in_use(house: House, folder: Path) -> None:
    house.confirm(sector="ai")
    change(folder, 'key = "ai"', 'key = "machines"')
    result = house.app.test_cli_runner().invoke(args=["letter", "load", str(folder)])
    assert result.exit_code == 1
    said = result.stderr.strip()
    assert said.startswith(f"Error: {folder}/letter.toml, sectors: sector ai has")


def test_a_sector_nobody_chose_can_go_and_another_come(
    house: House, folder: Path
) -> None:
    change(folder, 'key = "ai"', 'key = "machines"')
    changes = loaded(house, folder).changes
    assert "sector ai taken out" in changes
    assert "sector machines" in changes
    tally = house.fresh(f"/api/v1/letters/{SLUG}/tally")
    keys = [s["key"] for s in json.loads(tally.text)["sectors"]]
    assert keys == [
        "machines", "academia", "entertainment", "politics", "other", "not_said",
    ]  # fmt: skip
    house.check()


def test_collected_signatures_are_taken_in_once(house: House, folder: Path) -> None:
    before = house.numbers()
    change(folder, "without_names = 771", "without_names = 780")
    assert loaded(house, folder).changes == ["collected without names: 780"]
    assert loaded(house, folder).changes == []
    assert house.numbers() == before | {"collected": before["collected"] + 9}
    house.check()
