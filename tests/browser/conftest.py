"""The gallery of all pages: one a process, its states made when first looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.gallery import Gallery
from tests.servers.browser import Browser, Window


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Every state of the table, on SQLite, with a server for the browser."""
    with Gallery(tmp_path_factory.mktemp("gallery")) as running:
        yield running


# One window of each kind for all pages: what a window costs is more than most pages.
@pytest.fixture(scope="session")
def wide_light(gallery: Gallery, browser: Browser) -> Iterator[Window]:
    """A desk's screen in the colours of the day."""
    with browser.window(gallery.base_url) as window:
        yield window


@pytest.fixture(scope="session")
def narrow_dark(gallery: Gallery, browser: Browser) -> Iterator[Window]:
    """A phone in the colours of the night."""
    with browser.window(gallery.base_url, width=360, height=640, dark=True) as window:
        yield window


@pytest.fixture(scope="session")
def narrowest(gallery: Gallery, browser: Browser) -> Iterator[Window]:
    """The narrowest screen in the colours of the night (WCAG 2.2, 1.4.10)."""
    with browser.window(gallery.base_url, width=320, height=640, dark=True) as window:
        yield window
