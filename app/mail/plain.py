"""The text part of a mail whose words were written as Markdown: made of its HTML."""

from __future__ import annotations

import re
import textwrap
from html.parser import HTMLParser

# RFC 5322 section 2.1.1 asks for lines of no more than 78 characters.
_WIDTH = 76


class _Reader(HTMLParser):
    """Reads the few elements that the sanitiser lets through (`wording.render`)."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self._words: list[str] = []
        self._margins: list[str] = []
        self._marks: list[int] = []
        self._mark = ""
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("p", "h2", "h3", "h4"):
            self._end()
        elif tag == "blockquote":
            self._end()
            self._margins.append("> ")
        elif tag in ("ul", "ol"):
            self._end()
            start = given.get("start") or "1"
            self._marks.append(int(start) if tag == "ol" and start.isdecimal() else -1)
            self._margins.append("   ")
        elif tag == "li":
            self._end()
            number = self._marks[-1] if self._marks else -1
            self._mark = "-  " if number < 0 else f"{number}. "
            if number >= 0:
                self._marks[-1] += 1
        elif tag == "br":
            self._words.append("\n")
        elif tag == "hr":
            self._end()
            self.blocks.append("* * *")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self._words)))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "li", "h2", "h3", "h4"):
            self._end()
        elif tag in ("ul", "ol", "blockquote"):
            self._end()
            if self._margins:
                self._margins.pop()
            if tag != "blockquote" and self._marks:
                self._marks.pop()
        elif tag == "a" and self._links:
            address, since = self._links.pop()
            said = "".join(self._words[since:])
            shown = address.removeprefix("mailto:")
            if shown and shown != said.strip():
                self._words.append(f" <{shown}>")

    def handle_data(self, data: str) -> None:
        self._words.append(data.replace("\n", " "))

    def _end(self) -> None:
        """Put down the block that has been read, indented and folded."""
        lines = "".join(self._words).split("\n")
        self._words = []
        if not any(line.strip() for line in lines):
            return
        margin = "".join(self._margins)
        first = margin
        if self._mark:
            first = margin[: -len(self._mark)] + self._mark
            self._mark = ""
        folded = []
        for line in lines:
            folded += textwrap.wrap(
                re.sub(r"[ \t\r]+", " ", line).strip(" "), _WIDTH,
                initial_indent=first, subsequent_indent=margin,
                # An address that is broken is no address.
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            first = margin
        self.blocks.append("\n".join(folded))

    def close(self) -> None:
        """Put down what is left."""
        super().close()
        self._end()


def text(html: str) -> str:
    """The words of sanitised HTML as text: a blank line between blocks, addresses
    of links in angle brackets (RFC 3986 appendix C)."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n\n".join(reader.blocks)
