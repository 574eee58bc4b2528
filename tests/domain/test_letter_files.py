"""A letter's folder with a fault in it is refused with file, line and field."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from app.domain import letter_files
from app.domain.letter_files import LetterFileError
from tests.house import EXAMPLE, House
from tests.letters import rows


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


# What is changed, for what, and which line and field are named with which words.
BAD: dict[str, tuple[str, str, str, str]] = {
    "syntax": ('slug = "deepfakes"', "slug = deepfakes", "line 9", "Invalid value"),
    "no slug": ("slug =", "snail =", "slug", "is missing"),
    "bad slug": ('"deepfakes"', '"Deep fakes"', "slug", "may hold a to z"),
    "wrong type": ("example = true", 'example = "yes"', "example", "true or false"),
    "number": ("statement = true", "statement = 1", "statement", "true or false"),
    "no zone": ("2024-02-21T00:00:00Z", "2024-02-21T00:00:00", "published", "zone"),
    "a day": ("2024-02-21T00:00:00Z", "2024-02-21", "published", "a time such as"),
    "word": ('"optional" ', '"perhaps" ', "country", "one of no, optional, required"),
    "headline": ('"confirmed" ', '"largest" ', "headline", "must be one of"),
    "pale": ("#8a1f2d", "#ffe0a0", "accent", "too pale"),
    "no colour": ("#8a1f2d", "crimson", "accent", "#rrggbb"),
    "language": ('default_language = "en"', 'default_language = "it"',
                 "default_language", "[languages.it]"),
    "no contact": ("contact =", "kontakt =", "organiser.contact", "is missing"),
    "bad contact": ("letter@example.org", "letter at home", "organiser.contact",
                    "not a mail address"),
    "empty title": ('"Three laws against harmful deepfakes"', '" "',
                    "languages.en.title", "is empty"),
    "long title": ("Three laws against harmful deepfakes", "x" * 201,
                   "languages.en.title", "longer than 200"),
    "no language": ("[languages.de]", "[languages.klingon]",
                    "languages.klingon.title", "no language code"),
    "no file": ('"de.md"', '"nowhere.md"', "languages.de.file", "cannot read"),
    "outside": ('"de.md"', '"../de.md"', "languages.de.file", "own folder"),
    "absolute": ('"de.md"', '"/etc/hostname"', "languages.de.file", "own folder"),
    "reserved": ('key = "ai"', 'key = "other"', "sectors#1.key", "reserved"),
    "doubled": ('key = "academia"', 'key = "ai"', "sectors#2.key", "doubled"),
    "no label": (', fr = "Politique"', "", "sectors#4.labels", "no text for fr"),
    "no sector": ('sector = "politics"', 'sector = "trade"',
                  "collected.signatories#1.sector", "no sector trade"),
    "below 0": ("771", "-1", "collected#1.without_names", "less than 0"),
    "no source": ("source =", "origin =", "collected#1.source", "is missing"),
    "featured": ('evidence = "press report, February 2024"', "",
                 "collected.signatories#1.featured", "only with evidence"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field", "words"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_line_and_field(
    folder: Path, old: str, new: str, field: str, words: str
) -> None:
    before = (folder / "letter.toml").read_text(encoding="utf-8")
    change(folder, old, new)
    with pytest.raises(LetterFileError) as caught:
        letter_files.read(folder)
    said = str(caught.value)
    assert said.startswith(f"{folder / 'letter.toml'}")
    assert field in said
    assert words in said
    found = re.search(r"line (\d+)", said)
    assert found is not None, said
    expected = before[: before.index(old)].count("\n") + 1
    # What is missing has no line of its own: then its table's is named.
    assert words == "is missing" or expected - 2 <= int(found[1]) <= expected + 2


def test_closing_before_opening_is_named(folder: Path) -> None:
    change(folder, "# opens = 2024", "opens = 2031")
    change(folder, "# closes", "closes")
    with pytest.raises(LetterFileError, match=r"line 15, closes: lies before"):
        letter_files.read(folder)


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "de.md").write_bytes("Für alle".encode("latin-1"))
    with pytest.raises(LetterFileError, match=r"line \d+, languages\.de\.file"):
        letter_files.read(folder)
    (folder / "de.md").write_text(" \n")
    with pytest.raises(LetterFileError, match=r"de\.md, line 1: the text is empty"):
        letter_files.read(folder)
    (folder / "letter.toml").write_bytes("slug = 'für'".encode("latin-1"))
    with pytest.raises(LetterFileError, match=r"letter\.toml.*not UTF-8"):
        letter_files.read(folder)
    (folder / "letter.toml").unlink()
    with pytest.raises(LetterFileError, match="there is no such file"):
        letter_files.read(folder)


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("What lies elsewhere on this machine.")
    (folder / "de.md").unlink()
    (folder / "de.md").symlink_to(secret)
    with pytest.raises(LetterFileError, match=r"languages\.de\.file"):
        letter_files.read(folder)


@pytest.mark.parametrize(
    "bad",
    ["languages = 1", "sectors = 1", "sectors = [1]", "collected = [1]",
     "organiser = 1", "languages = { en = 1 }"],
)  # fmt: skip
def test_a_file_of_the_wrong_shape_is_refused_in_words(folder: Path, bad: str) -> None:
    key = bad.partition(" ")[0]
    text = (folder / "letter.toml").read_text(encoding="utf-8")
    tables = re.compile(rf"^\[+{key}\b[^\n]*\]\n(?:(?!\[).*\n?)*", re.MULTILINE)
    (folder / "letter.toml").write_text(f"{bad}\n{tables.sub('', text)}")
    with pytest.raises(LetterFileError, match=rf"line \d+, {key}"):
        letter_files.read(folder)


def test_the_command_names_file_line_and_field(house: House, folder: Path) -> None:
    change(folder, "#8a1f2d", "#ffe0a0")
    before = rows(house)
    result = house.app.test_cli_runner().invoke(args=["letter", "load", str(folder)])
    assert result.exit_code == 1
    assert re.fullmatch(
        rf"Error: {re.escape(str(folder))}/letter\.toml, line 12, accent: .*\n",
        result.stderr,
    )
    assert rows(house) == before
