"""Every state of every page in a real browser: axe, narrow screens, large targets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.gallery import Gallery
from tests.browser.pages import TABLE, Row
from tests.servers.browser import Window, axe

every_row = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
# A state in its first language, and not the same in others.
_FIRST = {row.name.rsplit("-", 1)[0]: row for row in reversed(TABLE)}

# What is pressed with a thumb: the elements that are too small, or too near to count.
# A link inside a sentence is as high as its line (WCAG 2.2, success criterion 2.5.8),
# and a box or a radio button is pressed by its label as well.
_SMALL = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter(e => e.checkVisibility() && !e.matches('.skip'))
  .filter(e => !(e.matches('a') && getComputedStyle(e).display === 'inline'))
  .map(e => {
    const sizes = [e, ...(e.labels || [])].map(part => part.getBoundingClientRect());
    return [e.outerHTML.slice(0, 90), Math.max(...sizes.map(size => size.height)),
            Math.max(...sizes.map(size => size.width))];
  })
  .filter(([, height, width]) => height < 43.5 || width < 43.5)"""

# What sticks out of the window, where nothing around it scrolls by itself.
_WIDE = """() => [...document.body.querySelectorAll('*')]
  .filter(e => e.checkVisibility() && !e.closest('.wide, .skip, svg'))
  .filter(e => { const box = e.getBoundingClientRect();
                 return box.right > innerWidth + .5 || box.left < -.5; })
  .map(e => e.outerHTML.slice(0, 90))"""


def open_row(window: Window, gallery: Gallery, row: Row) -> Page:
    """Open a state of the table in a window; AssertionError when anything is amiss."""
    gallery.show(row)
    answer = window.page.goto(f"/{row.name}")
    assert answer is not None
    assert answer.status == row.status
    window.check()
    return window.page


@contextmanager
def wide_light(page: Page) -> Iterator[None]:
    """A desk by day, for a page that is open on the narrowest screen at night."""
    narrow = page.viewport_size
    assert narrow is not None
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    try:
        yield
    finally:
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(narrow)


@every_row
def test_axe_finds_nothing_by_night_and_by_day_and_the_narrowest_screen_is_enough(
    gallery: Gallery, narrowest: Window, row: Row
) -> None:
    """Reflow at 320 px (WCAG 2.2, 1.4.10), and targets of at least 44 px (2.5.5)."""
    page = open_row(narrowest, gallery, row)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(_WIDE) == []
    assert page.evaluate(_SMALL) == []
    if row not in _FIRST.values():
        # Words differ in length; roles, names and colours are one template's.
        return
    assert axe(page) == []
    # The same page, for opening it takes longer than looking at it.
    with wide_light(page):
        assert axe(page) == []


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.name.startswith(("letter-signed", "letter-in"))],
    ids=lambda row: row.name,
)
def test_a_phone_shows_title_number_and_sign_first_and_sign_all_along(
    gallery: Gallery, narrow_dark: Window, row: Row
) -> None:
    page = open_row(narrow_dark, gallery, row)
    sign = page.locator('a.button[href="#sign"]')
    for part in (page.locator("h1"), page.locator(".glance strong"), sign):
        expect(part).to_be_in_viewport(ratio=1)
    end = page.locator("#letter").evaluate("e => e.getBoundingClientRect().bottom")
    for top in range(0, int(end) - 600, 300):
        page.evaluate(f"window.scrollTo(0, {top})")
        expect(sign).to_be_in_viewport(ratio=1)
    sign.click()
    expect(page.locator("#sign-title")).to_be_in_viewport()
    expect(page.locator("#f-name")).to_be_in_viewport(ratio=1)


def row_of(name: str) -> Row:
    (found,) = (row for row in TABLE if row.name == name)
    return found


def test_a_wide_screen_shows_the_way_to_the_form_however_many_sectors_there_are(
    gallery: Gallery, wide_light: Window
) -> None:
    page = open_row(wide_light, gallery, row_of("letter-many-en"))
    expect(page.locator("#sign-title")).not_to_be_in_viewport()
    sign = page.locator('.total a[href="#sign"]')
    expect(sign).to_be_in_viewport(ratio=1)
    sign.click()
    expect(page.locator("#sign-title")).to_be_in_viewport(ratio=1)
    expect(page.locator("#f-name")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("name", ["letter-closed-en", "letter-paused-fr"])
def test_a_phone_says_at_once_that_nobody_can_sign(
    gallery: Gallery, narrow_dark: Window, name: str
) -> None:
    page = open_row(narrow_dark, gallery, row_of(name))
    expect(page.locator('.notice a[href="#sign"]')).to_be_in_viewport(ratio=1)


# What has the focus and is covered: nothing that stays in view may lie over it. Its
# first line counts, and its end may be below the window: a text area's caret is above.
_COVERED = """() => {
  const e = document.activeElement, box = e.getClientRects()[0];
  const at = part => document.elementFromPoint(
      box.left + box.width / 2, box.top + box.height * part);
  const seen = e.contains(at(.1)) && e.contains(at(.5)) &&
      (at(.9) === null || e.contains(at(.9)));
  return seen || e.matches('.side, body') ? null : e.outerHTML.slice(0, 90);
}"""


@pytest.mark.parametrize("kind", ["wide_light", "narrow_dark"])
def test_nothing_lies_over_what_has_the_focus(
    gallery: Gallery, request: pytest.FixtureRequest, kind: str
) -> None:
    """Focus not obscured (WCAG 2.2, 2.4.11), forwards and backwards."""
    page = open_row(request.getfixturevalue(kind), gallery, row_of("letter-en"))
    covered = []
    for key in ["Tab"] * 30 + ["Shift+Tab"] * 30:
        page.keyboard.press(key)
        covered.append(page.evaluate(_COVERED))
    assert [element for element in covered if element] == []
