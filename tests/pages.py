"""What the tests read out of a page: its elements, its fields, what it complains of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib


def parse(page: str) -> Element:
    """The page as a browser's parser (WHATWG HTML) understands it."""
    return html5lib.parse(page, namespaceHTMLElements=False)


def elements(root: Element) -> Iterator[Element]:
    """Every element, without the comments."""
    return (element for element in root.iter() if not callable(element.tag))


def text_of(element: Element) -> str:
    """All the text inside an element."""
    return "".join(element.itertext())


def by_id(root: Element, identifier: str) -> Element:
    """The one element with this id."""
    found = [e for e in elements(root) if e.get("id") == identifier]
    assert len(found) == 1, f"{len(found)} elements are called {identifier}"
    return found[0]


def of_class(root: Element, name: str) -> list[Element]:
    """The elements that carry this class."""
    return [e for e in elements(root) if name in (e.get("class") or "").split()]


def shape(root: Element) -> Counter[tuple[str, tuple[str, ...]]]:
    """Which elements there are, with the names of their attributes, how often each."""
    return Counter((e.tag, tuple(sorted(map(str, e.attrib)))) for e in elements(root))


def error(page: str, field: str) -> str | None:
    """What the page says is wrong with a field, once the field points at it."""
    root = parse(page)
    said = [e for e in elements(root) if e.get("id") == f"f-{field}-error"]
    if not said:
        return None
    assert any(
        f"f-{field}-error" in (e.get("aria-describedby") or "").split()
        for e in elements(root)
    ), f"{field} does not name its error"
    assert any(
        e.get("href") == f"#f-{field}" for e in elements(root) if e.tag == "a"
    ), f"the summary does not lead to {field}"
    return text_of(said[0])


def typed(page: str, field: str) -> str | bool:
    """What stands in a field; whether a box or a first radio button is ticked."""
    element = by_id(parse(page), f"f-{field}")
    if element.tag == "textarea":
        return text_of(element)
    if element.tag == "select":
        chosen = [e for e in elements(element) if "selected" in e.attrib]
        return (chosen[0].get("value") or "") if chosen else ""
    if element.get("type") in ("checkbox", "radio"):
        return "checked" in element.attrib
    return element.get("value") or ""
