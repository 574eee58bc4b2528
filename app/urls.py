"""Every public address of the house, in one place; links never ask the request."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.routing import BaseConverter


class LanguageConverter(BaseConverter):
    """A language code in an address (BCP 47); no other word of ours looks like one."""

    regex = r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*"


def home() -> str:
    """The list of open letters."""
    return "/"


def letter(slug: str, locale: str | None = None) -> str:
    """The letter, in its first language or in the one named."""
    return f"/letters/{slug}/{locale}" if locale else f"/letters/{slug}"


def sign(slug: str) -> str:
    """Where the sign form is sent."""
    return f"/letters/{slug}/signatures"


def inbox(slug: str, reference: str, locale: str | None = None) -> str:
    """The page after signing: where the mail is, and what to do when it is not."""
    return _in(f"/letters/{slug}/inbox/{reference}", locale)


def confirm(token: str) -> str:
    """The preview behind the mailed link."""
    return f"/confirm/{token}"


def confirm_code(locale: str | None = None) -> str:
    """Where a typed code is sent."""
    return _in("/confirm", locale)


def manage(token: str) -> str:
    """The signatory's own page."""
    return f"/manage/{token}"


def preview(token: str, locale: str | None = None) -> str:
    """The private way to a letter that the public does not see yet."""
    return f"/preview/{token}/{locale}" if locale else f"/preview/{token}"


def preview_privacy(token: str, locale: str | None = None) -> str:
    """The privacy notice behind a private link."""
    return _in(f"/preview/{token}/privacy", locale)


def preview_snapshot(token: str, public_id: str) -> str:
    """A press snapshot behind a private link."""
    return f"/preview/{token}/snapshots/{public_id}"


def snapshot(slug: str, public_id: str, locale: str | None = None) -> str:
    """A press snapshot of a letter."""
    return _in(f"/letters/{slug}/snapshots/{public_id}", locale)


def versions(slug: str, locale: str | None = None) -> str:
    """The letter's words over time."""
    return _in(f"/letters/{slug}/versions", locale)


def privacy(slug: str, locale: str | None = None) -> str:
    """The privacy notice of a letter."""
    return _in(f"/letters/{slug}/privacy", locale)


def tally(slug: str, locale: str | None = None) -> str:
    """The published numbers as JSON."""
    return _in(f"/api/v1/letters/{slug}/tally", locale)


def development_inbox() -> str:
    """The mails just sent; in development only."""
    return "/dev/inbox"


def absolute(base: str, path: str) -> str:
    """The full address: `base` is the configured one, never the Host header."""
    return base + path


def _in(path: str, locale: str | None) -> str:
    return f"{path}?lang={quote(locale)}" if locale else path
