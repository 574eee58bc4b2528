"""Render a letter's text once, when its version is made: Markdown in, safe HTML out."""

from __future__ import annotations

import hashlib
import re
from difflib import SequenceMatcher
from html import unescape
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt

# Raw HTML is off, so what is typed as markup is shown as text (CommonMark).
_markdown = MarkdownIt("js-default", {"html": False, "linkify": False})

# A second wall behind the renderer: the elements an open letter needs, and no more.
_ELEMENTS = {
    "p", "br", "em", "strong", "blockquote", "ol", "ul", "li", "hr", "a",
    "h2", "h3", "h4", "sup", "sub",
}  # fmt: skip


def render(source: str) -> str:
    """The HTML of a wording; headings start at the second level."""
    html = _markdown.render(source)
    for level in (3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>")
        html = html.replace(f"</h{level}>", f"</h{level + 1}>")
    return nh3.clean(
        html,
        tags=_ELEMENTS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="nofollow noopener",
    )


def blocks(html: str) -> list[str]:
    """The paragraphs, points and headings of rendered HTML, as plain text."""
    parts = re.split(r"</(?:p|li|h[2-4])>", html.replace("<br>", " "))
    texts = (unescape(re.sub(r"<[^>]*>", "", part)) for part in parts)
    return [" ".join(text.split()) for text in texts if text.strip()]


class Difference(NamedTuple):
    """A paragraph that is the "same", was "removed" or was "added"."""

    kind: str
    text: str


def difference(before: str, after: str) -> list[Difference]:
    """What rendered HTML says otherwise than the one before, paragraph by paragraph."""
    old, new = blocks(before), blocks(after)
    found = []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [Difference("same", text) for text in old[a:b]]
        else:
            found += [Difference("removed", text) for text in old[a:b]]
            found += [Difference("added", text) for text in new[c:d]]
    return found


def text_hash(source: str) -> str:
    """SHA-256 of the wording as hex: what a signature is bound to."""
    return hashlib.sha256(source.encode()).hexdigest()
