"""Every state of every page as HTML: complete, valid, usable without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urldefrag, urlencode, urlsplit
from xml.etree.ElementTree import Element

import pytest

from app import problems
from app.i18n import speaks
from tests.browser.gallery import Gallery
from tests.browser.letters import STATEMENT
from tests.browser.pages import NOT_PAGES, TABLE, UNUSED, Row
from tests.pages import elements, text_of


@pytest.fixture(scope="module", params=TABLE, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Row:
    """Each state; a page that was made and parsed is judged in every way at once."""
    state: Row = request.param
    return state


letters = pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.endpoint == "signing.letter"],
    ids=lambda row: row.name,
)

# What a form may answer when it is sent as the page gives it: done, sent on, or told
# what is wrong with it. Never that there is no such address or no such way to use it.
ANSWERS = (200, 303, 400, 409, 410, 422)


def test_every_route_is_in_the_table(gallery: Gallery) -> None:
    rules = gallery.world.house.app.url_map.iter_rules()
    routes = {rule.endpoint for rule in rules}
    listed = {row.endpoint for row in TABLE} - {None}
    assert routes == listed | NOT_PAGES.keys()
    assert not listed & NOT_PAGES.keys()


def test_every_error_that_has_words_is_in_the_table() -> None:
    listed = {row.status for row in TABLE if row.endpoint is None}
    assert problems._WORDS.keys() == listed | UNUSED.keys()


def test_the_state_is_answered_by_its_route(gallery: Gallery, row: Row) -> None:
    shown = gallery.show(row)
    assert shown.code == row.status
    assert shown.header("Content-Type") == "text/html; charset=utf-8"
    assert shown.header("Set-Cookie") is None
    assert shown.root.get("lang") == speaks(row.language)
    if row.endpoint is not None:
        routes = gallery.world.house.app.url_map.bind("localhost")
        assert routes.match(shown.path, method=shown.method)[0] == row.endpoint


def test_the_page_is_valid_and_hangs_together(gallery: Gallery, row: Row) -> None:
    root, mended = gallery.show(row).parsed
    assert mended == []
    ids = [e.get("id") for e in elements(root) if e.get("id")]
    assert len(ids) == len(set(ids))
    assert len([e for e in elements(root) if e.tag == "h1"]) == 1
    assert text_of(next(e for e in elements(root) if e.tag == "title")).strip()
    named = {
        name
        for e in elements(root)
        for attribute in ("for", "aria-labelledby", "aria-describedby")
        for name in (e.get(attribute) or "").split()
    }
    assert named <= set(ids)
    levels = [int(e.tag[1]) for e in elements(root) if e.tag in ("h1", "h2", "h3")]
    assert all(b - a <= 1 for a, b in pairwise(levels)), levels


def test_the_page_needs_no_script(gallery: Gallery, row: Row) -> None:
    root = gallery.show(row).root
    routes = gallery.world.house.app.url_map.bind("localhost")
    for element in elements(root):
        if row.endpoint == "embeds.page" and element.tag in ("script", "iframe"):
            # For webmasters, who want to see the thing itself: ours, and nobody else's.
            assert (element.get("src") or "").startswith("/embed/")
            continue
        if element.tag == "script" and element.get("type") == "application/ld+json":
            # Data, which no browser runs.
            json.loads(element.text or "")
            continue
        assert element.tag not in ("script", "noscript", "iframe", "object")
        for attribute, value in element.attrib.items():
            assert not attribute.startswith("on"), attribute
            assert attribute != "style"
            assert not value.strip().lower().startswith("javascript:")
    for form in _forms(root):
        # What asks and changes nothing goes by GET, into the address.
        asks = form.get("role") == "search" or form.get("class") == "options"
        method = "get" if asks else "post"
        assert form.get("method") == method
        files = [e for e in elements(form) if e.get("type") == "file"]
        assert form.get("enctype") == ("multipart/form-data" if files else None)
        routes.match(urlsplit(form.get("action") or "").path, method=method.upper())
        assert _buttons(form)
        for field in elements(form):
            if field.tag in ("input", "select", "textarea"):
                assert field.get("name"), field.attrib


def test_every_link_leads_somewhere(gallery: Gallery, row: Row) -> None:
    shown = gallery.show(row)
    root = shown.root
    for link in elements(root):
        address, fragment = urldefrag(link.get("href") or "")
        if link.tag != "a" or address.startswith(("mailto:", "http://localhost")):
            continue
        target = shown.text
        if address.startswith("/"):
            target = _opened(gallery, address)
        else:
            assert address == "" or _of_the_letter(link), address
        if fragment:
            assert f' id="{fragment}"' in target


def test_every_form_is_understood(gallery: Gallery, row: Row) -> None:
    house = gallery.world.house
    for form in _forms(gallery.show(row).root):
        for button in _buttons(form):
            action, sent = form.get("action") or "", _sent(form, button)
            if form.get("method") == "get":
                answer = house.get(f"{action}?{urlencode(sent)}")
            else:
                answer = house.post(action, sent)
            assert answer.status_code in ANSWERS, (answer.status, button.attrib)


@letters
def test_the_letter_reads_in_order(gallery: Gallery, row: Row) -> None:
    """With style sheets off: title, text, numbers, form, names."""
    order = [
        e.get("id") or e.get("class") or e.tag
        for e in elements(gallery.show(row).root)
        if e.tag == "h1"
        or e.get("id") in ("letter", "numbers", "sign", "newest-title")
        or e.get("class") == "featured"
    ]
    featured = ["featured"] if "featured" in order else []
    expected = ["h1", "letter", "numbers", "sign", *featured, "newest-title"]
    assert order == expected


def test_what_has_changed_is_marked_and_reads_as_the_letter_does(
    gallery: Gallery,
) -> None:
    (row,) = (row for row in TABLE if row.name == "sign-changed-en")
    root = gallery.show(row).root
    texts = {
        tag: [text_of(e) for e in elements(root) if e.tag == tag]
        for tag in ("del", "ins", "p")
    }
    assert len(texts["del"]) == 1
    assert texts["ins"] == [f"{texts['del'][0]} {STATEMENT}", STATEMENT]
    assert (
        "Artificial intelligence: systems are manipulated and made to return false "
        "results." in texts["p"]
    )


def _forms(root: Element) -> list[Element]:
    return [e for e in elements(root) if e.tag == "form"]


def _buttons(form: Element) -> list[Element]:
    return [e for e in elements(form) if e.tag == "button"]


def _sent(form: Element, button: Element) -> dict[str, str]:
    """What a browser sends when this button of the form is pressed."""
    return dict([*_values(form), (button.get("name") or "", button.get("value") or "")])


def _values(form: Element) -> Iterator[tuple[str, str]]:
    for field in elements(form):
        name = field.get("name") or ""
        if field.tag == "textarea":
            yield name, text_of(field)
        elif field.tag == "select":
            chosen = [e for e in elements(field) if "selected" in e.attrib]
            yield name, (chosen[0].get("value") or "") if chosen else ""
        elif field.tag == "input" and (
            field.get("type") not in ("checkbox", "radio") or "checked" in field.attrib
        ):
            yield name, field.get("value") or ""


def _of_the_letter(link: Element) -> bool:
    """Whether the link is one that the letter's author has put into the text."""
    return "nofollow" in (link.get("rel") or "")


def _opened(gallery: Gallery, address: str) -> str:
    """The page behind a link of ours, followed once."""
    answer = gallery.world.house.get(address)
    if answer.status_code == 303:
        answer = gallery.world.house.get(answer.headers["Location"])
    # A link to a used link or an unknown code page would show as another status. The
    # worker, which this house has none of, makes the file to print when it is asked for.
    printed = address.partition("?")[0].endswith("/letter.pdf")
    assert answer.status_code == (503 if printed else 200), (address, answer.status)
    return "" if (answer.mimetype or "").startswith("image/") else answer.text
