"""Photograph every page in every state: `make screenshots` looks at what tests cannot.

`python -m tests.browser.screenshots [FOLDER] [--only WORD] [--readme]` writes PNGs of
360 and 1280 px, light and dark, into FOLDER (screenshots/ unless given); `--readme`
writes the few that the README shows into docs/screenshots/.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

from tests.browser.gallery import Gallery
from tests.browser.pages import TABLE, Row
from tests.servers.browser import Browser

# Name of the row, name of the file, width, dark: what is seen first of the page.
README = (
    ("letter-full-en", "letter", 1280, False),
    ("counter-en", "counter", 1280, False),
)
WIDTHS = {360: 740, 1280: 900}


def photograph(
    gallery: Gallery, browser: Browser, rows: list[Row], folder: Path
) -> int:
    """Write four pictures of each row into `folder`; how many were written."""
    count = 0
    for width, height in WIDTHS.items():
        for dark in (False, True):
            with browser.page(
                gallery.base_url, width=width, height=height, dark=dark
            ) as page:
                for row in rows:
                    gallery.show(row)
                    page.goto(f"/{row.name}")
                    colours = "dark" if dark else "light"
                    path = folder / f"{row.name}-{width}-{colours}.png"
                    page.screenshot(path=path, full_page=True)
                    count += 1
    return count


def photograph_for_readme(gallery: Gallery, browser: Browser, folder: Path) -> int:
    """Write the pictures of the README: what is seen first, without scrolling."""
    rows = {row.name: row for row in TABLE}
    for row, name, width, dark in README:
        gallery.show(rows[row])
        size = {"width": width, "height": WIDTHS[width], "dark": dark}
        with browser.page(gallery.base_url, **size) as page:
            page.goto(f"/{row}")
            page.screenshot(path=folder / f"{name}.png")
    return len(README)


def main() -> None:
    """Photograph what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where the PNGs go")
    parser.add_argument("--only", default="", help="a word in the names of the states")
    parser.add_argument("--readme", action="store_true", help="those of the README")
    arguments = parser.parse_args()
    usual = Path("docs/screenshots") if arguments.readme else Path("screenshots")
    folder: Path = arguments.folder or usual
    folder.mkdir(parents=True, exist_ok=True)
    # Some states are faults that are brought about; their traces are no news here.
    logging.disable()
    with (
        tempfile.TemporaryDirectory() as world,
        Gallery(Path(world)) as gallery,
        Browser() as browser,
    ):
        if arguments.readme:
            count = photograph_for_readme(gallery, browser, folder)
        else:
            rows = [row for row in TABLE if arguments.only in row.name]
            count = photograph(gallery, browser, rows, folder)
    print(f"Pictures written to {folder}: {count}")


if __name__ == "__main__":
    main()
