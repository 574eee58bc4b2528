"""The pages of imports over HTTP: uploaded, mapped, checked, taken in, taken back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from app.models import Import, ImportPart, Record
from tests.house import SLUG, House, later, link
from tests.organising.people import Signed
from tests.organising.room import HERE
from tests.work.labour import finish

IMPORTS = f"{HERE}/imports"
SOURCE = "On paper, in Lyon"
FILE = (
    "Vollständiger Name;Arbeitgeber;E-Mail;Bereich\r\n"
    "Ada Ahlers;University of X;ada@example.org;academia\r\n"
    "Béa Brun;University of Y;;Akademia\r\n"
    "www.example.org;;;\r\n"
    "Cleo Curie;;cleo@@example;academia\r\n"
    "Dora Dietz;University of Z;;academia\r\n"
    "Dora Dietz;University of Z;;academia\r\n"
).encode()


def uploaded(who: Signed, content: bytes = FILE, source: str = SOURCE) -> str:
    answer = who.upload(IMPORTS, content, {"source": source})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def chosen(page: str) -> dict[str, str]:
    """What the selects of the columns stand at."""
    return {
        field: (re.findall(r'value="(\d*)" selected', options) or [""])[0]
        for field, options in re.findall(
            r'<select id="m-(\w+)".*?>(.*?)</select>', page, re.DOTALL
        )
    }


def figure(page: str, label: str) -> int:
    found = re.search(
        rf"<dt>{label}</dt><dd class=\"count\"><strong>([\d,]+)</strong>", page
    )
    assert found, label
    return int(found[1].replace(",", ""))


def test_ella_takes_a_file_in_and_takes_it_back(house: House) -> None:
    ella = house.organiser("editor")
    there = uploaded(ella)
    page = ella.get(there).text
    assert "Vollständiger Name" in page
    assert "Béa Brun" in page
    assert "Taking in" not in page
    mapping = chosen(page)
    assert mapping == {
        "name": "0", "affiliation": "1", "email": "2", "sector": "3",
        "title": "", "country": "", "statement": "",
    }  # fmt: skip
    assert ella.post(f"{there}/check", mapping).status_code == 303
    assert "data-runs" in ella.get(there).text
    assert ella.post(f"{there}/check", mapping).status_code == 409
    finish(house)
    page = ella.get(there).text
    assert figure(page, "in order") == 2
    assert figure(page, "with something wrong: left out") == 3
    assert figure(page, "that repeat another") == 1
    assert figure(page, "with an address") == 1
    rows = re.findall(r'<th class="number" scope="row">(\d+)</th><td>(.*?)</td>', page)
    assert rows == [
        ("3", "Sector"), ("4", "Name"), ("5", "Email address"), ("7", "The whole row"),
    ]  # fmt: skip
    assert "Ada Ahlers" not in house.fresh(f"/letters/{SLUG}/signatories").text

    assert ella.post(f"{there}/run").status_code == 303
    finish(house)
    page = ella.get(there).text
    assert figure(page, "taken in as collected") == 2
    assert figure(page, "left out") == 4
    letter = house.fresh(f"/letters/{SLUG}/signatories").text
    assert "Ada Ahlers" in letter
    assert "Dora Dietz" in letter
    assert house.numbers()["confirmed"] == 0
    # What was uploaded is gone.
    assert house.ask(select(func.count()).select_from(ImportPart)) == [(0,)]
    assert SOURCE in ella.get(IMPORTS).text

    assert ella.post(f"{there}/undo").status_code == 303
    finish(house)
    assert figure(ella.get(there).text, "taken back and erased") == 2
    assert "Ada Ahlers" not in house.fresh(f"/letters/{SLUG}/signatories").text
    verbs = [verb for (verb,) in house.ask(select(Record.verb).order_by(Record.id))]
    assert [verb for verb in verbs if verb.startswith("import.")] == [
        "import.upload", "import.check", "import.run", "import.collect",
        "import.undo", "import.withdraw",
    ]  # fmt: skip


def test_who_has_an_address_is_asked_and_counts_when_they_confirm(house: House) -> None:
    ella = house.organiser("editor")
    there = uploaded(ella)
    ella.post(f"{there}/check", chosen(ella.get(there).text))
    finish(house)
    page = ella.get(there).text
    assert "Ask those with an address to confirm" in page
    assert (
        ella.post(f"{there}/run", {"asks": "yes", "repeats": "yes"}).status_code == 303
    )
    finish(house)
    page = ella.get(there).text
    assert figure(page, "asked by mail to confirm") == 1
    assert figure(page, "taken in as collected") == 2
    later(minutes=1)
    (mail,) = house.deliver()
    assert mail.recipients == ("ada@example.org",)
    assert house.post(link(mail, "confirm"), {"action": "confirm"}).status_code == 200
    assert house.numbers()["confirmed"] == 1


def test_columns_are_told_otherwise_and_a_wrong_choice_is_kept(house: House) -> None:
    ella = house.organiser("editor")
    there = uploaded(ella)
    for wrong in (
        {"name": ""},
        {"name": "1", "affiliation": "1"},
        {"name": "99"},
        {"affiliation": "2", "name": "x"},
    ):
        answer = ella.post(f"{there}/check", wrong)
        assert answer.status_code == 400
        assert "Say which column holds the name" in answer.text
        for field, value in chosen(answer.text).items():
            said = wrong.get(field, "")
            assert value == (said if said.isdecimal() and int(said) < 4 else "")
    assert ella.post(f"{there}/run").status_code == 409
    assert ella.post(f"{there}/check", {"name": "0"}).status_code == 303
    finish(house)
    assert figure(ella.get(there).text, "in order") == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"Name\r\n", "There is no row below the names of the columns."),
        (b'Name\r\n"Ada\r\nBea\r\n', "A quotation mark is not closed, in row 2"),
        ("Name\r\nAda\r\n".encode("utf-16"), "save it as “CSV UTF-8”"),
        (b"PK\x03\x04 a workbook", "This is no text"),
        (b"%PDF\x00", "This is no text"),
        (b",".join([b"a"] * 20_000) + b"\r\nAda\r\n", "more than 100 columns"),
        (b"Name\r\n" + b"Ada\r\n" * 100_001, "more than 100,000 rows"),
        (b"Name\r\n" + b"a" * (10 * 1024 * 1024), "larger than 10 MB"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_file_that_is_none_is_told_so_and_the_source_kept(
    house: House, content: bytes, said: str
) -> None:
    ella = house.organiser("editor")
    answer = ella.upload(IMPORTS, content, {"source": SOURCE})
    assert answer.status_code == 400
    assert said in answer.text
    assert f'value="{SOURCE}"' in answer.text
    assert house.ask(select(func.count()).select_from(Import)) == [(0,)]


def test_a_source_that_cannot_be_published_is_told_so(house: House) -> None:
    ella = house.organiser("editor")
    for source in ("", "see www.example.org", "from ada@example.org", "x" * 201):
        answer = ella.upload(IMPORTS, FILE, {"source": source})
        assert answer.status_code == 400
        assert 'id="source-error"' in answer.text
    uploaded(ella)
    there = uploaded(ella, FILE + b"Eve Egg;;;\r\n", "Another")
    ella.post(f"{there}/check", chosen(ella.get(there).text))
    finish(house)
    ella.post(f"{there}/run")
    finish(house)
    answer = ella.upload(IMPORTS, FILE, {"source": "Another"})
    assert answer.status_code == 409
    assert "say what differs" in answer.text


def test_a_file_is_wiped_stopped_or_belongs_to_another_letter(house: House) -> None:
    ella = house.organiser("editor")
    there = uploaded(ella)
    assert ella.post(f"{there}/stop").status_code == 409
    assert ella.post(f"{there}/undo").status_code == 409
    assert ella.post(f"{there}/drop").status_code == 303
    page = ella.get(there).text
    assert "nothing of it was taken in" in page
    assert "Check the rows" not in page
    assert ella.post(f"{there}/check", {"name": "0"}).status_code in (400, 409)
    other = uploaded(ella, source="Stopped")
    ella.post(f"{other}/check", {"name": "0"})
    assert ella.post(f"{other}/stop").status_code == 303
    finish(house)
    assert "stopped" in ella.get(other).text
    for wrong in ("x" * 23, "no%00thing", "nothing"):
        assert ella.get(f"{IMPORTS}/{wrong}").status_code == 404
    assert ella.get(f"{there}?after=x").status_code == 400
    assert ella.get(f"{there}?after={'9' * 18}").status_code == 200
    assert ella.get(f"{IMPORTS}?before=x").status_code == 400
